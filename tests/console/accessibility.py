"""What axe finds on a page that would keep somebody out of it."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Page

WEIGHTY = frozenset({"serious", "critical"})
_AXE = Axe()


def barriers(page: Page) -> list[str]:
    """What is of serious or critical impact: the rule, what it asks for, and where it is broken."""
    violations = _AXE.run(page).response["violations"]
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
        for violation in violations
        if violation["impact"] in WEIGHTY
        for node in violation["nodes"][:3]
    ]

"""docs/data-entry.md shows what the shipped rules find, and what a company writes for a field of its own."""

import re
from pathlib import Path

import pytest

from dedup_service.company_files import load_policy, parse_policy, policy_text
from dedup_service.domain.data_entry import NO_VOCABULARY, DataEntryRule, find_in

PAGE = (Path(__file__).parents[2] / "docs" / "data-entry.md").read_text("utf-8")
SHIPPED = load_policy(None).data_entry
(EXAMPLE,) = re.findall(r"```yaml\n  fields:\n(.*?)```", PAGE, re.DOTALL)
ROWS = re.findall(r"^\| `([\w.]+)` \| `([^`]+)` \| ([A-Z_]+) \| (?:`([^`]+)` )?\|$", PAGE, re.MULTILINE)


def test_every_rule_is_explained() -> None:
    """The table of the rules has all of them, in their order."""
    assert re.findall(r"^\| ([A-Z_]+) \| ", PAGE, re.MULTILINE) == list(DataEntryRule)


@pytest.mark.parametrize(("name", "text", "rule", "suggested_value"), ROWS)
def test_a_value_of_the_page_is_found(name: str, text: str, rule: str, suggested_value: str) -> None:
    """By the rule that the page says, and with its suggestion; the lines of the page are a policy's."""
    policy = SHIPPED
    if name.startswith("custom."):
        changed = policy_text(None).replace("    given_name: {", f"{EXAMPLE}    given_name: {{", 1)
        policy = parse_policy(changed).data_entry
    found = [
        (finding.rule, finding.suggested_value)
        for finding in find_in({name: text}, None, policy, NO_VOCABULARY)
    ]
    assert found == [(rule, suggested_value)]


def test_the_page_shows_values_of_the_company_too() -> None:
    """Both tables are read."""
    assert len({name for name, *_ in ROWS}) > 9
    assert {name for name, *_ in ROWS if name.startswith("custom.")} == {
        "custom.tier",
        "custom.contract_code",
    }

"""docs/policy.md lists the territory rules and the scoring rules that are shipped, in their order."""

from dedup_service.company_files import load_policy
from tests.docs.test_policy_document import POLICY as WRITTEN
from tests.docs.test_policy_document import rows

POLICY = load_policy(None)


def test_territory_rules_are_those_of_the_file() -> None:
    """The table names each exception and rule with its rung and whom it gives leads to."""
    territories = POLICY.territories
    shipped = [(each.name, "EXCEPTION", each.target.words) for each in territories.exceptions]
    shipped += [(rule.name, rule.rung, rule.target.words) for rule in territories.rules]
    assert list(rows("territory rule")) == shipped


def test_scoring_rules_are_those_of_the_file() -> None:
    """The table names each rule with its part, its points and the field or fact that it looks at."""
    shipped = [
        (rule["name"], part, str(rule["points"]), rule.get("field") or rule["fact"])
        for part in ("fit", "interest")
        for rule in WRITTEN["lead_scoring"][part]["rules"]
    ]
    assert list(rows("scoring rule")) == shipped

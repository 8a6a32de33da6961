"""Who is who, as the decision table says it."""

from tests.merge_desk import Office
from tests.workflows.intake.decision_table import TABLE, asked, converted, differences, world

RULES = {
    *("9.1", "9.2", "9.3", "9.4", "9.update", "9.uncertain", "9.class", "9.names", "9.given", "9.conversion"),
    *("2.1", "2.4", "4.2", "4.3"),
    *("10.required", "10.format", "10.allowed", "10.short", "10.placeholder", "10.test", "10.misspelling"),
    *("10.capitals", "10.severity", "10.custom"),
}
LEAST_ROWS = 50


def test_every_rule_has_a_row() -> None:
    """Each rule of intake and of data entry is cited, by fifty rows at least, and no other rule is."""
    rows = [*TABLE["intakes"], *TABLE["conversions"]]
    assert {row["rule"] for row in rows} == RULES
    assert len(rows) >= LEAST_ROWS


async def test_every_intake_is_answered_as_the_table_says(office: Office) -> None:
    """Preview and route give the row's answer, for every row."""
    await office.put(*world())
    wrong = [difference for answered in await asked(office) for difference in differences(answered)]
    assert not wrong, "\n".join(wrong)


async def test_every_conversion_is_answered_as_the_table_says(office: Office) -> None:
    """A lead becomes what its row says."""
    await office.put(*world())
    wrong = []
    for place, row in enumerate(TABLE["conversions"]):
        wrong += await converted(office, place, row)
    assert not wrong, "\n".join(wrong)

"""PATTERN, LENGTH, ALLOWED_VALUES and severities: what a company says of a field of its own."""

import time

import pytest

from dedup_service.domain.data_entry import DataEntryRule, FieldRules, Severity, pattern_error
from tests.domain.data_entry.forms import findings, rules_broken, with_rules

CODE = FieldRules(pattern="[A-Z]{2}[0-9]{4}", pattern_means="two letters and four digits, such as AB1234")
TIER = FieldRules(allowed_values=("Gold", "Silver", "Bronze"))


def test_a_custom_field_has_a_pattern_and_says_it_in_words() -> None:
    """The whole value must match, and the finding says what is wanted."""
    policy = with_rules("custom.code", CODE)
    assert findings({"custom.code": "AB1234"}, policy=policy) == ()
    for text in ("AB123", "xAB1234", "AB12345"):
        (finding,) = findings({"custom.code": text}, policy=policy)
        assert (finding.rule, finding.field) == (DataEntryRule.PATTERN, "values.custom.code")
        assert finding.message.endswith("write two letters and four digits, such as AB1234")


def test_a_pattern_that_would_backtrack_for_years_takes_no_time() -> None:
    """RE2 reads a text once: the classic that holds up other engines ends within a second."""
    policy = with_rules("custom.code", FieldRules(pattern="(a+)+b|(a|a)*c|(.*)*d", placeholders=False))
    started = time.perf_counter()
    assert rules_broken({"custom.code": "a" * 4000 + "!"}, policy=policy) == [
        ("custom.code", DataEntryRule.PATTERN)
    ]
    assert time.perf_counter() - started < 1


def test_a_lone_surrogate_follows_no_pattern() -> None:
    """It is no text that RE2 could read, and no store would take it."""
    policy = with_rules("custom.code", FieldRules(pattern=".*"))
    assert rules_broken({"custom.code": "ab\ud800"}, policy=policy) == [
        ("custom.code", DataEntryRule.PATTERN)
    ]


@pytest.mark.parametrize("pattern", ["(", "a{5000}{5000}", r"(a)\1", "(?=a)", "\ud800"])
def test_an_expression_that_cannot_be_run_is_named(pattern: str) -> None:
    """What RE2 does not take is an error with a reason, before any value is looked at."""
    assert pattern_error(pattern)


@pytest.mark.parametrize(
    ("text", "meant"), [("gold", "Gold"), ("Sliver", "Silver"), (" Bronze", None), ("Platinum", "")]
)
def test_the_nearest_allowed_value_is_suggested(text: str, meant: str | None) -> None:
    """Case is a finding too: a value stands in the list letter by letter."""
    found = findings({"custom.tier": text}, policy=with_rules("custom.tier", TIER))
    assert [(each.rule, each.suggested_value) for each in found] == (
        [] if meant is None else [(DataEntryRule.ALLOWED_VALUES, meant)]
    )


def test_a_long_list_of_values_is_cut_in_the_message() -> None:
    """Twelve are named, and how many there are beside them."""
    policy = with_rules("custom.tier", FieldRules(allowed_values=tuple(f"Level {n}" for n in range(40))))
    (finding,) = findings({"custom.tier": "?!"}, policy=policy)[:1]
    assert finding.message.endswith("Level 11 or 28 others")


@pytest.mark.parametrize(
    ("text", "is_right"), [("Bo", False), ("Bob", True), ("Bobby", True), ("Bobbie", False)]
)
def test_a_length_has_two_ends(text: str, is_right: bool) -> None:
    """Both ends belong to what is right."""
    policy = with_rules("custom.code", FieldRules(min_code_points=3, max_code_points=5))
    assert (rules_broken({"custom.code": text}, policy=policy) == []) is is_right


def test_a_field_weighs_its_findings_itself() -> None:
    """What a field says of a rule goes before what the policy says of it."""
    rules = FieldRules(allowed_values=("Gold",), severities={DataEntryRule.ALLOWED_VALUES: Severity.WARNING})
    (finding,) = findings({"custom.tier": "gold"}, policy=with_rules("custom.tier", rules))
    assert finding.severity is Severity.WARNING


def test_an_accepted_value_is_right_whatever_a_rule_thinks() -> None:
    """Every rule leaves it alone."""
    rules = FieldRules(pattern="x", allowed_values=("y",), accepted_values=frozenset({"n a"}))
    assert findings({"custom.tier": "N/A"}, policy=with_rules("custom.tier", rules)) == ()

"""The policy and the principals that are shipped, and where a file's text comes from."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dedup_service.company_files import (
    CompanyFileError,
    load_policy,
    load_principals,
    parse_policy,
    policy_text,
)
from dedup_service.domain.facts import FACTS
from dedup_service.domain.policy import (
    AlwaysHigh,
    Automatic,
    FullVote,
    LeadStake,
    Measure,
    Periods,
    Threshold,
    Veto,
    VetoRule,
    VoteMethod,
)
from dedup_service.domain.records import ChildKind, LeadClass, RecordKind
from tests.company_files.changed_texts import changed

POLICY = load_policy(None)
DIRECTORY = load_principals(None, POLICY)


def test_contacts_are_of_sales_and_support_in_equal_parts_with_marketing_between_them() -> None:
    """Rule 3.1 as shipped: 2, 2 and 1, and more than half decides."""
    weights = {"sales": 2, "support": 2, "marketing": 1}
    assert POLICY.approval.full_votes[RecordKind.CONTACT] == FullVote(
        VoteMethod.WEIGHTS, Decimal("0.5"), weights
    )


def test_accounts_are_voted_on_by_voices_with_finance_as_final_arbiter() -> None:
    """Rule 7.2 as shipped."""
    vote = FullVote(VoteMethod.VOICES, Decimal("0.5"), final_arbiter="finance")
    assert POLICY.approval.full_votes[RecordKind.ACCOUNT] == vote
    assert (POLICY.master_function, POLICY.policy_function) == ("finance", "finance")


def test_only_names_merge_without_a_person() -> None:
    """Rule 6.3 as shipped."""
    assert POLICY.approval.automatic == (Automatic(RecordKind.LEAD, LeadClass.NAME, 0.99),)


def test_every_veto_rule_is_in_force_and_finance_lifts_those_about_numbers() -> None:
    """Rule 7.6 as shipped."""
    lifted = (VetoRule.DIFFERENT_TAX_IDS, VetoRule.DIFFERENT_CUSTOMER_NUMBERS)
    assert POLICY.vetoes == tuple(Veto(rule, "finance" if rule in lifted else "") for rule in VetoRule)


def test_stakes_follow_from_facts_children_and_lead_classes() -> None:
    """Rules 2.2, 2.3, 4.6 and 5.1 as shipped."""
    stakes = POLICY.stakes
    assert set(stakes.facts) <= set(FACTS)
    assert (stakes.facts["open_cases"], stakes.facts["partner_of_record"]) == ("support", "partners")
    assert stakes.open_children[ChildKind.OPPORTUNITY] == ("sales",)
    assert stakes.closed_children == {ChildKind.OPPORTUNITY: ("operations", "finance")}
    assert stakes.lead_classes == {
        LeadClass.LIVE: LeadStake(("sales",)),
        LeadClass.NAME: LeadStake(("marketing",), alone=True),
    }


def test_every_measure_has_a_threshold_and_every_case_is_always_high() -> None:
    """Rules 6.1 and 6.2 as shipped."""
    impact = POLICY.impact
    assert set(impact.thresholds) == set(Measure)
    assert impact.thresholds[Measure.PIPELINE] == Threshold(Decimal(10000), Decimal(250000))
    assert impact.thresholds[Measure.MASTERED_MEMBERS] == Threshold(Decimal(1), None)
    assert impact.always_high == frozenset(AlwaysHigh)
    assert impact.exchange_rates["USD"] == Decimal("0.92")


def test_a_vote_lasts_three_working_days_and_two_more_when_it_is_escalated() -> None:
    """Rule 7.2 as shipped, without Saturdays and Sundays."""
    assert POLICY.periods == Periods(3, 2, frozenset({5, 6}), frozenset(), timedelta(days=90))


def test_holidays_and_weekends_are_read_as_days() -> None:
    """Friday and Saturday are a weekend too; holidays are dates."""
    text = changed(("[SATURDAY, SUNDAY]", "[FRIDAY, SATURDAY]"), ("holidays: []", "holidays: [2026-12-25]"))
    periods = parse_policy(text).periods
    assert (periods.weekend, periods.holidays) == (frozenset({4, 5}), frozenset({date(2026, 12, 25)}))


def test_what_may_be_left_out_has_the_safe_default() -> None:
    """Optional keys: no customer master, half as majority, one person as quorum."""
    text = changed(
        ("  exchange_rates: {USD: 0.92, GBP: 1.17, CHF: 1.05}\n", ""),
        ("  children: {}\n", ""),
        ("  holidays: []\n", ""),
        ("      final_arbiter: finance\n", ""),
        (", customer_master: true", ""),
    ).replace("      majority: 0.5\n", "")
    policy = parse_policy(text)
    assert policy.approval.full_votes[RecordKind.ACCOUNT] == FullVote(VoteMethod.VOICES)
    assert not policy.sources["erp"].customer_master
    assert policy.impact.exchange_rates == {}


def test_the_text_of_a_policy_is_the_file_as_it_stands(tmp_path: Path) -> None:
    """The text that is kept with a version is what was read, comments and all."""
    copy = tmp_path / "policy.yaml"
    copy.write_text(policy_text(None) + "# ours\n", "utf-8")
    assert policy_text(copy) == policy_text(None) + "# ours\n"
    assert load_policy(copy) == POLICY


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """The error names the file and why it cannot be read."""
    with pytest.raises(CompanyFileError, match=r"/none\.yaml: cannot be read: No such file") as caught:
        load_policy(tmp_path / "none.yaml")
    assert caught.value.problems[0].line == 0


def test_a_file_in_another_encoding_is_named_with_the_line(tmp_path: Path) -> None:
    """A character of another encoding is found before YAML looks at the text."""
    file = tmp_path / "policy.yaml"
    file.write_bytes("version: a\n# größer\n".encode("latin-1"))
    with pytest.raises(CompanyFileError, match=r"policy\.yaml:2: is not UTF-8 text"):
        load_policy(file)


def test_a_file_without_end_is_not_read_to_the_end() -> None:
    """Only as much is read as a policy may have."""
    with pytest.raises(CompanyFileError, match="larger than 256 KiB"):
        load_policy(Path("/dev/zero"))


def test_each_function_has_two_people_and_a_head_who_manages_them() -> None:
    """The sample can be played through by hand: there is always a second person, and a head."""
    people = [each for each in DIRECTORY.principals.values() if each.human]
    for function in POLICY.functions:
        holders = [each for each in people if function in each.functions]
        heads = [each for each in holders if not each.manager]
        managed = Counter(each.manager for each in holders if each.manager)
        assert [managed[head.name] for head in heads] == [2]


def test_the_sample_keeps_its_people_and_service_accounts() -> None:
    """The documents and the demo name these."""
    names = {"ann", "ben", "carla", "dev", "mia", "fiona", "felix", "omar", "paula", "sara"}
    assert {f"users/{name}" for name in names} <= set(DIRECTORY.principals)
    assert {f"services/{name}" for name in ("matcher", "importer", "follower")} <= set(DIRECTORY.principals)
    assert DIRECTORY.principals["users/ann"].manager == "users/sara"
    assert DIRECTORY.principals["users/ann"].teams == frozenset({"field-sales"})

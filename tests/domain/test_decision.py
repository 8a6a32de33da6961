"""The one door: who must approve, whose vote counts, and what no vote can allow (domain 7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dedup_service.domain.decision import Case, Decision, decide, electorate_of, rebound
from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.policy import Impact, VetoRule
from dedup_service.domain.records import Fact, RecordDraft
from dedup_service.domain.standing import mandate_for_vote, mandates_for, standing
from dedup_service.domain.voting import Vote
from tests.domain.cases import golden
from tests.domain.decision_cases import (
    MATCHER,
    OVER,
    PEOPLE,
    PLAN_TIME,
    ROBOT,
    account,
    among,
    at,
    case_of,
    contact,
    delegation,
    directory,
    lead,
    mastered,
    vote,
)
from tests.domain.written_policy import WRITTEN_POLICY

ENTITIES = [(Fact("legal_entity", text=text),) for text in ("CH", "DE")]


def low() -> Case:
    """A merge of LOW impact in which sales and support have a stake."""
    return case_of(golden("a", contact("crm/a")), golden("b", contact("desk/b")))


def high() -> Case:
    """A merge of HIGH impact of contacts in which sales and support have a stake."""
    return case_of(golden("a", contact("crm/a", *ENTITIES[0])), golden("b", contact("desk/b", *ENTITIES[1])))


def two_mastered() -> Case:
    return case_of(
        golden("a", mastered("1"), account("crm/1")), golden("b", mastered("2"), account("desk/2"))
    )


def why_not(decision: Decision) -> list[str]:
    return [counted.reason for counted in decision.votes if not counted.counts]


def test_nothing_is_approved_by_silence() -> None:
    """Without votes no merge is approved, however little it weighs and however long it waits (7.5)."""
    for case in (low(), at(low(), OVER + timedelta(days=365))):
        decision = decide(case, [])
        assert decision.impact is Impact.LOW
        assert not decision.approved
        assert decision.missing_functions == ("sales", "support")


def test_low_impact_needs_one_person_with_a_stake() -> None:
    """One approval of any function with a stake carries a merge of LOW impact."""
    case = low()
    assert decide(case, [vote(case, "ann", "sales")]).approved
    assert decide(case, [vote(case, "carla", "support")]).approved


def test_high_impact_needs_the_full_vote() -> None:
    """HIGH needs more than half of the weight, and two people of one function have its weight once."""
    case = high()
    assert decide(case, []).impact is Impact.HIGH
    sales = [vote(case, "ann", "sales"), vote(case, "ben", "sales")]
    assert not decide(case, sales[:1]).approved
    assert not decide(case, sales).approved
    assert decide(case, [*sales, vote(case, "carla", "support")]).approved


def test_the_proposer_never_decides() -> None:
    """The proposer's own vote does not count, also beside another's (C-3)."""
    case = replace(high(), proposer="users/ann")
    decision = decide(case, [vote(case, "ann", "sales"), vote(case, "carla", "support")])
    assert not decision.approved
    assert why_not(decision) == ["users/ann proposed this and does not decide it"]
    with pytest.raises(PermissionRefused) as refused:
        mandates_for("users/ann", electorate_of(case, decision))
    assert refused.value.reason is Reason.SELF_APPROVAL


def test_a_service_account_never_approves() -> None:
    """A service account may hold functions and still satisfies no human rule (C-3)."""
    case = low()
    decision = decide(case, [vote(case, ROBOT, "sales")])
    assert not decision.approved
    with pytest.raises(PermissionRefused) as refused:
        mandates_for(ROBOT, electorate_of(case, decision))
    assert refused.value.reason is Reason.NOT_AN_APPROVER


def test_only_functions_with_a_stake_decide() -> None:
    """Marketing has no voice where it has no stake."""
    case = low()
    decision = decide(case, [vote(case, "mia", "marketing")])
    assert not decision.approved
    with pytest.raises(PermissionRefused) as refused:
        mandates_for("users/mia", electorate_of(case, decision))
    assert refused.value.reason is Reason.MISSING_ROLE
    assert refused.value.functions == ("sales", "support")


def test_the_last_vote_of_a_person_counts() -> None:
    """A later vote replaces an earlier one, in both directions."""
    case = low()
    no, yes = vote(case, "ann", "sales", reject=True), vote(case, "ann", "sales")
    changed = decide(case, [no, yes])
    assert changed.approved
    assert why_not(changed) == ["replaced by a later vote of the same person"]
    assert decide(case, [yes, no]).rejected
    assert not decide(case, [yes, no]).approved


def test_a_rejection_stands_against_any_number_of_approvals() -> None:
    """Where one person decides, what one entitled person rejects is not approved, in whatever order."""
    case = low()
    approvals = [vote(case, "ann", "sales"), vote(case, "dev", "support")]
    refusal = vote(case, "ben", "sales", reject=True)
    for votes in ([*approvals, refusal], [refusal, *approvals]):
        decision = decide(case, votes)
        assert decision.rejected
        assert not decision.approved


def test_a_vote_on_another_plan_does_not_count() -> None:
    """A vote binds to the plan hash that it saw, and to the time since which the plan is so (C-1)."""
    case = low()
    older = replace(vote(case, "ann", "sales"), time=PLAN_TIME - timedelta(seconds=1))
    for stale in (vote(case, "ann", "sales", plan_hash="0" * 64), older):
        decision = decide(case, [stale])
        assert not decision.approved
        assert why_not(decision) == ["cast on a plan that has changed since"]


@pytest.mark.parametrize("functions", [(), ("marketing",), ("support",)])
def test_a_lost_role_does_not_count(functions: tuple[str, ...]) -> None:
    """Who no longer holds the function they voted for does not count, whatever they hold now (C-3)."""
    case = among(low(), directory({**PEOPLE, "ann": functions}))
    assert not decide(case, [vote(case, "ann", "sales")]).approved
    assert not decide(case, [vote(case, "ann", "sales", reject=True)]).rejected


def test_an_unknown_voter_does_not_count() -> None:
    """A principal who is gone from the directory approves nothing (C-5)."""
    case = low()
    assert not decide(case, [vote(case, "nobody", "sales")]).approved
    assert not decide(among(case, directory({})), [vote(case, "ann", "sales")]).approved


def test_somebody_of_two_functions_speaks_for_one() -> None:
    """Somebody of two functions counts once, for the function of their last vote."""
    case = two_mastered()
    both = [vote(case, "fay", "finance"), vote(case, "fay", "sales")]
    assert decide(case, both).missing_functions == ("finance", "support")
    assert decide(case, both[::-1]).missing_functions == ("sales", "support")


def test_two_mastered_accounts_need_finance() -> None:
    """No number of others merges two mastered accounts without finance, nor finance alone (C-2, 7.2)."""
    case = two_mastered()
    others = [vote(case, "ann", "sales"), vote(case, "ben", "sales"), vote(case, "carla", "support")]
    decision = decide(case, others)
    assert not decision.approved
    assert decision.missing_functions == ("finance",)
    assert any("customer master" in missing.sentence for missing in decision.missing)
    assert not decide(case, [vote(case, "fiona", "finance")]).approved
    assert decide(case, [*others, vote(case, "fiona", "finance")]).approved
    assert decide(case, [*others, vote(case, "fiona", "finance", reject=True)]).rejected


def test_finance_alone_approves_only_when_the_period_has_ended() -> None:
    """Before the voices are in, the approval of finance waits for the last moment of the period (7.2)."""
    case = two_mastered()
    alone = [vote(case, "fiona", "finance")]
    assert decide(case, alone).due_time == OVER
    assert not decide(at(case, OVER - timedelta(microseconds=1)), alone).approved
    assert decide(at(case, OVER), alone).approved


def test_an_account_of_high_impact_needs_finance_where_it_has_a_stake() -> None:
    """Finance decides on HIGH accounts that it has a stake in, and is not asked where it has none."""
    crm, desk = account("crm/a", *ENTITIES[0]), account("desk/c", *ENTITIES[1])
    with_stake = case_of(golden("a", crm), golden("b", account("erp/b")), golden("c", desk), survivor="a")
    votes = [vote(with_stake, "ann", "sales"), vote(with_stake, "carla", "support")]
    assert decide(with_stake, votes).missing_functions == ("finance",)
    assert decide(with_stake, [*votes, vote(with_stake, "fiona", "finance")]).approved
    without = case_of(golden("a", crm), golden("c", desk))
    assert decide(without, [vote(without, "ann", "sales"), vote(without, "carla", "support")]).approved


def _approved_but_for(case: Case) -> list[VetoRule]:
    people = [("ann", "sales"), ("carla", "support"), ("fiona", "finance"), ("mia", "marketing")]
    decision = decide(case, [vote(case, name, function) for name, function in people])
    assert not decision.missing
    assert decision.approved is not bool(decision.vetoes)
    return [veto.rule for veto in decision.vetoes]


DEAD = (Fact("disqualified", time=PLAN_TIME),)
UNREACHABLE = lead("crm/a", values={"email": "", "company_name": "unreachable"})


@pytest.mark.parametrize(
    ("survivor", "other", "rules"),
    [
        (account("crm/a"), mastered("b"), [VetoRule.PROVISIONAL_SURVIVOR]),
        (mastered("a"), account("crm/b"), []),
        (account("crm/a"), account("crm/b"), []),
        (lead("crm/a", *DEAD), lead("crm/b"), [VetoRule.DEAD_SURVIVOR]),
        (lead("crm/a"), lead("crm/b", *DEAD), []),
        (UNREACHABLE, lead("crm/b"), [VetoRule.DEAD_SURVIVOR]),
    ],
)
def test_veto_rules_stop_a_merge_whatever_the_votes(
    survivor: RecordDraft, other: RecordDraft, rules: list[VetoRule]
) -> None:
    """A provisional account never survives a mastered one, nor a DEAD lead anything (7.6)."""
    assert _approved_but_for(case_of(golden("a", survivor), golden("b", other), survivor="a")) == rules


def test_a_not_a_match_link_is_a_veto() -> None:
    """A standing not-a-match link stops the merge and is named."""
    case = replace(low(), distinctions=("distinctions/2", "distinctions/1"))
    assert _approved_but_for(case) == [VetoRule.NOT_A_MATCH] * 2
    assert "distinctions/1" in decide(case, []).vetoes[0].reason


def test_the_policy_names_who_keeps_the_master() -> None:
    """The master function is data: with another one, that function decides on mastered accounts."""
    policy = replace(WRITTEN_POLICY, master_function="operations")
    case = case_of(golden("a", mastered("1")), golden("b", mastered("2")), policy=policy)
    assert decide(case, []).ballot.arbiter == "operations"


def test_standing_tells_why_you() -> None:
    """Everybody learns for which function they may vote and why, or why not (7.1)."""
    case = among(high(), directory(), delegation("carla", "mia", "support"))
    decision = decide(case, [vote(case, "ann", "sales")])
    told = {
        name: standing(name, electorate_of(case, decision), decision.voices, decision.votes)
        for name in ("users/ann", "users/mia", "users/fiona", MATCHER)
    }
    assert [name for name, each in told.items() if each.may_vote] == ["users/ann", "users/mia"]
    assert "you vote for sales: a contact is its business with weight 2 of 5" in told["users/ann"].sentence
    assert "you vote for support on behalf of users/carla" in told["users/mia"].sentence
    assert "they hold finance" in told["users/fiona"].sentence
    assert "service account" in told[MATCHER].sentence
    cast = told["users/ann"].vote
    assert cast is not None
    assert cast.counts


def test_a_vote_without_a_function_goes_to_the_one_that_has_not_spoken() -> None:
    """Who holds two functions votes for the silent one, or for the one they name."""
    case = high()
    decision = decide(case, [vote(case, "ann", "sales")])
    electorate = electorate_of(case, decision)
    assert mandate_for_vote("users/tess", electorate, decision.voices).function == "support"
    assert mandate_for_vote("users/tess", electorate, decision.voices, "sales").function == "sales"
    with pytest.raises(PermissionRefused) as refused:
        mandate_for_vote("users/tess", electorate, decision.voices, "marketing")
    assert refused.value.reason is Reason.MISSING_ROLE


def test_votes_are_rebound_to_ask_what_another_policy_had_decided() -> None:
    """Votes on one plan are carried over to another; those on older plans stay behind."""
    case = low()
    newer = replace(case.plan, policy_version="other")
    stale: Vote = vote(case, "ben", "sales", plan_hash="0" * 64)
    votes = rebound([vote(case, "ann", "sales"), stale], case.plan, newer)
    assert [each.plan_hash for each in votes] == [newer.hash, "0" * 64]
    assert decide(replace(case, plan=newer), votes).approved

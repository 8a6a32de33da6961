"""The one door: who must approve, whose vote counts, and what no vote can allow (domain 7)."""

from dataclasses import replace

import pytest

from dedup_service.domain.decision import Case, Decision, Vote, check_may_vote, decide
from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.impact import Impact
from dedup_service.domain.principals import Directory
from dedup_service.domain.records import Fact, RecordDraft
from tests.domain.cases import NOW, case_of, golden, vote
from tests.merge_desk import DIRECTORY, POLICY, account, contact, lead, mastered, principal

HELD = (Fact("legal_hold", flag=True),)


def low() -> Case:
    """A merge of LOW impact in which sales and support have a stake."""
    return case_of(golden("a", contact("crm/a")), golden("b", contact("desk/b")))


def high() -> Case:
    """A merge of HIGH impact of contacts in which sales and support have a stake."""
    return case_of(golden("a", replace(contact("crm/a"), facts=HELD)), golden("b", contact("desk/b")))


def two_mastered() -> Case:
    return case_of(
        golden("a", mastered("1"), account("crm/1")), golden("b", mastered("2"), account("desk/2"))
    )


def decided(case: Case, *votes: Vote, directory: Directory = DIRECTORY) -> Decision:
    return decide(case, votes, directory)


def why_not(decision: Decision) -> list[str]:
    return [counted.reason for counted in decision.votes if not counted.counts]


def test_nothing_is_approved_by_silence() -> None:
    """Without votes no merge is approved, however little it weighs (7.5)."""
    decision = decided(low())
    assert decision.impact is Impact.LOW
    assert not decision.approved
    assert decision.missing_functions == ("sales", "support")


def test_low_impact_needs_one_person_with_a_stake() -> None:
    """One approval of any function with a stake carries a merge of LOW impact."""
    case = low()
    assert decided(case, vote(case, "ann", "sales")).approved
    assert decided(case, vote(case, "carla", "support")).approved


def test_high_impact_needs_two_different_people() -> None:
    """HIGH needs two, and the same person twice is one (C-3)."""
    case = high()
    assert decided(case).impact is Impact.HIGH
    assert not decided(case, vote(case, "ann", "sales")).approved
    assert not decided(case, vote(case, "ann", "sales"), vote(case, "ann", "sales")).approved
    assert decided(case, vote(case, "ann", "sales"), vote(case, "ben", "sales")).approved


def test_the_proposer_never_decides() -> None:
    """The proposer's own vote does not count, also beside another's (C-3)."""
    case = replace(high(), proposer="users/ann")
    decision = decided(case, vote(case, "ann", "sales"), vote(case, "carla", "support"))
    assert not decision.approved
    assert why_not(decision) == ["users/ann proposed this and does not decide it alone"]
    with pytest.raises(PermissionRefused) as refused:
        check_may_vote(principal("ann"), "users/ann", ["sales"])
    assert refused.value.reason is Reason.SELF_APPROVAL


def test_a_service_account_never_approves() -> None:
    """A service account may hold functions and still satisfies no human rule (C-3)."""
    name = "services/matcher"
    robot = replace(DIRECTORY.principals[name], functions=frozenset({"sales"}))
    directory = Directory({**DIRECTORY.principals, name: robot})
    case = replace(low(), proposer="users/mia")
    decision = decided(case, vote(case, name, "sales"), directory=directory)
    assert not decision.approved
    with pytest.raises(PermissionRefused) as refused:
        check_may_vote(robot, "users/mia", ["sales"])
    assert refused.value.reason is Reason.NOT_AN_APPROVER


def test_only_functions_with_a_stake_decide() -> None:
    """Marketing has no voice where it has no stake."""
    case = low()
    assert not decided(case, vote(case, "mia", "marketing")).approved
    with pytest.raises(PermissionRefused) as refused:
        check_may_vote(principal("mia"), "", ["sales", "support"])
    assert refused.value.reason is Reason.MISSING_ROLE
    assert refused.value.functions == ("sales", "support")


def test_the_last_vote_of_a_person_counts() -> None:
    """A later vote replaces an earlier one, in both directions."""
    case = low()
    no, yes = vote(case, "ann", "sales", reject=True), vote(case, "ann", "sales")
    changed = decided(case, no, yes)
    assert changed.approved
    assert why_not(changed) == ["replaced by a later vote of the same person"]
    assert decided(case, yes, no).rejected
    assert not decided(case, yes, no).approved


def test_a_rejection_stands_against_any_number_of_approvals() -> None:
    """What one entitled person rejects is not approved."""
    case = high()
    decision = decided(
        case,
        vote(case, "ann", "sales"),
        vote(case, "ben", "sales"),
        vote(case, "carla", "support", reject=True),
    )
    assert decision.rejected
    assert not decision.approved


def test_a_vote_on_another_plan_does_not_count() -> None:
    """A vote binds to the plan hash that it saw (C-1)."""
    case = low()
    decision = decided(case, vote(case, "ann", "sales", plan_hash="0" * 64))
    assert not decision.approved
    assert why_not(decision) == ["cast on a plan that has changed since"]


@pytest.mark.parametrize("functions", [frozenset(), frozenset({"marketing"}), frozenset({"support"})])
def test_a_lost_role_does_not_count(functions: frozenset[str]) -> None:
    """Who no longer holds the function they voted for does not count, whatever they hold now (C-3)."""
    case = low()
    ann = replace(principal("ann"), functions=functions)
    directory = Directory({**DIRECTORY.principals, ann.name: ann})
    assert not decided(case, vote(case, "ann", "sales"), directory=directory).approved
    refusal = vote(case, "ann", "sales", reject=True)
    assert not decided(case, refusal, directory=directory).rejected


def test_an_unknown_voter_does_not_count() -> None:
    """A principal who is gone from the directory approves nothing (C-5)."""
    case = low()
    assert not decided(case, vote(case, "nobody", "sales")).approved
    assert not decided(case, vote(case, "ann", "sales"), directory=Directory({})).approved


def test_a_role_of_another_function_does_not_satisfy_a_requirement() -> None:
    """Somebody of two functions counts for those they voted for and hold, once."""
    ann = replace(principal("ann"), functions=frozenset({"sales", "finance"}))
    directory = Directory({**DIRECTORY.principals, ann.name: ann})
    case = two_mastered()
    assert not decided(case, vote(case, "ann", "finance", "sales"), directory=directory).approved
    both = (vote(case, "ann", "sales"), vote(case, "carla", "support"))
    assert not decided(case, *both, directory=directory).approved


def test_two_mastered_accounts_need_finance() -> None:
    """No number of others merges two mastered accounts without finance, nor finance alone (C-2, 7.2)."""
    case = two_mastered()
    others = [vote(case, "ann", "sales"), vote(case, "ben", "sales"), vote(case, "carla", "support")]
    decision = decided(case, *others)
    assert not decision.approved
    assert decision.missing_functions == ("finance",)
    assert "customer master" in decision.unmet[0].missing
    assert not decided(case, vote(case, "fiona", "finance")).approved
    assert decided(case, *others, vote(case, "fiona", "finance")).approved
    assert decided(case, *others, vote(case, "fiona", "finance", reject=True)).rejected


def test_an_account_of_high_impact_needs_finance_where_it_has_a_stake() -> None:
    """Finance decides on HIGH accounts that it has a stake in, and is not asked where it has none."""
    held = replace(account("crm/a"), facts=HELD)
    with_stake = case_of(golden("a", held), golden("b", account("erp/b")), golden("c", account("desk/c")))
    votes = [vote(with_stake, "ann", "sales"), vote(with_stake, "carla", "support")]
    assert decided(with_stake, *votes).missing_functions == ("finance",)
    assert decided(with_stake, *votes, vote(with_stake, "fiona", "finance")).approved
    without = case_of(golden("a", held), golden("c", account("desk/c")))
    assert decided(without, vote(without, "ann", "sales"), vote(without, "carla", "support")).approved


def _approved_but_for(case: Case) -> list[str]:
    votes = [
        vote(case, name, function)
        for name, function in (
            ("ann", "sales"),
            ("carla", "support"),
            ("fiona", "finance"),
            ("mia", "marketing"),
        )
    ]
    decision = decided(case, *votes)
    assert not decision.unmet
    assert decision.approved is not bool(decision.vetoes)
    return [veto.rule for veto in decision.vetoes]


DEAD = (Fact("disqualified", time=NOW),)


@pytest.mark.parametrize(
    ("survivor", "other", "rules"),
    [
        (account("crm/a"), mastered("b"), ["PROVISIONAL_SURVIVOR"]),
        (mastered("a"), account("crm/b"), []),
        (account("crm/a"), account("crm/b"), []),
        (lead("a", *DEAD), lead("b"), ["DEAD_SURVIVOR"]),
        (lead("a"), lead("b", *DEAD), []),
        (lead("a", company_name="unreachable"), lead("b"), ["DEAD_SURVIVOR"]),
    ],
)
def test_veto_rules_stop_a_merge_whatever_the_votes(
    survivor: RecordDraft, other: RecordDraft, rules: list[str]
) -> None:
    """A provisional account never survives a mastered one, nor a DEAD lead anything (7.6)."""
    assert _approved_but_for(case_of(golden("a", survivor), golden("b", other), survivor="a")) == rules


def test_a_not_a_match_link_is_a_veto() -> None:
    """A standing not-a-match link stops the merge and is named."""
    case = replace(low(), distinctions=("distinctions/2", "distinctions/1"))
    assert _approved_but_for(case) == ["NOT_A_MATCH", "NOT_A_MATCH"]
    assert "distinctions/1" in decided(case).vetoes[0].reason


def test_the_policy_names_who_keeps_the_master() -> None:
    """The master function is data: with another one, that function decides on mastered accounts."""
    policy = replace(POLICY, master_function="operations")
    case = case_of(golden("a", mastered("1")), golden("b", mastered("2")), policy=policy)
    needs = [need.functions for need in decided(case).requirements]
    assert ("operations",) in needs
    assert ("finance",) not in needs

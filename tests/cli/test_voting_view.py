"""The words by which a proposal says where its vote stands."""

from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.cli.moments import stamp_of
from dedup_service.cli.voting_view import ballot_sentence, due, waits_for, why_you
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import (
    Ballot,
    BallotMethod,
    Mandate,
    Standing,
    Veto,
    Voice,
    Vote,
    VoteDecision,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
APPROVE = VoteDecision.VOTE_DECISION_APPROVE
PEOPLE = BallotMethod.BALLOT_METHOD_PEOPLE
VOICES = BallotMethod.BALLOT_METHOD_VOICES
WEIGHTS = BallotMethod.BALLOT_METHOD_WEIGHTS


def proposal(
    ballot: Ballot | None = None, mine: str = "sales", missing: tuple[str, ...] = (), **weights: int
) -> MergeProposal:
    """A pending proposal that is shown to somebody of `mine`."""
    found = MergeProposal(
        state=MergeProposalState.MERGE_PROPOSAL_STATE_PENDING,
        ballot=ballot,
        missing_functions=missing,
        voices=[Voice(function=function, weight=weight) for function, weight in weights.items()],
    )
    if mine:
        found.standing.CopyFrom(
            Standing(principal="users/ann", may_vote=True, mandates=[Mandate(function=mine)])
        )
    return found


@pytest.mark.parametrize(
    ("due_hours", "escalated", "said"),
    [
        (72, False, "due in 3 days"),
        (-5, False, "overdue since 5 hours"),
        (-5, True, "overdue, escalated to users/sara, expires in 2 days"),
    ],
)
def test_by_when_is_told_from_now(due_hours: int, escalated: bool, said: str) -> None:
    """What is overdue says so, what is escalated also to whom and when it expires."""
    shown = proposal()
    shown.due_time.CopyFrom(stamp_of(NOW + timedelta(hours=due_hours)))
    shown.expire_time.CopyFrom(stamp_of(NOW + timedelta(days=2, hours=1)))
    if escalated:
        shown.escalate_time.CopyFrom(stamp_of(NOW))
        shown.escalated_to.append("users/sara")
    assert due(shown, NOW) == said


def test_a_vote_of_people_says_whom_it_asks() -> None:
    """Any of the functions suffices, one refusal rejects; where nobody is needed there is no more to say."""
    asked = proposal(Ballot(method=PEOPLE, quorum=1, reason="LOW impact"), sales=1, support=1)
    assert ballot_sentence(asked) == "LOW impact. Asked: sales or support. One refusal rejects."
    automatic = proposal(Ballot(method=PEOPLE, quorum=0, reason="certain: nobody needs to approve"), sales=1)
    assert ballot_sentence(automatic) == "certain: nobody needs to approve"


def test_a_full_vote_says_what_carries() -> None:
    """The share, of what, who breaks a tie, and how many people it takes."""
    ballot = Ballot(
        method=WEIGHTS, quorum=2, majority=0.5, tie_breaker="marketing", reason="HIGH impact of a contact"
    )
    told = ballot_sentence(proposal(ballot, sales=2, support=2, marketing=1))
    assert told == (
        "HIGH impact of a contact. More than half of all 5 by weight carries. "
        "In a tie marketing decides. At least 2 people must approve."
    )
    two_thirds = Ballot(method=VOICES, quorum=1, majority=0.66, reason="HIGH impact of a lead")
    assert "More than 66% of all 2 voices carries." in ballot_sentence(
        proposal(two_thirds, sales=1, support=1)
    )


def test_a_vote_with_an_arbiter_says_when_it_approves() -> None:
    """The arbiter approves last and refuses at any time."""
    ballot = Ballot(method=VOICES, quorum=1, majority=0.5, arbiter="finance", reason="HIGH impact")
    told = ballot_sentence(proposal(ballot, sales=1, finance=1))
    assert "Once the others have voted, or the voting period is over, finance approves" in told
    assert "it may refuse at any time" in told


def test_what_is_waited_for_leaves_ones_own_vote_out() -> None:
    """Of a full vote all others are named; where one person of any function suffices, none is."""
    full = proposal(Ballot(method=VOICES, quorum=1), missing=("finance", "sales"), sales=1, finance=1)
    assert waits_for(full) == "also waits for finance"
    one = proposal(Ballot(method=PEOPLE, quorum=1), missing=("sales", "support"), sales=1, support=1)
    assert waits_for(one) == "waits for nobody else"
    two = proposal(Ballot(method=PEOPLE, quorum=2), missing=("sales", "support"), sales=1, support=1)
    assert waits_for(two) == "also waits for support"
    two.votes.append(Vote(principal="users/carla", function="support", decision=APPROVE, counts=True))
    assert waits_for(two) == "waits for nobody else"


def test_who_only_lifts_a_veto_stands_beside_the_vote() -> None:
    """A function without weight is no alternative to the others: it is waited for whoever approves."""
    ballot = Ballot(method=PEOPLE, quorum=1, reason="MEDIUM impact")
    shown = proposal(ballot, missing=("finance", "sales"), sales=1, finance=0)
    assert ballot_sentence(shown).startswith("MEDIUM impact. Asked: sales.")
    assert "finance may lift a veto" in ballot_sentence(shown)
    assert waits_for(shown) == "also waits for finance"


def test_a_veto_is_told_to_those_who_cannot_lift_it() -> None:
    """Who lifts it by approving sees no obstacle; to the others it is one."""
    vetoed = proposal(Ballot(method=VOICES, quorum=1), missing=("finance",), sales=1)
    vetoed.vetoes.append(Veto(rule="DIFFERENT_TAX_IDS", lifted_by="finance"))
    assert waits_for(vetoed) == "also waits for finance; vetoed: DIFFERENT_TAX_IDS"
    lifting = proposal(Ballot(method=VOICES, quorum=1), mine="finance", missing=("finance",), sales=1)
    lifting.vetoes.append(Veto(rule="DIFFERENT_TAX_IDS", lifted_by="finance"))
    assert waits_for(lifting) == "waits for nobody else"


def test_whom_it_was_escalated_to_is_told_what_to_do() -> None:
    """A manager without a vote of their own sees that the proposal is theirs to push."""
    shown = proposal(mine="")
    shown.standing.CopyFrom(Standing(principal="users/sara", explanation="users/sara holds no function"))
    assert why_you(shown) == "you may not vote: users/sara holds no function"
    shown.escalated_to.append("users/sara")
    assert why_you(shown).startswith("escalated to you, to see that it is decided")

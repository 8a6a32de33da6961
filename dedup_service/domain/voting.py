"""Votes, voices and how they add up (domain 3.1, 7.2, 7.5).

The vote log only grows, and the tally is a fold over it (C-4): `counted` says which votes count, `spoken`
what each function says with them, `tally` what that gives. Silence is never an approval.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from dedup_service.domain.delegations import Mandate, Roles
from dedup_service.domain.policy import Impact


class VoteDecision(StrEnum):
    """What a vote says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class BallotMethod(StrEnum):
    """How votes are counted: so many people of any function, or the voices or weights of all functions."""

    PEOPLE = "PEOPLE"
    VOICES = "VOICES"
    WEIGHTS = "WEIGHTS"


class Outcome(StrEnum):
    """Where a vote stands."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote as cast, for one function: by the voter's own role, or `on_behalf_of` who delegated it."""

    principal: str
    function: str
    decision: VoteDecision
    plan_hash: str
    comment: str
    time: datetime
    on_behalf_of: str = ""
    # The impact that the voter saw; it may depend on records that are no members.
    impact: Impact = Impact.HIGH


@dataclass(frozen=True, slots=True)
class CountedVote:
    """A vote with whether it counts now, and if not, why."""

    vote: Vote
    counts: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Voice:
    """What a function says: the latest of its votes that count; of weight 0 where only its assent counts."""

    function: str
    weight: int
    reasons: tuple[str, ...]
    decision: VoteDecision | None = None
    principal: str = ""

    @property
    def why(self) -> str:
        """The reasons for which the function is asked, in one line."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Ballot:
    """How the votes on one plan are counted, and why so.

    More than `majority` (a share, 0 to 1) carries. The `arbiter`, where there is one, decides last.
    """

    method: BallotMethod
    quorum: int
    reason: str
    majority: Decimal = Decimal("0.5")
    arbiter: str = ""
    tie_breaker: str = ""


@dataclass(frozen=True, slots=True)
class Electorate:
    """Who may vote on a plan, and by when; votes of another plan, or from before `plan_time`, are void."""

    plan_hash: str
    plan_time: datetime
    proposer: str
    functions: tuple[str, ...]
    roles: Roles
    impact: Impact = Impact.LOW


def counted(votes: Sequence[Vote], electorate: Electorate) -> tuple[CountedVote, ...]:
    """Which votes count: the last one of each person, on this plan, by somebody who may still cast it."""
    last = {vote.principal: number for number, vote in enumerate(votes)}
    found = []
    seats: dict[str, str] = {}
    for number, vote in reversed(list(enumerate(votes))):
        seat = vote.on_behalf_of or vote.principal
        why = _void_reason(vote, electorate)
        if not why and last[vote.principal] != number:
            why = "replaced by a later vote of the same person"
        elif not why and seats.get(seat, vote.function) != vote.function:
            why = f"{seat} counts once: a later vote speaks for {seats[seat]}"
        if not why:
            seats[seat] = vote.function
        found.append(CountedVote(vote, not why, why or "counts"))
    return tuple(reversed(found))


def _void_reason(vote: Vote, electorate: Electorate) -> str:
    if vote.plan_hash != electorate.plan_hash or vote.time < electorate.plan_time:
        return "cast on a plan that has changed since"
    if vote.impact.rank < electorate.impact.rank:
        return f"cast when the impact was {vote.impact}: it is {electorate.impact} now"
    if electorate.proposer in (vote.principal, vote.on_behalf_of):
        return f"{electorate.proposer} proposed this and does not decide it"
    if vote.function not in electorate.functions:
        return f"{vote.function} has no say in this"
    return _lost_mandate(vote, electorate.roles)


def _lost_mandate(vote: Vote, roles: Roles) -> str:
    """Why the voter may no longer speak for the function: the role or the delegation is gone."""
    mandate = Mandate(vote.function, vote.on_behalf_of)
    if mandate not in roles.mandates(vote.principal):
        held = f"delegation of {vote.on_behalf_of}" if vote.on_behalf_of else f"function {vote.function}"
        return f"{vote.principal} no longer holds the {held}"
    if vote.on_behalf_of and not roles.standing_since(vote.principal, mandate, vote.time):
        return f"the delegation of {vote.on_behalf_of} under which it was cast has ended"
    return ""


def spoken(voices: Iterable[Voice], votes: Iterable[CountedVote]) -> tuple[Voice, ...]:
    """The voices with what the votes that count make them say."""
    latest = {each.vote.function: each.vote for each in votes if each.counts}
    return tuple(
        replace(voice, decision=latest[voice.function].decision, principal=latest[voice.function].principal)
        if voice.function in latest
        else voice
        for voice in voices
    )


def tally(
    ballot: Ballot, voices: Sequence[Voice], votes: Sequence[CountedVote], period_over: bool
) -> Outcome:
    """What the votes give; an approval also needs the quorum of different people."""
    if ballot.method is BallotMethod.PEOPLE:
        return _of_people(ballot, voices, votes)
    outcome = _carried(ballot, voices, period_over)
    if outcome is Outcome.APPROVED and approving_people(ballot, voices, votes) < ballot.quorum:
        return Outcome.PENDING
    return outcome


def approving_people(ballot: Ballot, voices: Iterable[Voice], votes: Iterable[CountedVote]) -> int:
    """How many different people approve for a function with a say, delegates of one person being one."""
    approving = _cast(VoteDecision.APPROVE, ballot, voices, votes)
    people = {vote.principal for vote in approving}
    seats = {vote.on_behalf_of or vote.principal for vote in approving}
    return min(len(people), len(seats))


def _cast(
    decision: VoteDecision, ballot: Ballot, voices: Iterable[Voice], votes: Iterable[CountedVote]
) -> list[Vote]:
    """The votes of this decision that count, by functions with a say."""
    having_a_say = {v.function for v in voices if v.weight or v.function == ballot.arbiter}
    return [
        each.vote
        for each in votes
        if each.counts and each.vote.decision is decision and each.vote.function in having_a_say
    ]


def _of_people(ballot: Ballot, voices: Sequence[Voice], votes: Sequence[CountedVote]) -> Outcome:
    """One refusal ends it, whoever else approves, of the same function too."""
    if _cast(VoteDecision.REJECT, ballot, voices, votes):
        return Outcome.REJECTED
    return Outcome.APPROVED if approving_people(ballot, voices, votes) >= ballot.quorum else Outcome.PENDING


def _carried(ballot: Ballot, voices: Sequence[Voice], period_over: bool) -> Outcome:
    if _weight(voices, VoteDecision.REJECT) > ballot.majority * sum(voice.weight for voice in voices):
        return Outcome.REJECTED
    if ballot.arbiter:
        return _arbitrated(ballot, voices, period_over)
    return _majority(ballot, voices)


def _weight(voices: Iterable[Voice], decision: VoteDecision) -> int:
    return sum(voice.weight for voice in voices if voice.decision is decision)


def _arbitrated(ballot: Ballot, voices: Sequence[Voice], period_over: bool) -> Outcome:
    """The arbiter refuses at any time, and approves last: with most of those who spoke, or in a tie."""
    said = next(voice.decision for voice in voices if voice.function == ballot.arbiter)
    if said is VoteDecision.REJECT:
        return Outcome.REJECTED
    if said is None or not (period_over or not awaited_others(ballot, voices)):
        return Outcome.PENDING
    approving = _weight(voices, VoteDecision.APPROVE)
    refusing = _weight(voices, VoteDecision.REJECT)
    carries = approving > ballot.majority * (approving + refusing) or approving == refusing
    return Outcome.APPROVED if carries else Outcome.REJECTED


def awaited_others(ballot: Ballot, voices: Iterable[Voice]) -> list[str]:
    """The functions beside the arbiter that have a say and have not spoken."""
    return [v.function for v in voices if v.weight and v.decision is None and v.function != ballot.arbiter]


def _majority(ballot: Ballot, voices: Sequence[Voice]) -> Outcome:
    approving = _weight(voices, VoteDecision.APPROVE)
    refusing = _weight(voices, VoteDecision.REJECT)
    whole = sum(voice.weight for voice in voices)
    if approving > ballot.majority * whole:
        return Outcome.APPROVED
    breaker = next((v for v in voices if v.function == ballot.tie_breaker), None)
    tied = approving == refusing and approving + refusing == whole
    if tied and breaker is not None and breaker.decision is not None:
        return Outcome.APPROVED if breaker.decision is VoteDecision.APPROVE else Outcome.REJECTED
    return Outcome.PENDING

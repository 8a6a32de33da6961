"""What a vote still waits for, in words a steward reads (domain 7.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.delegations import Roles
from dedup_service.domain.vetoes import RaisedVeto
from dedup_service.domain.voting import (
    Ballot,
    BallotMethod,
    CountedVote,
    Outcome,
    Voice,
    approving_people,
    awaited_others,
)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing: the function that could give it (empty when none could), and a sentence."""

    function: str
    sentence: str


def what_is_missing(
    ballot: Ballot,
    voices: Sequence[Voice],
    votes: Iterable[CountedVote],
    vetoes: Iterable[RaisedVeto],
    outcome: Outcome,
    due_time: datetime,
    roles: Roles,
) -> tuple[Missing, ...]:
    """Everything that stands between these votes and an approval; empty when it is decided."""
    found = [
        Missing(veto.lifted_by, f"{veto.lifted_by} must approve, because {veto.reason}")
        for veto in vetoes
        if veto.lifted_by
    ]
    if outcome is Outcome.REJECTED:
        return ()
    if outcome is Outcome.PENDING:
        approver_count = approving_people(ballot, voices, votes)
        if ballot.method is BallotMethod.PEOPLE:
            found += _people(ballot, voices, approver_count, roles)
        else:
            found += _awaited(ballot, voices, due_time, roles) or _undecided(ballot, voices, approver_count)
    return tuple(dict.fromkeys(found))


def _people(ballot: Ballot, voices: Sequence[Voice], approver_count: int, roles: Roles) -> list[Missing]:
    left = ballot.quorum - approver_count
    functions = [voice.function for voice in voices if voice.weight]
    who = " or ".join(functions) or "nobody: no function has a stake"
    sentence = f"{left} more approval{'s' if left > 1 else ''} of {who} ({ballot.reason})"
    sentence += "".join(_away(function, roles) for function in functions)
    return [Missing(function, sentence) for function in functions] or [Missing("", sentence)]


def _awaited(ballot: Ballot, voices: Sequence[Voice], due_time: datetime, roles: Roles) -> list[Missing]:
    others = set(awaited_others(ballot, voices))
    found = [
        Missing(
            voice.function,
            f"{voice.function} has not voted ({_because(voice)}){_away(voice.function, roles)}",
        )
        for voice in voices
        if voice.function in others
    ]
    arbiter = next((voice for voice in voices if voice.function == ballot.arbiter), None)
    if arbiter is not None and arbiter.decision is None:
        away = _away(arbiter.function, roles)
        found.append(
            Missing(arbiter.function, f"{arbiter.function} decides last ({_because(arbiter)}){away}")
        )
    elif arbiter is not None and found:
        until = f"{due_time:%Y-%m-%d %H:%M} UTC"
        found = [
            Missing(
                each.function,
                f"{each.sentence}; without it, the approval of {arbiter.function} decides on {until}",
            )
            for each in found
        ]
    return found


def _undecided(ballot: Ballot, voices: Sequence[Voice], approver_count: int) -> list[Missing]:
    """Everybody has spoken, and it does not suffice: only another vote can help."""
    if approver_count < ballot.quorum:
        left = ballot.quorum - approver_count
        why = f"{left} more {'people' if left > 1 else 'person'} must approve"
    else:
        why = "the votes are tied or short of the majority; somebody has to change theirs"
    return [Missing(v.function, why) for v in voices if v.weight or v.function == ballot.arbiter]


def _because(voice: Voice) -> str:
    """Its first reason: the voices tell them all."""
    return voice.reasons[0] if voice.reasons else "the policy asks for it"


def _away(function: str, roles: Roles) -> str:
    return f"; everybody of {function} is away" if roles.away(function) else ""

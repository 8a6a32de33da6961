"""The rows of a list of proposals, and what it can be narrowed by."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.views.deciding import detail_of, name_of, survivor_first
from dedup_service.console.views.queue import FACETS, Queue
from dedup_service.v1.core_pb2 import RecordKind, Verdict
from dedup_service.v1.merge_plan_pb2 import Impact
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import CountMergeProposalsResponse
from dedup_service.v1.voting_pb2 import BallotMethod

SHOWN_MEMBERS = 3
SHOWN_VALUES = 25
_PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
_APPROVED = MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED


class Urgency(StrEnum):
    """What there is to say about the time that is left."""

    DUE = "due"
    OVERDUE = "overdue"
    READY = "ready"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Line:
    """One golden record: what it is called, and a value that tells it from others of that name."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """One proposal of a list.

    `more_count` golden records are not among `lines`. `reason` is the first reason of the impact and `why`
    the first reason why the visitor is asked, as the service says them. `mine` are the functions that the
    visitor may vote for, `others` those besides that somebody waits for. `bits` is None without a link.
    Where a rule stops it, the approval of all of `lifted_by` lifts that; nobody can where they are none.
    """

    url: str
    lines: tuple[Line, ...]
    more_count: int
    kind: "RecordKind.ValueType"
    impact: "Impact.ValueType"
    reason: str
    verdict: "Verdict.ValueType"
    bits: float | None
    sources: tuple[str, ...]
    state: "MergeProposalState.ValueType"
    urgency: Urgency
    due_time: Timestamp
    expire_time: Timestamp
    mine: tuple[str, ...]
    on_behalf_of: str
    why: str
    others: tuple[str, ...]
    escalated_to_me: bool
    is_stopped: bool
    lifted_by: tuple[str, ...]


def row_of(proposal: MergeProposal, queue: Queue, now: datetime) -> Row:
    """The row of a proposal, for the visitor whom its standing is about."""
    members = survivor_first(proposal)
    shown = members if len(members) <= SHOWN_MEMBERS else members[: SHOWN_MEMBERS - 1]
    standing, link = proposal.standing, proposal.weakest_link
    mine = tuple(dict.fromkeys(mandate.function for mandate in standing.mandates))
    lifting = tuple(sorted({veto.lifted_by for veto in proposal.vetoes}))
    delegators = [mandate.on_behalf_of for mandate in standing.mandates]
    return Row(
        url=addresses.with_query(addresses.of(proposal.name), {"queue": queue.first.written}),
        lines=tuple(Line(name_of(each), detail_of(each)) for each in shown),
        more_count=len(members) - len(shown),
        kind=proposal.kind,
        impact=proposal.impact,
        reason=proposal.impact_reasons[0].reason if proposal.impact_reasons else "",
        verdict=proposal.verdict,
        bits=link.match_weight_bits if proposal.HasField("weakest_link") else None,
        sources=tuple(sorted({source for member in members for source in member.sources})),
        state=proposal.state,
        urgency=_urgency(proposal, now),
        due_time=proposal.due_time,
        expire_time=proposal.expire_time,
        mine=mine if standing.may_vote else (),
        on_behalf_of=delegators[0] if delegators and all(delegators) else "",
        why=_why(proposal, mine),
        others=_others(proposal, mine),
        escalated_to_me=bool(standing.principal) and standing.principal in proposal.escalated_to,
        is_stopped=bool(proposal.vetoes),
        lifted_by=lifting if all(lifting) else (),
    )


def _urgency(proposal: MergeProposal, now: datetime) -> Urgency:
    if proposal.state == _APPROVED:
        return Urgency.READY
    if proposal.state != _PENDING:
        return Urgency.OVER
    return Urgency.OVERDUE if proposal.due_time.ToDatetime(UTC) <= now else Urgency.DUE


def _why(proposal: MergeProposal, mine: Sequence[str]) -> str:
    voices = {voice.function: voice for voice in proposal.voices}
    reasons = (voices[function].reasons for function in mine if function in voices)
    return next((each[0] for each in reasons if each), "")


def _others(proposal: MergeProposal, mine: Sequence[str]) -> tuple[str, ...]:
    """Who is waited for besides the visitor; where one person of several functions suffices, nobody is."""
    method = proposal.ballot.method
    if mine and method == BallotMethod.BALLOT_METHOD_PEOPLE and proposal.ballot.quorum <= 1:
        lifting = {veto.lifted_by for veto in proposal.vetoes}
        return tuple(each for each in proposal.missing_functions if each in lifting - set(mine))
    return tuple(each for each in proposal.missing_functions if each not in mine)


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to narrow a list: its label, how many there would be, and where it leads."""

    label: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Facet:
    """What a list can be narrowed by. `chosen` is the label of what it is narrowed to, else empty."""

    name: str
    chosen: str
    url_without: str
    choices: tuple[Choice, ...]
    more_count: int = 0


def facets_of(
    counted: CountMergeProposalsResponse, queue: Queue, names: Names, path: str = "/inbox"
) -> tuple[Facet, ...]:
    """The facets of a list, each with its values: ranked ones by rank, the others by how many there are."""
    counts = {facet.field: facet.values for facet in counted.facets}
    found = []
    for name, field in FACETS.items():
        values = [(each.value, each.count) for each in counts.get(field, ()) if each.value]
        chosen = str(getattr(queue, name))
        if name in _RANKED:
            values.sort(key=lambda each: _RANKED[name].index(each[0]) if each[0] in _RANKED[name] else 9)
        choices = [
            Choice(label_of(names, name, value), count, f"{path}?{queue.given(name, value).written}")
            for value, count in values
            if _can_be_asked(value)
        ]
        found.append(
            Facet(
                name=name,
                chosen=label_of(names, name, chosen) if chosen else "",
                url_without=f"{path}?{queue.without(name).written}",
                choices=tuple(choices[:SHOWN_VALUES]),
                more_count=max(0, len(choices) - SHOWN_VALUES),
            )
        )
    return tuple(found)


_RANKED = {
    "impact": ("HIGH", "MEDIUM", "LOW"),
    "verdict": ("MATCH", "REVIEW", "NO_MATCH"),
    "kind": ("LEAD", "CONTACT", "ACCOUNT"),
}


def _can_be_asked(value: str) -> bool:
    # No filter can hold a quote, so a link to this value would lead to another list.
    return '"' not in value and value.isprintable()


def label_of(names: Names, name: str, value: str) -> str:
    """What a value of a facet is called; as it is written where nobody has a name for it."""
    said: dict[str, Callable[[str], str]] = {
        "kind": lambda word: names.kind(RecordKind.Value(f"RECORD_KIND_{word}")),
        "impact": lambda word: names.impact(Impact.Value(f"IMPACT_{word}")),
        "verdict": lambda word: names.verdict(Verdict.Value(f"VERDICT_{word}")),
        "function": names.function,
        "source": names.source,
        "owner": names.person,
    }
    try:
        return said[name](value)
    except ValueError:
        return value


def rows_of(proposals: Iterable[MergeProposal], queue: Queue, now: datetime) -> tuple[Row, ...]:
    """The rows of a page."""
    return tuple(row_of(proposal, queue, now) for proposal in proposals)

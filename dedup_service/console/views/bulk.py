"""Many proposals at once: which of a list can be decided together, what they touch, what became of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money

from dedup_service.client import ServiceError
from dedup_service.console.views import addresses
from dedup_service.console.views.deciding import title_of
from dedup_service.console.views.inbox import Row, row_of
from dedup_service.console.views.queue import Queue
from dedup_service.v1.core_pb2 import Verdict
from dedup_service.v1.merge_plan_pb2 import Impact
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_service_pb2 import Merge

_NANOS = 1_000_000_000
_SEPARATOR = ":"
_REJECTED = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
_APPROVED = MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED


class LeftOut(StrEnum):
    """Why a proposal cannot be decided together with others: it asks for names, or not for the visitor."""

    ASKS_NAMES = "asks_names"
    NO_SAY = "no_say"


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A proposal of the list. `value` is what the form carries when it is ticked: the plan that was seen."""

    row: Row
    value: str
    is_ticked: bool
    left_out: LeftOut | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What merging some proposals would touch. Sums of money are by currency, in its order."""

    proposal_count: int
    redirect_count: int
    moving_child_count: int
    open_invoice_count: int
    open_pipeline: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A list as it can be decided at once: rows to tick, those left out, and what the ticked ones touch."""

    rows: tuple[BulkRow, ...]
    left_out: tuple[BulkRow, ...]
    totals: Totals

    @property
    def ticked_count(self) -> int:
        return self.totals.proposal_count


@dataclass(frozen=True, slots=True)
class Chosen:
    """A ticked proposal: its resource name, and the etag of the plan that was seen."""

    name: str
    etag: str


def bulk_of(
    proposals: Iterable[MergeProposal], queue: Queue, now: datetime, ticked: frozenset[str] | None = None
) -> Bulk:
    """The list with those ticked whose ids are given, or with None all that can be decided."""
    shown = [(proposal, _row(proposal, queue, now, ticked)) for proposal in proposals]
    return Bulk(
        rows=tuple(row for _, row in shown if row.left_out is None),
        left_out=tuple(row for _, row in shown if row.left_out is not None),
        totals=totals_of(proposal for proposal, row in shown if row.is_ticked),
    )


def matches_among(proposals: Iterable[MergeProposal]) -> frozenset[str]:
    """The ids of those whose weakest link is a match: one that asks for review is ticked by hand."""
    return frozenset(
        addresses.id_of(proposal.name) for proposal in proposals if proposal.verdict == Verdict.VERDICT_MATCH
    )


def _row(proposal: MergeProposal, queue: Queue, now: datetime, ticked: frozenset[str] | None) -> BulkRow:
    left_out = left_out_of(proposal)
    proposal_id = addresses.id_of(proposal.name)
    return BulkRow(
        row=row_of(proposal, queue, now),
        value=f"{proposal_id}{_SEPARATOR}{proposal.etag}",
        is_ticked=left_out is None and (ticked is None or proposal_id in ticked),
        left_out=left_out,
        explanation=proposal.standing.explanation if left_out is LeftOut.NO_SAY else "",
    )


def left_out_of(proposal: MergeProposal) -> LeftOut | None:
    """Why this one is not decided together with others; None when it can be."""
    if not proposal.standing.may_vote:
        return LeftOut.NO_SAY
    return LeftOut.ASKS_NAMES if proposal.impact == Impact.IMPACT_HIGH else None


def totals_of(proposals: Iterable[MergeProposal]) -> Totals:
    """What these would touch, if all of them were merged."""
    previews = [proposal.preview for proposal in proposals]
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for preview in previews:
        for amount in preview.open_pipeline:
            sums[amount.currency_code] += Decimal(amount.units) + Decimal(amount.nanos) / _NANOS
    return Totals(
        proposal_count=len(previews),
        redirect_count=sum(len(preview.redirects) for preview in previews),
        moving_child_count=sum(moving.count for preview in previews for moving in preview.moving_children),
        open_invoice_count=sum(preview.open_invoice_count for preview in previews),
        open_pipeline=tuple(_money(currency, sums[currency]) for currency in sorted(sums)),
    )


def _money(currency: str, units: Decimal) -> Money:
    return Money(currency_code=currency, units=int(units), nanos=int(units % 1 * _NANOS))


def read_chosen(values: Iterable[str]) -> tuple[Chosen, ...]:
    """What a form says was ticked, each once; what it cannot have written itself is left out."""
    found = {}
    for value in values:
        proposal_id, separator, etag = value.partition(_SEPARATOR)
        if proposal_id and separator and etag and len(value) <= MAX_VALUE:
            found[proposal_id] = Chosen(f"mergeProposals/{proposal_id}", etag)
    return tuple(found.values())


# An id and an etag have at most 128 and 200 characters.
MAX_VALUE = 330


class Fate(StrEnum):
    """What became of a proposal that was ticked."""

    MERGED = "merged"
    NOT_MERGED = "not_merged"
    WAITS = "waits"
    STOPPED = "stopped"
    ENDED = "ended"
    SKIPPED = "skipped"


# The reason of a call that the service did not answer in time, or at all.
UNANSWERED = "UNANSWERED"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the service did not do something: its reason, its sentence, and what changed since it was seen."""

    reason: str
    sentence: str
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One ticked proposal afterwards. `functions` still have to speak; `merge_url` leads to what was made."""

    title: str
    url: str
    fate: Fate
    functions: tuple[str, ...] = ()
    refusal: Refusal | None = None
    vetoes: tuple[str, ...] = ()
    merge_url: str = ""
    asks_names: bool = False


def refusal_of(error: ServiceError | Status) -> Refusal:
    """A refusal of a call, or of one decision of a batch; one without an answer has no sentence to show."""
    if isinstance(error, ServiceError):
        if not error.reason:
            return Refusal(UNANSWERED, "")
        return Refusal(error.reason, error.message, _changes(error.metadata))
    info = ErrorInfo()
    for detail in error.details:
        try:
            if detail.Unpack(info):
                break
        except DecodeError:
            continue
    return Refusal(info.reason, error.message, _changes(info.metadata))


def _changes(metadata: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(part for part in metadata.get("changes", "").split("; ") if part)


def skipped(chosen: Chosen, seen: MergeProposal | None, refusal: Refusal | None) -> Outcome:
    """One that was not decided; without a refusal because it asks to type both names."""
    title = title_of(seen) if seen is not None else addresses.id_of(chosen.name)
    return Outcome(
        title, addresses.of(chosen.name), Fate.SKIPPED, refusal=refusal, asks_names=refusal is None
    )


def voted(proposal: MergeProposal, merge: Merge | ServiceError | None) -> Outcome:
    """One that was decided, with the merge that followed or what stood against it."""
    title, url = title_of(proposal), addresses.of(proposal.name)
    if isinstance(merge, Merge):
        return Outcome(title, url, Fate.MERGED, merge_url=addresses.of(merge.name))
    if isinstance(merge, ServiceError):
        return Outcome(title, url, Fate.NOT_MERGED, refusal=refusal_of(merge))
    if proposal.state == _REJECTED:
        return Outcome(title, url, Fate.ENDED)
    vetoes = tuple(dict.fromkeys(veto.reason for veto in proposal.vetoes))
    fate = Fate.STOPPED if vetoes and not proposal.missing_functions else Fate.WAITS
    return Outcome(title, url, fate, tuple(proposal.missing_functions), vetoes=vetoes)


def is_approved(proposal: MergeProposal) -> bool:
    """Whether nothing is missing for its merge."""
    return proposal.state == _APPROVED


def by_fate(outcomes: Sequence[Outcome]) -> dict[str, tuple[Outcome, ...]]:
    """The outcomes of each fate, in the order in which they were ticked."""
    return {fate.value: tuple(each for each in outcomes if each.fate is fate) for fate in Fate}

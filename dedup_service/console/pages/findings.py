"""Asking the service all that it knows of two records or golden records."""

from itertools import product

import grpc

from dedup_service.client import DedupClient, ServiceError
from dedup_service.console.views.togetherness import (
    Findings,
    Side,
    earlier_golden,
    joined_both,
    meeting,
    origin_in,
    parting,
)
from dedup_service.v1.distinction_service_pb2 import Distinction, ListDistinctionsRequest
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest, ListMembersRequest
from dedup_service.v1.match_service_pb2 import (
    BatchScoreRequest,
    ExplainMatchRequest,
    ExplainMatchResponse,
    Pair,
    PairSide,
)
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    CreateMergeProposalRequest,
    ListMergeProposalsRequest,
    MergeProposalView,
)
from dedup_service.v1.merge_service_pb2 import ListMergesRequest, Merge
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record, RecordState

_MEMBERS_SIZE = 200
_MERGES_SIZE = 100
_PROPOSALS_SIZE = 20
# Pairs of members of two golden records that are scored to find the best: 30 with 30.
_MOST_COMPARED = 30
_MOST_ASKED_RECORDS = 40
# How often a golden record was merged away with both in it; what is deeper is not looked for.
_MOST_STEPS = 20
_EXPLAINED = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}


def side_of(desk: DedupClient, name: str) -> Side:
    """What a name stands for.

    Raises:
        ServiceError: there is nothing of that name, or it cannot be read.
    """
    record = None
    golden_name = name
    if not name.startswith("goldenRecords/"):
        record = desk.records.GetRecord(GetRecordRequest(name=name))
        golden_name = record.golden_record
    golden = desk.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=golden_name))
    members = desk.golden_records.ListMembers(ListMembersRequest(parent=golden.name, page_size=_MEMBERS_SIZE))
    return Side(name, golden, record, tuple(each for each in members.records if _is_active(each)))


def find(desk: DedupClient, left: Side, right: Side) -> Findings:
    """Everything between two sides that are not the same."""
    if left.golden.name == right.golden.name:
        joining = _joining(desk, left, right)
        explanation, pair = _explained(desk, *_sides_before(left, right, joining))
        return Findings(left, right, joining=joining, explanation=explanation, pair=pair)
    asked = _ask_proposals(desk, left, right)
    preview, refusal = _previewed(desk, left, right)
    explanation, pair = _explained(desk, _compared(left), _compared(right))
    return Findings(
        left,
        right,
        undone=_undone(desk, left, right),
        distinctions=_distinctions(desk, left, right),
        proposals=tuple(asked),
        preview=preview,
        refusal=refusal,
        explanation=explanation,
        pair=pair,
    )


def _is_active(record: Record) -> bool:
    return record.state == RecordState.RECORD_STATE_ACTIVE


def _compared(side: Side) -> list[str]:
    """The records that speak for a side: the one that was named, or the members of the golden record."""
    if side.record is not None:
        return [side.record.name] if _is_active(side.record) else []
    return [record.name for record in side.members[:_MOST_COMPARED]]


def _sides_before(left: Side, right: Side, joining: Merge | None) -> tuple[list[str], list[str]]:
    """The records to compare of two sides that are one by now: each as it was before the merge."""
    lefts, rights = _compared(left), _compared(right)
    if joining is not None and left.record is None:
        lefts = _came_from(joining, left.chain, lefts) or lefts
    if joining is not None and right.record is None:
        rights = _came_from(joining, right.chain, rights) or rights
    return [name for name in lefts if name not in rights] or lefts, [
        name for name in rights if name not in lefts
    ] or rights


def _came_from(merge: Merge, chain: tuple[str, ...], records: list[str]) -> list[str]:
    """Those of the records that came from the first golden record of the chain that the merge knows."""
    origins = {record: origin_in(merge, record) for record in records}
    first = next((name for name in chain if name in origins.values()), "")
    return [record for record, origin in origins.items() if origin == first]


def _joining(desk: DedupClient, left: Side, right: Side) -> Merge | None:
    """The standing merge that brought the sides together; None where they were never apart."""
    meet, befores = meeting(left.chain, right.chain)
    if befores and (left.record is None or right.record is None):
        into = _merges(desk, meet, "EXECUTED")
        return next(
            (m for m in into if any(away.golden_record in befores for away in m.merged_golden_records)), None
        )
    if left.record is not None and right.record is not None:
        return _joining_records(desk, left.golden.name, left.record.name, right.record.name)
    record = left.record or right.record
    into = _merges(desk, left.golden.name, "EXECUTED") if record is not None else []
    return next(
        (m for m in into if record and any(record.name in away.records for away in m.merged_golden_records)),
        None,
    )


def _joining_records(desk: DedupClient, golden: str, left: str, right: str) -> Merge | None:
    for _step in range(_MOST_STEPS):
        earlier = ""
        for merge in _merges(desk, golden, "EXECUTED"):
            if joined_both(merge, [left], [right]):
                return merge
            earlier = earlier or earlier_golden(merge, left, right)
        if not earlier:
            return None
        golden = earlier
    return None


def _undone(desk: DedupClient, left: Side, right: Side) -> tuple[Merge, ...]:
    """The merges that had brought them together and were undone."""
    names = list(dict.fromkeys([left.golden.name, right.golden.name]))
    lefts = {record.name for record in left.members}
    rights = {record.name for record in right.members}
    merges = [merge for name in names for merge in _merges(desk, name, "UNDONE")]
    return tuple(merge for merge in merges if joined_both(merge, lefts, rights))


def _merges(desk: DedupClient, survivor: str, state: str) -> list[Merge]:
    """Merges into a golden record, the newest first."""
    request = ListMergesRequest(filter=f'survivor = "{survivor}" AND state = {state}', page_size=_MERGES_SIZE)
    return list(desk.merges.ListMerges(request).merges)


def _distinctions(desk: DedupClient, left: Side, right: Side) -> tuple[Distinction, ...]:
    fewer, more = sorted((left, right), key=lambda side: len(side.golden.members))
    asked = [
        desk.distinctions.ListDistinctions.future(
            ListDistinctionsRequest(filter=f'record:"{record}"', page_size=_MERGES_SIZE)
        )
        for record in fewer.golden.members[:_MOST_ASKED_RECORDS]
        if '"' not in record
    ]
    found = [each for call in asked for each in call.result().distinctions]
    return parting(found, fewer.golden.members, more.golden.members)


def _ask_proposals(desk: DedupClient, left: Side, right: Side) -> list[MergeProposal]:
    """The proposals with both, the newest first."""
    return list(
        desk.merge_proposals.ListMergeProposals(
            ListMergeProposalsRequest(
                filter=f'golden_record:"{left.golden.name}" AND golden_record:"{right.golden.name}"',
                order_by="create_time desc",
                page_size=_PROPOSALS_SIZE,
                view=MergeProposalView.MERGE_PROPOSAL_VIEW_FULL,
            )
        ).merge_proposals
    )


def _previewed(
    desk: DedupClient, left: Side, right: Side
) -> tuple[MergeProposal | None, ServiceError | None]:
    proposal = MergeProposal(golden_records=[left.golden.name, right.golden.name])
    try:
        request = CreateMergeProposalRequest(merge_proposal=proposal, validate_only=True)
        return desk.merge_proposals.CreateMergeProposal(request), None
    except ServiceError as error:
        if error.code not in _EXPLAINED:
            raise
        return None, error


def _explained(
    desk: DedupClient, lefts: list[str], rights: list[str]
) -> tuple[ExplainMatchResponse | None, tuple[str, str]]:
    """The best pair of them explained; None where there is nothing left to compare."""
    pairs = [(left, right) for left, right in product(lefts, rights) if left != right]
    if not pairs:
        return None, ("", "")
    best = pairs[0] if len(pairs) == 1 else _best(desk, pairs)
    return desk.matches.ExplainMatch(ExplainMatchRequest(pair=_pair(*best))), best


def _best(desk: DedupClient, pairs: list[tuple[str, str]]) -> tuple[str, str]:
    scores = desk.matches.BatchScore(BatchScoreRequest(pairs=[_pair(*each) for each in pairs])).scores
    weights = [score.match_weight_bits for score in scores]
    return pairs[weights.index(max(weights))]


def _pair(left: str, right: str) -> Pair:
    return Pair(left=PairSide(record=left), right=PairSide(record=right))

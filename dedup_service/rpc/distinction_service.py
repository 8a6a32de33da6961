"""DistinctionService: not-a-match links."""

from collections.abc import Sequence

from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.records import RecordKey
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.field_checks import check_etag, check_text, fields_below
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import distinction_service_pb2 as pb
from dedup_service.workflows.distinguishing import MAX_SIDE, DistinctionSide

_FILTER_FIELDS = {"record": None}


class DistinctionService:
    """Answers the methods of `dedup_service.v1.DistinctionService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._distinguishing = edge.desk.distinguishing

    async def create_distinction(
        self, request: pb.CreateDistinctionRequest, caller: Caller
    ) -> pb.Distinction:
        given = request.distinction
        left = _read_side(given.left, "distinction.left")
        right = _read_side(given.right, "distinction.right")
        reason = check_text(given.reason, "distinction.reason", required=True)
        identity = caller.request(request, request.request_id)
        with fields_below("distinction"):
            made = await self._distinguishing.create(identity, left, right, reason, caller.principal)
        return distinction_message(made, self._edge.tokens)

    async def delete_distinction(
        self, request: pb.DeleteDistinctionRequest, caller: Caller
    ) -> pb.DeleteDistinctionResponse:
        distinction_id = resource_names.distinction_id(request.name, "name")
        etag = check_etag(request.etag, "etag", required=True)
        identity = caller.request(request, request.request_id)
        gone = await self._distinguishing.delete(identity, distinction_id, etag)
        return pb.DeleteDistinctionResponse(revision=self._edge.tokens.message(gone.revision))

    async def list_distinctions(self, request: pb.ListDistinctionsRequest) -> pb.ListDistinctionsResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        await self._edge.fresh(request)
        listed = await self._edge.desk.store.read(lambda tx: tx.list_distinctions(page))
        return pb.ListDistinctionsResponse(
            distinctions=[distinction_message(each, self._edge.tokens) for each in listed.items],
            next_page_token=self._edge.next_page(request, listed.next),
        )


def distinction_message(distinction: Distinction, tokens: RevisionTokens) -> pb.Distinction:
    """A not-a-match link as it is now."""
    return pb.Distinction(
        name=distinction.name,
        left=[key.name for key in distinction.left],
        right=[key.name for key in distinction.right],
        reason=distinction.reason,
        creator=distinction.creator,
        create_time=timestamp(distinction.create_time),
        etag=distinction.etag,
        revision=tokens.message(distinction.revision),
    )


def _read_side(names: Sequence[str], at: str) -> DistinctionSide:
    between(len(names), 1, MAX_SIDE, at, "names")
    found = [resource_names.golden_or_record(name, f"{at}[{number}]") for number, name in enumerate(names)]
    return DistinctionSide(
        golden_ids=tuple(each for each in found if isinstance(each, str)),
        records=tuple(each for each in found if isinstance(each, RecordKey)),
    )

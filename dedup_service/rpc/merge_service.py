"""MergeService: merges that were carried out, and their undo."""

from dedup_service.domain.errors import NotFound
from dedup_service.domain.merges import MergeState
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import check_etag, check_text
from dedup_service.rpc.merge_conversion import MergeMessages
from dedup_service.v1 import merge_service_pb2 as pb
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.undoing import UndoRequest

_FILTER_FIELDS = {"state": tuple(MergeState), "survivor": None}


class MergeService:
    """Answers the methods of `dedup_service.v1.MergeService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._messages = MergeMessages(edge)

    async def get_merge(self, request: pb.GetMergeRequest) -> pb.Merge:
        merge_id = resource_names.merge_id(request.name, "name")
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> pb.Merge:
            merge = await tx.merge(merge_id)
            if merge is None:
                raise NotFound("Merge", request.name)
            return await self._messages.one(tx, merge)

        return await self._desk.store.read(work)

    async def list_merges(self, request: pb.ListMergesRequest) -> pb.ListMergesResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> pb.ListMergesResponse:
            listed = await tx.list_merges(page)
            return pb.ListMergesResponse(
                merges=[await self._messages.one(tx, merge) for merge in listed.items],
                next_page_token=self._edge.next_page(request, listed.next),
            )

        return await self._desk.store.read(work)

    async def undo_merge(self, request: pb.UndoMergeRequest, caller: Caller) -> pb.Merge:
        undo = UndoRequest(
            merge_id=resource_names.merge_id(request.name, "name"),
            etag=check_etag(request.etag, "etag", required=True),
            reason=check_text(request.reason, "reason", required=True),
            create_distinction=request.create_distinction,
        )
        identity = caller.request(request, request.request_id)
        merge = await self._desk.undoing.undo(identity, undo, caller.principal, request.validate_only)
        message = await self._messages.read_one(merge)
        if request.validate_only:
            message.ClearField("etag")
            message.ClearField("revision")
        return message

"""ChangeService: what was written, in the order of the commits."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing

from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.errors import InvalidInput, ResumeTokenExpired
from dedup_service.domain.records import RecordKind
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.golden_record_conversion import image_message
from dedup_service.rpc.intake_conversion import folded_message
from dedup_service.rpc.lead_conversion import class_change_message, unattended_message
from dedup_service.rpc.page_tokens import page_size
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.revision_tokens import ForeignTokenError, RevisionTokens
from dedup_service.v1 import change_service_pb2 as pb
from dedup_service.v1.audit_service_pb2 import KnownAuditHead
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.following import Batch, ChangeFilter, Position

_MAX_SOURCES = 100
# How often a page without a hit is looked for further on before the caller is asked to come again.
_MAX_LOOKS = 20
# Well below the 4 MB that a gRPC client takes unless it is told otherwise.
_MESSAGE_BYTES = 1024 * 1024


class ChangeService:
    """Answers the methods of `dedup_service.v1.ChangeService`."""

    def __init__(self, edge: Edge, checkpoint_seconds: float) -> None:
        self._edge = edge
        self._following = edge.desk.following
        self._checkpoint_seconds = checkpoint_seconds

    async def list_changes(self, request: pb.ListChangesRequest) -> pb.ListChangesResponse:
        taken = _read_filter(request)
        size = page_size(request)
        cursor = self._edge.pages.cursor(request)
        if cursor is not None:
            after = Position(int(cursor[0]), int(cursor[1]))
        else:
            after = await self._position(request.after_revision, "after_revision.token") or Position(
                max(await self._oldest() - 1, 0)
            )
        batch = await self._following.changes(after, taken, size)
        looks = 1
        while not batch.changes and batch.more and looks < _MAX_LOOKS:
            batch = await self._following.changes(batch.position, taken, size)
            looks += 1
        # The first of the messages that a watcher would get: what it has no room for is on the next page.
        first = next(self._messages(batch))
        kept = len(first.changes)
        position, more = batch.position, batch.more
        if kept < len(batch.changes):
            last = batch.changes[kept - 1]
            position, more = Position(last.revision, last.ordinal), True
        place = (str(position.revision), str(position.ordinal)) if more else None
        return pb.ListChangesResponse(
            changes=first.changes,
            next_page_token=self._edge.next_page(request, place),
            revision=self._edge.tokens.at(position),
        )

    async def watch_changes(self, request: pb.WatchChangesRequest) -> AsyncIterator[pb.WatchChangesResponse]:
        taken = _read_filter(request)
        after = await self._position(request.resume_token, "resume_token.token")
        if after is None:
            after = await self._following.head()
        watched = self._following.watch(after, taken, self._checkpoint_seconds)
        async with aclosing(_until(watched, self._edge.stopping)) as batches:
            async for batch in batches:
                for message in self._messages(batch):
                    yield message
        self._edge.refuse_when_stopping()

    def _messages(self, batch: Batch) -> Iterator[pb.WatchChangesResponse]:
        """The batch as one message or, where it is large, as several that can each be resumed from."""
        message = pb.WatchChangesResponse(checkpoint=not batch.changes)
        size = 0
        for change in batch.changes:
            added = change_message(change, self._edge.tokens)
            if size and size + added.ByteSize() > _MESSAGE_BYTES:
                yield message
                message, size = pb.WatchChangesResponse(), 0
            message.changes.append(added)
            message.resume_token.CopyFrom(self._edge.tokens.at(Position(change.revision, change.ordinal)))
            size += added.ByteSize()
        message.resume_token.CopyFrom(self._edge.tokens.at(batch.position))
        yield message

    async def acknowledge_change(
        self, request: pb.AcknowledgeChangeRequest, caller: Caller
    ) -> pb.AcknowledgeChangeResponse:
        revision, ordinal = resource_names.change_place(request.name, "name")
        source = resource_names.source(request.source, "source")
        identity = caller.request(request, request.request_id)
        said = await self._following.acknowledge(identity, revision, ordinal, source)
        return pb.AcknowledgeChangeResponse(
            change=change_message(said.change, self._edge.tokens),
            revision=self._edge.tokens.message(said.revision),
        )

    async def _position(self, token: RevisionToken, at: str) -> Position | None:
        try:
            return self._edge.tokens.position(token, at)
        except ForeignTokenError:
            raise ResumeTokenExpired(
                await self._oldest(), "the token is of another store; read the golden records anew"
            ) from None

    async def _oldest(self) -> int:
        return await self._edge.desk.store.read(lambda tx: tx.oldest_revision())


def _read_filter(request: pb.ListChangesRequest | pb.WatchChangesRequest) -> ChangeFilter:
    between(len(request.sources), 0, _MAX_SOURCES, "sources", "sources")
    return ChangeFilter(
        types=_read_types(request.types),
        kinds=_read_kinds(request.kinds),
        sources=frozenset(
            resource_names.source(name, f"sources[{number}]") for number, name in enumerate(request.sources)
        ),
    )


def _read_types(numbers: Iterable[int]) -> frozenset[ChangeType]:
    types = [enum_numbers.CHANGE_TYPE_OF.get(number) for number in numbers]
    if None in types:
        raise InvalidInput.at(f"types[{types.index(None)}]", f"must be one of {', '.join(ChangeType)}")
    return frozenset(found for found in types if found is not None)


def _read_kinds(numbers: Iterable[int]) -> frozenset[RecordKind]:
    kinds = [enum_numbers.RECORD_KIND_OF.get(number) for number in numbers]
    if None in kinds:
        raise InvalidInput.at(f"kinds[{kinds.index(None)}]", f"must be one of {', '.join(RecordKind)}")
    return frozenset(kind for kind in kinds if kind is not None)


async def _until(batches: AsyncIterator[Batch], stopping: asyncio.Event) -> AsyncGenerator[Batch, None]:
    """The batches until the server wants to stop; waiting for one ends at once then."""
    stopped = asyncio.create_task(stopping.wait())
    coming: asyncio.Task[Batch] | None = None
    try:
        while not stopping.is_set():
            coming = asyncio.ensure_future(anext(batches))
            await asyncio.wait((coming, stopped), return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return
            yield coming.result()
    finally:
        await end_tasks([stopped] if coming is None else [stopped, coming])


def change_message(change: Change, tokens: RevisionTokens) -> pb.Change:
    """A change with all that it tells."""
    draft = change.draft
    lead_class, unattended, head = draft.lead_class, draft.unattended, draft.audit_head
    return pb.Change(
        name=change.name,
        revision=tokens.message(change.revision),
        ordinal=change.ordinal,
        create_time=timestamp(change.time),
        type=enum_numbers.CHANGE_TYPE[draft.type],
        record=draft.record,
        merge=draft.merge,
        proposal=draft.proposal,
        distinction=draft.distinction,
        before=map(image_message, draft.before),
        after=map(image_message, draft.after),
        acknowledgements=[
            pb.Acknowledgement(source=f"sources/{said.source}", create_time=timestamp(said.time))
            for said in change.acknowledgements
        ],
        erased=change.erased,
        intake=draft.intake,
        folded_values=map(folded_message, draft.folded),
        lead_class_change=class_change_message(lead_class) if lead_class else None,
        lead_unattended=unattended_message(unattended) if unattended else None,
        audit_head=KnownAuditHead(revision=head.revision, hash=head.hash) if head else None,
    )

"""RecordService: read, write, erase and ingest records."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from dedup_service.domain.errors import InvalidInput, LimitExceeded, NotFound
from dedup_service.domain.records import RecordDraft, RecordKind, RecordState, RejectedDraft, Violation
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.errors import bad_request
from dedup_service.rpc.field_checks import check_etag, check_random_id, check_text, refuse
from dedup_service.rpc.ordered_streams import prepared
from dedup_service.rpc.record_conversion import RecordMessages, read_record
from dedup_service.rpc.update_masks import update_mask
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.ports import Request
from dedup_service.workflows.record_writes import RecordWrite
from dedup_service.workflows.records import MAX_BATCH

_FILTER_FIELDS = {
    "kind": tuple(RecordKind),
    "source": None,
    "state": tuple(RecordState),
    "golden_record": None,
}
# One batch is prepared while the one before it is being written.
_BATCHES_AHEAD = 1


@dataclass(frozen=True, slots=True)
class _IngestBatch:
    """A batch ready to be written; `places` are the places of its drafts among the records sent."""

    request: Request
    sequence: int
    drafts: tuple[RecordDraft, ...]
    places: tuple[int, ...]
    unreadable: tuple[RejectedDraft, ...]


class RecordService:
    """Answers the methods of `dedup_service.v1.RecordService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._messages = RecordMessages(edge.desk, edge.tokens)

    async def get_record(self, request: pb.GetRecordRequest) -> pb.Record:
        key = resource_names.record_key(request.name, "name")
        await self._edge.fresh(request)
        record = (await self._desk.store.read(lambda tx: tx.records([key]))).get(key)
        if record is None:
            raise NotFound("Record", key.name)
        return self._messages.one(record)

    async def list_records(self, request: pb.ListRecordsRequest) -> pb.ListRecordsResponse:
        source = resource_names.source_or_any(request.parent, "parent")
        page = self._edge.page(request, _FILTER_FIELDS)
        if source:
            of_source = Condition("source", Operator.EQUALS, source)
            page = replace(page, conditions=(*page.conditions, of_source))
        await self._edge.fresh(request)
        listed = await self._desk.store.read(lambda tx: tx.list_records(page))
        return pb.ListRecordsResponse(
            records=self._messages.all(listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )

    async def update_record(self, request: pb.UpdateRecordRequest, caller: Caller) -> pb.Record:
        write = self._read_write(request, "")
        identity = caller.request(request, request.request_id)
        record = await self._desk.records.write(identity, write, request.validate_only)
        message = self._messages.one(record)
        return _unwritten(message) if request.validate_only else message

    async def batch_update_records(
        self, request: pb.BatchUpdateRecordsRequest, caller: Caller
    ) -> pb.BatchUpdateRecordsResponse:
        source = resource_names.source_or_any(request.parent, "parent")
        if not 1 <= len(request.requests) <= MAX_BATCH:
            raise InvalidInput.at("requests", f"takes 1 to {MAX_BATCH} writes, not {len(request.requests)}")
        identity = caller.request(request, request.request_id)
        writes = self._read_writes(request, source)
        records = await self._desk.records.write_many(identity, writes, request.validate_only)
        messages = self._messages.all(records)
        if request.validate_only:
            return pb.BatchUpdateRecordsResponse(records=map(_unwritten, messages))
        newest = max(record.revision for record in records)
        return pb.BatchUpdateRecordsResponse(records=messages, revision=self._edge.tokens.message(newest))

    def _read_writes(self, request: pb.BatchUpdateRecordsRequest, source: str) -> list[RecordWrite]:
        writes: list[RecordWrite] = []
        violations: list[Violation] = []
        for number, each in enumerate(request.requests):
            at = f"requests[{number}]."
            for name, value in (("request_id", each.request_id), ("validate_only", each.validate_only)):
                if value:
                    violations.append(Violation(at + name, "must not be set; the batch has one of its own"))
            try:
                write = self._read_write(each, at)
            except InvalidInput as refused:
                violations += refused.violations
                continue
            if source and write.draft.key.source != source:
                violations.append(Violation(f"{at}record.name", "is not of the source that parent names"))
            writes.append(write)
        refuse(violations)
        return writes

    def _read_write(self, request: pb.UpdateRecordRequest, at: str) -> RecordWrite:
        mask = update_mask(request, f"{at}update_mask")
        has_kind = bool(request.record.kind)
        draft = read_record(
            request.record,
            f"{at}record",
            self._desk.rules.policy.functions,
            needs_kind=mask is None or "kind" in mask,
        )
        return RecordWrite(
            draft=draft,
            update_mask=mask,
            etag=check_etag(request.record.etag, f"{at}record.etag"),
            allow_missing=request.allow_missing,
            has_kind=has_kind,
        )

    async def delete_record(self, request: pb.DeleteRecordRequest, caller: Caller) -> pb.Record:
        key = resource_names.record_key(request.name, "name")
        etag = check_etag(request.etag, "etag")
        identity = caller.request(request, request.request_id)
        return self._messages.one(await self._desk.records.delete(identity, key, etag))

    async def erase_record(self, request: pb.EraseRecordRequest, caller: Caller) -> pb.Record:
        key = resource_names.record_key(request.name, "name")
        reason = check_text(request.reason, "reason", required=True)
        # What a repetition is known by stays: neither a word of the caller nor a digest of one.
        request_id = check_random_id(request.request_id, "request_id")
        same = pb.EraseRecordRequest(name=request.name, request_id=request_id)
        identity = caller.request(same, request_id)
        return self._messages.one(await self._desk.records.erase(identity, key, reason))

    async def ingest_records(
        self, requests: AsyncIterator[pb.IngestRecordsRequest], caller: Caller
    ) -> AsyncIterator[pb.IngestRecordsResponse]:
        def prepare(request: pb.IngestRecordsRequest) -> _IngestBatch:
            return self._read_batch(request, caller)

        ahead = prepared(requests, prepare, _BATCHES_AHEAD, self._edge.stopping)
        async with aclosing(ahead) as batches:
            async for batch in batches:
                yield await self._ingest(batch)
        self._edge.refuse_when_stopping()

    def _read_batch(self, request: pb.IngestRecordsRequest, caller: Caller) -> _IngestBatch:
        count = len(request.records)
        if count > MAX_BATCH:
            raise LimitExceeded(f"a batch takes at most {MAX_BATCH} records, this one has {count}")
        if not count:
            raise InvalidInput.at("records", f"takes 1 to {MAX_BATCH} records, not none")
        sequence = request.sequence
        # The caller's own number is no content: a batch that is sent again may bear another.
        request.ClearField("sequence")
        drafts, places, unreadable = [], [], []
        for place, message in enumerate(request.records):
            try:
                drafts.append(read_record(message, "record", self._desk.rules.policy.functions))
                places.append(place)
            except InvalidInput as refused:
                unreadable.append(RejectedDraft(place, refused.violations))
        identity = caller.request(request, request.request_id)
        return _IngestBatch(identity, sequence, tuple(drafts), tuple(places), tuple(unreadable))

    async def _ingest(self, batch: _IngestBatch) -> pb.IngestRecordsResponse:
        result = await self._desk.records.write_batch(batch.request, batch.drafts)
        refused = [RejectedDraft(batch.places[r.index], r.violations) for r in result.rejected]
        refused += batch.unreadable
        refused.sort(key=lambda rejected: rejected.index)
        return pb.IngestRecordsResponse(
            sequence=batch.sequence,
            written_count=result.created_count + result.updated_count,
            unchanged_count=result.unchanged_count,
            rejected=map(_rejected, refused),
            revision=self._edge.tokens.message(result.revision),
        )


def _unwritten(message: pb.Record) -> pb.Record:
    """The answer to `validate_only`, without what only a write gives."""
    if message.create_time == message.update_time:
        message.ClearField("golden_record")
    for name in ("etag", "revision", "update_time"):
        message.ClearField(name)
    return message


def _rejected(draft: RejectedDraft) -> pb.RejectedRecord:
    """A refused record, its paths as they stand in the batch."""
    violations = [
        Violation(f"records[{draft.index}]{v.field.removeprefix('record')}", v.description)
        for v in draft.violations
    ]
    return pb.RejectedRecord(index=draft.index, bad_request=bad_request(violations))

"""What every call passes: principal, size, admission, request ids, and faults that say nothing."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from types import FrameType
from typing import Any, cast

import grpc
import pytest
from google.rpc import error_details_pb2

from dedup_service.domain.errors import IndexUnavailable, StoreUnavailable
from dedup_service.domain.principals import Directory
from dedup_service.domain.records import RecordDraft
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import audit_service_pb2, change_service_pb2, core_pb2, match_service_pb2
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from dedup_service.workflows.ports import Store
from tests.merge_desk import Office
from tests.rpc.api import ANN, IMPORTER, OPTIONS, Api, by, contact, refused, served

GET = pb.GetRecordRequest(name="sources/crm/records/1")
INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")


@pytest.mark.parametrize(
    "metadata",
    [
        (),
        by("nobody"),
        (*by("ann"), *by("ben")),
        (("dedup-principal", ""),),
        (("dedup-principal-bin", b"\xff"),),
    ],
)
async def test_an_unknown_caller_is_told_what_to_send(
    api: Api, metadata: tuple[tuple[str, str | bytes], ...]
) -> None:
    """Without exactly one known principal nothing is done, in calls as in streams."""
    refusal = await refused(api.records.GetRecord(GET, metadata=metadata))
    assert refusal.reason == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED_PRINCIPAL")
    assert "dedup-principal: users/NAME" in refusal.status.message
    stream = api.matches.MatchStream(no_requests(), metadata=metadata)
    assert (await refused(stream.read())).code == grpc.StatusCode.UNAUTHENTICATED


async def no_requests() -> AsyncIterator[match_service_pb2.MatchStreamRequest]:
    """A stream that ends at once."""
    nothing: tuple[match_service_pb2.MatchStreamRequest, ...] = ()
    for request in nothing:
        yield request


async def test_a_write_repeated_with_its_id_has_one_effect(api: Api) -> None:
    """The same id and content give the same answer; other content, or another method, is refused."""
    request = pb.UpdateRecordRequest(record=contact("1"), allow_missing=True, request_id="id-1")
    first = await api.records.UpdateRecord(request, metadata=IMPORTER)
    await api.put(contact("1", city="Bonn"))
    assert await api.records.UpdateRecord(request, metadata=IMPORTER) == first
    assert dict((await api.records.GetRecord(GET, metadata=ANN)).values) == {"city": "Bonn"}
    request.record.values["email"] = "other@x.com"
    refusal = await refused(api.records.UpdateRecord(request, metadata=IMPORTER))
    assert refusal.reason == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert refusal.info.metadata["request_id"] == "id-1"
    delete = pb.DeleteRecordRequest(name=GET.name, request_id="id-1")
    refusal = await refused(api.records.DeleteRecord(delete, metadata=IMPORTER))
    assert refusal.info.reason == "REQUEST_ID_REUSED"
    await api.records.DeleteRecord(delete, metadata=ANN)


@pytest.mark.parametrize("request_id", ["a b", "ä", "x" * 65, "\0", "\n"])
async def test_a_request_id_is_printable(api: Api, request_id: str) -> None:
    """One to 64 printable ASCII characters; anything else is refused before any work."""
    request = pb.DeleteRecordRequest(name=GET.name, request_id=request_id)
    refusal = await refused(api.records.DeleteRecord(request, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, ["request_id"])


async def test_a_message_of_over_a_megabyte_is_refused_by_reason(api: Api) -> None:
    """Just over the limit the refusal says so; far over it grpc refuses by the same code."""
    for size, explained in ((1024 * 1024, True), (5 * 1024 * 1024, False)):
        request = pb.UpdateRecordRequest(record=contact("1", email="x" * size), allow_missing=True)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await api.records.UpdateRecord(request, metadata=IMPORTER)
        assert failed.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert ("1048576" in (failed.value.details() or "")) is explained


async def test_bytes_that_are_no_request_are_refused(api: Api) -> None:
    """What cannot be parsed, such as bad UTF-8, is an invalid argument in calls and in streams."""
    unary: Any = api.channel.unary_unary("/dedup_service.v1.RecordService/GetRecord")
    refusal = await refused(unary(b"\x0a\x02\xff\xfe", metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, ["request"])
    stream: Any = api.channel.stream_stream("/dedup_service.v1.RecordService/IngestRecords")

    async def garbage() -> AsyncIterator[bytes]:
        yield b"\xff"

    assert (await refused(stream(garbage(), metadata=ANN).read())).reason == INVALID


async def test_too_many_calls_are_told_when_to_come_again(office: Office) -> None:
    """Above the limit streams are refused at once with a delay; the one that is open goes on, calls have
    places of their own, and room comes back.
    """
    async with served(office, replace(OPTIONS, max_concurrent_calls=1)) as api:
        held = asyncio.Event()

        async def waiting() -> AsyncIterator[match_service_pb2.MatchStreamRequest]:
            yield match_service_pb2.MatchStreamRequest()
            await held.wait()

        stream = api.matches.MatchStream(waiting(), metadata=ANN)
        first = await stream.read()
        assert isinstance(first, match_service_pb2.MatchStreamResponse)
        refusal = await refused(api.matches.MatchStream(no_requests(), metadata=ANN).read())
        assert refusal.reason == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert refusal.detail(error_details_pb2.RetryInfo).retry_delay.seconds == 1
        person = core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values={"email": "ann@x.com"})
        one = match_service_pb2.MatchRequest(candidate=person)
        assert not (await api.matches.Match(one, metadata=ANN)).matches
        held.set()
        assert await stream.read() is grpc.aio.EOF
        assert await api.matches.MatchStream(no_requests(), metadata=ANN).read() is grpc.aio.EOF


class _Failing:
    """A store that raises what it is given, whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        async def fail(*_: object, **__: object) -> None:
            raise self._error

        return fail


def failing(error: Exception) -> Store:
    return cast("Store", _Failing(error))


async def test_a_fault_says_nothing_but_where_to_look(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller gets an incident id; the log has type and frames under it, and no text of the exception."""
    secret = "Erika Mustermann"
    broken = replace(office, desk=replace(office.desk, store=failing(ValueError(secret))))
    async with served(broken) as api:
        with caplog.at_level(logging.ERROR):
            refusal = await refused(api.records.GetRecord(GET, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.INTERNAL, "INTERNAL_ERROR")
    assert secret not in str(refusal.status)
    incident_id = refusal.info.metadata["incident_id"]
    [entry] = [record for record in caplog.records if incident_id in record.getMessage()]
    assert "builtins.ValueError" in entry.getMessage()
    assert "record_service.py" in entry.getMessage()
    assert secret not in caplog.text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StoreUnavailable("PostgreSQL is away"), "STORE_UNAVAILABLE"),
        (IndexUnavailable("Redis is away"), "INDEX_UNAVAILABLE"),
    ],
)
async def test_what_is_away_is_told_with_a_delay(office: Office, error: Exception, reason: str) -> None:
    """A server that we depend on being away is UNAVAILABLE, and may be tried again."""
    broken = replace(office, desk=replace(office.desk, store=failing(error)))
    async with served(broken) as api:
        refusal = await refused(api.records.GetRecord(GET, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.UNAVAILABLE, reason)
    assert refusal.detail(error_details_pb2.RetryInfo).retry_delay.seconds == 1


async def test_a_read_waits_for_the_write_it_must_see(api: Api) -> None:
    """A token ahead of the store is waited for; when it does not come the store is not available."""
    tokens = RevisionTokens(api.office.desk.store_id)
    [record] = await api.put(contact("1"))
    ahead = pb.GetRecordRequest(name=record.name, min_revision=tokens.message(2))
    reading = asyncio.create_task(as_coroutine(api.records.GetRecord(ahead, metadata=ANN)))
    await api.put(contact("1", city="Bonn"))
    assert dict((await reading).values) == {"city": "Bonn"}
    ahead.min_revision.CopyFrom(tokens.message(3))
    refusal = await refused(api.records.GetRecord(ahead, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE")


async def as_coroutine(call: "grpc.aio.UnaryUnaryCall[pb.GetRecordRequest, pb.Record]") -> pb.Record:
    return await call


async def test_the_long_text_of_a_refusal_still_arrives(api: Api) -> None:
    """Names of the longest kind, in characters that take most room, fit into a status."""
    name = "sources/crm/records/" + "\U0001f600" * 200
    refusal = await refused(api.records.GetRecord(pb.GetRecordRequest(name=name), metadata=ANN))
    assert refusal.code == grpc.StatusCode.NOT_FOUND
    listing = audit_service_pb2.ListAuditEntriesRequest(filter="\U0001f600" * 2000)
    assert (await refused(api.audit.ListAuditEntries(listing, metadata=ANN))).reason == INVALID


async def test_a_principal_who_was_removed_is_unknown_at_once(office: Office) -> None:
    """The directory is asked in every call."""
    office.desk.rules.principals = Directory({})
    async with served(office) as api:
        stub = RecordServiceStub(api.channel)
        assert (await refused(stub.GetRecord(GET, metadata=ANN))).code == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_refused_call_keeps_no_request(api: Api, *, streaming: bool) -> None:
    """What grpc keeps of a refused call until the next collection holds nothing of the request, which may be
    large.
    """
    nonsense = core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values={"nonsense": "x"})
    request = match_service_pb2.MatchRequest(candidate=nonsense)
    watch = change_service_pb2.WatchChangesRequest(sources=["sources/crm"] * 101)

    async def call() -> None:
        if streaming:
            refusal = await refused(api.changes.WatchChanges(watch, metadata=ANN).read())
        else:
            refusal = await refused(api.matches.Match(request, metadata=ANN))
        assert refusal.reason == INVALID
        await asyncio.sleep(0.1)

    for _ in range(3):
        await call()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        await call()
        gc.collect()
        frames = [each for each in gc.garbage if isinstance(each, FrameType)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    ours = [frame for frame in frames if "dedup_service" in frame.f_code.co_filename]
    held = [frame.f_code.co_qualname for frame in ours for value in frame.f_locals.values() if _holds(value)]
    assert not held


def _holds(value: object) -> bool:
    """Whether a local variable is the request, or the draft that was read from it."""
    requests = (match_service_pb2.MatchRequest, change_service_pb2.WatchChangesRequest)
    return isinstance(value, (bytes, RecordDraft, *requests))

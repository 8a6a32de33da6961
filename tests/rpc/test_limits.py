"""Limits as callers meet them: deadlines, rates, streams that stand still, pages, and the number of jobs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2

from dedup_service.rpc import limits
from dedup_service.rpc.access import CallClass
from dedup_service.rpc.limits import Limits
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import change_service_pb2, match_service_pb2
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.v1.change_service_pb2_grpc import ChangeServiceStub
from dedup_service.v1.cleanup_service_pb2 import DeleteCleanupJobRequest
from dedup_service.workflows.cleaning import cleaning
from dedup_service.workflows.deadlines import due_in
from tests.merge_desk import Office
from tests.rpc.api import ANN, IMPORTER, OPTIONS, Api, by, contact, refused, served
from tests.rpc.cleanup_api import MIA, asking
from tests.rpc.test_server import lock_the_ledger, the_write_waits

GET = pb.GetRecordRequest(name="sources/crm/records/1")
PUT = pb.UpdateRecordRequest(record=contact("1"), allow_missing=True)
OVERLOADED = (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
TOO_LATE = (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
# What nobody reads is not taken in advance either.
TAKES_LITTLE = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65536))
_AT_WORK = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"


async def nothing_is_under_way(connection: psycopg.AsyncConnection) -> None:
    """Return once no transaction but this one is open."""
    async with asyncio.timeout(5):
        while True:
            row = await (await connection.execute(_AT_WORK)).fetchone()
            if row == (1,):
                return


async def test_a_write_that_is_too_late_is_rolled_back(api: Api, database_url: str) -> None:
    """When the deadline passes the write waits for a lock no more, and nothing of it is there afterwards."""
    connection = await lock_the_ledger(database_url)
    write = api.records.UpdateRecord(PUT, metadata=IMPORTER, timeout=3)
    await the_write_waits(connection)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await write
    assert failed.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    await nothing_is_under_way(connection)
    await connection.close()
    assert (await refused(api.records.GetRecord(GET, metadata=ANN))).code == grpc.StatusCode.NOT_FOUND
    assert (await api.records.UpdateRecord(PUT, metadata=IMPORTER, timeout=5)).etag == '"1"'


@pytest.mark.parametrize("given", [None, 60])
async def test_no_call_takes_longer_than_its_class(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch, given: float | None
) -> None:
    """Without a deadline, or with a later one, the service ends the call by its own and says so."""
    monkeypatch.setitem(limits.LONGEST_SECONDS, CallClass.WRITE, 0.3)
    connection = await lock_the_ledger(database_url)
    refusal = await refused(api.records.UpdateRecord(PUT, metadata=IMPORTER, timeout=given))
    assert refusal.reason == TOO_LATE
    await nothing_is_under_way(connection)
    await connection.close()


async def test_postgresql_has_the_time_that_is_left(office: Office) -> None:
    """A read and a write within a call are ended by the server too; without a call it has its own limit."""

    async def limit(connection: psycopg.AsyncConnection) -> int:
        cursor = await connection.execute(
            "SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout'"
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async def both() -> list[Any]:
        async with office.store.snapshot() as reading, office.store.unledgered() as connection:
            return [await limit(reading._connection), await limit(connection)]

    async def within(seconds: float) -> list[Any]:
        due_in(seconds)
        return await both()

    assert await both() == [60_000, 60_000]
    assert all(1000 < each <= 2000 for each in await asyncio.create_task(within(2)))
    assert await asyncio.create_task(within(1000)) == [60_000, 60_000]
    assert await both() == [60_000, 60_000]


async def test_a_principal_who_calls_too_often_is_told_when_to_call_again(office: Office) -> None:
    """The delay is true, and concerns nobody else."""
    slow = replace(OPTIONS, limits=Limits(calls_a_second=1))
    async with served(office, slow) as api:
        for _ in range(2):
            assert (await refused(api.records.GetRecord(GET, metadata=ANN))).info.reason != "OVERLOADED"
        refusal = await refused(api.records.GetRecord(GET, metadata=ANN))
        assert refusal.reason == OVERLOADED
        assert 0 < refusal.detail(error_details_pb2.RetryInfo).retry_delay.ToNanoseconds() <= 1e9
        assert "users/ann" in refusal.status.message
        other = await refused(api.records.GetRecord(GET, metadata=by("ben")))
        assert other.code == grpc.StatusCode.NOT_FOUND


async def test_a_batch_counts_by_its_items_and_a_stream_is_read_more_slowly(office: Office) -> None:
    """A batch of too many items is refused; in a stream all are written, in their order."""
    slow = replace(OPTIONS, limits=Limits(items_a_second=10))
    batches = [[contact(f"{batch}-{number}") for number in range(9)] for batch in range(3)]
    async with served(office, slow) as api:

        async def sent() -> AsyncIterator[pb.IngestRecordsRequest]:
            for sequence, records in enumerate(batches):
                yield pb.IngestRecordsRequest(sequence=sequence, records=records)

        answers = [answer async for answer in api.records.IngestRecords(sent(), metadata=IMPORTER)]
        assert [answer.written_count for answer in answers] == [9, 9, 9]
        writes = [pb.UpdateRecordRequest(record=record, allow_missing=True) for record in batches[0] * 2]
        batch = pb.BatchUpdateRecordsRequest(requests=writes)
        assert (await refused(api.records.BatchUpdateRecords(batch, metadata=IMPORTER))).reason == OVERLOADED


async def silence() -> AsyncIterator[match_service_pb2.MatchStreamRequest]:
    """A stream that is opened and then forgotten."""
    await asyncio.Event().wait()
    yield match_service_pb2.MatchStreamRequest()


async def test_a_stream_that_nobody_writes_to_ends(office: Office) -> None:
    """A caller that went to sleep gives its place back."""
    async with served(office, replace(OPTIONS, limits=Limits(idle_seconds=0.2))) as api:
        refusal = await refused(api.matches.MatchStream(silence(), metadata=ANN, timeout=20).read())
        assert refusal.reason == TOO_LATE
        assert "go on where this ended" in refusal.status.message


def large(count: int) -> list[pb.Record]:
    """Records of some 40 kB each."""
    values = {f"custom.text_{number}": "x" * 4000 for number in range(10)}
    return [contact(f"large-{number}", email=f"{number}@x.com", **values) for number in range(count)]


async def test_a_stream_that_nobody_reads_ends(office: Office) -> None:
    """What was not taken is not kept: the stream ends, and the service has nothing under way for it."""
    async with served(office, replace(OPTIONS, limits=Limits(idle_seconds=0.3))) as api:
        await api.put(*large(20))
        start = RevisionTokens(office.desk.store_id).message(0)
        request = change_service_pb2.WatchChangesRequest(resume_token=start)
        async with grpc.aio.insecure_channel(api.server.address, TAKES_LITTLE) as channel:
            stub: Any = ChangeServiceStub(channel)
            watch = stub.WatchChanges(request, metadata=ANN)
            await watch.initial_metadata()
            async with asyncio.timeout(10):
                await api.server._gate.idle()


async def test_a_page_ends_before_a_client_would_refuse_it(api: Api) -> None:
    """Items that are large come in several pages, each once, and none is larger than a client takes."""
    for record in large(60):
        await api.put(record)
    names: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        request = pb.ListRecordsRequest(parent="sources/crm", page_size=1000, page_token=token)
        page = await api.records.ListRecords(request, metadata=ANN)
        assert page.ByteSize() < 4 * 1024 * 1024
        names += [record.name for record in page.records]
        token, pages = page.next_page_token, pages + 1
    assert pages > 1
    assert len(names) == len(set(names)) == 60


async def test_a_page_of_changes_ends_too(api: Api) -> None:
    """Large changes come in several pages, each change once and in order."""
    for record in large(40):
        await api.put(record)
    names: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        request = change_service_pb2.ListChangesRequest(page_size=1000, page_token=token)
        page = await api.changes.ListChanges(request, metadata=ANN)
        assert page.ByteSize() < 4 * 1024 * 1024
        names += [change.name for change in page.changes]
        token, pages = page.next_page_token, pages + 1
    small = change_service_pb2.ListChangesRequest(page_size=1)
    first = await api.changes.ListChanges(small, metadata=ANN)
    assert names[0] == first.changes[0].name
    assert pages > 1
    assert len(names) == len(set(names)) == 40


async def test_there_are_only_so_many_cleanup_jobs(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused until one is deleted."""
    monkeypatch.setattr(cleaning, "MAX_JOBS", 1)
    made = await api.cleanup.CreateCleanupJob(asking(), metadata=MIA)
    refusal = await refused(api.cleanup.CreateCleanupJob(asking(), metadata=MIA))
    assert refusal.reason == (grpc.StatusCode.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED")
    await api.cleanup.DeleteCleanupJob(DeleteCleanupJobRequest(name=made.name), metadata=MIA)
    await api.cleanup.CreateCleanupJob(asking(), metadata=MIA)

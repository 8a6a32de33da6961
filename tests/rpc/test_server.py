"""Start and stop: health, reflection, a taken port, and calls that run while the server stops."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from dedup_service.domain.records import Record
from dedup_service.rpc.server import ListenError, start_server
from dedup_service.v1 import change_service_pb2
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.workflows.pages import Page
from tests.merge_desk import Office
from tests.rpc.api import ANN, IMPORTER, OPTIONS, Api, contact, refusal_of, served

SERVICES = {
    f"dedup_service.v1.{name}Service"
    for name in (
        "Record",
        "GoldenRecord",
        "Match",
        "MergeProposal",
        "Merge",
        "Distinction",
        "Change",
        "Audit",
        "Cleanup",
    )
} | {"google.longrunning.Operations"}
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def test_health_is_told_for_each_service_and_for_all(api: Api) -> None:
    """Without credentials, each service and the server as a whole say SERVING."""
    stub: Any = health_pb2_grpc.HealthStub(api.channel)
    for name in ("", *SERVICES):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == SERVING


@pytest.mark.parametrize("on", [True, False])
async def test_reflection_is_there_where_it_is_wanted(office: Office, *, on: bool) -> None:
    """With reflection every service is listed; without it the method does not exist."""
    async with served(office, replace(OPTIONS, reflection=on)) as api:
        channel: Any = api.channel
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)

        async def ask() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
            yield reflection_pb2.ServerReflectionRequest(list_services="")

        call = stub.ServerReflectionInfo(ask())
        if on:
            answer = await call.read()
            assert {each.name for each in answer.list_services_response.service} >= SERVICES
        else:
            with pytest.raises(grpc.aio.AioRpcError) as failed:
                await call.read()
            assert failed.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_a_port_that_is_taken_is_refused_clearly(api: Api) -> None:
    """Two servers never share a port; the second says what is wrong with its address."""
    with pytest.raises(ListenError, match=api.server.address):
        await start_server(api.office.desk, replace(OPTIONS, listen=api.server.address))


async def test_stopping_ends_watchers_and_lets_writes_finish(office: Office, database_url: str) -> None:
    """NOT_SERVING comes first; a write that runs is answered, a watcher told to go on elsewhere."""
    async with served(office) as api:
        stub: Any = health_pb2_grpc.HealthStub(api.channel)
        health = stub.Watch(health_pb2.HealthCheckRequest())
        assert (await health.read()).status == SERVING
        watch = api.changes.WatchChanges(change_service_pb2.WatchChangesRequest(), metadata=ANN)
        await watch.read()
        connection = await lock_the_ledger(database_url)
        write = api.records.UpdateRecord(
            pb.UpdateRecordRequest(record=contact("1"), allow_missing=True), metadata=IMPORTER
        )
        writing = asyncio.ensure_future(finished(write))
        await the_write_waits(connection)
        stopping = asyncio.create_task(api.server.stop())
        assert (await health.read()).status == NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await read_all(watch, [])
        assert refusal_of(ended.value).reason == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING")
        assert not stopping.done()
        await connection.close()
        assert (await writing).etag == '"1"'
        async with asyncio.timeout(OPTIONS.grace_seconds / 2):
            await stopping


async def read_all(stream: Any, answers: list[Any]) -> None:
    """Add the messages of a stream to the answers until it fails."""
    while True:
        answers.append(await stream.read())


async def lock_the_ledger(database_url: str) -> psycopg.AsyncConnection:
    """Hold the ledger head, so that every write waits until the connection is closed."""
    connection = await psycopg.AsyncConnection.connect(database_url)
    await connection.execute("SELECT * FROM ledger_head FOR UPDATE")
    return connection


async def the_write_waits(connection: psycopg.AsyncConnection) -> None:
    """Return once another connection waits for a lock."""
    async with asyncio.timeout(5):
        while True:
            cursor = await connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            row = await cursor.fetchone()
            if row is not None and row[0]:
                return


async def finished(call: "grpc.aio.UnaryUnaryCall[pb.UpdateRecordRequest, pb.Record]") -> pb.Record:
    return await call


async def test_stopping_acknowledges_what_an_ingest_has_written(office: Office) -> None:
    """A stream that would go on for ever ends; each batch that it acknowledged is there."""
    async with served(office) as api:

        async def backlog() -> AsyncIterator[pb.IngestRecordsRequest]:
            for sent in range(200):
                yield pb.IngestRecordsRequest(sequence=sent, records=[contact(str(sent))])
            await asyncio.Event().wait()

        stream = api.records.IngestRecords(backlog(), metadata=IMPORTER)
        answers = [await stream.read() for _ in range(3)]
        stopping = asyncio.create_task(api.server.stop())
        with pytest.raises(grpc.aio.AioRpcError):
            await read_all(stream, answers)
        async with asyncio.timeout(OPTIONS.grace_seconds / 2):
            await stopping
    stored = {r.draft.key.source_record_id for r in await all_records(office)}
    acknowledged = {str(a.sequence) for a in answers if isinstance(a, pb.IngestRecordsResponse)}
    assert 3 <= len(acknowledged) < 200
    assert acknowledged <= stored


async def all_records(office: Office) -> list[Record]:
    listed = await office.store.read(lambda tx: tx.list_records(Page(size=1000)))
    return list(listed.items)


async def test_a_stopped_server_takes_no_calls(office: Office) -> None:
    """After the stop the port is free again."""
    server = await start_server(office.desk, OPTIONS)
    await server.stop()
    again = await start_server(office.desk, replace(OPTIONS, listen=server.address))
    assert again.port == server.port
    await again.stop()

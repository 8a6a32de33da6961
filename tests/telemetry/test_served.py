"""A served desk is measured: its calls, its matches, its index and its pools."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import grpc
import pytest
import redis

from dedup_service.composition import Servers, running_desk
from dedup_service.index import IndexFollower, RedisIndex
from dedup_service.rpc.server import start_server
from dedup_service.settings import Settings
from dedup_service.telemetry.recorder import Recorder
from dedup_service.telemetry.running import running_telemetry
from dedup_service.v1 import change_service_pb2, core_pb2
from dedup_service.v1 import match_service_pb2 as pb
from dedup_service.v1.change_service_pb2_grpc import ChangeServiceStub
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.record_service_pb2 import UpdateRecordRequest
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from dedup_service.workflows.index_port import IndexUpdate
from tests.index.ledger_in_memory import MemoryLedger
from tests.rpc.api import ANN, CONTACT, IMPORTER, OPTIONS, contact
from tests.telemetry.collector import collector
from tests.telemetry.scraping import Scrape, scraped

VALUES = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com"}
BOB = pb.MatchRequest(candidate=core_pb2.Candidate(kind=CONTACT, values=VALUES), explain=True)
PATIENCE_SECONDS = 10.0
NEVER_SECONDS = 3600.0


class MeasuredDesk:
    """A desk that answers over gRPC and is scraped over HTTP."""

    def __init__(self, channel: grpc.aio.Channel, metrics_address: str) -> None:
        self.matches = MatchServiceStub(channel)
        self.records = RecordServiceStub(channel)
        self.changes = ChangeServiceStub(channel)
        self.metrics_address = metrics_address

    async def scrape(self) -> Scrape:
        return await scraped(self.metrics_address)

    async def write_bobs(self, count: int) -> str:
        """Write so many records of Bob; gives the token of the last."""
        token = ""
        for number in range(count):
            request = UpdateRecordRequest(record=contact(f"quux-{number}", **VALUES), allow_missing=True)
            token = (await self.records.UpdateRecord(request, metadata=IMPORTER)).revision.token
        return token

    async def scraped_with(self, series: str, value: float, **labels: str) -> Scrape:
        """The first scrape in which a series has this value: a call is counted after its answer is sent."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                scrape = await self.scrape()
                if scrape.series[series].get(tuple(sorted(labels.items()))) == value:
                    return scrape
                await asyncio.sleep(0.02)


@asynccontextmanager
async def measured_desk(
    database_url: str,
    redis_url: str,
    environ: dict[str, str] | None = None,
    health_interval_seconds: float = 0.05,
) -> AsyncIterator[MeasuredDesk]:
    """A desk on these servers with metrics on, and traces where `environ` says so."""
    settings = replace(
        Settings.from_environment({}), database_url=database_url, redis_url=redis_url, pool_size=4
    )
    settings = replace(settings, index_health_interval_seconds=health_interval_seconds)
    async with AsyncExitStack() as stack:
        measured = await stack.enter_async_context(running_telemetry("127.0.0.1:0", environ or {}))
        where = Servers(database_url, redis_url)
        running = await stack.enter_async_context(running_desk(settings, where, measured.telemetry))
        server = await start_server(running.desk, OPTIONS, measured.telemetry)
        stack.push_async_callback(server.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(server.address))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (await running.index.status()).epoch:  # noqa: ASYNC110  the index tells nobody
                await asyncio.sleep(0.01)
        yield MeasuredDesk(channel, measured.metrics_address)


def empty(redis_url: str) -> None:
    """Take the index away."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


@pytest.fixture
async def desk(database_url: str, redis_url: str) -> AsyncIterator[MeasuredDesk]:
    async with measured_desk(database_url, redis_url) as desk:
        yield desk


async def test_calls_are_counted_by_method_and_code(desk: MeasuredDesk) -> None:
    """Calls that were answered and calls that were refused are counted apart, and none runs afterwards."""
    await desk.matches.Match(BOB, metadata=ANN)
    for metadata in (ANN, (("dedup-principal", "users/nobody"),)):
        with pytest.raises(grpc.aio.AioRpcError):
            await desk.matches.Match(pb.MatchRequest(), metadata=metadata)
    counted = {"method": "MatchService/Match"}
    scrape = await desk.scraped_with("dedup_calls_total", 1, **counted, code="UNAUTHENTICATED")
    assert scrape.value("dedup_calls_total", **counted, code="OK") == 1
    assert scrape.value("dedup_calls_total", **counted, code="INVALID_ARGUMENT") == 1
    assert scrape.value("dedup_call_duration_seconds_count", **counted) == 3
    assert scrape.value("dedup_calls_total", method="MatchService/Score", code="OK") == 0
    assert scrape.value("dedup_calls_running") == 0


async def test_a_stream_that_its_caller_ends_is_counted(desk: MeasuredDesk) -> None:
    """A watching stream runs until its caller goes, and is then one call that was cancelled."""
    call = desk.changes.WatchChanges(change_service_pb2.WatchChangesRequest(), metadata=ANN)
    await call.read()
    assert (await desk.scrape()).value("dedup_calls_running") == 1
    call.cancel()
    scrape = await desk.scraped_with("dedup_calls_running", 0)
    assert scrape.value("dedup_calls_total", method="ChangeService/WatchChanges", code="CANCELLED") == 1


async def test_a_match_is_measured(desk: MeasuredDesk) -> None:
    """A Match counts its candidates and each of its phases, which together take no longer than the call."""
    request = pb.MatchRequest()
    request.CopyFrom(BOB)
    request.min_revision.token = await desk.write_bobs(3)
    answer = await desk.matches.Match(request, metadata=ANN)
    assert len(answer.matches) == 3
    scrape = await desk.scraped_with("dedup_calls_total", 1, method="MatchService/Match", code="OK")
    assert scrape.value("dedup_match_candidates_sum") == 3
    phases = ("prepare", "index", "score", "read", "answer")
    counts = [scrape.value("dedup_match_phase_duration_seconds_count", phase=phase) for phase in phases]
    assert counts == [1] * 5
    spent = sum(scrape.value("dedup_match_phase_duration_seconds_sum", phase=phase) for phase in phases)
    assert 0 < spent <= scrape.value("dedup_call_duration_seconds_sum", method="MatchService/Match")


async def test_an_answer_that_may_be_short_is_counted(database_url: str, redis_url: str) -> None:
    """A Match on an index that was lost says that it may be short, and is counted under that reason."""
    async with measured_desk(database_url, redis_url, health_interval_seconds=NEVER_SECONDS) as desk:
        await desk.matches.Match(BOB, metadata=ANN)
        empty(redis_url)
        assert not (await desk.matches.Match(BOB, metadata=ANN)).complete
        scrape = await desk.scraped_with("dedup_match_candidates_count", 2)
    assert scrape.value("dedup_match_incomplete_answers_total", reason="INDEX_REBUILDING") == 1


async def test_the_index_is_measured(desk: MeasuredDesk) -> None:
    """What was written is soon in the index, which was built once and is not behind."""
    await desk.write_bobs(2)
    scrape = await desk.scraped_with("dedup_index_records", 2)
    assert scrape.value("dedup_index_keys") > 0
    scrape = await desk.scraped_with("dedup_index_lag_revisions", 0)
    assert scrape.value("dedup_index_lag_time_seconds") == 0
    assert scrape.value("dedup_index_rebuilds_total", outcome="published") >= 1
    assert scrape.value("dedup_index_rebuilds_total", outcome="failed") == 0


async def test_a_rebuild_shows_how_far_it_is(desk: MeasuredDesk, redis_url: str) -> None:
    """An index that is lost is built anew with all records there are, and that is counted."""
    await desk.write_bobs(3)
    before = await desk.scraped_with("dedup_index_rebuild_running", 0)
    empty(redis_url)
    scrape = await desk.scraped_with("dedup_index_rebuild_done_records", 3)
    assert scrape.value("dedup_index_rebuild_expected_records") == 3
    scrape = await desk.scraped_with("dedup_index_rebuild_running", 0)
    published = [each.value("dedup_index_rebuilds_total", outcome="published") for each in (before, scrape)]
    assert published[0] < published[1]


async def test_a_commit_is_known_at_once(redis_url: str) -> None:
    """The index is behind from the moment of a commit, not from the next health check."""
    recorder = Recorder()
    index = RedisIndex(redis_url, "store-1")
    follower = IndexFollower(index, MemoryLedger(), NEVER_SECONDS, recorder.index)
    follower.nudge([IndexUpdate(1), IndexUpdate(2)])
    assert recorder.index.lag_revisions == 2
    await index.close()


async def test_connections_are_counted(desk: MeasuredDesk) -> None:
    """Both pools of the store are there, with at least one connection each."""
    await desk.write_bobs(1)
    scrape = await desk.scrape()
    for pool in ("read", "write"):
        states = [
            scrape.value("dedup_postgres_connections", pool=pool, state=state) for state in ("used", "idle")
        ]
        assert sum(states) >= 1
        assert scrape.value("dedup_postgres_waiting_requests", pool=pool) == 0


async def test_no_value_leaves(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After writes, matches and refusals neither metrics nor spans hold a value, a record or a principal."""
    with collector() as receiving:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiving.endpoint)
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiving.endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"}
        async with measured_desk(database_url, redis_url, environ) as desk:
            await desk.write_bobs(2)
            await desk.matches.Match(BOB, metadata=ANN)
            with pytest.raises(grpc.aio.AioRpcError):
                await desk.matches.Match(pb.MatchRequest(record="sources/crm/records/quux"), metadata=ANN)
            scrape = await desk.scrape()
        spans = b"".join(request.SerializeToString() for request in receiving.requests)
    assert {"dedup_service.v1.MatchService/Match"} < {span.name for span in receiving.calls()}
    for secret in ("quux", "Quux", "bob", "Bob", "users/ann", "services/importer"):
        assert secret not in scrape.text
        assert secret.encode() not in spans


async def test_spans_of_calls_are_kept_apart(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Matches at the same time have their own phases; those of a stream are below the stream."""
    with collector() as receiving:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiving.endpoint)
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiving.endpoint, "OTEL_TRACES_SAMPLER_ARG": "1"}
        async with measured_desk(database_url, redis_url, environ) as desk:
            await desk.write_bobs(1)
            await asyncio.gather(*[desk.matches.Match(BOB, metadata=ANN) for _ in range(5)])
            stream = desk.matches.MatchStream(metadata=ANN)
            for _ in range(3):
                await stream.write(pb.MatchStreamRequest(request=BOB))
            await stream.done_writing()
            assert len([answer async for answer in stream]) == 3
    phases = ["prepare", "index", "score", "read", "answer"]
    by_name: dict[str, list[list[str]]] = {}
    for call in receiving.calls():
        by_name.setdefault(call.name.rpartition("/")[2], []).append(
            [phase.name for phase in receiving.phases(call)]
        )
    assert by_name["Match"] == [phases] * 5
    [streamed] = by_name["MatchStream"]
    assert sorted(streamed) == sorted(phases * 3)

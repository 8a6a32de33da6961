"""The time of a call reaches PostgreSQL and the index server, whichever class the call is of.

Every call here comes without a deadline: only the cap of its class ends it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import psycopg
import pytest
import redis.asyncio as redis
from google.longrunning.operations_pb2 import WaitOperationRequest

from dedup_service.rpc import limits
from dedup_service.rpc.access import CallClass
from dedup_service.v1 import record_service_pb2 as pb
from dedup_service.v1.change_service_pb2 import WatchChangesRequest
from dedup_service.v1.cleanup_service_pb2 import RunCleanupJobRequest
from dedup_service.v1.intake_service_pb2 import RouteRequest
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_proposal_service_pb2 import ApproveMergeProposalRequest
from dedup_service.v1.overview_service_pb2 import GetIndexStatusRequest
from dedup_service.v1.overview_service_pb2_grpc import OverviewServiceStub
from dedup_service.workflows.intake import gathering
from tests.merge_desk import Office, open_office
from tests.rpc.api import ANN, IMPORTER, OPTIONS, Api, contact, refused, served
from tests.rpc.cleanup_api import MIA, asking
from tests.trust.proxy.faults import Fault, Way
from tests.trust.proxy.tcp import Link, links

TOO_LATE = (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
CAP_SECONDS = 0.5
# What a loaded machine takes beyond it.
SLACK_SECONDS = 2.0
PAUSE_MILLISECONDS = 2000
ONE = "sources/crm/records/1"
CLASSES = list(CallClass)
LOCK = "LOCK TABLE records, proposals, cleanup_jobs, cleanup_runs IN ACCESS EXCLUSIVE MODE"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

Call = Callable[[], Awaitable[Any]]


async def one_call_a_class(api: Api) -> dict[CallClass, Call]:
    """A call of each class that needs what `LOCK` locks."""
    proposal = await api.proposed()
    job = await api.cleanup.CreateCleanupJob(asking(), metadata=MIA)
    run = await api.cleanup.RunCleanupJob(RunCleanupJobRequest(name=job.name), metadata=MIA)
    approval = ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    write = pb.UpdateRecordRequest(record=contact("1", email="bob@quux.org"))
    wait = WaitOperationRequest(name=run.name)
    wait.timeout.FromMilliseconds(100)
    return {
        CallClass.MATCH: lambda: api.matches.Match(MatchRequest(record=ONE), metadata=ANN),
        CallClass.READ: lambda: api.records.GetRecord(pb.GetRecordRequest(name=ONE), metadata=ANN),
        CallClass.WRITE: lambda: api.records.UpdateRecord(write, metadata=IMPORTER),
        CallClass.DECIDE: lambda: api.proposals.ApproveMergeProposal(approval, metadata=ANN),
        CallClass.MANAGE: lambda: api.cleanup.CreateCleanupJob(asking(), metadata=MIA),
        CallClass.WATCH: lambda: api.operations.WaitOperation(wait, metadata=ANN),
    }


@pytest.fixture
def cap(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the cap of every class."""

    def set_all(seconds: float) -> None:
        for call_class in CallClass:
            monkeypatch.setitem(limits.LONGEST_SECONDS, call_class, seconds)

    return set_all


async def is_ended_in_time(call: Call) -> None:
    """The service itself ends the call, when its cap says so and with the documented code."""
    started = time.monotonic()
    refusal = await refused(call())
    taken = time.monotonic() - started
    assert refusal.reason == TOO_LATE
    assert 0.8 * CAP_SECONDS < taken < CAP_SECONDS + SLACK_SECONDS


async def nothing_waits(connection: psycopg.AsyncConnection) -> None:
    """Return once no session waits for a lock."""
    async with asyncio.timeout(5):
        while True:
            row = await (await connection.execute(WAITING)).fetchone()
            if row == (0,):
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def locked(database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """Another session that nobody gets past, for as long as the context lasts."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute(LOCK)
        yield connection
        await connection.rollback()


def test_every_class_has_a_cap() -> None:
    """No unary call goes without one."""
    assert set(limits.LONGEST_SECONDS) == set(CallClass)


@pytest.mark.parametrize("call_class", CLASSES)
async def test_the_cap_ends_a_statement(
    api: Api, database_url: str, cap: Callable[[float], None], call_class: CallClass
) -> None:
    """PostgreSQL ends the statement too, and answers the same call again once it can."""
    call = (await one_call_a_class(api))[call_class]
    cap(CAP_SECONDS)
    async with locked(database_url) as connection:
        await is_ended_in_time(call)
        await nothing_waits(connection)
    cap(10)
    await call()


@pytest.fixture
def sql_link(database_url: str) -> Iterator[tuple[Link, str]]:
    """A link to PostgreSQL, and the URL of the database over it."""
    split = urlsplit(database_url)
    socket = Path(parse_qs(split.query)["host"][0]) / ".s.PGSQL.5432"
    with links({"sql": socket}) as made:
        yield made["sql"], f"postgresql://postgres@{made['sql'].address}{split.path}"


@pytest.mark.parametrize("call_class", CLASSES)
async def test_the_cap_ends_a_call_while_postgresql_is_silent(
    sql_link: tuple[Link, str], redis_url: str, cap: Callable[[float], None], call_class: CallClass
) -> None:
    """The answer does not wait for PostgreSQL's consent; once it is heard again, so are calls."""
    link, url = sql_link
    async with open_office(url, redis_url) as office, served(office) as api:
        call = (await one_call_a_class(api))[call_class]
        cap(CAP_SECONDS)
        await asyncio.to_thread(link.set, Fault(Way.BLACK_HOLE))
        await is_ended_in_time(call)
        await asyncio.to_thread(link.lift)
        cap(10)
        await call()


async def test_intake_goes_on_when_its_connection_died_in_silence(
    sql_link: tuple[Link, str], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that are routed together wait for nobody's deadline, and yet not for ever."""
    monkeypatch.setattr(gathering, "LONGEST_SECONDS", 2 * CAP_SECONDS)
    link, url = sql_link

    async def route(number: int, seconds: float) -> None:
        newcomer = contact(f"shop/{number}", full_name=f"Zoe {number}", email=f"{number}@x.com")
        await api.intake.Route(RouteRequest(record=newcomer), metadata=IMPORTER, timeout=seconds)

    async with open_office(url, redis_url) as office, served(office) as api:
        number, struck = 0, False
        while not struck:
            number += 1
            # It strikes whoever speaks next, which may be somebody else.
            await asyncio.to_thread(link.set, Fault(Way.HALF_OPEN))
            try:
                await route(number, CAP_SECONDS)
            except grpc.aio.AioRpcError:
                struck = True
            await asyncio.to_thread(link.lift)
        await route(number, 10)


def calls_of_the_index(api: Api) -> dict[CallClass, Call]:
    """A call of each class that asks the index server."""
    draft = contact("shop/1", full_name="Zoe Zebra", email="zoe@x.com")
    overview: Any = OverviewServiceStub(api.channel)
    return {
        CallClass.MATCH: lambda: api.matches.Match(MatchRequest(record=ONE), metadata=ANN),
        CallClass.READ: lambda: overview.GetIndexStatus(GetIndexStatusRequest(), metadata=ANN),
        CallClass.WRITE: lambda: api.intake.Route(RouteRequest(record=draft), metadata=IMPORTER),
    }


@pytest.mark.parametrize("call_class", [CallClass.MATCH, CallClass.READ, CallClass.WRITE])
async def test_the_cap_ends_a_call_that_waits_for_the_index(
    api: Api, redis_url: str, cap: Callable[[float], None], call_class: CallClass
) -> None:
    """A server that stands still is waited for no longer, and answers on the same connection afterwards."""
    await api.two_of_a_kind()
    call = calls_of_the_index(api)[call_class]
    # From here on there is a connection for matches.
    await api.matches.Match(MatchRequest(record=ONE), metadata=ANN)
    async with redis.from_url(redis_url) as client:
        before = (await client.info("stats"))["total_connections_received"]
        cap(CAP_SECONDS)
        await client.client_pause(PAUSE_MILLISECONDS)
        await is_ended_in_time(call)
        cap(10)
        await call()
        assert (await client.info("stats"))["total_connections_received"] == before


async def test_calls_without_a_deadline_are_refused_where_one_is_required(office: Office) -> None:
    """The refusal names what is missing; a call with a deadline is answered, and a stream needs none."""
    strict = replace(OPTIONS, limits=limits.Limits(deadlines_required=True))
    get = pb.ListRecordsRequest(parent="sources/crm")
    async with served(office, strict) as api:
        refusal = await refused(api.records.ListRecords(get, metadata=ANN))
        assert refusal.reason == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == ["deadline"]
        await api.records.ListRecords(get, metadata=ANN, timeout=10)
        watch: Any = api.changes.WatchChanges(WatchChangesRequest(), metadata=ANN)
        assert (await watch.read()).resume_token.token

"""Connections whose other end is gone without a word: noticed, and replaced."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.store.connections import WatchedConnection, lent, watched_conninfo
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.store.lookups import RecordLookups
from dedup_service.store.postgres import PostgresStore, StoreOptions
from tests.trust.proxy.faults import Fault, Way
from tests.trust.proxy.tcp import Link, links

SILENT = Fault(Way.HALF_OPEN)


@pytest.fixture
def link(database_url: str) -> Iterator[Link]:
    """A link to PostgreSQL that can fall silent."""
    socket_path = Path(parse_qs(urlsplit(database_url).query)["host"][0]) / ".s.PGSQL.5432"
    with links({"sql": socket_path}) as made:
        yield made["sql"]


@pytest.fixture
def url(link: Link, database_url: str) -> str:
    """The database over the link."""
    return f"postgresql://postgres@{link.address}{urlsplit(database_url).path}"


@pytest.fixture
async def connection(url: str) -> AsyncIterator[WatchedConnection]:
    """A connection over the link that may be silent for a moment only."""
    made = await WatchedConnection.connect(watched_conninfo(url), autocommit=True)
    made.longest_seconds = 0.3
    yield made
    await made.close()


async def test_a_silent_server_is_given_up(connection: WatchedConnection, link: Link) -> None:
    """What waits for it learns that it does not answer, soon after the time is over."""
    await asyncio.to_thread(link.set, SILENT)
    async with asyncio.timeout(5):
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
    assert connection.closed


async def test_a_server_that_is_too_slow_is_given_up_too(
    connection: WatchedConnection,
) -> None:
    """A statement beyond the time is no answer either, and its connection is not used again."""
    async with asyncio.timeout(5):
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT pg_sleep(30)")
    assert connection.closed


async def test_the_kernel_asks_for_signs_of_life(connection: WatchedConnection) -> None:
    """Where there is a network between, silence ends a connection though nobody waits for it."""
    with socket.socket(fileno=socket.dup(connection.pgconn.socket)) as taken:
        assert taken.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 10
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000


def test_what_the_url_says_holds() -> None:
    """An operator who knows the network better is obeyed."""
    found = conninfo_to_dict(watched_conninfo("postgresql://host/base?keepalives_idle=99"))
    assert (found["keepalives_idle"], found["keepalives_count"]) == ("99", "3")


async def test_a_lookup_on_a_silent_connection_costs_the_next_one_nothing(url: str, link: Link) -> None:
    """Once its caller has gone, the connection is given up and the next lookup has another."""
    lookups = RecordLookups(url, 5.0, 30.0)
    assert await lookups.records([1]) == {}
    await asyncio.to_thread(link.set, SILENT)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lookups.records([1]), 0.2)
    await asyncio.to_thread(link.lift)
    async with asyncio.timeout(5):
        assert await lookups.records([1]) == {}
    await lookups.close()


async def test_the_index_follows_on_when_its_connection_died_in_silence(url: str, link: Link) -> None:
    """The follower is told that the store is away, instead of standing still for ever."""
    store = PostgresStore(StoreOptions(url, pool_size=1))
    await store.open()
    ledger = PostgresLedgerSource(store, read_seconds=0.3)
    for read in (ledger.head_revision, lambda: ledger.updates_after(0, 10)):
        await read()
        await asyncio.to_thread(link.set, SILENT)
        async with asyncio.timeout(3):
            with pytest.raises(StoreUnavailable):
                await read()
        await asyncio.to_thread(link.lift)
        await read()
    await store.close()


async def test_a_call_that_is_cancelled_at_its_very_end_gives_its_connection_back(database_url: str) -> None:
    """While the pool takes it back: the next call gets the only connection, and does not wait for ever."""
    pool = AsyncConnectionPool(
        database_url, connection_class=WatchedConnection, min_size=1, max_size=1, open=False, timeout=3
    )
    async with pool:
        await pool.wait()
        working = asyncio.Event()

        async def call() -> None:
            async with lent(pool):
                working.set()
                await asyncio.sleep(0)

        ending = asyncio.create_task(call())
        await working.wait()
        async with pool._lock:  # as another call has it that takes or returns one
            await asyncio.sleep(0.05)
            ending.cancel()
            await asyncio.sleep(0.05)
        await asyncio.gather(ending, return_exceptions=True)
        assert ending.cancelled()
        async with lent(pool) as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)

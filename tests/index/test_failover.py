"""Another server takes the place of the one that held the index: with all of it, with none, or with an old
state. No answer is silently short or wrong meanwhile (D-1), and the index is mended without a hand (D-4).
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import redis

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.embedded.processes import wait_until
from dedup_service.index import IndexFollower, RedisIndex
from tests.index.failover import Sentinel, follow
from tests.index.ledger_in_memory import ALL_KINDS, MemoryLedger, entry, eventually, person
from tests.index.own_valkey import START_SECONDS, OwnValkey

INTERVAL_SECONDS = 0.05
QUERY = person(email="ada3@example.com")


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 26)])
    return ledger


@pytest.fixture
def servers() -> Iterator[list[OwnValkey]]:
    """Two servers, both empty."""
    homes = [Path(tempfile.mkdtemp(prefix="dedup-test-")) for _ in range(2)]
    both = [OwnValkey(home) for home in homes]
    for server in both:
        server.start()
    yield both
    for server, home in zip(both, homes, strict=True):
        server.kill()
        shutil.rmtree(home)


@pytest.fixture
def sentinel() -> Iterator[Sentinel]:
    """A sentinel that is not started yet: it looks for replicas at its start, and then every ten seconds."""
    home = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    sentinel = Sentinel(home)
    yield sentinel
    sentinel.kill()
    shutil.rmtree(home)


class Answers:
    """What is answered without a pause: each complete answer must be that of brute force."""

    def __init__(self, index: RedisIndex, ledger: MemoryLedger) -> None:
        self._index = index
        self._ledger = ledger
        self.whole = self.short = self.failed = 0
        self.wrong: list[frozenset[int]] = []

    async def ask(self) -> None:
        revision = await self._ledger.head_revision()
        before = self._ledger.brute_force(QUERY)
        try:
            answer = await self._index.candidates(QUERY, ALL_KINDS, revision)
        except IndexUnavailable:
            self.failed += 1
            await asyncio.sleep(0.01)
            return
        found = frozenset(each.record_no for each in answer.candidates)
        if not answer.complete:
            self.short += 1
        elif found in {frozenset(before), frozenset(self._ledger.brute_force(QUERY))}:
            self.whole += 1
        else:
            self.wrong.append(found)

    async def lack_something(self) -> None:
        before = self.short + self.failed

        async def is_lacking() -> bool:
            return self.short + self.failed > before

        await eventually(is_lacking)

    async def become_whole(self) -> None:
        before = self.whole

        async def is_whole() -> bool:
            return self.whole > before

        await eventually(is_whole)


@asynccontextmanager
async def asked_all_the_time(url: str, ledger: MemoryLedger) -> AsyncIterator[Answers]:
    """An index that its follower keeps, and somebody who asks it for as long as this lasts."""
    index = RedisIndex(url, "store-1")
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    answers = Answers(index, ledger)
    follower.start()
    assert await follower.wait_applied(1, START_SECONDS)
    stop = asyncio.Event()

    async def ask() -> None:
        while not stop.is_set():
            await answers.ask()
            await asyncio.sleep(0)

    asking = asyncio.create_task(ask())
    try:
        await answers.become_whole()
        yield answers
    finally:
        stop.set()
        await asking
        await follower.stop()
        await index.close()
    assert not answers.wrong


async def soon(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold, looked at without holding up the loop."""
    return await asyncio.to_thread(wait_until, holds, START_SECONDS)


@pytest.mark.proof  # a sentinel takes seconds to be sure
async def test_a_replica_that_takes_over_goes_on(
    servers: list[OwnValkey], sentinel: Sentinel, ledger: MemoryLedger
) -> None:
    """The server killed, its replica is found through the sentinel, with what was written since."""
    first, second = servers
    follow(second, first)
    sentinel.start(first)
    async with asked_all_the_time(sentinel.url, ledger) as answers:
        assert await soon(sentinel.knows_replica)
        first.kill()
        assert await soon(lambda: sentinel.knows() == second.port)
        await answers.become_whole()
        ledger.commit(inserts=[entry(26, QUERY)])
        await answers.become_whole()
        assert answers.failed


async def test_an_empty_server_that_takes_over_is_filled(
    servers: list[OwnValkey], sentinel: Sentinel, ledger: MemoryLedger
) -> None:
    """An empty server in the place of the one that held the index gives incomplete answers, and soon all."""
    first, second = servers
    sentinel.start(first)
    async with asked_all_the_time(sentinel.url, ledger) as answers:
        sentinel.watch_instead(second)
        first.kill()
        await answers.lack_something()
        await answers.become_whole()
    with redis.Redis(port=second.port) as client:
        assert client.dbsize() > 0


async def test_an_old_dump_is_brought_up_to_date(servers: list[OwnValkey], ledger: MemoryLedger) -> None:
    """A server that comes back with the state of an hour ago says what it lacks until it has it."""
    server = servers[0]
    async with asked_all_the_time(server.url, ledger) as answers:
        with redis.Redis(port=server.port) as client:
            client.save()
        for number in range(26, 29):
            ledger.commit(inserts=[entry(number, QUERY)])
        await answers.become_whole()
        server.kill()
        await asyncio.to_thread(server.start)
        await answers.become_whole()
        with redis.Redis(port=server.port) as client:
            assert client.info("persistence")["rdb_last_load_keys_loaded"] > 0


async def test_eviction_turned_on_is_never_silent(servers: list[OwnValkey], ledger: MemoryLedger) -> None:
    """A server that drops keys under our feet gives incomplete answers; with the policy back, all again."""
    server = servers[0]
    others = [person(f"G{no}", f"F{no}", f"other{no}@example.com") for no in range(26, 2_000)]
    ledger.commit(inserts=[entry(no, other) for no, other in enumerate(others, 26)])
    async with asked_all_the_time(server.url, ledger) as answers:
        # Idle for a second, so that the others go before what every answer reads.
        await asyncio.sleep(1.1)
        with redis.Redis(port=server.port) as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            client.config_set("maxmemory-samples", "64")
            client.config_set("maxmemory", client.info("memory")["used_memory"] - 20_000)
            # It may throw out much and still refuse.
            with suppress(redis.exceptions.OutOfMemoryError):
                client.set("room", "for another")
            assert client.info("stats")["evicted_keys"] > 0
            await answers.lack_something()
            client.config_set("maxmemory", "0")
            client.config_set("maxmemory-policy", "noeviction")
        await answers.become_whole()

"""The index in a cluster: found from any node, watched by its own slot, back after its node was lost."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.index import IndexFollower, RedisIndex
from tests.index.cluster import Node, give_slot, running_cluster
from tests.index.ledger_in_memory import ALL_KINDS, MemoryLedger, entry, eventually, person

INTERVAL_SECONDS = 0.1


@pytest.fixture
async def nodes() -> AsyncIterator[list[Node]]:
    with tempfile.TemporaryDirectory(prefix="dedup-cluster-") as directory:
        async with running_cluster(Path(directory)) as nodes:
            yield nodes


@pytest.fixture
async def index(nodes: list[Node]) -> AsyncIterator[RedisIndex]:
    index = RedisIndex(f"redis://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}", "store-1")
    await index.connect()
    yield index
    await index.close()


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.commit(
        inserts=[entry(number, person(email=f"ada{number % 7}@example.com")) for number in range(1, 41)]
    )
    return ledger


async def test_an_index_in_a_cluster_is_found_and_watched(
    nodes: list[Node], index: RedisIndex, ledger: MemoryLedger
) -> None:
    """Any node leads to it, and a lost key is noticed however many keys others put into the cluster (D-4)."""
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    query = person(email="ada3@example.com")
    answer = await index.candidates(query, ALL_KINDS, 1)
    assert answer.complete
    assert {each.record_no for each in answer.candidates} == ledger.brute_force(query)
    await follower.stop()
    other_slots = [f"{{other{number}}}" for number in range(200)]
    for name in other_slots:
        await index.server.ask("SET", name, "")
    nodes[2].ask("DEL", str((await index.server.ask("KEYS", "{dedup}:*:p:1"))[0], "ascii"))
    assert not (await index.candidates(query, ALL_KINDS, 1)).complete


async def test_a_lost_node_is_survived_under_load(
    nodes: list[Node], index: RedisIndex, ledger: MemoryLedger
) -> None:
    """Its node killed, calls fail clearly until another has slot and index; none is silently short (D-1)."""
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    query = person(email="ada3@example.com")
    expected = ledger.brute_force(query)
    seen = {"whole": 0, "said to be short": 0, "failed": 0}
    stop = asyncio.Event()

    async def ask() -> None:
        while not stop.is_set():
            try:
                answer = await index.candidates(query, ALL_KINDS, 1)
            except IndexUnavailable:
                seen["failed"] += 1
                await asyncio.sleep(0.01)
                continue
            if answer.complete:
                assert {each.record_no for each in answer.candidates} == expected
            seen["whole" if answer.complete else "said to be short"] += 1

    async def is_whole_again() -> bool:
        before = seen["whole"]
        await asyncio.sleep(0.05)
        return seen["whole"] > before

    load = [asyncio.create_task(ask()) for _ in range(4)]
    await eventually(is_whole_again)
    nodes[2].process.kill()
    await eventually(lambda: _holds(seen["failed"] > 0))
    give_slot(nodes[0], nodes[:2])
    await eventually(is_whole_again)
    stop.set()
    await asyncio.gather(*load)
    await follower.stop()


async def _holds(fact: bool) -> bool:
    return fact

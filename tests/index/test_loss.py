"""Loss: whatever Redis loses is noticed, said in every answer, and mended from the ledger."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.embedded import start_valkey
from dedup_service.index import IndexFollower, RedisIndex, UnsuitableIndexServer, layout
from dedup_service.index.rebuild import rebuild
from dedup_service.workflows.index_port import IncompleteReason
from tests.index.ledger_in_memory import ALL_KINDS, MemoryLedger, contents, entry, eventually, person

INTERVAL_SECONDS = 0.05


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 41)])
    return ledger


@pytest.fixture
async def index(redis_url: str) -> AsyncIterator[RedisIndex]:
    index = RedisIndex(redis_url, "store-1")
    yield index
    await index.close()


@pytest.fixture
async def follower(index: RedisIndex, ledger: MemoryLedger) -> AsyncIterator[IndexFollower]:
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    yield follower
    await follower.stop()


@pytest.fixture
def own_directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    yield path
    shutil.rmtree(path)


async def names(index: RedisIndex, part: str) -> list[bytes]:
    """The Redis keys of one part of the layout."""
    found: list[bytes] = await index.server.ask("KEYS", f"{layout.PREFIX}*:{part}:*")
    return found


async def is_whole(index: RedisIndex, record_count: int) -> bool:
    status = await index.status()
    return not status.defect and not status.rebuilding and status.record_count == record_count


async def test_an_empty_server_answers_incomplete(index: RedisIndex) -> None:
    """Before there is an index the answer says so."""
    answer = await index.candidates(person(), ALL_KINDS, 0)
    assert [each.reason for each in answer.incomplete] == [IncompleteReason.INDEX_REBUILDING]
    assert not answer.complete


@pytest.mark.usefixtures("follower")
async def test_a_flush_is_noticed_and_mended(index: RedisIndex, redis_url: str) -> None:
    """After FLUSHALL the first answer is incomplete, and a rebuild brings everything back (D-4)."""
    before = contents(redis_url)
    await index.server.ask("FLUSHALL")
    assert not (await index.candidates(person(), ALL_KINDS, 0)).complete
    await eventually(lambda: is_whole(index, 40))
    assert contents(redis_url) == before


async def test_the_loss_of_an_index_that_held_nothing_is_mended(index: RedisIndex) -> None:
    """An index of an empty store that is lost just before the first commit comes back with that commit."""
    ledger = MemoryLedger()
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    await eventually(lambda: is_whole(index, 0))
    await index.server.ask("FLUSHALL")
    follower.nudge([ledger.commit(inserts=[entry(1)])])
    await eventually(lambda: is_whole(index, 1), 3)
    await follower.stop()


async def test_one_missing_key_is_noticed_at_the_next_read(index: RedisIndex, ledger: MemoryLedger) -> None:
    """Losing a single key, as by eviction, makes answers incomplete at once, until the rebuild is done."""
    await rebuild(index, ledger)
    assert (await index.candidates(person(), ALL_KINDS, 1)).complete
    await index.server.ask("DEL", (await names(index, "b"))[0])
    answer = await index.candidates(person(), ALL_KINDS, 1)
    assert [each.reason for each in answer.incomplete] == [IncompleteReason.INDEX_REBUILDING]
    still_incomplete = []

    async def ask() -> None:
        still_incomplete.append(not (await index.candidates(person(), ALL_KINDS, 1)).complete)

    ledger.batch_read = ask
    await rebuild(index, ledger)
    assert still_incomplete
    assert all(still_incomplete)
    assert (await index.candidates(person(), ALL_KINDS, 1)).complete


async def test_a_loss_once_noticed_is_not_forgotten(index: RedisIndex, ledger: MemoryLedger) -> None:
    """Keys of others that fill the database up again do not make a damaged index whole."""
    await rebuild(index, ledger)
    doomed = await names(index, "p")
    await index.server.ask("DEL", *doomed[:2])
    assert (await index.status()).defect
    await index.server.ask("MSET", *(word for number in range(5) for word in (f"filler:{number}", "")))
    assert (await index.status()).defect
    assert not (await index.candidates(person(), ALL_KINDS, 1)).complete


@pytest.mark.usefixtures("follower")
async def test_lost_keys_are_mended(index: RedisIndex, redis_url: str) -> None:
    """Keys deleted behind the index's back are there again after a health check."""
    before = contents(redis_url)
    doomed = await names(index, "p")
    await index.server.ask("DEL", *doomed[:5])

    async def mended() -> bool:
        return await is_whole(index, 40) and contents(redis_url) == before

    await eventually(mended)


async def test_the_index_of_another_store_is_not_read(index: RedisIndex, redis_url: str) -> None:
    """An index that was written for another database is replaced, never served."""
    foreign = RedisIndex(redis_url, "store-2")
    other_ledger = MemoryLedger()
    other_ledger.commit(inserts=[entry(900)])
    other_ledger.commit()
    await rebuild(foreign, other_ledger)
    answer = await index.candidates(person(), ALL_KINDS, 0)
    assert not answer.candidates
    assert not answer.complete
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    await eventually(lambda: is_whole(index, 1))
    await follower.stop()
    await foreign.close()


async def test_a_ledger_restored_from_a_backup_wins(index: RedisIndex) -> None:
    """An index that is ahead of the ledger holds what never happened, and is rebuilt."""
    future = MemoryLedger()
    for number in range(1, 5):
        future.commit(inserts=[entry(number)])
    await rebuild(index, future)
    restored = MemoryLedger()
    restored.commit(inserts=[entry(1)])
    follower = IndexFollower(index, restored, INTERVAL_SECONDS)
    follower.start()
    await eventually(lambda: is_whole(index, 1))
    answer = await index.candidates(person(email="ada3@example.com"), ALL_KINDS, 1)
    assert [each.record_no for each in answer.candidates] == [1]
    assert answer.complete
    await follower.stop()


async def test_a_killed_server_comes_back_whole(own_directory: Path, ledger: MemoryLedger) -> None:
    """kill -9 of Valkey: answers fail clearly, and after its restart the index is rebuilt and up to date."""
    server = start_valkey(own_directory)
    index = RedisIndex(server.url, "store-1")
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    server.kill()
    with pytest.raises(IndexUnavailable):
        await index.candidates(person(), ALL_KINDS, 0)
    follower.nudge([ledger.commit(inserts=[entry(41)])])
    server = start_valkey(own_directory)
    await eventually(lambda: is_whole(index, 41))
    assert (await index.candidates(person(), ALL_KINDS, 2)).complete
    await follower.stop()
    await index.close()
    server.stop()


async def test_a_server_that_evicts_is_refused(own_directory: Path) -> None:
    """Any policy but noeviction is refused with what to change (D-4)."""
    server = start_valkey(own_directory)
    index = RedisIndex(server.url, "store-1")
    await index.connect()
    await index.server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(UnsuitableIndexServer, match="CONFIG SET maxmemory-policy noeviction"):
        await index.connect()
    await index.close()
    server.stop()


async def test_a_full_server_loses_nothing(own_directory: Path) -> None:
    """With no memory left writes fail, answers say that the index is behind, and room mends it."""
    server = start_valkey(own_directory)
    index = RedisIndex(server.url, "store-1")
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    await index.server.ask("CONFIG", "SET", "maxmemory", "1")
    follower.nudge([ledger.commit(inserts=[entry(2)])])
    answer = await index.candidates(person(), ALL_KINDS, 2)
    assert not answer.complete
    await index.server.ask("CONFIG", "SET", "maxmemory", "0")
    assert await follower.wait_applied(2, 10)
    assert (await index.candidates(person(), ALL_KINDS, 2)).complete
    await follower.stop()
    await index.close()
    server.stop()

"""The follower: the index has every commit soon, whoever wrote it, and through every rebuild."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.index import IndexFollower, RedisIndex, layout
from dedup_service.index.rebuild import rebuild
from tests.index.ledger_in_memory import ALL_KINDS, MemoryLedger, contents, entry, eventually, person

INTERVAL_SECONDS = 0.05
NEVER_SECONDS = 3600.0


@pytest.fixture
async def index(redis_url: str) -> AsyncIterator[RedisIndex]:
    index = RedisIndex(redis_url, "store-1")
    yield index
    await index.close()


async def test_a_nudge_is_applied_without_reading_the_ledger(index: RedisIndex) -> None:
    """What a writer hands over can be matched at once, long before a health check (D-3)."""
    ledger = MemoryLedger()
    ledger.commit()
    follower = IndexFollower(index, ledger, NEVER_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    reads = ledger.read_count
    follower.nudge([ledger.commit(inserts=[entry(1)])])
    assert await follower.wait_applied(2, 10)
    assert ledger.read_count == reads
    assert len((await index.candidates(person(), ALL_KINDS, 2)).candidates) == 1
    await follower.stop()


async def test_nudges_may_come_in_any_order(index: RedisIndex) -> None:
    """Commits handed over out of order are applied in order, without reading the ledger."""
    ledger = MemoryLedger()
    ledger.commit()
    follower = IndexFollower(index, ledger, NEVER_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    written = ledger.commit(inserts=[entry(1)])
    removed = ledger.commit(removals=[1])
    reads = ledger.read_count
    follower.nudge([removed])
    await asyncio.sleep(0)  # the follower looks at the first before it has the second
    follower.nudge([written])
    assert await follower.wait_applied(3, 10)
    assert ledger.read_count == reads
    assert (await index.status()).record_count == 0
    await follower.stop()


async def test_a_gap_is_filled_from_the_ledger(index: RedisIndex) -> None:
    """Another process's commit between two of ours is read from the ledger, not waited for."""
    ledger = MemoryLedger()
    ledger.commit()
    follower = IndexFollower(index, ledger, NEVER_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    ledger.commit(inserts=[entry(1)])
    follower.nudge([ledger.commit(inserts=[entry(2)])])
    assert await follower.wait_applied(3, 10)
    assert (await index.status()).record_count == 2
    await follower.stop()


async def test_what_others_commit_arrives_within_an_interval(index: RedisIndex) -> None:
    """Commits that nobody hands over are found, also those that do nothing to the index."""
    ledger = MemoryLedger()
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    for number in range(1, 4):
        ledger.commit(inserts=[entry(number)])
        ledger.commit()
        assert await follower.wait_applied(2 * number, 10)
    await follower.stop()


async def test_waiting_has_an_end(index: RedisIndex) -> None:
    """A revision that does not come is reported when the time is over."""
    follower = IndexFollower(index, MemoryLedger(), INTERVAL_SECONDS)
    follower.start()
    assert not await follower.wait_applied(5, 0.1)
    await follower.stop()


async def test_a_rebuild_serves_and_takes_writes_meanwhile(index: RedisIndex, redis_url: str) -> None:
    """During a rebuild answers stay complete and fresh, and the new index has what was written."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 101)])
    follower = IndexFollower(index, ledger, NEVER_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    first_epoch = (await index.status()).epoch
    asked: list[bool] = []

    async def write_and_ask() -> None:
        number = 200 + len(asked)
        follower.nudge([ledger.commit(inserts=[entry(number)], removals=[len(asked) + 1])])
        head = len(ledger.updates)
        assert await follower.wait_applied(head, 10)
        answer = await index.candidates(person(), ALL_KINDS, head)
        assert (await index.status()).rebuilding
        asked.append(
            answer.complete and {each.record_no for each in answer.candidates} == ledger.brute_force(person())
        )

    ledger.batch_read = write_and_ask
    follower.request_rebuild()

    async def replaced() -> bool:
        status = await index.status()
        return status.epoch != first_epoch and not status.rebuilding

    await eventually(replaced)
    assert asked == [True] * 10
    answer = await index.candidates(person(), ALL_KINDS, len(ledger.updates))
    assert answer.complete
    assert {each.record_no for each in answer.candidates} == ledger.brute_force(person())
    await follower.stop()
    maintained = contents(redis_url)
    ledger.batch_read = None
    await rebuild(index, ledger)
    assert contents(redis_url) == maintained


async def test_old_epochs_leave_nothing_behind(index: RedisIndex) -> None:
    """After a rebuild the keys of the epoch before are deleted."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 30)])
    await rebuild(index, ledger)
    first = await index.server.ask("DBSIZE")
    await rebuild(index, ledger)
    assert await index.server.ask("DBSIZE") == first


async def test_one_builds_at_a_time(redis_url: str, index: RedisIndex) -> None:
    """A second follower that wants to rebuild leaves it to the first."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    other = RedisIndex(redis_url, "store-1")
    outcomes = []

    async def try_too() -> None:
        outcomes.append(await rebuild(other, MemoryLedger()))

    ledger.batch_read = try_too
    assert await rebuild(index, ledger)
    assert outcomes == [False]
    await other.close()


async def test_a_rebuild_never_takes_the_index_back(index: RedisIndex) -> None:
    """A commit that the serving index has and the build has not is caught up with before the switch."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    await rebuild(index, ledger)
    late = iter([entry(2)])

    async def commit_late() -> None:
        for written in late:
            await index.apply([ledger.commit(inserts=[written])], 1)

    ledger.updates_read = commit_late
    await rebuild(index, ledger)
    status = await index.status()
    assert (status.applied_revision, status.record_count) == (2, 2)


async def test_an_abandoned_build_is_taken_over(redis_url: str, index: RedisIndex) -> None:
    """When a build has been silent too long another follower builds; the first one then gives up."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    other = RedisIndex(redis_url, "store-1")
    whole = MemoryLedger()
    whole.commit(inserts=[entry(no) for no in range(1, 6)])

    async def fall_silent() -> None:
        await index.server.ask("HSET", layout.BUILD, "touched", "0")
        assert await rebuild(other, whole)

    ledger.batch_read = fall_silent
    with pytest.raises(IndexUnavailable):
        await rebuild(index, ledger)
    assert (await other.status()).record_count == 5
    await other.close()


async def test_another_followers_half_done_build_is_not_published(redis_url: str, index: RedisIndex) -> None:
    """A follower that lost its build does not put the unfinished one of another in its place."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 21)])
    other = RedisIndex(redis_url, "store-1")

    async def die() -> None:
        raise ConnectionAbortedError

    async def lose_to_one_that_dies() -> None:
        await index.server.ask("HSET", layout.BUILD, "touched", "0")
        ledger.batch_read = die
        with pytest.raises(ConnectionAbortedError):
            await rebuild(other, ledger)

    ledger.updates_read = lose_to_one_that_dies
    with pytest.raises(IndexUnavailable):
        await rebuild(index, ledger)
    assert not (await index.status()).epoch
    await other.close()


async def test_a_flush_during_a_rebuild_starts_it_anew(index: RedisIndex) -> None:
    """A build that the server loses half-way is not published; the next one is whole."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(no) for no in range(1, 101)])
    flushes = iter([True])

    async def flush_once() -> None:
        if next(flushes, False):
            await index.server.ask("FLUSHALL")

    ledger.batch_read = flush_once
    follower = IndexFollower(index, ledger, INTERVAL_SECONDS)
    follower.start()
    assert await follower.wait_applied(1, 10)
    assert (await index.status()).record_count == 100
    await follower.stop()


async def test_two_followers_share_one_index(redis_url: str, index: RedisIndex) -> None:
    """Two services that write and follow at once leave the index that a rebuild would make."""
    ledger = MemoryLedger()
    indexes = [RedisIndex(redis_url, "store-1") for _ in range(2)]
    followers = [IndexFollower(each, ledger, INTERVAL_SECONDS) for each in indexes]
    for follower in followers:
        follower.start()
    for number in range(1, 101):
        follower = followers[number % 2]
        follower.nudge([ledger.commit(upserts=[entry(number % 7)], removals=[(number + 3) % 7])])
        if number % 10 == 0:
            await asyncio.sleep(0)
    for follower in followers:
        assert await follower.wait_applied(100, 10)
        await follower.stop()
    maintained = contents(redis_url)
    await rebuild(index, ledger)
    assert contents(redis_url) == maintained
    for each in indexes:
        await each.close()


async def test_each_loss_is_told(index: RedisIndex, caplog: pytest.LogCaptureFixture) -> None:
    """A loss that was mended and comes again, before the next health check, is logged again."""
    caplog.set_level(logging.INFO)
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(number) for number in range(1, 20)])
    follower = IndexFollower(index, ledger, 1.0)
    follower.start()
    assert await follower.wait_applied(1, 10)

    async def is_there() -> bool:
        return (await index.status()).epoch != ""

    for _ in range(2):
        await index.server.ask("FLUSHALL")
        await eventually(is_there)
    await follower.stop()
    told = [record.getMessage() for record in caplog.records]
    assert sum("is built" in each for each in told) == 3


async def test_an_index_of_another_way_is_left_alone_until_it_is_rebuilt(
    index: RedisIndex, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A follower writes nothing to what another release prepared, builds its own, and goes on with that."""
    ledger = MemoryLedger()
    ledger.commit(inserts=[entry(1)])
    await rebuild(index, ledger)
    before = contents(redis_url), ledger.read_count
    monkeypatch.setattr(layout, "way", lambda: "another")
    other = RedisIndex(redis_url, "store-1")
    follower = IndexFollower(other, ledger, INTERVAL_SECONDS)
    monkeypatch.setattr(follower, "request_rebuild", lambda: None)
    follower.start()
    follower.nudge([ledger.commit(inserts=[entry(2)])])
    assert not await follower.wait_applied(2, 5 * INTERVAL_SECONDS)
    assert (contents(redis_url), ledger.read_count) == before
    monkeypatch.undo()
    monkeypatch.setattr(layout, "way", lambda: "another")
    assert await follower.wait_applied(2, 10)
    assert (await other.candidates(person(email="ada2@example.com"), ALL_KINDS, 2)).complete
    await follower.stop()
    await other.close()

"""Readers follow every change in commit order, from any position, and end equal to the store (E-1, E-2)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

import psycopg
import pytest

from dedup_service.company_files import parse_policy
from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.errors import (
    EtagMismatch,
    NotFound,
    ResumeTokenExpired,
    StateNotAllowed,
)
from dedup_service.domain.golden import GoldenImage, GoldenState, image_of
from dedup_service.domain.records import RecordKind
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.workflows.following import Batch, ChangeFilter, Following, Position
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.rules import Rules
from tests.canonical_dump import canonical_dump
from tests.merge_desk import (
    DIRECTORY,
    EVERYTHING,
    POLICY,
    Office,
    account,
    contact,
    lead,
    open_office,
    request,
)

T = TypeVar("T")


async def store_images(office: Office) -> dict[str, GoldenImage]:
    """What a reader should end up with."""
    listed = await office.store.read(lambda tx: tx.list_goldens(Page(size=1000)))
    return {golden.name: image_of(golden, POLICY) for golden in listed.items}


async def taken(batches: AsyncIterator[Batch], count: int) -> list[Change]:
    """The next so many changes of a watch."""
    found: list[Change] = []
    async with asyncio.timeout(10):
        async for batch in batches:
            found += batch.changes
            if len(found) >= count:
                return found
    raise AssertionError


async def history(office: Office) -> tuple[str, str, str]:
    a, b, c = await office.put(contact("a"), lead("desk/b"), account("shop/c"))
    await office.put(contact("a", email="new@x.example"))
    merge = await office.merge(a, b)
    await office.undo(merge)
    await office.delete("desk/b")
    return a, b, c


async def test_a_reader_ends_equal_to_the_store(office: Office) -> None:
    """Whoever applies the images in order, also twice, ends with what the store has (E-2)."""
    await history(office)
    copy = await office.followed()
    assert copy == await store_images(office)
    again = await office.followed(Position(2))
    assert copy | again == copy


async def test_a_reader_starting_after_an_erasure_ends_equal_too(office: Office) -> None:
    """What an erasure takes out of old changes it tells anew, so that late readers still converge (E-2)."""
    a, b, c = await office.put(*(contact(n) for n in "abc"))
    await office.merge(a, b)
    undone = await office.merge(a, c)
    await office.undo(undone)
    before = await canonical_dump(office.store, POLICY)
    await office.erase("a")
    assert await canonical_dump(office.store, POLICY) != before
    assert await office.followed() == await store_images(office)
    await office.erase("b")
    assert await office.followed() == await store_images(office)


async def test_positions_are_resumable_anywhere(office: Office) -> None:
    """Reading on from any position gives exactly what comes after it, also inside a revision."""
    await history(office)
    everything = (await office.desk.following.changes(Position(), EVERYTHING)).changes
    assert len({c.revision for c in everything}) < len(everything)
    for number, change in enumerate(everything):
        rest = await office.desk.following.changes(Position(change.revision, change.ordinal), EVERYTHING)
        assert rest.changes == everything[number + 1 :]
    order = [(c.revision, c.ordinal) for c in everything]
    assert order == sorted(order)
    assert sorted({c.revision for c in everything}) == list(range(1, everything[-1].revision + 1))


@pytest.mark.parametrize(
    ("taken_changes", "expected"),
    [
        (ChangeFilter(types=frozenset({ChangeType.MERGED})), 1),
        (ChangeFilter(types=frozenset({ChangeType.RECORD_CREATED})), 3),
        (ChangeFilter(kinds=frozenset({RecordKind.ACCOUNT})), 1),
        (ChangeFilter(sources=frozenset({"shop"})), 1),
        (ChangeFilter(sources=frozenset({"desk"}), types=frozenset({ChangeType.UNDONE})), 1),
        (ChangeFilter(kinds=frozenset({RecordKind.ACCOUNT}), sources=frozenset({"desk"})), 0),
    ],
)
async def test_filters_take_what_they_say(office: Office, taken_changes: ChangeFilter, expected: int) -> None:
    """Types, kinds and sources select changes, together with AND, and the position moves past the rest."""
    await history(office)
    batch = await office.desk.following.changes(Position(), taken_changes)
    assert len(batch.changes) == expected
    assert batch.position.revision == (await office.desk.following.head()).revision


async def test_a_token_of_the_future_has_expired(office: Office) -> None:
    """A position that this store has never reached is refused, not waited for."""
    await history(office)
    head = await office.desk.following.head()
    assert (await office.desk.following.changes(head, EVERYTHING)).changes == ()
    with pytest.raises(ResumeTokenExpired):
        await office.desk.following.changes(Position(head.revision + 1), EVERYTHING)


async def test_a_token_older_than_the_changes_kept_has_expired(office: Office, database_url: str) -> None:
    """Where old changes were cut off, a token before them is refused with the oldest revision."""
    await history(office)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("DELETE FROM changes WHERE revision < 3")
    with pytest.raises(ResumeTokenExpired) as expired:
        await office.desk.following.changes(Position(1), EVERYTHING)
    assert expired.value.oldest_revision == 3
    assert (await office.desk.following.changes(Position(2), EVERYTHING)).changes


async def test_a_watch_sees_what_is_committed_by_others(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Changes of this and another process arrive without being asked for."""
    watch = office.desk.following.watch(Position(), EVERYTHING, 60)
    await office.put(contact("a"))
    assert [c.draft.record for c in await taken(watch, 1)] == ["sources/crm/records/a"]
    async with open_office(database_url, redis_url) as other:
        await other.put(contact("b"))
        assert [c.draft.record for c in await taken(watch, 1)] == ["sources/crm/records/b"]


async def given_upto(batches: AsyncIterator[Batch], revision: int) -> list[int]:
    """The revisions of the changes that a watch gives until it says that it has come so far."""
    found: list[int] = []
    async with asyncio.timeout(10):
        async for batch in batches:
            found += [change.revision for change in batch.changes]
            if batch.position.revision >= revision:
                return found
    raise AssertionError


async def test_a_watch_gives_all_that_waits_however_much(office: Office) -> None:
    """A watch that starts far behind gives every change, also those beyond one reading (E-1)."""
    for turn in range(3):
        await office.put(*(contact(f"{turn}-{number}") for number in range(100)))
    watch = office.desk.following.watch(Position(), EVERYTHING, 0.05)
    assert await given_upto(watch, 3) == [1] * 100 + [2] * 100 + [3] * 100


class BusyStore(PostgresStore):
    """A store in which somebody commits right after each reading, as long as there are names left."""

    def __init__(self, options: StoreOptions, office: Office, names: Iterable[str]) -> None:
        super().__init__(options)
        self._office = office
        self._names = iter(names)

    async def read(self, work: Callable[[ReadTransaction], Awaitable[T]]) -> T:
        found = await super().read(work)
        for name in self._names:
            await self._office.put(contact(name))
            break
        return found


async def test_a_watch_misses_no_commit_between_its_readings(office: Office, database_url: str) -> None:
    """What is committed after a reading, whichever it was, is in a later one, and no position that a reader
    may resume from leads past what was given (E-1).
    """
    store = BusyStore(StoreOptions(database_url), office, map(str, range(9)))
    await store.open()
    found: list[int] = []
    try:
        watch = Following(store, Rules(POLICY, DIRECTORY, parse_policy)).watch(Position(), EVERYTHING, 0.05)
        async with asyncio.timeout(10):
            while len(found) < 9:
                batch = await anext(watch)
                found += [change.revision for change in batch.changes]
                assert found == list(range(1, batch.position.revision + 1))
    finally:
        await store.close()


@pytest.mark.parametrize("seen_first", [0, 1])
async def test_silence_gives_checkpoints(office: Office, seen_first: int) -> None:
    """In silence a watch gives its position to resume from, also after it has given changes."""
    await office.put(contact("a"))
    start = Position() if seen_first else await office.desk.following.head()
    watch = office.desk.following.watch(start, EVERYTHING, 0.05)
    assert len((await anext(watch)).changes) == seen_first
    async with asyncio.timeout(5):
        checkpoint = await anext(watch)
    assert checkpoint.changes == ()
    assert checkpoint.position.revision == 1


async def test_a_filtered_watch_gives_checkpoints_past_what_it_hides(office: Office) -> None:
    """A checkpoint leads past changes that the filter hides, so that resuming does not read them again."""
    watch = office.desk.following.watch(Position(), ChangeFilter(sources=frozenset({"erp"})), 0.05)
    await office.put(contact("a"))
    await office.put(contact("b"))
    async with asyncio.timeout(5):
        batch = await anext(watch)
        while batch.position.revision < 2:
            batch = await anext(watch)
    assert batch.changes == ()


async def test_a_reader_keeps_up_with_writers_at_once(office: Office) -> None:
    """A reader beside many writers misses nothing, sees nothing twice, and ends equal to the store (E-1)."""
    ids = await office.put(*(contact(str(n)) for n in range(6)))
    copy: dict[str, GoldenImage] = {}
    seen: list[tuple[int, int]] = []
    done = asyncio.Event()

    async def read() -> None:
        position = Position()
        while True:
            finished = done.is_set()
            batch = await office.desk.following.changes(position, EVERYTHING, 3)
            seen.extend((c.revision, c.ordinal) for c in batch.changes)
            for change in batch.changes:
                copy.update((image.name, image) for image in change.draft.after)
            if finished and batch.position == position:
                return
            position = batch.position
            await asyncio.sleep(0)

    async def write(number: int) -> None:
        for turn in range(4):
            name = str((number + turn) % 6)
            await office.put(contact(name, email=f"{number}.{turn}@x.example"))

    async def merge_and_undo(one: str, other: str) -> None:
        for _ in range(3):
            try:
                await office.undo(await office.merge(one, other))
            except (EtagMismatch, StateNotAllowed):
                continue

    reader = asyncio.create_task(read())
    await asyncio.gather(
        *(write(n) for n in range(6)), merge_and_undo(ids[0], ids[1]), merge_and_undo(*ids[2:4])
    )
    done.set()
    await reader
    assert copy == await store_images(office)
    everything = await office.desk.following.changes(Position(), EVERYTHING, 10_000)
    assert seen == [(c.revision, c.ordinal) for c in everything.changes]
    assert sorted({revision for revision, _ in seen}) == list(range(1, everything.position.revision + 1))


async def test_a_source_acknowledges_a_change_once(office: Office) -> None:
    """A source reports that it has carried out a change; said twice is said once, with its first time."""
    await history(office)
    following = office.desk.following
    first = await following.acknowledge(request("AcknowledgeChange", "services/importer"), 1, 0, "shop")
    again = await following.acknowledge(request("AcknowledgeChange", "services/importer"), 1, 0, "shop")
    assert first.change == again.change
    assert [a.source for a in again.change.acknowledgements] == ["shop"]
    both = await following.acknowledge(request("AcknowledgeChange", "services/importer"), 1, 0, "desk")
    assert [a.source for a in both.change.acknowledgements] == ["desk", "shop"]
    assert both.revision == first.revision + 1
    audit = await office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert (audit.holds, audit.head_revision) == (True, both.revision)
    assert (await following.changes(Position(), EVERYTHING)).position == Position(both.revision)
    for revision, ordinal in ((1, 9), (999, 0)):
        with pytest.raises(NotFound):
            await following.acknowledge(
                request("AcknowledgeChange", "services/importer"), revision, ordinal, "shop"
            )


async def test_images_of_the_dead_are_empty(office: Office) -> None:
    """A reader's copy holds no values of what was deleted or merged away."""
    _, b, _ = await history(office)
    copy = await office.followed()
    assert (copy[f"goldenRecords/{b}"].state, copy[f"goldenRecords/{b}"].values) == (GoldenState.DELETED, {})

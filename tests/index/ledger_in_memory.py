"""A ledger without a database, and what is true of it by brute force over the blocking rules."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager

import redis

import scoring
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.index_port import IndexEntry, IndexUpdate

ALL_KINDS = tuple(RecordKind)


def person(
    given: str = "Ada", family: str = "Lovelace", email: str = "", postal_code: str = ""
) -> scoring.Comparable:
    values = {"given_name": given, "family_name": family, "email": email, "postal_code": postal_code}
    return scoring.prepare({name: value for name, value in values.items() if value}, scoring.Entity.PERSON)


def entry(
    record_no: int, comparable: scoring.Comparable | None = None, kind: RecordKind = RecordKind.LEAD
) -> IndexEntry:
    return IndexEntry(record_no, kind, comparable or person(email=f"ada{record_no}@example.com"))


class MemoryLedger:
    """Keeps every update, and counts how often they were read.

    `batch_read` is awaited before each batch of a snapshot and `updates_read` after each read of updates,
    to act in the midst of a rebuild.
    """

    def __init__(self) -> None:
        self.updates: list[IndexUpdate] = []
        self.batch_read: Callable[[], Awaitable[None]] | None = None
        self.updates_read: Callable[[], Awaitable[None]] | None = None
        self.read_count = 0

    def commit(
        self,
        inserts: Iterable[IndexEntry] = (),
        upserts: Iterable[IndexEntry] = (),
        removals: Iterable[int] = (),
    ) -> IndexUpdate:
        update = IndexUpdate(len(self.updates) + 1, tuple(inserts), tuple(upserts), tuple(removals))
        self.updates.append(update)
        return update

    def entries(self) -> dict[int, IndexEntry]:
        held: dict[int, IndexEntry] = {}
        for update in self.updates:
            held |= {each.record_no: each for each in (*update.inserts, *update.upserts)}
            for record_no in update.removals:
                held.pop(record_no, None)
        return held

    def brute_force(
        self, comparable: scoring.Comparable, kinds: Collection[RecordKind] = ALL_KINDS
    ) -> set[int]:
        """The records that share a key which not too many have for its rule."""
        members: dict[str, set[int]] = {key: set() for key in scoring.blocking_keys(comparable)}
        entries = self.entries()
        for each in entries.values():
            for key in members.keys() & set(scoring.blocking_keys(each.comparable)):
                members[key].add(each.record_no)
        return {
            number
            for key, numbers in members.items()
            if len(numbers) <= (scoring.most_members(key) or len(numbers))
            for number in numbers
            if entries[number].kind in kinds
        }

    async def head_revision(self) -> int:
        return len(self.updates)

    async def record_count(self) -> int:
        return len(self.entries())

    async def updates_after(self, revision: int, limit: int) -> Sequence[IndexUpdate]:
        self.read_count += 1
        told = [each for each in self.updates[revision:] if each.inserts or each.upserts or each.removals]
        if self.updates_read is not None:
            await self.updates_read()
        return told[:limit]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[tuple[int, AsyncIterator[Sequence[IndexEntry]]]]:
        yield len(self.updates), self._batches(list(self.entries().values()))

    async def _batches(self, entries: list[IndexEntry]) -> AsyncIterator[Sequence[IndexEntry]]:
        for start in range(0, len(entries), 10):
            if self.batch_read is not None:
                await self.batch_read()
            yield entries[start : start + 10]


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Wait until a condition in another task or server holds."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "the condition did not come to hold"
        await asyncio.sleep(0.01)


def contents(url: str) -> dict[str, object]:
    """The serving epoch as it is in Redis, without the epoch's name: what D-6 compares."""
    with redis.Redis.from_url(url) as client:
        epoch = client.hget("{dedup}:meta", "epoch")
        assert isinstance(epoch, bytes)
        root = f"{{dedup}}:{epoch.decode()}:".encode()
        found: dict[str, object] = {}
        for name in client.scan_iter(match=root + b"*", count=1000):
            short = name.removeprefix(root)
            read = {b"p:": client.get, b"b:": client.hgetall}.get(short[:2], client.smembers)
            found[repr(short)] = read(name)
        return found

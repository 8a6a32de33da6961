"""The ledger as the blocking index reads it: what changed since a revision, or everything at one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from dedup_service.domain.matching import comparable_of
from dedup_service.domain.records import Record
from dedup_service.store.postgres import PostgresStore
from dedup_service.store.reading import Reading
from dedup_service.workflows.deadlines import store_answers_in
from dedup_service.workflows.index_port import IndexEntry, IndexUpdate

# Preparing them takes some 10 ms, in which the process answers nobody.
_SNAPSHOT_BATCH = 100
# What is read between two commits takes milliseconds. While it is waited for the index stands still.
_READ_SECONDS = 10.0


class PostgresLedgerSource:
    """Implements `workflows.index_port.LedgerSource`."""

    def __init__(self, store: PostgresStore, read_seconds: float = _READ_SECONDS) -> None:
        self._store = store
        self._read_seconds = read_seconds

    async def head_revision(self) -> int:
        """The revision of the last commit."""
        async with store_answers_in(self._read_seconds):
            return await self._store.read(lambda tx: tx.head_revision())

    async def record_count(self) -> int:
        """How many active records there are."""
        async with self._store.snapshot() as reading:
            return await reading.active_record_count()

    async def updates_after(self, revision: int, limit: int) -> Sequence[IndexUpdate]:
        """The updates of the first revisions after this one that touch records.

        A record's entry is taken as it is now: applying a later state early leads to the same index.
        """
        async with store_answers_in(self._read_seconds), self._store.snapshot() as reading:
            touched = await reading.touched_record_nos(revision, limit)
            records = await reading.records_by_no({n for _, numbers in touched for n in numbers})
        return [
            IndexUpdate(
                number,
                upserts=tuple(_entry(records[n]) for n in numbers if records[n].active),
                removals=tuple(n for n in numbers if not records[n].active),
            )
            for number, numbers in touched
        ]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[tuple[int, AsyncIterator[Sequence[IndexEntry]]]]:
        """The head revision, and every active record as it was then, in batches."""
        async with self._store.snapshot() as reading:
            yield await reading.head_revision(), self._batches(reading)

    async def _batches(self, reading: Reading) -> AsyncIterator[Sequence[IndexEntry]]:
        last = 0
        while True:
            entries = await reading.index_entries_after(last, _SNAPSHOT_BATCH)
            if not entries:
                return
            last = entries[-1].record_no
            yield entries


def _entry(record: Record) -> IndexEntry:
    return IndexEntry(record.record_no, record.kind, comparable_of(record.draft))

"""The worker's side of cleanup runs: leases, progress, the snapshot of a scope, and the work items.

A lease is by the clock of PostgreSQL, so that workers on several machines need not agree on the time.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg

from dedup_service.domain.cleanup.items import FoundGroup
from dedup_service.domain.cleanup.runs import CleanupRun
from dedup_service.store.cleanup import run_of
from dedup_service.store.postgres import PostgresStore
from dedup_service.store.reading import Reading
from dedup_service.store.rows import Parameters, Row, encode_text
from dedup_service.store.statements import statement
from dedup_service.workflows.cleaning.port import RecordScope, RunProgress, Snapshot, SnapshotRow, Taken, Wish
from dedup_service.workflows.pages import Page

_BATCH = 5000
_DISTINCTIONS = 500


class PostgresCleanupRuns:
    """Implements `workflows.cleaning.port.CleanupRuns`."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    async def take(self, holder: str, lease_seconds: float, most_running: int) -> Taken | None:
        parameters = {"holder": holder, "lease": timedelta(seconds=lease_seconds), "most": most_running}
        async with self._store.unledgered() as connection:
            # One at a time, so that no two count the same number of runs.
            await connection.execute(statement("lock_leases").encode())
            taken = await _rows(connection, "take_cleanup_lease", parameters)
            if not taken:
                return None
            [(run_id, take_count)] = taken
            run = run_of((await _rows(connection, "cleanup_run", [run_id]))[0])
            return Taken(run, int(take_count))

    async def beat(
        self, run_id: str, holder: str, lease_seconds: float, progress: RunProgress
    ) -> Wish | None:
        parameters = {
            "run_id": run_id,
            "holder": holder,
            "lease": timedelta(seconds=lease_seconds),
            "progress": encode_text(progress),
        }
        async with self._store.unledgered() as connection:
            rows = await _rows(connection, "beat_cleanup_lease", parameters)
        return Wish(rows[0][0]) if rows else None

    async def leave(self, run_id: str, holder: str) -> None:
        async with self._store.unledgered() as connection:
            parameters = {"run_id": run_id, "holder": holder}
            await connection.execute(statement("leave_cleanup_lease").encode(), parameters)

    async def active_runs(self) -> set[str]:
        async with self._store.unledgered() as connection:
            return {str(row[0]) for row in await _rows(connection, "active_cleanup_runs")}

    async def waiting(self) -> tuple[int, int]:
        async with self._store.unledgered() as connection:
            waiting, running = (await _rows(connection, "runs_to_take"))[0]
            return int(waiting), int(running)

    @asynccontextmanager
    async def snapshot(self, scope: RecordScope, since: int) -> AsyncIterator[Snapshot]:
        async with self._store.snapshot() as reading:
            counts = await reading.records_in_scope(scope, since)
            yield Snapshot(
                revision=await reading.head_revision(),
                record_count=sum(count for count, _ in counts.values()),
                apart=tuple([pair async for pair in _apart(reading)]),
                batches=_batches(reading, scope, since),
            )

    async def load_items(self, run: CleanupRun, holder: str, groups: Sequence[FoundGroup]) -> bool:
        async with self._store.unledgered() as connection:
            parameters = {"run_id": run.run_id, "holder": holder}
            if not await _rows(connection, "lock_leased_cleanup_run", parameters):
                return False
            await connection.execute(statement("drop_cleanup_items").encode(), [run.run_id])
            async with connection.cursor().copy(statement("copy_cleanup_items").encode()) as copy:
                for number, group in enumerate(groups, start=1):
                    await copy.write_row(
                        (
                            run.run_id,
                            number,
                            run.job_id,
                            list(group.golden_ids),
                            group.is_review,
                            group.match_weight_bits,
                            group.match_probability,
                        )
                    )
            saved = {"run_id": run.run_id, "body": encode_text(run)}
            await connection.execute(statement("save_cleanup_run").encode(), saved)
        return True


async def _rows(connection: psycopg.AsyncConnection, name: str, parameters: Parameters = ()) -> list[Row]:
    cursor = await connection.execute(statement(name).encode(), parameters)
    return list(await cursor.fetchall())


async def _batches(reading: Reading, scope: RecordScope, since: int) -> AsyncIterator[Sequence[SnapshotRow]]:
    last = 0
    while True:
        rows, last = await reading.snapshot_rows(scope, since, last, _BATCH)
        if not rows:
            return
        yield rows


async def _apart(reading: Reading) -> AsyncIterator[tuple[str, str]]:
    """The golden records that not-a-match links keep apart."""
    page = Page(size=_DISTINCTIONS)
    while True:
        listed = await reading.list_distinctions(page)
        keys = {key for each in listed.items for key in (*each.left, *each.right)}
        goldens = {key: record.golden_id for key, record in (await reading.records(keys)).items()}
        for each in listed.items:
            for left in each.left:
                for right in each.right:
                    if left in goldens and right in goldens:
                        yield goldens[left], goldens[right]
        if listed.next is None:
            return
        page = Page(size=_DISTINCTIONS, after=listed.next)

"""Writing a new epoch beside the one that serves, then putting it in its place in one step.

A build catches up with the ledger until it is as far as the epoch that serves, so that no reader goes back.
Only one follower builds at a time; a build that its follower has left is taken over after a while.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.index import layout
from dedup_service.index.batches import ENTRIES_PER_BATCH, Batch, batch_of_entries
from dedup_service.index.connection import Argument
from dedup_service.index.redis_index import EpochState, RedisIndex
from dedup_service.index.server import reaching_server
from dedup_service.telemetry.recording import IndexMeter
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.index_port import IndexEntry, IndexUpdate, LedgerSource

ABANDONED_AFTER_SECONDS = 10
UPDATES_PER_READ = 500
_UNMEASURED = IndexMeter()


async def rebuild(index: RedisIndex, ledger: LedgerSource, meter: IndexMeter = _UNMEASURED) -> bool:
    """Rebuild the whole index from the ledger; False when another follower is already at it.

    Raises:
        IndexUnavailable: when the server went away or lost the build; nothing that serves has changed.
    """
    async with ledger.snapshot() as (revision, batches):
        build = _Build(index, EpochState(index.new_epoch(), revision))
        if not await build.begin():
            return False
        meter.rebuild_begun(await ledger.record_count())
        async with build.loading():
            async for entries in batches:
                await build.load(entries)
                meter.rebuild_loaded(len(entries))
    needed: int | None = revision
    while needed is not None:
        reached = await catch_up(index, layout.BUILD, ledger, revision)
        if reached < revision:
            raise _build_lost()
        revision = reached
        needed = await build.publish()
    await index.sweep()
    return True


async def catch_up(index: RedisIndex, state_key: str, ledger: LedgerSource, applied: int) -> int:
    """Bring an epoch that is at revision `applied` to the head of the ledger; gives the revision reached."""
    while True:
        # The head is read first: what is committed before it is told by the read that follows.
        head = await ledger.head_revision()
        updates = list(await ledger.updates_after(applied, UPDATES_PER_READ))
        whole = len(updates) < UPDATES_PER_READ
        if whole and head > (updates[-1].revision if updates else applied):
            updates.append(IndexUpdate(head))
        if not updates:
            return applied
        async with reaching_server():
            reached = await index.advance(state_key, updates, applied)
        if whole or reached < updates[-1].revision:
            return reached
        applied = reached


class _Build:
    """One epoch that does not serve yet."""

    def __init__(self, index: RedisIndex, state: EpochState) -> None:
        self._index = index
        self._state = state
        self._writing: asyncio.Task[None] | None = None

    async def begin(self) -> bool:
        """Take the right to build; False when somebody else has it."""
        identity: list[Argument] = [
            self._state.epoch,
            self._index.store_id,
            layout.format_version(),
            layout.way(),
        ]
        async with reaching_server():
            answer = await self._index.server.run(
                self._index.scripts.begin_build,
                (layout.BUILD, layout.GARBAGE),
                *identity,
                self._state.applied_revision,
                ABANDONED_AFTER_SECONDS,
            )
        return bool(answer)

    @asynccontextmanager
    async def loading(self) -> AsyncIterator[None]:
        """What is loaded within is written when this ends."""
        try:
            yield
            if self._writing is not None:
                await self._writing
        finally:
            await end_tasks([] if self._writing is None else [self._writing])

    async def load(self, entries: Sequence[IndexEntry]) -> None:
        """Write records of the snapshot; the last of them are written when `loading` ends."""
        for start in range(0, len(entries), ENTRIES_PER_BATCH):
            batch = batch_of_entries(entries[start : start + ENTRIES_PER_BATCH], self._state.applied_revision)
            # Two are under way: while the server writes one, what the next writes is computed.
            before, self._writing = self._writing, asyncio.create_task(self._write(batch), name="index build")
            if before is not None:
                await before

    async def _write(self, batch: Batch) -> None:
        async with reaching_server():
            if await self._index.write(layout.BUILD, self._state, batch) is None:
                raise _build_lost()

    async def publish(self) -> int | None:
        """Let this epoch serve; or the revision that it must reach before it may."""
        async with reaching_server():
            answer: bytes = await self._index.server.run(
                self._index.scripts.publish,
                (layout.META, layout.BUILD, layout.GARBAGE),
                self._state.epoch,
            )
        if answer == b"lost":
            raise _build_lost()
        return None if answer == b"published" else int(answer)


def _build_lost() -> IndexUnavailable:
    return IndexUnavailable("the index server lost a rebuild half-way")

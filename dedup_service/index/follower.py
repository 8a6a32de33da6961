"""Keeps the blocking index equal to the ledger.

Writers hand over what they commit.
What they did not (another process wrote it, or the index was away) is read from the ledger.
Once each health interval the index is held against the ledger, and rebuilt when its content is lost or wrong.
"""

import asyncio
import logging
import traceback
from collections.abc import Sequence
from contextlib import suppress

from dedup_service.domain.errors import IndexUnavailable, Unavailable
from dedup_service.index import layout
from dedup_service.index.rebuild import ABANDONED_AFTER_SECONDS, catch_up, rebuild
from dedup_service.index.redis_index import RedisIndex
from dedup_service.telemetry.recording import IndexMeter
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.index_port import IndexUpdate, LedgerSource

LOG = logging.getLogger(__name__)

# Commits reach us in nearly the order of their revisions; a gap that stays is another process's write.
GAP_SECONDS = 0.02
# How often to look whether another process's follower has come as far as somebody waits for.
LOOK_SECONDS = 0.005
SHORTEST_RETRY_SECONDS = 0.05
LONGEST_RETRY_SECONDS = 2.0
PENDING_LIMIT = 10_000
# How often to look for what a rebuild left that was ended: it holds values of whoever was erased since (E-4).
CLEAR_SECONDS = 60.0


class IndexFollower:
    """One background task; `start` it once and `stop` it at shutdown."""

    def __init__(
        self,
        index: RedisIndex,
        ledger: LedgerSource,
        health_interval_seconds: float = 1.0,
        meter: IndexMeter | None = None,
    ) -> None:
        self._index = index
        self._ledger = ledger
        self._meter = meter or IndexMeter()
        self._interval_seconds = health_interval_seconds
        self._applied = 0
        self._last_head = 0
        self._usable = False
        self._clear_time = 0.0
        self._told_defect = ""
        self._pending: dict[int, IndexUpdate] = {}
        self._wake = asyncio.Event()
        self._advanced = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._rebuilding: asyncio.Task[None] | None = None

    @property
    def applied_revision(self) -> int:
        """The revision that the index was last seen to have."""
        return self._applied

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="index-follower")

    async def stop(self) -> None:
        """End the task; an update half-way is either applied or not, and the next start goes on there."""
        await end_tasks(task for task in (self._task, self._rebuilding) if task is not None)
        self._task = self._rebuilding = None

    def nudge(self, updates: Sequence[IndexUpdate]) -> None:
        """Hand over what was just committed, so that it need not be read back."""
        if len(self._pending) < PENDING_LIMIT:
            self._pending.update((update.revision, update) for update in updates)
        if updates:
            self._meter.head(max(update.revision for update in updates))
        self._wake.set()

    async def wait_applied(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until the index has this revision, by our doing or another process's; False when the time is
        over.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._applied < revision:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self._advanced.wait()
                            continue
                    await self._look()
        except TimeoutError:
            return False
        return True

    async def _look(self) -> None:
        """Take note of how far the index has come by what other processes applied."""
        with suppress(IndexUnavailable):
            state = await self._index.serving_state()
            if self._usable and state is not None and state.applied_revision > self._applied:
                self._note(state.applied_revision)

    def request_rebuild(self) -> None:
        """Rebuild beside the index that serves, for an operator who mistrusts it."""
        if self._rebuilding is None or self._rebuilding.done():
            self._rebuilding = asyncio.create_task(self._rebuild(), name="index-rebuild")

    async def _run(self) -> None:
        retry_seconds = SHORTEST_RETRY_SECONDS
        failing = False
        clock = asyncio.get_running_loop().time
        check_time = clock()
        while True:
            try:
                if failing or clock() >= check_time:
                    await self._check()
                    check_time = clock() + self._interval_seconds
                await self._apply_pending()
            except Unavailable as error:
                if not failing:
                    LOG.warning("index follower waits: %s", error.detail)
                failing = True
                await asyncio.sleep(retry_seconds)
                retry_seconds = min(retry_seconds * 2, LONGEST_RETRY_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001  a dead follower would leave every answer incomplete
                LOG.error("index follower failed and goes on: %s", _place(error))  # noqa: TRY400  see _place
                failing = True
                await asyncio.sleep(LONGEST_RETRY_SECONDS)
                continue
            if failing:
                LOG.info("index follower goes on")
            failing, retry_seconds = False, SHORTEST_RETRY_SECONDS
            await self._sleep_until(check_time)

    async def _sleep_until(self, loop_time: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(loop_time):
                await self._wake.wait()
        self._wake.clear()

    async def _check(self) -> None:
        """Hold the index against the ledger: start a rebuild, or read what the index lacks."""
        # The index is read first: it is never ahead of a ledger read later, unless it is of another history.
        was_rebuilding = self._rebuilding is not None and not self._rebuilding.done()
        status = await self._index.status()
        head = await self._ledger.head_revision()
        self._index.expect(min(self._last_head, head))
        self._last_head = head
        ahead = not status.defect and status.applied_revision > head
        self._meter.head(head)
        self._meter.checked(status.record_count, status.key_count, rebuilding=status.rebuilding)
        if ahead:
            self._meter.rewound(head)
            await self._index.discard(status.epoch)
        # An index of another store or release may serve, and is not to be written to.
        if asyncio.get_running_loop().time() >= self._clear_time:
            self._clear_time = asyncio.get_running_loop().time() + CLEAR_SECONDS
            await self._index.clear_leftovers(ABANDONED_AFTER_SECONDS)
        self._usable = not ahead and (await self._index.serving_state()) is not None
        if status.defect or ahead:
            self._tell(status.defect or "it is ahead of the ledger", serves=ahead or status.epoch != "")
            # What was seen while a rebuild ran may be mended by it: the next check tells.
            if not was_rebuilding:
                self.request_rebuild()
        else:
            self._told_defect = ""
        if self._usable:
            self._note(status.applied_revision)
            if status.applied_revision < head:
                self._note(await catch_up(self._index, layout.META, self._ledger, status.applied_revision))

    def _tell(self, defect: str, *, serves: bool) -> None:
        """Log why the index is built; once, as every check finds the same until it is."""
        if defect != self._told_defect:
            self._told_defect = defect
            LOG.log(logging.WARNING if serves else logging.INFO, "index is built: %s", defect)

    async def _apply_pending(self) -> None:
        """Apply what was handed over; read the ledger where a revision is missing between."""
        while self._usable:
            for revision in [each for each in self._pending if each <= self._applied]:
                del self._pending[revision]
            if not self._pending:
                return
            run: list[IndexUpdate] = []
            while (update := self._pending.get(self._applied + len(run) + 1)) is not None:
                run.append(update)
            if run:
                reached = await self._index.apply(run, self._applied)
            elif await self._gap_closes():
                continue
            else:
                reached = await catch_up(self._index, layout.META, self._ledger, self._applied)
            if reached <= self._applied:
                # What was due did not arrive: content was lost since we last looked, even that of revision 0.
                # After the check the ledger is read.
                await self._check()
                return
            self._note(reached)

    async def _gap_closes(self) -> bool:
        """Whether the missing revision is handed over, or applied by another process, within a moment."""
        missing = self._applied + 1
        clock = asyncio.get_running_loop().time
        end_time = clock() + GAP_SECONDS
        while clock() < end_time:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    self._wake.clear()
                    await self._wake.wait()
            if missing in self._pending:
                return True
            await self._look()
            if self._applied >= missing:
                return True
        return False

    def _note(self, revision: int) -> None:
        self._applied = revision
        self._meter.applied(revision)
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def _rebuild(self) -> None:
        published = False
        try:
            if not await rebuild(self._index, self._ledger, self._meter):
                return  # another follower is at it; the health check sees how that ends
            published = True
        except Unavailable as error:
            LOG.warning("index rebuild stopped and will be tried again: %s", error.detail)
            return
        except Exception as error:  # noqa: BLE001  the next health check tries again
            LOG.error("index rebuild failed, goes on later: %s", _place(error))  # noqa: TRY400  see _place
            return
        finally:
            self._meter.rebuild_ended(published=published)
        LOG.info("index rebuilt")
        self._told_defect = ""
        with suppress(IndexUnavailable):
            status = await self._index.status()
            if not status.defect:
                self._usable = True
                self._note(max(status.applied_revision, self._applied))
        self._wake.set()


def _place(error: Exception) -> str:
    """What went wrong and where; the error's own text is left out, because it may quote a value (F-3)."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"

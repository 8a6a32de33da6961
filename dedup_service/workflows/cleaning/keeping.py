"""Keep a run while a worker has it: renew its lease, tell how far it is, and hear what is asked of it."""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Self

from dedup_service.domain.cleanup.rules import remaining_seconds
from dedup_service.domain.cleanup.runs import CleanupRun, Phase, PhaseProgress
from dedup_service.domain.errors import Unavailable
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.cleaning.port import CleanupRuns, RunProgress, Wish
from dedup_service.workflows.ports import ClockNow, WriteTransaction

LOG = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker may have the run by now: this one writes nothing more."""


class Asked(Exception):
    """Somebody asked for a pause or for the end of the run."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        super().__init__(wish)


class Leaving(Exception):
    """The worker is being stopped: the run is for the next one."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a lease holds without a heartbeat, and how often progress is told at most; in seconds."""

    lease_seconds: float = 20.0
    beat_seconds: float = 0.5


class Keeping:
    """A context in which a run is kept; `told` may be called from any thread."""

    def __init__(
        self, runs: CleanupRuns, run: CleanupRun, holder: str, timing: Timing, now: ClockNow
    ) -> None:
        self.run_id = run.run_id
        self.holder = holder
        self._runs = runs
        self._timing = timing
        self._now = now
        self._phases = run.phases
        self._remaining: float | None = None
        self._wish = Wish.NONE
        self._is_lost = False
        self._is_leaving = False
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._beating = asyncio.create_task(self._beat(), name="lease of a cleanup run")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._beating is not None, "the context was entered"
        await end_tasks([self._beating])

    def leave(self) -> None:
        """Have the run left at its next batch, to be continued by another worker."""
        self._is_leaving = True

    def should_stop(self) -> bool:
        """Whether the work should end at the next chance."""
        return self._is_lost or self._is_leaving or self._wish is not Wish.NONE

    def check(self) -> None:
        """Raise what stands against going on.

        Raises:
            LeaseLost, Leaving, Asked.
        """
        if self._is_lost:
            raise LeaseLost
        if self._is_leaving:
            raise Leaving
        if self._wish is not Wish.NONE:
            raise Asked(self._wish)

    async def locked(self, tx: WriteTransaction) -> CleanupRun:
        """The run under its lock, within a write that works on it; to be taken before the ledger head.

        Raises:
            LeaseLost, Asked.
        """
        held = await tx.lock_leased_cleanup_run(self.run_id, self.holder)
        if held is None:
            raise LeaseLost
        run, wish = held
        if wish is not Wish.NONE:
            raise Asked(wish)
        return run

    def told(self, phase: Phase, done: int, total: int | None) -> None:
        """Say how far a phase is; a phase that was not spoken of before begins, and those before it end."""
        now = self._now()
        known = next((each for each in self._phases if each.phase is phase), None)
        started = known.start_time if known is not None else now
        assert started is not None, "a phase that is told of has begun"
        end_time = now if total is not None and done >= total else None
        current = PhaseProgress(phase, done, total, started, end_time)
        order = list(Phase)
        before = [each for each in self._phases if order.index(each.phase) < order.index(phase)]
        self._phases = (*(_ended(each, now) for each in before), current)
        self._remaining = remaining_seconds(done, total, (now - started).total_seconds())

    async def tell_now(self) -> None:
        """Store how far the run is at once, as at its end."""
        wish = await self._runs.beat(self.run_id, self.holder, self._timing.lease_seconds, self._progress())
        self._wish, self._is_lost = wish or Wish.NONE, wish is None

    def _progress(self) -> RunProgress:
        return RunProgress(self._phases, self._remaining)

    async def _beat(self) -> None:
        while True:
            try:
                await self.tell_now()
            except Unavailable as error:
                # The lease ends by itself where PostgreSQL stays away; what is written then is refused.
                LOG.warning("a cleanup run could not be told of: %s", error.detail)
            if self._is_lost:
                return
            await asyncio.sleep(self._timing.beat_seconds)


def _ended(progress: PhaseProgress, now: datetime) -> PhaseProgress:
    return progress if progress.end_time is not None else replace(progress, end_time=now)

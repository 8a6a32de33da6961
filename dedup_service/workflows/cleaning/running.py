"""Carry a run out: read, find, propose, merge the canary, let people look, merge the rest.

Whatever is done is written in one transaction with the word that it was done, so that a run that is broken
off at any instant goes on where it was and ends the same. Finding has a folder of its own, which holds
personal data: it is gone as soon as the work items, which hold none, are stored.
"""

import logging
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from datetime import datetime, timedelta

from dedup_service.domain.cleanup.checks import check_may_define
from dedup_service.domain.cleanup.items import ItemStage, Opinion
from dedup_service.domain.cleanup.rules import stop_reason
from dedup_service.domain.cleanup.runs import WRITING_PHASES, CleanupRun, Phase, RunState
from dedup_service.domain.errors import PermissionRefused, Unavailable
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.cleaning.finding import Finder, FindingFailed
from dedup_service.workflows.cleaning.grouping import Grouping
from dedup_service.workflows.cleaning.keeping import Asked, Keeping, LeaseLost, Leaving, Timing
from dedup_service.workflows.cleaning.merging_items import MergingItems
from dedup_service.workflows.cleaning.moving import SERVICE, Moving
from dedup_service.workflows.cleaning.port import CleanupRuns, Wish
from dedup_service.workflows.cleaning.proposing_items import ProposingItems
from dedup_service.workflows.cleaning.working import AtWork
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Store
from dedup_service.workflows.proposing import Proposing
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ScoringModels

LOG = logging.getLogger(__name__)

# A run that ends its worker again and again, as for want of memory, is not taken for ever.
MAX_TAKES = 10
_ASK_AGAIN_AFTER = timedelta(seconds=1)
_TREATED = (ItemStage.MERGED, ItemStage.KEPT)


def _nowhere(_: str) -> None:
    """Where a worker that nobody watches passes by."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works. `passing` is told of each point that it passes, before it goes on.

    Batches are of one write: others wait for its locks no longer than it takes.
    """

    most_running: int = 1
    proposals_at_once: int = 50
    merges_at_once: int = 20
    timing: Timing = field(default_factory=Timing)
    passing: Callable[[str], None] = _nowhere


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker works with."""

    store: Store
    runs: CleanupRuns
    finder: Finder
    rules: Rules
    models: ScoringModels
    assessment: Assessment
    proposing: Proposing
    deciding: Deciding
    now: ClockNow


class _Stopped(Exception):
    """The stop rule says that a run ends here; the text says why."""


class Running:
    """The use case of a worker: take a run, and carry it on until it ends, waits or is asked to stop.

    `holder` names the worker: no two have the same.
    """

    def __init__(self, parts: WorkerParts, holder: str, options: WorkerOptions | None = None) -> None:
        options = options or WorkerOptions()
        self._options = options
        self._pass = options.passing
        self._parts = parts
        self._holder = holder
        self._grouping = Grouping(
            parts.store, parts.runs, parts.finder, parts.rules, parts.models, parts.now, options.passing
        )
        self._proposing = ProposingItems(
            parts.store, parts.assessment, parts.proposing, options.proposals_at_once
        )
        self._merging = MergingItems(parts.store, parts.deciding, options.merges_at_once)
        self._moving = Moving(parts.store)
        self._keeping: Keeping | None = None
        self._is_leaving = False
        self._asked_time: datetime | None = None

    def leave(self) -> None:
        """Stop at the next batch and leave the run to another worker; none is taken any more."""
        self._is_leaving = True
        if self._keeping is not None:
            self._keeping.leave()

    async def work_once(self) -> CleanupRun | None:
        """Take a run and carry it on as far as it goes now; None when there is none to take.

        Raises:
            Unavailable: PostgreSQL is away; the run is for the next worker.
        """
        runs, timing = self._parts.runs, self._options.timing
        self._parts.finder.keep_only(await runs.active_runs())
        if self._is_leaving:
            return None
        taken = await runs.take(self._holder, timing.lease_seconds, self._options.most_running)
        if taken is None:
            return None
        run = taken.run
        self._pass("taken")
        self._asked_time = None
        async with Keeping(runs, run, self._holder, timing, self._parts.now) as keeping:
            self._keeping = keeping
            try:
                if taken.take_count > MAX_TAKES:
                    self._parts.finder.remove(run.run_id)
                    await self._end(keeping, RunState.FAILED, f"its worker ended {MAX_TAKES} times")
                else:
                    await self._carry_on(run, keeping)
            except LeaseLost:
                LOG.warning("%s is another worker's by now", run.name)
            except Leaving:
                await runs.leave(run.run_id, self._holder)
            finally:
                self._keeping = None
        return await self._parts.store.read(lambda tx: tx.cleanup_run(run.run_id))

    async def _carry_on(self, run: CleanupRun, keeping: Keeping) -> None:
        """Work, and put what comes of it into the run's state."""
        try:
            keeping.check()
            await self._work(run, keeping)
        except (LeaseLost, Leaving, Unavailable):
            raise
        except Asked as asked:
            # A pause lasts nobody knows how long: nothing of anybody's waits on this machine meanwhile.
            self._parts.finder.remove(run.run_id)
            if asked.wish is Wish.CANCEL:
                await self._end(keeping, RunState.CANCELLED, "somebody cancelled it")
            else:
                await keeping.tell_now()
                if not await self._moving.pause(keeping):
                    raise Leaving from None
        except _Stopped as stopped:
            await self._end(keeping, RunState.STOPPED, str(stopped))
        except FindingFailed as failed:
            self._parts.finder.remove(run.run_id)
            await self._end(keeping, RunState.FAILED, str(failed))
        except Exception as error:  # noqa: BLE001  a run that nobody ends would be taken again and again
            # Told by its class alone: the text may name what a person wrote (F-3).
            LOG.error("%s failed with %s", run.name, type(error).__name__)  # noqa: TRY400  the trace holds the text
            self._parts.finder.remove(run.run_id)
            await self._end(keeping, RunState.FAILED, f"it failed with {type(error).__name__}")

    async def _end(self, keeping: Keeping, state: RunState, reason: str) -> None:
        """End a run before its end, with the word of how far it came."""
        await keeping.tell_now()
        await self._moving.end(keeping, state, reason)

    async def _work(self, run: CleanupRun, keeping: Keeping) -> None:
        job = await self._parts.store.read(lambda tx: tx.cleanup_job(run.job_id))
        assert job is not None, "jobs are never removed"
        principal = self._parts.rules.principals.find(job.creator)
        if principal is None:
            raise FindingFailed(f"{job.creator}, who made the job, is not known any more")
        try:
            check_may_define(principal, self._parts.rules.principals, self._parts.rules.policy)
        except PermissionRefused as refused:
            raise FindingFailed(str(refused)) from refused
        if run.start_time is None:
            run = await self._moving.begin(keeping)
            self._pass("begun")
        await self._check_runs_before(run)
        if run.phase not in WRITING_PHASES:
            run = await self._grouping.group(run, keeping)
        # A run that was broken off in between left it there.
        self._parts.finder.remove(run.run_id)
        self._pass("folder removed")
        work = AtWork(run, principal, keeping)
        phase = run.phase
        if phase is Phase.PROPOSE:
            await self._propose(work, Phase.PROPOSE)
            phase = (await self._moving.draw_canary(keeping)).phase
            self._pass("canary drawn")
        if phase is Phase.CANARY:
            await self._merge(work, Phase.CANARY)
            # What the run had to keep its hands off nobody can look at.
            while await self._moving.draw_again(keeping) or await self._propose(work, Phase.CANARY):
                await self._merge(work, Phase.CANARY)
            await keeping.tell_now()
            self._pass("canary merged")
            if await self._moving.hold(keeping, run.definition.canary.hold):
                self._pass("hold begun")
                return
        # Merges make room for proposals, and proposals for merges.
        while await self._merge(work, Phase.MERGE) + await self._propose(work, Phase.MERGE):
            self._pass("round ended")
        await keeping.tell_now()
        self._pass("all merged")
        await self._moving.succeed(keeping)
        self._pass("ended")

    async def _propose(self, work: AtWork, phase: Phase) -> int:
        """Propose what was found, as far as the limit leaves room; the number of items settled."""
        counts = work.run.counts
        total, settled = counts.clusters + counts.review_pairs, 0
        before = total - await self._count(work, ItemStage.FOUND)
        while True:
            work.keeping.check()
            if phase is Phase.PROPOSE:
                work.keeping.told(phase, before + settled, total)
            await self._check_opinion(work)
            done = await self._proposing.batch(work)
            if not done:
                return settled
            settled += done
            self._pass("batch proposed")

    async def _merge(self, work: AtWork, phase: Phase) -> int:
        """Merge what needs nobody, in its phase of the canary alone; the number of items settled."""
        canary, settled = phase is Phase.CANARY, 0
        before = sum([await self._count(work, each, canary=canary) for each in _TREATED])
        total = before + await self._count(work, ItemStage.AUTOMATIC, canary=canary)
        while True:
            work.keeping.check()
            work.keeping.told(phase, before + settled, total)
            await self._check_opinion(work)
            count = await self._merging.batch(work, canary=canary)
            if not count:
                return settled
            settled += count
            self._pass("batch merged")

    async def _check_runs_before(self, run: CleanupRun) -> None:
        """Stop what only a schedule started where people refuse too much of the runs before it: most of what
        a run proposes is decided after its end.
        """
        if run.requested_by != SERVICE:
            return
        opinions = await self._parts.store.read(lambda tx: _opinions_before(tx, run))
        total = Opinion(*map(sum, zip(*map(astuple, opinions), strict=True))) if opinions else Opinion()
        if why := stop_reason(run.definition.stop_rule, total):
            raise _Stopped(f"of its runs up to now: {why}")

    async def _count(self, work: AtWork, stage: ItemStage, *, canary: bool = False) -> int:
        run_id = work.run.run_id
        return await self._parts.store.read(lambda tx: tx.count_cleanup_items(run_id, stage, canary=canary))

    async def _check_opinion(self, work: AtWork) -> None:
        """Stop the run where people refuse too much of it; asked once a second, as it reads all proposals."""
        run, now = work.run, self._parts.now()
        if self._asked_time is not None and now - self._asked_time < _ASK_AGAIN_AFTER:
            return
        self._asked_time = now
        opinions = await self._parts.store.read(lambda tx: tx.cleanup_opinions([run.run_id]))
        opinion = opinions.get(run.run_id)
        # Only a run that has held has a time to wait for.
        looked_at = None if run.wait_time is None else await self._count(work, ItemStage.MERGED, canary=True)
        if opinion is not None and (why := stop_reason(run.definition.stop_rule, opinion, looked_at)):
            raise _Stopped(why)


async def _opinions_before(tx: ReadTransaction, run: CleanupRun) -> list[Opinion]:
    """What people made of the runs of a job since one of them last started one."""
    return list((await tx.cleanup_opinions(await tx.runs_by_schedule(run.job_id, SERVICE))).values())

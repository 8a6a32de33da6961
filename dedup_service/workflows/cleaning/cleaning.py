"""Define cleanup jobs and say when they run; `running.py` carries a run out.

A run that no worker has is moved at once; one that a worker has is asked, and the worker hears of it before
its next batch.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import replace

from dedup_service.domain.cleanup.checks import (
    check_may_brake,
    check_may_change,
    check_may_define,
    check_may_use,
    definition_violations,
)
from dedup_service.domain.cleanup.estimate import CleanupPlan
from dedup_service.domain.cleanup.jobs import MAX_JOBS, CleanupJob, JobDefinition
from dedup_service.domain.cleanup.rules import next_run_time
from dedup_service.domain.cleanup.runs import CleanupRun, RunState
from dedup_service.domain.errors import (
    InvalidInput,
    LimitExceeded,
    StateNotAllowed,
)
from dedup_service.domain.principals import Principal
from dedup_service.domain.records import Violation
from dedup_service.domain.scoring_models import scoring_model_name
from dedup_service.workflows.cleaning.estimating import Estimating
from dedup_service.workflows.cleaning.jobs_as_stored import (
    held_job,
    locked_run,
    refuse_running,
    unknown_run,
)
from dedup_service.workflows.cleaning.port import Wish
from dedup_service.workflows.cleaning.queueing import Queueing
from dedup_service.workflows.cleaning.scopes import scope_filter
from dedup_service.workflows.cleaning.steering import judged, pause_run, resume_run
from dedup_service.workflows.cleaning.watching import watched
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import (
    ClockNow,
    Ids,
    ReadTransaction,
    Request,
    Store,
    WriteTransaction,
    Written,
)
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse

_AT = "cleanup_job"


class Cleaning:
    """The use cases of CleanupService; `engines` are the names that the operator configured."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        models: ModelInUse,
        now: ClockNow,
        new_id: Ids,
        engines: Collection[str] = (),
    ) -> None:
        self._store = store
        self._rules = rules
        self._models = models
        self._now = now
        self._new_id = new_id
        self._engines = tuple(engines)
        self._estimating = Estimating(rules, now)
        self._queueing = Queueing(store, now, new_id)

    async def plan(self, request: Request, definition: JobDefinition, principal: Principal) -> CleanupPlan:
        """What `create` would store, and an estimate: `validate_only`. Nothing is stored.

        Raises:
            InvalidInput, PermissionRefused: as `create`.
        """
        job = await self._store.preview(lambda tx: self._created(tx, definition, principal))
        assert request.actor == principal.name, "who asks is who would have the job"
        return await self._store.read(lambda tx: self._estimating.plan(tx, job, self._models.current))

    async def create(self, request: Request, definition: JobDefinition, principal: Principal) -> CleanupJob:
        """Store a job; it does not run before its schedule or `run` says so.

        Raises:
            InvalidInput: with everything that is wrong, at ``cleanup_job.scope.filter`` and the like.
            PermissionRefused: for people without a function, and principals that are not known.
            LimitExceeded: there are as many jobs as there may be.
        """
        return await self._store.write(
            request, lambda tx: self._created(tx, definition, principal), CleanupJob
        )

    async def _created(
        self, tx: WriteTransaction, definition: JobDefinition, principal: Principal
    ) -> Written[CleanupJob]:
        check_may_define(principal, self._rules.principals, self._rules.policy)
        await self._check(tx, definition)
        revision = await tx.revision()
        # Under the ledger head, so that two at once do not make one too many.
        if await tx.count_cleanup_jobs() >= MAX_JOBS:
            raise LimitExceeded(f"there are {MAX_JOBS:,} cleanup jobs; delete one that is not needed first")
        job = CleanupJob(
            job_id=self._new_id(),
            definition=definition,
            creator=principal.name,
            create_time=revision.time,
            update_time=revision.time,
            revision=revision.number,
            next_run_time=next_run_time(definition.schedule, revision.time),
        )
        await tx.save_cleanup_job(job)
        return Written(job, targets=(job.name,), detail="created")

    async def violations(self, definition: JobDefinition) -> list[Violation]:
        """Everything that `create` would find wrong with a definition."""
        return await self._store.read(lambda tx: self._violations(tx, definition))

    async def _check(self, tx: ReadTransaction, definition: JobDefinition) -> None:
        if violations := await self._violations(tx, definition):
            raise InvalidInput(violations)

    async def _violations(self, tx: ReadTransaction, definition: JobDefinition) -> list[Violation]:
        violations = definition_violations(definition, self._engines, _AT)
        try:
            scope_filter(definition.scope.filter)
        except InvalidInput as invalid:
            violations += [Violation(f"{_AT}.scope.{v.field}", v.description) for v in invalid.violations]
        version = definition.scoring_model
        if version and version != self._models.shipped.version and await tx.scoring_model(version) is None:
            name = scoring_model_name(version) if version.isprintable() else "of this name"
            violations.append(Violation(f"{_AT}.scoring_model", f"there is no model {name}"))
        return violations

    async def update(
        self, request: Request, job_id: str, etag: str, definition: JobDefinition, principal: Principal
    ) -> CleanupJob:
        """Give a job another definition; a run that is under way goes on as it was started.

        An empty etag changes whatever the job is. A new schedule counts from now.

        Raises:
            EtagMismatch, NotFound; InvalidInput, PermissionRefused as `create`.
        """

        async def work(tx: WriteTransaction) -> Written[CleanupJob]:
            revision = await tx.revision()
            job = await held_job(tx, job_id, etag)
            check_may_change(principal, job, self._rules.principals, self._rules.policy)
            await self._check(tx, definition)
            if job.definition == definition:
                return Written(job)
            changed = replace(job, definition=definition, update_time=revision.time, revision=revision.number)
            if job.definition.schedule != definition.schedule and not job.paused:
                changed = replace(changed, next_run_time=next_run_time(definition.schedule, revision.time))
            await tx.save_cleanup_job(changed)
            return Written(changed, targets=(changed.name,), detail="changed")

        return await self._store.write(request, work, CleanupJob)

    async def delete(self, request: Request, job_id: str, etag: str, principal: Principal) -> CleanupJob:
        """Delete a job: it is listed no more and never runs again; its runs stay. Twice is once.

        Raises:
            JobRunning: a run is active.
            EtagMismatch, NotFound, PermissionRefused.
        """

        async def work(tx: WriteTransaction) -> Written[CleanupJob]:
            revision = await tx.revision()
            job = await held_job(tx, job_id, etag, deleted=True)
            check_may_use(principal, job, self._rules.principals, self._rules.policy)
            if job.delete_time is not None:
                return Written(job)
            await refuse_running(tx, job)
            deleted = replace(
                job,
                delete_time=revision.time,
                update_time=revision.time,
                next_run_time=None,
                revision=revision.number,
            )
            await tx.save_cleanup_job(deleted)
            return Written(deleted, targets=(deleted.name,), detail="deleted")

        return await self._store.write(request, work, CleanupJob)

    async def job(self, job_id: str) -> CleanupJob:
        """A job as it is now, also a deleted one. Raises NotFound."""
        return await self._store.read(lambda tx: held_job(tx, job_id, deleted=True))

    async def jobs(self, page: Page) -> Listed[CleanupJob]:
        """The oldest first, without the deleted; conditions on creator and paused (true, false)."""
        return await self._store.read(lambda tx: tx.list_cleanup_jobs(page))

    async def run(self, request: Request, job_id: str, etag: str, principal: Principal) -> CleanupRun:
        """Queue a run; an empty etag runs whatever the job is.

        Raises:
            JobRunning: a run of the job is active; it is named.
            StateNotAllowed: the job is paused.
            NotFound, PermissionRefused.
        """

        async def work(tx: WriteTransaction) -> Written[CleanupRun]:
            await tx.revision()
            job = await held_job(tx, job_id, etag)
            check_may_use(principal, job, self._rules.principals, self._rules.policy)
            if job.paused:
                raise StateNotAllowed(job.name, "PAUSED", f"{job.name} is paused: resume it first")
            await refuse_running(tx, job)
            return await self._queueing.queued(tx, job, principal.name)

        return await self._store.write(request, work, CleanupRun)

    async def queue_due(self) -> int:
        """Queue a run of each job whose time has come; how many."""
        return await self._queueing.queue_due()

    async def pause(self, request: Request, job_id: str, principal: Principal) -> CleanupJob:
        """Pause a job: its schedule rests, and its active run stops at its next batch and keeps its place.

        Any person of a function may. Paused twice is paused once.
        """

        async def work(tx: WriteTransaction) -> Written[CleanupJob]:
            held = await locked_run(tx, job_id)
            revision = await tx.revision()
            job = await held_job(tx, job_id)
            check_may_brake(principal, job, self._rules.principals, self._rules.policy)
            if held is not None:
                await pause_run(tx, *held)
            if job.paused:
                return Written(job)
            paused = replace(
                job,
                paused=True,
                next_run_time=None,
                update_time=revision.time,
                revision=revision.number,
            )
            await tx.save_cleanup_job(paused)
            return Written(paused, targets=(paused.name,), detail="paused")

        return await self._store.write(request, work, CleanupJob)

    async def resume(self, request: Request, job_id: str, principal: Principal) -> CleanupJob:
        """End a pause: the schedule counts from now, and a paused run is queued again."""

        async def work(tx: WriteTransaction) -> Written[CleanupJob]:
            held = await locked_run(tx, job_id)
            revision = await tx.revision()
            job = await held_job(tx, job_id)
            check_may_use(principal, job, self._rules.principals, self._rules.policy)
            if held is not None:
                await resume_run(tx, *held)
            if not job.paused:
                return Written(job)
            resumed = replace(
                job,
                paused=False,
                next_run_time=next_run_time(job.definition.schedule, revision.time),
                update_time=revision.time,
                revision=revision.number,
            )
            await tx.save_cleanup_job(resumed)
            return Written(resumed, targets=(resumed.name,), detail="resumed")

        return await self._store.write(request, work, CleanupJob)

    async def cancel(self, request: Request, run_id: str, principal: Principal) -> CleanupRun:
        """Have an active run end at its next batch; what it did stays. A run that has ended stays as it is.

        Raises:
            NotFound, PermissionRefused.
        """

        async def work(tx: WriteTransaction) -> Written[CleanupRun]:
            held = await tx.lock_cleanup_run(run_id)
            if held is None:
                raise unknown_run(run_id)
            run, wish = held
            revision = await tx.revision()
            job = await held_job(tx, run.job_id, deleted=True)
            check_may_brake(principal, job, self._rules.principals, self._rules.policy)
            if not run.state.active or wish is Wish.CANCEL:
                return Written(run)
            if run.state is RunState.RUNNING:
                await tx.wish_of_cleanup_run(run_id, Wish.CANCEL)
                return Written(run, targets=(run.name,), detail="asked to cancel")
            cancelled = replace(
                run, state=RunState.CANCELLED, reason="somebody cancelled it", end_time=revision.time
            )
            await tx.move_cleanup_run(cancelled)
            return Written(cancelled, targets=(run.name,), detail="cancelled")

        return await self._store.write(request, work, CleanupRun)

    async def cleanup_run(self, run_id: str) -> CleanupRun:
        """A run as it is now, by its id alone (``operations/{run}``). Raises NotFound."""

        async def work(tx: ReadTransaction) -> CleanupRun:
            run = await tx.cleanup_run(run_id)
            if run is None:
                raise unknown_run(run_id)
            opinions = await tx.cleanup_opinions([run_id])
            return judged(run, opinions.get(run_id))

        return await self._store.read(work)

    async def runs(self, job_id: str, page: Page) -> Listed[CleanupRun]:
        """The runs of a job (of all jobs where it is empty), the newest first; conditions on state and
        active (true, false).

        Raises:
            NotFound: no such job.
        """
        if job_id:
            of_job = Condition("job", Operator.EQUALS, job_id)
            page = replace(page, conditions=(*page.conditions, of_job))

        async def work(tx: ReadTransaction) -> Listed[CleanupRun]:
            if job_id:
                await held_job(tx, job_id, deleted=True)
            listed = await tx.list_cleanup_runs(page)
            opinions = await tx.cleanup_opinions([run.run_id for run in listed.items])
            return replace(listed, items=tuple(judged(run, opinions.get(run.run_id)) for run in listed.items))

        return await self._store.read(work)

    def watch(self, run_id: str) -> AsyncIterator[CleanupRun]:
        """The run as it is, then again whenever it changes, at most twice a second, until it has ended.

        The last one given has a final state. Raises NotFound.
        """
        return watched(lambda: self.cleanup_run(run_id))

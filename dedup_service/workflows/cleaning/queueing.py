"""Queue runs: when somebody asks, and when a schedule says so."""

from dataclasses import replace
from datetime import datetime

from dedup_service.domain.cleanup.jobs import CleanupJob
from dedup_service.domain.cleanup.rules import next_run_time
from dedup_service.domain.cleanup.runs import CleanupRun
from dedup_service.workflows.ports import ClockNow, Ids, Request, Store, WriteTransaction, Written

SERVICE = "services/cleanup"
_DUE = 20


class Queueing:
    """Makes the runs of jobs, one at a time for each."""

    def __init__(self, store: Store, now: ClockNow, new_id: Ids) -> None:
        self._store = store
        self._now = now
        self._new_id = new_id

    async def queue_due(self) -> int:
        """Queue a run of each job whose time has come; how many. A job that still runs waits for the next.

        Several processes may do this: each run is queued once.
        """
        due = await self._store.read(lambda tx: tx.due_cleanup_jobs(self._now(), _DUE))
        return sum([await self._queue_one(job) for job in due])

    async def _queue_one(self, due: CleanupJob) -> int:
        async def work(tx: WriteTransaction) -> Written[int]:
            now = (await tx.revision()).time
            job = await tx.cleanup_job(due.job_id)
            if job is None or job.next_run_time is None or job.next_run_time != due.next_run_time:
                return Written(0)
            if job.next_run_time > now:
                # The clock of this process is ahead: that of PostgreSQL says when a time has come.
                return Written(0)
            if await tx.active_cleanup_run(job.job_id):
                later = replace(job, next_run_time=next_run_time(job.definition.schedule, now))
                await tx.save_cleanup_job(later)
                return Written(0)
            queued = await self.queued(tx, job, SERVICE)
            return queued.told(1, queued.detail)

        return await self._store.write(Request(SERVICE, "RunCleanupJob"), work, int)

    async def queued(self, tx: WriteTransaction, job: CleanupJob, by: str) -> Written[CleanupRun]:
        """Queue a run, under the ledger head."""
        revision = await tx.revision()
        run = CleanupRun(
            run_id=self._new_id(),
            job_id=job.job_id,
            requested_by=by,
            create_time=revision.time,
            definition=job.definition,
            revision=revision.number,
        )
        await tx.insert_cleanup_run(run)
        schedule = job.definition.schedule
        moved = job.next_run_time
        if schedule is not None and (schedule.interval is not None or _is_due(moved, revision.time)):
            moved = next_run_time(schedule, revision.time)
        await tx.save_cleanup_job(replace(job, last_run_id=run.run_id, next_run_time=moved))
        return Written(run, targets=(run.name, job.name), detail="queued")


def _is_due(time: datetime | None, now: datetime) -> bool:
    return time is not None and time <= now

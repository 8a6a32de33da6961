"""Jobs and their runs as a transaction finds them, or the refusal that there is none to work on."""

from dedup_service.domain.cleanup.jobs import CleanupJob, job_name, run_name
from dedup_service.domain.cleanup.runs import CleanupRun
from dedup_service.domain.errors import EtagMismatch, JobRunning, NotFound
from dedup_service.workflows.cleaning.port import Wish
from dedup_service.workflows.ports import ReadTransaction, WriteTransaction


async def held_job(tx: ReadTransaction, job_id: str, etag: str = "", *, deleted: bool = False) -> CleanupJob:
    """A job that was not deleted, unless deleted ones are wanted, too; with an etag, as it was seen.

    Raises:
        NotFound, EtagMismatch.
    """
    job = await tx.cleanup_job(job_id)
    if job is None or (job.delete_time is not None and not deleted):
        raise NotFound("CleanupJob", job_name(job_id))
    if etag and etag != job.etag:
        raise EtagMismatch(job.name, job.etag)
    return job


async def refuse_running(tx: ReadTransaction, job: CleanupJob) -> None:
    """Raise JobRunning, which names the run, while one of the job is active."""
    if active := await tx.active_cleanup_run(job.job_id):
        raise JobRunning(job.name, run_name(job.job_id, active))


async def locked_run(tx: WriteTransaction, job_id: str) -> tuple[CleanupRun, Wish] | None:
    """The active run of a job, locked before the ledger head is."""
    active = await tx.active_cleanup_run(job_id)
    return await tx.lock_cleanup_run(active) if active else None


def unknown_run(run_id: str) -> NotFound:
    """The refusal for a run that nobody has heard of."""
    return NotFound("CleanupRun", f"operations/{run_id}")

"""Cleanup jobs: the list, and one of them with how far its run is."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.cleanup_jobs import JobView, job_facts, job_view, run_line, run_view
from dedup_service.console.visit import Visit
from dedup_service.v1.cleanup_service_pb2 import (
    GetCleanupJobRequest,
    GetCleanupRunRequest,
    ListCleanupJobsRequest,
    ListCleanupRunsRequest,
    PauseCleanupJobRequest,
    ResumeCleanupJobRequest,
    RunCleanupJobRequest,
)

MAX_JOBS = 100
MAX_RUNS = 10


class AskedJobs:
    """The jobs with their last runs, asked for and under way until `result` waits for them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._jobs = visit.desk.cleanup.ListCleanupJobs.future(ListCleanupJobsRequest(page_size=MAX_JOBS))

    def result(self) -> list[JobView]:
        """Each job with its last run.

        Raises:
            ServiceError: the service refuses, or does not answer.
        """
        visit = self._visit
        jobs = self._jobs.result().cleanup_jobs
        runs = [_asked_run(visit, job.last_run) if job.last_run else None for job in jobs]
        return [
            job_view(job, run.result() if run is not None else None, visit.names, visit.formats)
            for job, run in zip(jobs, runs, strict=True)
        ]


def _asked_run(visit: Visit, name: str) -> Any:
    return visit.desk.cleanup.GetCleanupRun.future(GetCleanupRunRequest(name=name))


def list_all(visit: Visit) -> Response:
    """All jobs, those that are under way first."""
    jobs = sorted(AskedJobs(visit).result(), key=lambda job: not job.is_active)
    return visit.render("jobs.html.jinja", jobs=jobs, request_id=str(uuid4()))


def show(visit: Visit) -> Response:
    """One job; a script that follows it asks for the part about its run alone."""
    name = _name(visit)
    job = visit.desk.cleanup.GetCleanupJob(GetCleanupJobRequest(name=name))
    asked_runs = visit.desk.cleanup.ListCleanupRuns.future(
        ListCleanupRunsRequest(parent=name, page_size=MAX_RUNS)
    )
    last = _asked_run(visit, job.last_run).result() if job.last_run else None
    view = job_view(job, last, visit.names, visit.formats)
    request_id = str(uuid4())
    if visit.is_partial:
        return visit.render("jobs_run.html.jinja", job=view, request_id=request_id)
    return visit.render(
        "jobs_one.html.jinja",
        facts=job_facts(job, visit.names, visit.formats),
        runs=[
            (run_line(run), run_view(run, visit.names, visit.formats))
            for run in asked_runs.result().cleanup_runs
        ],
        job=view,
        request_id=request_id,
    )


def run(visit: Visit) -> Response:
    """Begin a run."""
    return _steered(
        visit,
        lambda name, request_id: visit.desk.cleanup.RunCleanupJob(
            RunCleanupJobRequest(name=name, request_id=request_id)
        ),
        _("A run was asked for. A worker takes it within a few seconds."),
    )


def pause(visit: Visit) -> Response:
    """Stop at the next batch, until somebody resumes it."""
    return _steered(
        visit,
        lambda name, request_id: visit.desk.cleanup.PauseCleanupJob(
            PauseCleanupJobRequest(name=name, request_id=request_id)
        ),
        _("Paused. What is under way stops at the next batch."),
    )


def resume(visit: Visit) -> Response:
    """Go on where it stopped."""
    return _steered(
        visit,
        lambda name, request_id: visit.desk.cleanup.ResumeCleanupJob(
            ResumeCleanupJobRequest(name=name, request_id=request_id)
        ),
        _("Resumed. It goes on where it stopped."),
    )


def _steered(visit: Visit, steer: Callable[[str, str], object], said: str) -> Response:
    name = _name(visit)
    steer(name, visit.text("request_id", 36))
    return visit.redirect(addresses.of(name), Said(visit.language(said)))


def _name(visit: Visit) -> str:
    return f"cleanupJobs/{visit.path['job']}"

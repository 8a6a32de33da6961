"""`jobs create`, `change`, `list`, `show`, `run`, `pause`, `resume`, `cancel`, `runs` and `delete`."""

from google.longrunning.operations_pb2 import CancelOperationRequest
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.cli.job_messages import described, job_name
from dedup_service.cli.job_options import JobWords
from dedup_service.cli.job_view import say_job, say_plan, schedule_words, scope_words, title_of
from dedup_service.cli.job_watching import follow
from dedup_service.cli.output import Output
from dedup_service.cli.paging import paged
from dedup_service.cli.problems import CommandError
from dedup_service.cli.run_view import details, findings, left_words, log_line, state_words
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from dedup_service.v1.cleanup_service_pb2 import (
    CleanupJob,
    CreateCleanupJobRequest,
    DeleteCleanupJobRequest,
    GetCleanupJobRequest,
    GetCleanupRunRequest,
    ListCleanupJobsRequest,
    ListCleanupRunsRequest,
    PauseCleanupJobRequest,
    ResumeCleanupJobRequest,
    RunCleanupJobRequest,
    UpdateCleanupJobRequest,
)

# A plan counts the records in scope, which of a large store takes a while.
PLAN_SECONDS = 120.0


def create(session: Session, words: JobWords, validate_only: bool) -> None:
    """Make the job of these words, or only show what it would do."""
    job, _ = described(words)
    request = CreateCleanupJobRequest(cleanup_job=job, validate_only=validate_only)
    made = session.client.cleanup.CreateCleanupJob(request, timeout=PLAN_SECONDS)
    out = session.output
    if out.as_json:
        out.json(made)
        return
    say_job(out, made)
    if validate_only:
        say_plan(out, made.plan)
        out.line()
        out.line("nothing is stored; without --validate-only the job is made", "dim")
    elif made.HasField("next_run_time"):
        out.line(f"made; it runs first at {moment(made.next_run_time)}", "green")
    else:
        out.line(f"made; start it with: dedup jobs run {made.name} --watch", "green")


def change(session: Session, text: str, words: JobWords, no_schedule: bool) -> None:
    """Change a job where options say so.

    Raises:
        CommandError: no option says anything.
    """
    job, paths = described(words)
    if no_schedule:
        if "schedule" in paths:
            raise CommandError("give --no-schedule or a schedule, not both")
        paths.append("schedule")
    if not paths:
        raise CommandError("nothing to change: say what, such as --max-merges 500")
    job.name = job_name(text)
    changed = session.client.cleanup.UpdateCleanupJob(
        UpdateCleanupJobRequest(cleanup_job=job, update_mask=FieldMask(paths=paths))
    )
    _say_or_json(session.output, changed, "changed")


def _say_or_json(out: Output, job: CleanupJob, done: str) -> None:
    if out.as_json:
        out.json(job)
        return
    say_job(out, job)
    out.line(done, "green")


def list_jobs(session: Session, limit: int) -> None:
    """List the jobs, each with its last run."""
    request = ListCleanupJobsRequest()
    out = session.output
    found, more = paged(
        out, request, session.client.cleanup.ListCleanupJobs, lambda answer: answer.cleanup_jobs, limit
    )
    if out.as_json:
        return
    for number, each in enumerate(found, 1):
        paused = "  PAUSED" if each.paused else ""
        following = moment(each.next_run_time)
        out.entry(
            number,
            f"{title_of(each)}{paused}",
            (
                each.name if each.display_name else "",
                f"{scope_words(each)}; {schedule_words(each)}{f', next {following}' if following else ''}",
                _last_run(session, each),
            ),
        )
    hint = "; there are more: raise --limit" if more else ""
    out.line(f"{plural(len(found), 'job')}{hint}", "dim")


def _last_run(session: Session, job: CleanupJob) -> str:
    if not job.last_run:
        return "never ran"
    run = session.client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=job.last_run))
    return f"last run {moment(run.create_time)}: {log_line(run)}"


def show(session: Session, text: str) -> None:
    """Show a job with its last run, or a run alone."""
    name, out = job_name(text), session.output
    if name.count("/") > 1:
        run = session.client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=name))
        if out.as_json:
            out.json(run)
        else:
            say_run(out, run)
        return
    job = session.client.cleanup.GetCleanupJob(GetCleanupJobRequest(name=name))
    if out.as_json:
        out.json(job)
        return
    say_job(out, job)
    if job.last_run:
        out.line()
        say_run(out, session.client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=job.last_run)))


def say_run(out: Output, run: CleanupRun) -> None:
    """A run with all that it did and left."""
    left = left_words(run)
    out.line(f"{run.name}  {state_words(run)}{f'  {left}' if left else ''}", "bold")
    ended = f" to {moment(run.end_time)}" if moment(run.end_time) else ""
    out.text(f"asked for by {run.requested_by}, {moment(run.create_time)}{ended}", 2, 4)
    model = run.scoring_model.removeprefix("scoringModels/")
    lines = [
        run.reason,
        f"scored with {model}" if model else "",
        "only what changed since the last run was compared with all others" if run.incremental else "",
        *findings(run),
        *details(run),
    ]
    for line in filter(None, lines):
        out.text(line, 2, 4)


def run(session: Session, text: str, watch: bool) -> None:
    """Start a run, and with `watch` show it until it has ended."""
    name, out = job_name(text), session.output
    operation = session.client.cleanup.RunCleanupJob(RunCleanupJobRequest(name=name))
    started = CleanupRun()
    operation.metadata.Unpack(started)
    if watch:
        job = session.client.cleanup.GetCleanupJob(GetCleanupJobRequest(name=name))
        follow(session, job, started.name)
    elif out.as_json:
        out.json(started)
    else:
        out.line(f"{started.name} is {state_words(started)}", "green")
        out.line(f"to see how far it is: dedup jobs watch {started.name}", "dim")


def pause(session: Session, text: str) -> None:
    """Pause a job and its run."""
    paused = session.client.cleanup.PauseCleanupJob(PauseCleanupJobRequest(name=job_name(text)))
    _say_done(
        session.output, paused, f"{title_of(paused)} is paused; dedup jobs resume {paused.name} ends that"
    )


def resume(session: Session, text: str) -> None:
    """Let a job and its run go on."""
    resumed = session.client.cleanup.ResumeCleanupJob(ResumeCleanupJobRequest(name=job_name(text)))
    following = moment(resumed.next_run_time)
    _say_done(
        session.output,
        resumed,
        f"{title_of(resumed)} goes on{f'; next run {following}' if following else ''}",
    )


def delete(session: Session, text: str) -> None:
    """Delete a job."""
    deleted = session.client.cleanup.DeleteCleanupJob(DeleteCleanupJobRequest(name=job_name(text)))
    _say_done(session.output, deleted, f"{title_of(deleted)} is deleted; its runs stay readable")


def _say_done(out: Output, job: CleanupJob, words: str) -> None:
    if out.as_json:
        out.json(job)
    else:
        out.line(words, "green")


def cancel(session: Session, text: str) -> None:
    """End a run, or the last one of a job.

    Raises:
        CommandError: the job never ran.
    """
    name, out = job_name(text), session.output
    if name.count("/") == 1:
        job = session.client.cleanup.GetCleanupJob(GetCleanupJobRequest(name=name))
        if not job.last_run:
            raise CommandError(f"{title_of(job)} has never run: there is nothing to cancel")
        name = job.last_run
    asked = session.client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=name))
    session.client.operations.CancelOperation(CancelOperationRequest(name=asked.operation))
    found = session.client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=name))
    if out.as_json:
        out.json(found)
    elif found.HasField("end_time"):
        out.line(f"{found.name} is {state_words(found)}", "yellow")
    else:
        out.line(f"{found.name} ends at its next batch; what it has proposed and merged stays", "yellow")


def runs(session: Session, text: str, limit: int) -> None:
    """List the runs of a job, or of all, the newest first."""
    request = ListCleanupRunsRequest(parent=job_name(text) if text else "cleanupJobs/-")
    out = session.output
    found, more = paged(
        out, request, session.client.cleanup.ListCleanupRuns, lambda answer: answer.cleanup_runs, limit
    )
    if out.as_json:
        return
    for number, each in enumerate(found, 1):
        out.entry(number, f"{moment(each.create_time)}  {log_line(each)}", (each.name, *findings(each)))
    hint = "; there are more: raise --limit" if more else ""
    out.line(f"{plural(len(found), 'run')}{hint}", "dim")

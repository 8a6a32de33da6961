"""`jobs watch` and `run --watch`: how far a run is, drawn over and over on a terminal, else in lines."""

import queue
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack

import typer
from rich.live import Live

from dedup_service.cli.job_messages import job_name, job_of_run
from dedup_service.cli.job_view import title_of
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.cli.run_view import details, findings, live_view, log_line, state_words
from dedup_service.cli.session import Session
from dedup_service.cli.words import shown
from dedup_service.v1.cleanup_run_pb2 import CleanupRun, CleanupRunState
from dedup_service.v1.cleanup_service_pb2 import CleanupJob, GetCleanupJobRequest

_INTERRUPTED_CODE = 130
# Between two drawings: what ticks is the time that a phase takes.
_TICK_SECONDS = 0.5


def watch(session: Session, text: str) -> None:
    """Show the run of a name, or the last one of a job, until it has ended.

    Raises:
        CommandError: it ended otherwise than by being done.
    """
    name = job_name(text)
    is_run = name.count("/") > 1
    job = session.client.cleanup.GetCleanupJob(
        GetCleanupJobRequest(name=job_of_run(name) if is_run else name)
    )
    follow(session, job, name if is_run else "")


def follow(session: Session, job: CleanupJob, run_name: str) -> None:
    """Show a run of a job, the last one where none is named, until it has ended."""
    latest: list[CleanupRun] = []

    def seen(run: CleanupRun) -> None:
        latest[:] = [run]

    try:
        _drain(session, job, run_name, seen)
    except KeyboardInterrupt:
        _say_left(session.output, latest[0].name if latest else run_name or job.name)
        raise typer.Exit(_INTERRUPTED_CODE) from None
    _conclude(latest[0])


def _drain(session: Session, job: CleanupJob, run_name: str, seen: Callable[[CleanupRun], None]) -> None:
    """Show what comes until the stream is over.

    The stream is read in a thread of its own: an interrupt that lands in one of grpc's callbacks is
    swallowed, and one that lands here is not.
    """
    arriving: queue.SimpleQueue[CleanupRun | Exception | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for run in session.client.watch_cleanup(job.name, run_name):
                arriving.put(run)
            arriving.put(None)
        except Exception as error:  # noqa: BLE001  # raised again below, in the thread that shows it
            arriving.put(error)

    threading.Thread(target=read, name="watch-cleanup", daemon=True).start()
    with ExitStack() as stack:
        show = _display(session.output, title_of(job), stack)
        while True:
            try:
                arrived = arriving.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                show(None)
                continue
            if arrived is None:
                return
            if isinstance(arrived, Exception):
                raise arrived
            seen(arrived)
            show(arrived)


def _display(out: Output, title: str, stack: ExitStack) -> Callable[[CleanupRun | None], None]:
    """What shows a run; None is a moment at which nothing has come."""
    if out.as_json:
        return _changed_only(out.json)
    if not out.console.is_terminal:
        return _Log(out).show
    live = stack.enter_context(Live(console=out.console, auto_refresh=False, transient=False))
    latest: list[CleanupRun] = []

    def draw(run: CleanupRun | None) -> None:
        if run is not None:
            latest[:] = [run]
        if latest:
            live.update(live_view(latest[0], title), refresh=True)

    return draw


def _changed_only(say: Callable[[CleanupRun], None]) -> Callable[[CleanupRun | None], None]:
    """Says a run when it is another than before: a sign of life is none."""
    said: list[CleanupRun] = []

    def show(run: CleanupRun | None) -> None:
        if run is not None and [run] != said:
            said[:] = [run]
            say(run)

    return show


class _Log:
    """A line when state or phase change, and at the end all that was found."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._said: tuple[int, int] | None = None

    def show(self, run: CleanupRun | None) -> None:
        if run is None or (run.state, run.phase) == self._said:
            return
        self._said = (run.state, run.phase)
        self._out.line(shown(log_line(run)))
        sys.stdout.flush()
        if run.HasField("end_time"):
            for line in (*findings(run), *details(run)):
                self._out.text(line, indent=2, hang=2)


def _say_left(out: Output, name: str) -> None:
    """An interrupt ends the watching and nothing else."""
    if not out.as_json:
        out.line(f"the run goes on without you; dedup jobs watch {name} shows it again", "yellow")


def _conclude(run: CleanupRun) -> None:
    """Exit with 1 unless the run is done, so that what follows in a script does not."""
    if run.state != CleanupRunState.CLEANUP_RUN_STATE_SUCCEEDED:
        reason = f": {run.reason}" if run.reason else ""
        raise CommandError(f"{run.name} is {state_words(run)}{reason}")

"""Cleanup jobs: the list, one of them phase by phase, and steering it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.timeofday_pb2 import TimeOfDay

from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import load_languages
from dedup_service.console.texts.marks import shown
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.views.cleanup_jobs import job_facts, job_view, run_view
from dedup_service.console.views.overview.jobs import jobs_figure
from dedup_service.v1.cleanup_run_pb2 import (
    CleanupCounts,
    CleanupPhase,
    CleanupPhaseProgress,
    CleanupRun,
    CleanupRunState,
    CleanupSkippedCount,
    CleanupSkipReason,
)
from dedup_service.v1.cleanup_service_pb2 import (
    CleanupJob,
    CleanupLimits,
    CleanupSchedule,
    CleanupScope,
    CreateCleanupJobRequest,
    GetCleanupJobRequest,
    ListCleanupRunsRequest,
)
from dedup_service.v1.core_pb2 import RecordKind
from tests.console.scenes import MARKUP
from tests.console.served_console import Console

ANN = "users/ann"
LANGUAGE = load_languages()["en"]
NAMES = Names(LANGUAGE, {"users/ann": "Ann Abel"})
FORMATS = Formats(LANGUAGE.locale, UTC)
STATES = CleanupRunState
PHASES = CleanupPhase


def now() -> Timestamp:
    message = Timestamp()
    message.FromDatetime(datetime.now(UTC))
    return message


def running(**more: object) -> CleanupRun:
    """A run that has read everything and has compared a quarter of the pairs."""
    return CleanupRun(
        name="cleanupJobs/j/runs/r",
        state=STATES.CLEANUP_RUN_STATE_RUNNING,
        phase=PHASES.CLEANUP_PHASE_SCORE,
        phases=[
            CleanupPhaseProgress(
                phase=PHASES.CLEANUP_PHASE_READ, done_count=80, start_time=now(), end_time=now()
            ),
            CleanupPhaseProgress(
                phase=PHASES.CLEANUP_PHASE_SCORE, done_count=1_000, total_count=4_000, start_time=now()
            ),
        ],
        **more,  # type: ignore[arg-type]  # fields by name
    )


def made(console: Console, name: str = "Contacts of the CRM") -> CleanupJob:
    job = CleanupJob(display_name=name)
    cleanup = console.acting_as(ANN).cleanup
    return cleanup.CreateCleanupJob(CreateCleanupJobRequest(cleanup_job=job))


def job_now(console: Console, job: CleanupJob) -> CleanupJob:
    return console.importer.cleanup.GetCleanupJob(GetCleanupJobRequest(name=job.name))


def steer(console: Console, job: CleanupJob, verb: str, request_id: str = "") -> str:
    """Press a button of the page; where the answer leads to."""
    fields = {"request_id": request_id or str(uuid4())}
    answer = console.web.post(f"{addresses.of(job.name)}/{verb}", fields, as_=ANN)
    assert answer.status == 303, answer.text
    return answer.location


def test_a_run_phase_by_phase() -> None:
    """What is over, what is under way and how far, and what is ahead."""
    view = run_view(running(expected_remaining=Duration(seconds=600)), NAMES, FORMATS)
    assert [(line.state, line.share, line.told) for line in view.phases] == [
        ("done", 1.0, "80"),
        *[("ahead", 0.0, "")] * 3,
        ("here", 0.25, "1,000 of 4,000"),
        *[("ahead", 0.0, "")] * 4,
    ]
    assert (view.state, view.phase, view.left) == (
        "Running",
        "Compare",
        "about 10 minutes left in this phase",
    )


@pytest.mark.parametrize(
    ("state", "is_active", "mood"),
    [
        (STATES.CLEANUP_RUN_STATE_QUEUED, True, "busy"),
        (STATES.CLEANUP_RUN_STATE_RUNNING, True, "busy"),
        (STATES.CLEANUP_RUN_STATE_PAUSED, True, "warn"),
        (STATES.CLEANUP_RUN_STATE_WAITING, True, "warn"),
        (STATES.CLEANUP_RUN_STATE_SUCCEEDED, False, "good"),
        (STATES.CLEANUP_RUN_STATE_FAILED, False, "bad"),
        (STATES.CLEANUP_RUN_STATE_CANCELLED, False, "bad"),
        (STATES.CLEANUP_RUN_STATE_STOPPED, False, "bad"),
    ],
)
def test_every_state_has_its_words(state: CleanupRunState.ValueType, is_active: bool, mood: str) -> None:
    """And a run that is over is followed no more."""
    view = run_view(CleanupRun(state=state), NAMES, FORMATS)
    assert (view.is_active, view.mood, bool(view.state)) == (is_active, mood, True)


def test_a_phase_in_which_a_run_broke_off_is_marked() -> None:
    """It is neither over nor under way."""
    run = running()
    run.state = STATES.CLEANUP_RUN_STATE_FAILED
    assert [line.state for line in run_view(run, NAMES, FORMATS).phases].count("broken") == 1


@pytest.mark.parametrize("reason", CleanupSkipReason.values()[1:])
def test_every_reason_for_leaving_something_alone_has_words(reason: CleanupSkipReason.ValueType) -> None:
    """Of its own, so that two of them are told apart."""
    counts = CleanupCounts(skipped=[CleanupSkippedCount(reason=reason, count=3)])
    ((words, count),) = run_view(CleanupRun(counts=counts), NAMES, FORMATS).skipped
    assert words != "for another reason"
    assert count == "3"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (CleanupSchedule(), "when somebody says so"),
        (CleanupSchedule(interval=Duration(seconds=7200)), "every 2 hours"),
        (CleanupSchedule(daily_time=TimeOfDay(hours=3, minutes=5)), "every day at 03:05 UTC"),
    ],
)
def test_when_a_job_runs(schedule: CleanupSchedule, words: str) -> None:
    """By interval, by time of day, or when asked."""
    assert (
        job_view(CleanupJob(name="cleanupJobs/j", schedule=schedule), None, NAMES, FORMATS).schedule == words
    )


def test_what_a_job_may_do_in_words() -> None:
    """What it looks at, what it merges without a person, and who made it."""
    job = CleanupJob(
        scope=CleanupScope(kinds=[RecordKind.RECORD_KIND_LEAD], sources=["sources/crm"], filter="x = 1"),
        limits=CleanupLimits(max_merges_per_day=10, max_merges_per_owner_per_day=2),
        creator="users/ann",
    )
    facts = dict(job_facts(job, NAMES, FORMATS))
    assert facts["Looks at"] == shown("Lead; CRM; x = 1")
    assert facts["Merges without a person"].startswith("what the policy lets go, at most 10 a day, 2 of one")
    assert facts["Made by"] == shown("Ann Abel")
    assert "Next run" not in facts


def test_progress_counts_phases_and_the_part_of_the_one_under_way() -> None:
    """On the overview each job is one bar; one that is done is full, one that never ran empty."""
    runs = [running(), CleanupRun(state=STATES.CLEANUP_RUN_STATE_SUCCEEDED), None]
    jobs = [
        job_view(CleanupJob(name=f"cleanupJobs/{number}"), run, NAMES, FORMATS)
        for number, run in enumerate(runs)
    ]
    figure = jobs_figure(jobs, NAMES, FORMATS)
    assert [
        f'class="ch-bar ch-bar-only" x="0.0" y="{y}" width="{width}"' in figure.pictures[0]
        for y, width in ((20.0, round(520 * 1.25 / 9, 1)), (62.0, 520.0))
    ] == [True, True]
    assert figure.pictures[0].count("ch-bar-only") == 2
    assert "1 of 3 jobs are under way." in figure.summary


def test_the_list_of_jobs_says_what_there_is_to_do_without_any(console: Console) -> None:
    """How one is made."""
    page = console.web.get("/jobs", as_=ANN)
    assert (page.status, "dedup jobs create" in page.text) == (200, True)


def test_the_list_has_every_job_with_its_last_run(console: Console) -> None:
    """Those under way first, and names as what they are."""
    made(console, MARKUP)
    job = made(console)
    steer(console, job, "run")
    page = console.web.get("/jobs", as_=ANN).text
    assert page.index("Contacts of the CRM") < page.index("Never ran")
    assert "Queued" in page
    assert "<img" not in page


def test_a_run_is_begun_once(console: Console) -> None:
    """A button pressed twice asks once, and leads back to the job."""
    job = made(console)
    request_id = str(uuid4())
    for _ in range(2):
        assert steer(console, job, "run", request_id) == addresses.of(job.name)
    listed = console.importer.cleanup.ListCleanupRuns(ListCleanupRunsRequest(parent=job.name))
    assert len(listed.cleanup_runs) == 1


def test_a_job_is_paused_and_goes_on(console: Console) -> None:
    """And offers what can be done with it as it is."""
    job = made(console)
    url = addresses.of(job.name)
    steer(console, job, "pause")
    assert job_now(console, job).paused
    page = console.web.get(url, as_=ANN).text
    assert (f"{url}/resume" in page, f"{url}/pause" in page, f"{url}/run" in page) == (True, False, False)
    steer(console, job, "resume")
    assert not job_now(console, job).paused
    page = console.web.get(url, as_=ANN).text
    assert (f"{url}/resume" in page, f"{url}/pause" in page, f"{url}/run" in page) == (False, True, True)


def test_a_page_follows_a_run_until_it_is_over(console: Console) -> None:
    """The part about the run asks for itself again while it is under way, and is given alone."""
    job = made(console)
    url = addresses.of(job.name)
    assert "hx-trigger" not in console.web.get(url, as_=ANN).text
    steer(console, job, "run")
    assert f'hx-get="{url}" hx-trigger="every 2s"' in console.web.get(url, as_=ANN).text
    part = console.web.get(url, as_=ANN, headers={"HX-Request": "true"}).text
    assert 'class="phases"' in part
    assert "<html" not in part
    assert "What it does" not in part


@pytest.mark.parametrize("job", ["none", "..%2F..", "%00", "a%20b"])
def test_a_job_that_is_not_there_is_a_problem_page(console: Console, job: str) -> None:
    """That says so, and is no fault of ours."""
    assert console.web.get(f"/jobs/{job}", as_=ANN).status in {400, 404}

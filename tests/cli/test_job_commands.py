"""Cleanup jobs from the command line: planned, made, run, watched and looked after."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from dedup_service.cli.job_options import clock_of, length_of
from dedup_service.client import DedupClient
from dedup_service.store.postgres import PostgresStore
from dedup_service.v1.cleanup_run_pb2 import CleanupRunState
from dedup_service.v1.cleanup_service_pb2 import GetCleanupRunRequest
from tests.cli.command_results import Run, json_lines
from tests.merge_desk import Office
from tests.served_desk import ServedDesk
from tests.workflows.cleaning.clean_desk import CleanDesk, people

MIA = "users/mia"
LEADS = 6


@pytest.fixture
def work(desk: ServedDesk, tmp_path: Path) -> Callable[[], object]:
    """Six NAME leads of three people; and what carries a waiting run on as far as it goes."""
    running = desk.running
    store = cast(PostgresStore, running.desk.store)
    clean = CleanDesk(Office(running.desk, store, running.follower, running.index), tmp_path / "cleanup")
    desk.run(clean.office.put(*people(LEADS // 2)))
    return lambda: desk.run(clean.worker().work_once())


def make(dedup: Run, *options: str) -> str:
    """The name of a new job that merges at once."""
    (job,) = json_lines(dedup("jobs", "create", "--canary", "0", "--json", *options, who=MIA))
    return str(job["name"])


@pytest.mark.usefixtures("work")
def test_a_plan_is_shown_and_nothing_is_made(dedup: Run) -> None:
    """How much is in scope, how much is expected, what needs nobody; then there is no job."""
    shown = dedup("jobs", "create", "--kind", "LEAD", "--name", "Leads", "--validate-only", who=MIA).stdout
    assert "Leads, as it would be" in shown
    assert f"in scope: {LEADS} records ({LEADS} LEAD)" in shown
    assert "expected: " in shown
    assert "the policy lets go without a person" in shown
    assert "nothing is stored" in shown
    (plan,) = json_lines(dedup("jobs", "create", "--validate-only", "--json", who=MIA))
    assert plan["plan"]["record_counts"] == [{"kind": "RECORD_KIND_LEAD", "count": str(LEADS)}]
    assert "0 jobs" in dedup("jobs", "list").stdout


@pytest.mark.usefixtures("work")
def test_a_plan_that_only_proposes_says_so(dedup: Run) -> None:
    """Where the policy lets nothing go, that is what is told."""
    shown = dedup("jobs", "create", "--kind", "ACCOUNT", "--validate-only", who=MIA).stdout
    assert "merged without a person: nothing, the job would only propose" in shown
    assert "in scope: 0 records" in shown


def test_every_option_is_a_field_of_the_job(dedup: Run) -> None:
    """What is typed is what the service stores, and it is shown in words."""
    options = (
        *("--name", "Nightly", "--kind", "lead", "--kind", "CONTACT", "--lead-class", "name"),
        *("--source", "crm", "--filter", "state = ACTIVE", "--train", "--incremental"),
        *("--max-open", "11", "--max-merges", "12", "--max-merges-per-owner", "13"),
        *("--max-merges-per-source", "14", "--canary", "0.5", "--hold", "2d"),
        *("--stop-above", "0.25", "--stop-after", "9", "--daily", "0:00"),
    )
    (job,) = json_lines(dedup("jobs", "create", "--json", *options, who=MIA))
    assert job["scope"] == {
        "kinds": ["RECORD_KIND_LEAD", "RECORD_KIND_CONTACT"],
        "lead_classes": ["LEAD_CLASS_NAME"],
        "sources": ["sources/crm"],
        "filter": "state = ACTIVE",
    }
    assert list(job["limits"].values()) == [11, 12, 13, 14]
    assert job["canary"] == {"share": 0.5, "hold": "172800s"}
    assert job["stop_rule"] == {"max_rejected_share": 0.25, "min_decided_count": 9}
    assert (job["train"], job["incremental"], job["schedule"]) == (True, True, {"daily_time": {}})
    shown = dedup("jobs", "show", job["name"]).stdout
    for words in (
        "looks at: LEADs, CONTACTs; leads only NAME; of crm; where state = ACTIVE",
        "at most 12 a day, 13 of one owner, 14 of one source; 50% first, the rest after 2 d",
        "when people turn down more than 25%, once they have decided 9",
        "every day at 00:00 UTC; only what changed since the last run; next ",
    ):
        assert words in shown


def test_a_change_changes_what_it_is_given(dedup: Run) -> None:
    """And leaves the rest; a schedule is taken away by its own option; no option is nothing to do."""
    name = make(dedup, "--max-open", "7", "--every", "12h")
    job_id = name.partition("/")[2]
    (changed,) = json_lines(dedup("jobs", "change", job_id, "--max-merges", "0", "--json", who=MIA))
    assert changed["limits"]["max_open_proposals"] == 7
    assert changed["limits"]["max_merges_per_day"] == 0
    assert changed["schedule"] == {"interval": "43200s"}
    shown = dedup("jobs", "change", name, "--no-schedule", who=MIA).stdout
    assert "runs: when somebody says so" in shown
    assert "merges without a person: nothing" in shown
    assert "nothing to change" in dedup("jobs", "change", name, who=MIA, code=1).stderr
    both = dedup("jobs", "change", name, "--no-schedule", "--daily", "1:00", who=MIA, code=1)
    assert "not both" in both.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--kind", "PERSON"), "--kind"),
        (("--lead-class", "WARM"), "--lead-class"),
        (("--hold", "soon"), "--hold"),
        (("--every", "12"), "--every"),
        (("--daily", "24:00"), "--daily"),
        (("--daily", "1:00", "--every", "12h"), "--every"),
        (("--canary", "1.5"), "--canary"),
    ],
)
def test_an_option_that_cannot_be_read_is_told(dedup: Run, options: tuple[str, ...], told: str) -> None:
    """By its name, before anything is asked of the service."""
    assert told in dedup("jobs", "create", *options, who=MIA, code=2).stderr


def test_what_the_service_refuses_is_told_with_every_field(dedup: Run) -> None:
    """One line with each field, and exit code 1."""
    said = dedup("jobs", "create", "--engine", "none", "--every", "10m", "--source", "A B", who=MIA, code=1)
    for field in ("cleanup_job.engine", "cleanup_job.schedule.interval", "cleanup_job.scope.sources[0]"):
        assert field in said.stderr


def test_lengths_and_times_of_day_are_read_as_people_write_them() -> None:
    """Minutes, hours and days; hours and minutes."""
    assert [length_of(text, "--every").total_seconds() for text in ("90m", "5 min", "2h", "3d")] == [
        *(5400, 300, 7200, 259_200),
    ]
    assert [clock_of(text, "--daily") for text in ("2:30", "02:30", "23:59")] == [(2, 30), (2, 30), (23, 59)]


def test_a_run_is_started_and_seen_to_its_end(dedup: Run, work: Callable[[], object]) -> None:
    """Its name at the start; then what it found and did, in show, list and runs."""
    name = make(dedup, "--name", "All of it")
    started = dedup("jobs", "run", name, who=MIA).stdout
    assert f"{name}/runs/" in started
    assert "is QUEUED" in started
    again = dedup("jobs", "run", name, who=MIA, code=1).stderr
    assert "has not ended" in again
    assert "dedup jobs watch" in again
    work()
    for command in (("show", name), ("runs", name), ("runs",)):
        told = dedup("jobs", *command).stdout
        assert f"{LEADS} records read" in told
        assert "3 clusters" in told
        assert "3 proposals, 3 of them merged without a person" in told
    assert "SUCCEEDED; 3 proposals, 3 merged" in dedup("jobs", "list").stdout
    (run,) = json_lines(dedup("jobs", "runs", "--json"))
    assert run["counts"]["merge_count"] == "3"
    assert json_lines(dedup("jobs", "show", run["name"], "--json"))[0]["state"] == run["state"]


def test_a_watch_of_a_file_is_a_line_a_phase(dedup: Run, work: Callable[[], object]) -> None:
    """Where no terminal is; with what was found at the end. As JSON it is an object a change."""
    name = make(dedup)
    dedup("jobs", "run", name, who=MIA)
    work()
    lines = dedup("jobs", "watch", name).stdout.splitlines()
    assert lines[0].startswith("SUCCEEDED; 3 proposals, 3 merged")
    assert f"  {LEADS} records read" in lines
    (last,) = json_lines(dedup("jobs", "watch", name, "--json"))
    assert last["state"] == "CLEANUP_RUN_STATE_SUCCEEDED"


@pytest.mark.usefixtures("work")
def test_a_run_that_did_not_succeed_ends_the_watch_with_1(dedup: Run) -> None:
    """So that what follows in a script does not; the reason is on stderr."""
    name = make(dedup)
    dedup("jobs", "run", name, who=MIA)
    assert "is CANCELLED" in dedup("jobs", "cancel", name, who=MIA).stdout
    watched = dedup("jobs", "watch", name, code=1)
    assert "is CANCELLED: somebody cancelled it" in watched.stderr


def test_a_job_is_paused_resumed_and_deleted(dedup: Run) -> None:
    """Each says what it did and how to go on; a job that never ran has nothing to cancel or watch."""
    name = make(dedup, "--name", "Nightly")
    assert "has never run" in dedup("jobs", "cancel", name, who=MIA, code=1).stderr
    assert "has never run" in dedup("jobs", "watch", name, code=1).stderr
    assert "Nightly is paused; dedup jobs resume" in dedup("jobs", "pause", name).stdout
    assert "Nightly  PAUSED" in dedup("jobs", "list").stdout
    assert "resume it first" in dedup("jobs", "run", name, who=MIA, code=1).stderr
    assert "Nightly goes on" in dedup("jobs", "resume", name, who=MIA).stdout
    assert "Nightly is deleted" in dedup("jobs", "delete", name, who=MIA).stdout
    assert "0 jobs" in dedup("jobs", "list").stdout


def test_what_a_name_holds_is_shown_as_marks(dedup: Run) -> None:
    """A name of somebody else's cannot move the cursor of whoever lists it."""
    name = make(dedup, "--name", "Nice\x1b[2J")
    for command in (("list",), ("show", name), ("pause", name)):
        told = dedup("jobs", *command).stdout
        assert "\x1b[2J" not in told
        assert "Nice<U+001B>" in told


def test_ctrl_c_leaves_the_run(
    dedup: Run, desk: ServedDesk, client: DedupClient, work: Callable[[], object]
) -> None:
    """On a terminal, phases are drawn; Ctrl-C ends the drawing with 130 and says that the run goes on."""
    dedup("jobs", "run", make(dedup, "--name", "All of it"), who=MIA)
    (run,) = json_lines(dedup("jobs", "runs", "--json"))
    shown, code = interrupted(desk.address, "jobs", "watch", run["name"])
    assert "All of it" in shown
    assert "QUEUED" in shown
    assert "cluster" in shown
    assert f"the run goes on without you; dedup jobs watch {run['name']}" in shown
    assert "Traceback" not in shown
    assert code == 130
    work()
    now = client.cleanup.GetCleanupRun(GetCleanupRunRequest(name=run["name"]))
    assert now.state == CleanupRunState.CLEANUP_RUN_STATE_SUCCEEDED


def interrupted(address: str, *arguments: str) -> tuple[str, int]:
    """What a command draws on a terminal until it is interrupted a moment later, and its exit code."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "DEDUP_ADDRESS": address, "DEDUP_PRINCIPAL": MIA, "COLUMNS": "120"}
    environment |= {"TERM": "xterm", "LINES": "40"}
    process = subprocess.Popen(
        [sys.executable, "-m", "dedup_service", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
    )
    os.close(theirs)
    text, told_at, deadline = "", 0.0, time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            # What is drawn comes several times a second; only a command that has ended draws nothing.
            read = os.read(ours, 65536)
        except OSError:
            break
        if not read:
            break
        text += read.decode(errors="replace")
        # An interrupt that lands in a destructor is swallowed by Python: people press again.
        if "merge" in text and time.monotonic() > told_at + 15:
            process.send_signal(signal.SIGINT)
            told_at = time.monotonic()
    os.close(ours)
    return text, process.wait(10)

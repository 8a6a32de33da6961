"""`dedup clean` stopped, killed, and started twice at once."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.clean_runs import listing, run
from tests.reports.labelled_people import HEADER, rows


def many_people(folder: Path, copies: int) -> Path:
    """The people many times over, each time others by name: enough to be stopped in between."""
    path = folder / "many.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for copy in range(copies):
            for row in rows():
                writer.writerow((f"{copy}-{row[0]}", row[1], f"{row[2]}{copy}", f"{copy}.{row[3]}", *row[4:]))
    return path


def started(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dedup_service", "clean", *map(str, arguments), "--no-train"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[str], said: str) -> str:
    """What it said on stderr, up to the line that has this."""
    assert process.stderr is not None
    seen = ""
    while said not in seen:
        line = process.stderr.readline()
        assert line, f"it ended without {said!r}: {seen}"
        seen += line
    return seen


def is_gone(group: int) -> bool:
    """Whether no process of a group is left, or will be soon."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.proof)],
)
def test_stopping_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """As Ctrl-C does it, to the whole group of processes: no folder, no workspace, no process, one line."""
    people = many_people(tmp_path, 300)
    process = started(people)
    wait_for(process, "reading: 30,000 records")
    time.sleep(0.5)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "dedup: stopped; nothing was written, and nothing is left behind" in errors
    assert "Traceback" not in errors
    assert listing(tmp_path) == ["many.csv"]
    assert is_gone(process.pid)


@pytest.mark.proof
def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    """With a workspace, after the last finished phase; the folder is the same as without a kill, and what the
    killed run left beside it is gone.
    """
    people = many_people(tmp_path, 100)
    keep = tmp_path / "keep"
    process = started(people, "--workspace", keep)
    wait_for(process, "preparing: 10,000 records")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert ".many-clean.unfinished" in listing(tmp_path)
    again = run(people, "--workspace", keep)
    assert "preparing" not in again.stderr, "it was finished"
    assert listing(tmp_path) == ["many-clean", "many.csv"]
    run(people, "--output", tmp_path / "whole")
    for name in ("golden.csv", "clusters.csv", "review.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "many-clean" / name).read_bytes()


@pytest.mark.proof
def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    """The second is told, and the first comes to its end."""
    people = many_people(tmp_path, 100)
    process = started(people)
    wait_for(process, "reading: ")
    assert "another run is writing" in run(people, code=1).output
    assert process.wait(timeout=120) == 0
    assert listing(tmp_path) == ["many-clean", "many.csv"]

"""A run that is killed at any point, and started again, ends as one that never was."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dedup_service.cleanup import Engine, FindOptions, Found, Workspace, find_duplicates
from tests.cleanup.crm import found_rows, raw_rows, rows
from tests.cleanup.killed_run import MOMENTS

STAGES = ("prepared", "pairs", "model", "scored", "found")
POINTS = [(stage, moment) for stage in STAGES for moment in MOMENTS]
WORKING = [("PREPARE", "working"), ("SCORE", "working")]
ROW_COUNT = 800


def outcome(found: Found) -> list[list[dict[str, object]]]:
    """Everything that was found."""
    return [found_rows(folder) for folder in (found.pairs, found.clusters, found.reviews)]


@pytest.fixture(scope="module")
def whole(shared_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, object]]]:
    """What a run finds that was never killed."""
    folder = tmp_path_factory.mktemp("whole")
    source = raw_rows(folder, rows(ROW_COUNT))
    return outcome(find_duplicates(shared_engine, source, Workspace(folder / "w"), FindOptions()))


@pytest.mark.proof
@pytest.mark.parametrize(("stage", "moment"), POINTS + WORKING)
def test_a_killed_run_ends_the_same(
    stage: str, moment: str, whole: list[list[dict[str, object]]], engine: Engine, tmp_path: Path
) -> None:
    """kill -9 at this point, then a second start."""
    source = raw_rows(tmp_path, rows(ROW_COUNT))
    command = [
        sys.executable,
        "-m",
        "tests.cleanup.killed_run",
        str(tmp_path / "w"),
        str(source.rows),
        stage,
        moment,
    ]
    killed = subprocess.run(command, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert outcome(find_duplicates(engine, source, Workspace(tmp_path / "w"), FindOptions())) == whole

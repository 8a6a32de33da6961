"""A contestant in a process of its own: what it takes, what it finds, and what is kept."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy import contestants
from benchmarks.accuracy.contestants import OURS, NotFinishedError, run
from benchmarks.accuracy.datasets import load_febrl
from benchmarks.accuracy.labelled import LabelledSet
from benchmarks.accuracy.outcome import Outcome, read_outcome, write_outcome
from benchmarks.accuracy.results import result_of
from scoring import Entity

CLOCK = Path(contestants.__file__).with_name("clock.py")


def timed(program: str) -> tuple[int, int]:
    """Exit status and peak KiB of a Python program."""
    command = [sys.executable, "-S", str(CLOCK), sys.executable, "-S", "-c", program]
    status, peak = subprocess.run(command, check=True, capture_output=True).stdout.split()
    return int(status), int(peak)


def two_people() -> LabelledSet:
    records = [{"record_id": one, "given_name": "Ann", "family_name": "Bell"} for one in ("a", "b")]
    return LabelledSet("two", records, [Entity.PERSON] * 2, {"a": "c", "b": "c"}, [], "CC0", "")


def test_the_clock_tells_the_peak_of_the_program_alone() -> None:
    """Memory held by whoever starts the program is not counted; what the program takes is."""
    held = bytearray(200 * 2**20)
    status, small = timed("pass")
    _, large = timed("held = bytearray(b'x') * (80 * 2**20)")
    assert status == 0
    assert small < len(held) / 1024 / 4
    assert 80 * 1024 < large < 80 * 1024 + small * 2


def test_the_clock_passes_the_exit_status_on() -> None:
    """A contestant that fails is seen to fail."""
    assert timed("raise SystemExit(3)")[0] == 3


def test_an_outcome_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Pairs, scores, clusters and threshold survive the file."""
    ends = np.array([0, 1], np.int32)
    write_outcome(tmp_path, Outcome(ends, ends + 1, np.array([0.5, 2.0]), np.array([7, 7, 8]), 0.25))
    found = read_outcome(tmp_path / "outcome.npz")
    assert found.clusters is not None
    assert (found.right.tolist(), found.scores.tolist()) == ([1, 2], [0.5, 2.0])
    assert (found.clusters.tolist(), found.threshold) == ([7, 7, 8], 0.25)


def test_what_a_peer_found_is_kept_and_what_ours_found_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run of a peer on the same records starts no process, unless a fresh one is asked for."""
    started: list[str] = []

    def found(command: list[str], folder: Path) -> tuple[float, float]:
        started.append(command[2])
        ends = np.array([0], np.int32)
        write_outcome(folder, Outcome(ends, ends + 1, np.array([0.9]), np.array([0, 0]), 0.5))
        return 1.0, 10.0

    monkeypatch.setattr(contestants, "KEPT", tmp_path)
    monkeypatch.setattr(contestants, "_timed", found)
    first, second = (run("splink", two_people(), fresh=False) for _ in range(2))
    assert (first.kept_from, len(started)) == ("", 1)
    assert second.kept_from
    assert second.seconds == 1.0
    assert not run("splink", two_people(), fresh=True).kept_from
    assert not any(run(OURS, two_people(), fresh=False).kept_from for _ in range(2))
    assert len(started) == 4


def test_a_contestant_that_fails_is_reported_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on with the last line that the contestant wrote."""
    program = [sys.executable, "-c", "raise SystemExit('no memory left')"]
    monkeypatch.setattr(contestants, "_command", lambda *_: program)
    with pytest.raises(NotFinishedError, match="no memory left"):
        run(OURS, two_people(), fresh=False)


def test_ours_holds_its_figures_on_febrl() -> None:
    """Of 1,000 records with 500 true pairs hardly any is missed or wrong, at the default settings."""
    labelled = load_febrl(1)
    result = result_of(labelled, run(OURS, labelled, fresh=False))
    assert result.f1 is not None
    assert result.f1 >= 0.995
    assert result.largest_cluster == 2

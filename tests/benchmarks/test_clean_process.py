"""What a process takes: seconds, CPU seconds and memory, those of its children included."""

import sys
import time
from pathlib import Path

import pytest

from benchmarks.clean.process import NotFinishedError, measured

pytestmark = pytest.mark.proof

# A child that holds so many MiB for half a second, and as many processes of it as are asked for.
HOLD = "import time; held = bytearray(b'x') * ({mib} * 2**20); time.sleep(0.6)"
PARENT = """
import subprocess, sys
children = [subprocess.Popen([sys.executable, "-S", "-c", sys.argv[1]]) for _ in range(2)]
for child in children:
    child.wait()
"""


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-S", "-c", program, *arguments]


def test_memory_is_that_of_all_processes_together(tmp_path: Path) -> None:
    """Two children with 80 MiB each are 160 MiB and little more."""
    cost = measured(python(PARENT, HOLD.format(mib=80)), tmp_path, 60)
    assert 160 * 2**20 < cost.peak_bytes < 240 * 2**20
    assert cost.seconds > 0.6


def test_a_page_that_two_processes_share_counts_once(tmp_path: Path) -> None:
    """A fork of a process with 100 MiB does not double them."""
    program = (
        "import os, time; held = bytearray(b'x') * (100 * 2**20); child = os.fork(); time.sleep(0.6);"
        " os.waitpid(child, 0) if child else None"
    )
    cost = measured(python(program), tmp_path, 60)
    assert 100 * 2**20 < cost.peak_bytes < 150 * 2**20


def test_cpu_seconds_are_those_of_the_children_too(tmp_path: Path) -> None:
    """Two children that each compute for a while; waiting costs nothing."""
    busy = "import time; begin = time.process_time()\nwhile time.process_time() - begin < 0.4: pass"
    assert measured(python(PARENT, busy), tmp_path, 60).cpu_seconds > 0.8
    assert measured(python("import time; time.sleep(1)"), tmp_path, 60).cpu_seconds < 0.5


def test_a_process_is_ended_at_the_limit_with_all_that_it_started(tmp_path: Path) -> None:
    """The error says so, and no child goes on."""
    mark = tmp_path / "late"
    child = f"import time, pathlib; time.sleep(2); pathlib.Path({str(mark)!r}).touch()"
    with pytest.raises(NotFinishedError, match="more than 1 s"):
        measured(python(PARENT, child), tmp_path, 1)
    time.sleep(1.5)
    assert not mark.exists()


def test_a_failure_is_told_by_its_last_words(tmp_path: Path) -> None:
    """The last line that was written stands for the reason, else the exit status."""
    with pytest.raises(NotFinishedError, match="no memory left"):
        measured(python("raise SystemExit('no memory left')"), tmp_path, 60)
    with pytest.raises(NotFinishedError, match="exit status 3"):
        measured(python("raise SystemExit(3)"), tmp_path, 60)

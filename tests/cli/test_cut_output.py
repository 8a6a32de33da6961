"""A command whose reader has seen enough, as behind `| head`."""

import os
import subprocess
import sys


def test_a_reader_who_goes_away_is_no_error() -> None:
    """Nothing is written about the pipe that broke; the exit code alone says that something was cut."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dedup_service", "clean", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")

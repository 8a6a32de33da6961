"""A command whose reader has seen enough, as behind `| head`."""

import os
import subprocess
import sys
from pathlib import Path


def test_a_reader_who_goes_away_is_no_error(tmp_path: Path) -> None:
    """Nothing is written about the pipe that broke; the exit code alone says that something was cut."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dedup_service", "doctor", "--json"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DEDUP_LISTEN": "127.0.0.1:1", "DEDUP_DATA_DIR": str(tmp_path / "data")},
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")

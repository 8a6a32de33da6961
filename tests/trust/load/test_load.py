"""A small share of the load: no errors, refusals that say when to call again, and calm afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trust.load.part import run
from tests.trust.report import Plan


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that PostgreSQL's account can reach when root runs the tests; pytest's own is private."""
    path = Path(tempfile.mkdtemp(prefix="dedup-load-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_a_small_share_of_the_load(directory: Path) -> None:
    """Nothing fails on a day; above capacity calls are answered or refused; then it is as before."""
    lines = run(Plan(1, 0.005, directory))
    assert [line.short for line in lines] == ["", "", "", ""], lines
    day, _, flood, after = (line.figures for line in lines)
    assert day["calls"] == day["answered"] > 600
    assert flood["answered"] > 0
    assert flood["refused"] > 0
    assert flood["vote: answered"] > 0
    assert after["answered"] == after["calls"] > 0

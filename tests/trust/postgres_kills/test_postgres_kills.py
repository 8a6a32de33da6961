"""A few kills of PostgreSQL and one full disk; a hundred and five are in `make trust`."""

import asyncio
from pathlib import Path

import pytest

from tests.trust.postgres_kills.part import disk_full, killed
from tests.trust.report import Plan


def test_what_was_answered_survives_kills_of_postgres(tmp_path: Path) -> None:
    """Under load, with the service going on by itself."""
    line = asyncio.run(killed(Plan(5, 0.03, tmp_path)))
    assert line.details == ()
    assert line.figures["cycles"] == 3
    assert line.figures["calls unanswered and sent again"] > 0


def test_a_full_disk_refuses_writes_alone(tmp_path: Path) -> None:
    """Reads go on, and writes once there is room."""
    line = asyncio.run(disk_full(Plan(1, 0.2, tmp_path)))
    if "can be mounted" in line.short:
        pytest.skip(line.short)
    assert line.details == ()
    assert (line.figures["cycles"], line.figures["writes refused"]) == (1, 5)

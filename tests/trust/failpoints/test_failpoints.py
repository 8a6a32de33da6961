"""A few interruptions of each kind; all of them are in `make trust`."""

from pathlib import Path

from tests.trust.failpoints.part import run
from tests.trust.report import Plan

_SHARE = 0.01


def test_nothing_is_torn_or_lost_where_a_write_is_interrupted(tmp_path: Path) -> None:
    """Writes, runs of a job and migrations, killed, failed and hung at points that are drawn."""
    lines = run(Plan(3, _SHARE, tmp_path))
    assert [line.details for line in lines if not line.holds] == []
    writes, jobs, migrated = lines
    assert writes.figures["points"] >= 120
    assert writes.figures["cases"] == 7
    assert (jobs.figures["cases"], migrated.figures["cases"]) == (3, 3)

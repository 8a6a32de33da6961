"""A share of the damaged files."""

from pathlib import Path

from tests.trust.import_files import part
from tests.trust.report import Plan


def test_a_share_of_the_files(tmp_path: Path) -> None:
    """Each is read or refused; both happen, to CSV and to Parquet."""
    (line,) = part.run(Plan(1, 0.02, tmp_path))
    assert line.holds, (line.short, line.details)
    assert line.figures["files"] == 60
    assert {"csv read", "csv refused", "parquet read", "parquet refused"} <= set(line.figures)

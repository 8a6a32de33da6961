"""Each way to lose the index once; thirty are in `make trust`."""

from pathlib import Path

from tests.trust.report import Plan
from tests.trust.valkey_kills.part import run


def test_no_match_is_short_in_silence(tmp_path: Path) -> None:
    """While the index is lost and mended, under writes."""
    [line] = run(Plan(2, 5 / 30, tmp_path))
    assert line.details == ()
    assert line.figures["cycles"] == 5
    short = line.figures["answers that say they may be short"]
    assert short + line.figures["answers refused, the index being away"] > 0
    assert line.figures["answers whole"] > 0

"""A share of the fuzzer's runs on each parser, and the fuzzer's own eyes."""

from pathlib import Path

import pytest

from tests.trust.parsers import part
from tests.trust.parsers.targets import TARGETS
from tests.trust.report import Plan


@pytest.mark.timeout(240)
def test_a_share_of_the_runs(tmp_path: Path) -> None:
    """A thousand of each quick target, fewer of those that cost more; nothing is found."""
    quick = ("people", "filters", "rows")
    line = part.line_of([part.fuzz(Plan(7, 0.001, tmp_path), name, TARGETS[name]) for name in quick])
    assert line.holds, line.details
    assert line.figures["targets"] == len(quick)
    assert line.figures["runs"] >= 1000 * len(quick)


def test_what_is_raised_is_reported(tmp_path: Path) -> None:
    """A target that there is not ends its process as an input would that breaks one."""
    line = part.line_of([part.fuzz(Plan(7, 0.001, tmp_path), "none", TARGETS["filters"])])
    assert not line.holds
    assert "KeyError: 'none'" in line.details[0]

"""A share of the calls with any bytes: the service stands them, and is asked about every method."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.trust.fuzz import part
from tests.trust.fuzz.calling import all_methods
from tests.trust.report import Plan

SHARE = 0.02


@pytest.mark.timeout(240)
def test_a_share_of_the_calls() -> None:
    """All end as documented, and many methods are reached behind their checks."""
    with TemporaryDirectory(prefix="dedup-fuzz-") as directory:
        plan = Plan(7, SHARE, Path(directory))
        codes, service = part.run(plan)
    assert codes.holds, (codes.short, codes.details)
    assert service.holds, (service.short, service.details)
    assert codes.figures["calls"] == plan.count(part.CALLS) == 1000
    assert codes.figures["methods"] == len(all_methods()) >= 82
    assert codes.figures["methods that answered OK"] >= 40

"""Duplicates by source and by owner."""

import numpy as np
import pyarrow as pa

from dedup_service.cleanup.results.tallies import Share, Tally


def test_shares_and_meetings_are_counted_over_all_parts() -> None:
    """Records, those in clusters, clusters with two of one value, and clusters that two values share."""
    tally = Tally()
    tally.add(pa.chunked_array([["crm", "erp", "crm ", "shop"]]), np.array([0, 0, 1, -1], np.int32))
    tally.add(pa.chunked_array([["crm", "erp", "crm"]]), np.array([1, 1, -1], np.int32))
    found = tally.tallied(3)
    assert found.shares == (Share("crm", 4, 3, 1, 2), Share("erp", 2, 2, 0, 2), Share("shop", 1, 0, 0, 0))
    assert found.meetings == ((1, 2, 0), (2, 0, 0), (0, 0, 0))


def test_nothing_counted_is_nothing() -> None:
    """No value, and values without clusters."""
    assert Tally().tallied(3).shares == ()
    tally = Tally()
    tally.add(pa.chunked_array([["crm"]]), np.array([-1], np.int32))
    assert tally.tallied(3).shares == (Share("crm", 1, 0, 0, 0),)

"""Distributions count every value in the right bucket."""

from hypothesis import given
from hypothesis import strategies as st

from dedup_service.telemetry.instruments import NANOSECONDS, Distribution


def test_a_bound_belongs_to_its_bucket() -> None:
    """A value equal to a bound is counted under it, one above it in the next, as Prometheus's `le` says."""
    distribution = Distribution((0.001, 0.01), NANOSECONDS)
    for value_ns in (1_000_000, 1_000_001, 10_000_000, 10_000_001):
        distribution.add(value_ns)
    assert distribution.read().counts == (1, 2, 1)


def test_the_sum_is_in_the_unit_of_the_metric() -> None:
    """What was added in nanoseconds is read in seconds."""
    distribution = Distribution((1.0,), NANOSECONDS)
    distribution.add(250_000_000)
    distribution.add(1_500_000_000)
    assert distribution.read().sum == 1.75


@given(st.lists(st.integers(0, 3000)))
def test_every_value_is_counted_once(values: list[int]) -> None:
    """Buckets hold as many values as were added, each where counting by hand puts it."""
    bounds = (0, 1, 10, 100, 2000)
    distribution = Distribution(bounds)
    for value in values:
        distribution.add(value)
    below = [sum(value <= bound for value in values) for bound in bounds]
    by_hand = [upper - lower for lower, upper in zip([0, *below], [*below, len(values)], strict=True)]
    assert list(distribution.read().counts) == by_hand

"""Distributions for the hot path: a list of whole numbers each, written by one thread.

Why not a library's: `tests/telemetry/cost.py` measures one recording of each beside these.
OpenTelemetry's histogram takes some 11 microseconds (it hashes the labels of each call anew),
prometheus_client's, bound to its labels beforehand, some 1.8, this some 0.3; a Match makes seven.
OpenTelemetry has no observable histogram, so `endpoint` hands these over as its data points.

The event loop writes and the endpoint's thread reads without a lock: a read sees each number whole, and a
distribution at most one observation ahead of its sum.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

NANOSECONDS = 1_000_000_000


class Distribution:
    """How whole numbers are spread over buckets.

    `bounds` are upper, inclusive and ascending, in `scale` parts of the unit: nanoseconds for a metric in
    seconds.
    """

    __slots__ = ("_bounds", "_counts", "_total", "scale")

    def __init__(self, bounds: Sequence[float], scale: int = 1) -> None:
        self.scale = scale
        self._bounds = tuple(round(bound * scale) for bound in bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0

    def add(self, value: int) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def read(self) -> "Spread":
        """What was counted so far, in the unit of the metric."""
        return Spread(tuple(self._counts), self._total / self.scale)


@dataclass(frozen=True, slots=True)
class Spread:
    """The values in each bucket, the last above all bounds, and the sum of the values."""

    counts: tuple[int, ...]
    sum: float

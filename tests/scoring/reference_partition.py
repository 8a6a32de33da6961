"""Average linkage with one heap for all records, as it was before components were told apart: slow, and what
the quick one has to agree with.
"""

import heapq
from collections.abc import Iterable, Sequence

from scoring.resolution.partition import LEAST_BITS, MOST_BITS, UNSEEN_BITS

_Sum = tuple[float, int]
_APART: _Sum = (-1e12, 1)


def reference_partition(
    count: int,
    pairs: Sequence[tuple[int, int, float]],
    not_a_match: Iterable[tuple[int, int]] = (),
    max_members: int | None = None,
) -> list[int]:
    """The cluster of each record, numbered by first appearance."""
    component = list(range(count))

    def root(at: int) -> int:
        while component[at] != at:
            at = component[at]
        return at

    for one, other, bits in pairs:
        if bits > 0:
            component[root(one)] = root(other)
    clusters = _Clusters(count, max_members or count)
    for one, other, bits in pairs:
        if root(one) == root(other):
            clusters.add(one, other, (min(MOST_BITS, max(LEAST_BITS, bits)), 1))
    for one, other in not_a_match:
        clusters.add(one, other, _APART)
    clusters.grow()
    return clusters.labels()


class _Clusters:
    """Clusters under way, each with the sum and number of the weights towards every neighbour."""

    def __init__(self, count: int, max_members: int) -> None:
        self._max_members = max_members
        self._towards: list[dict[int, _Sum]] = [{} for _ in range(count)]
        self._members: list[list[int]] = [[at] for at in range(count)]
        self._heap: list[tuple[float, int, int, int, int]] = []

    def add(self, first: int, second: int, sum_: _Sum) -> None:
        self._towards[first][second] = self._towards[second][first] = sum_

    def grow(self) -> None:
        for first, towards in enumerate(self._towards):
            for second in towards:
                if first < second:
                    self._offer(first, second)
        while self._heap:
            _, first, second, first_size, second_size = heapq.heappop(self._heap)
            # An offer is stale once either side has grown or gone.
            if len(self._members[first]) == first_size and len(self._members[second]) == second_size:
                self._join(first, second)

    def labels(self) -> list[int]:
        number = [0] * len(self._members)
        for members in self._members:
            for member in members:
                number[member] = min(members)
        order = {first: at for at, first in enumerate(dict.fromkeys(number))}
        return [order[first] for first in number]

    def _offer(self, first: int, second: int) -> None:
        total, seen = self._towards[first][second]
        pairs = len(self._members[first]) * len(self._members[second])
        mean = (total + (pairs - seen) * UNSEEN_BITS) / pairs
        size = len(self._members[first]) + len(self._members[second])
        if mean > 0 and size <= self._max_members:
            first, second = min(first, second), max(first, second)
            entry = (-mean, first, second, len(self._members[first]), len(self._members[second]))
            heapq.heappush(self._heap, entry)

    def _join(self, first: int, second: int) -> None:
        if len(self._towards[first]) < len(self._towards[second]):
            first, second = second, first
        towards = self._towards[first]
        towards.pop(second)
        for other, (total, seen) in self._towards[second].items():
            if other == first:
                continue
            total_before, seen_before = towards.get(other, (0.0, 0))
            towards[other] = self._towards[other][first] = (total + total_before, seen + seen_before)
            self._towards[other].pop(second)
        self._towards[second] = {}
        self._members[first] += self._members[second]
        self._members[second] = []
        for other in towards:
            self._offer(first, other)

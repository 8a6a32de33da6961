"""Clusters of records from weighed pairs, by average linkage: two clusters join while the mean weight of all
pairs between them is above zero, best first.

Plain connected components chain: one false link joins two clusters whole. Here every pair between two
clusters has its say, also those that speak against it. A weight counts for `MOST_BITS` at most, so that no
single pair decides, and against for `LEAST_BITS` at most, since the records of one cluster may be incomplete
in different ways; a pair that was never a candidate counts `UNSEEN_BITS`. Records known to differ are never
joined.
"""

import heapq
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

MOST_BITS = 8.0
LEAST_BITS = -3.0
UNSEEN_BITS = -1.5

Positions = NDArray[np.int32]
_Sum = tuple[float, int]
# Of a pair known to differ: no sum of weights makes up for it.
_APART: _Sum = (-1e12, 1)


def partition(
    count: int,
    left: Positions,
    right: Positions,
    weights_bits: NDArray[np.float64],
    *,
    not_a_match: Iterable[tuple[int, int]] = (),
    max_members: int | None = None,
) -> list[int]:
    """The cluster of each of `count` records, numbered by first appearance; pairs are positions, left !=
    right.

    The same pairs give the same clusters in any order. Cost: near-linear in the pairs within components.
    """
    linked = weights_bits > 0
    graph = coo_matrix((np.ones(int(linked.sum())), (left[linked], right[linked])), shape=(count, count))
    component = connected_components(graph, directed=False)[1]
    inside = component[left] == component[right]
    clusters = _Clusters(count, max_members or count)
    weights = np.clip(weights_bits[inside], LEAST_BITS, MOST_BITS).tolist()
    for first, second, bits in zip(left[inside].tolist(), right[inside].tolist(), weights, strict=True):
        clusters.add(first, second, (bits, 1))
    for first, second in not_a_match:
        clusters.add(first, second, _APART)
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

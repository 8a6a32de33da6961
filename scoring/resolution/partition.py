"""Clusters of records from weighed pairs, by average linkage: two clusters join while the mean weight of all
pairs between them is above zero, best first.

Plain connected components chain: one false link joins two clusters whole. Here every pair between two
clusters has its say, also those that speak against it. A weight counts for `MOST_BITS` at most, so that no
single pair decides, and against for `LEAST_BITS` at most, since the records of one cluster may be incomplete
in different ways; a pair that was never a candidate counts `UNSEEN_BITS`. Records known to differ are never
joined.
"""

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from scoring.resolution.collecting import without_collections

MOST_BITS = 8.0
LEAST_BITS = -3.0
UNSEEN_BITS = -1.5

Positions = NDArray[np.int32]
Numbers = NDArray[np.int64]
Bits = NDArray[np.float64]
_Sum = tuple[float, int]
_Pair = tuple[int, int, float]
# Of a pair known to differ: no sum of weights makes up for it.
_APART_BITS = -1e12


def partition(
    count: int,
    left: Positions,
    right: Positions,
    weights_bits: Bits,
    *,
    not_a_match: Iterable[tuple[int, int]] = (),
    max_members: int | None = None,
) -> list[int]:
    """The cluster of each of `count` records, numbered by first appearance; pairs are positions, left !=
    right.

    The same pairs give the same clusters in any order. Cost: near-linear in the pairs within components.
    """
    firsts = _firsts(count, left, right, weights_bits, list(not_a_match), max_members or count)
    # The first member of a cluster is where it first appears.
    is_first = firsts == np.arange(count)
    labels: list[int] = (np.cumsum(is_first) - 1)[firsts].tolist()
    return labels


def partition_of_pairs(
    left: Numbers,
    right: Numbers,
    weights_bits: Bits,
    *,
    not_a_match: Iterable[tuple[int, int]] = (),
    max_members: int | None = None,
) -> tuple[Numbers, Numbers]:
    """The numbers that occur in pairs, ascending, and of each the least number of its cluster, as
    `partition` has them; the numbers may be any, and those that occur in no pair are alone.
    """
    numbers, position = np.unique(np.concatenate([left, right]), return_inverse=True)
    positions = position.astype(np.int32)
    apart = np.array(list(not_a_match), dtype=np.int64).reshape(-1, 2)
    place = np.searchsorted(numbers, apart)
    occurs = (numbers[np.minimum(place, len(numbers) - 1)] == apart).all(axis=1) if len(numbers) else []
    firsts = _firsts(
        len(numbers),
        positions[: len(left)],
        positions[len(left) :],
        weights_bits,
        [(one, other) for one, other in place[occurs].tolist()],
        max_members or len(numbers),
    )
    return numbers, numbers[firsts]


class _Inside(NamedTuple):
    """The pairs within components, each once, and the component of every record."""

    first: Numbers
    second: Numbers
    bits: Bits
    component: NDArray[np.int32]


def _firsts(
    count: int, left: Positions, right: Positions, weights_bits: Bits, apart: list[tuple[int, int]], most: int
) -> Numbers:
    """The first member of the cluster of each record."""
    inside = _inside(count, left, right, weights_bits, apart)
    size = np.bincount(inside.component, minlength=1)
    of_pair = inside.component[inside.first]
    agreeing = np.bincount(of_pair[inside.bits > 0], minlength=len(size))
    # Where all pairs speak for it, whatever is joined first, all become one in the end.
    is_whole = (agreeing == size * (size - 1) // 2) & (size <= most)
    everybody = np.arange(count)
    first_of = np.zeros(len(size), dtype=np.int64)
    # Of several that go to one place the last one stays.
    first_of[inside.component[::-1]] = everybody[::-1]
    firsts = np.where(is_whole[inside.component], first_of[inside.component], everybody)
    # The pairs of one component after another, so that all that a heap holds is of one.
    rest = np.flatnonzero(~is_whole[of_pair])
    rest = rest[np.argsort(of_pair[rest], kind="stable")]
    ends = np.flatnonzero(np.diff(of_pair[rest], append=-1)) + 1
    pairs = list(zip(*(one[rest].tolist() for one in inside[:3]), strict=True))
    start = 0
    with without_collections():
        for end in ends.tolist():
            for members in _clusters(pairs[start:end], most):
                firsts[members] = min(members)
            start = end
    return firsts


def _clusters(pairs: Sequence[_Pair], most: int) -> list[list[int]]:
    """The clusters of two members or more within one component."""
    clusters = _Clusters(most)
    clusters.grow(pairs)
    return [members for members in clusters.members.values() if len(members) > 1]


def _inside(
    count: int, left: Positions, right: Positions, weights_bits: Bits, apart: list[tuple[int, int]]
) -> _Inside:
    linked = weights_bits > 0
    graph = coo_matrix(
        (np.ones(int(linked.sum()), dtype=np.int8), (left[linked], right[linked])), shape=(count, count)
    )
    component = connected_components(graph, directed=False)[1]
    at = np.flatnonzero(component[left] == component[right])
    differ = np.array(apart, dtype=np.int64).reshape(-1, 2)
    differ = differ[component[differ[:, 0]] == component[differ[:, 1]]]
    one, other = (
        np.concatenate([side[at], known]).astype(np.int64)
        for side, known in ((left, differ[:, 0]), (right, differ[:, 1]))
    )
    bits = np.clip(weights_bits[at], LEAST_BITS, MOST_BITS)
    bits = np.append(bits, np.full(len(differ), _APART_BITS))
    # Of a pair that is given twice the last one holds, and what is known to differ before all.
    keys = (np.minimum(one, other) * count + np.maximum(one, other))[::-1]
    keys, last = np.unique(keys, return_index=True)
    return _Inside(keys // max(1, count), keys % max(1, count), bits[::-1][last], component)


class _Clusters:
    """Clusters under way, each with the sum and number of the weights towards every neighbour."""

    def __init__(self, max_members: int) -> None:
        self.members: dict[int, list[int]] = {}
        self._max_members = max_members
        self._towards: dict[int, dict[int, _Sum]] = {}
        self._heap: list[tuple[float, int, int, int, int]] = []

    def grow(self, pairs: Sequence[_Pair]) -> None:
        """Join what is to be joined; each pair is given once, the lesser record first."""
        for first, second, bits in pairs:
            for one, other in ((first, second), (second, first)):
                self._towards.setdefault(one, {})[other] = (bits, 1)
                self.members[one] = [one]
            if bits > 0 and self._max_members > 1:
                self._heap.append((-bits, first, second, 1, 1))
        heapq.heapify(self._heap)
        while self._heap:
            _, first, second, first_size, second_size = heapq.heappop(self._heap)
            # An offer is stale once either side has grown or gone.
            if len(self.members[first]) == first_size and len(self.members[second]) == second_size:
                self._join(first, second)

    def _offer(self, first: int, second: int) -> None:
        total, seen = self._towards[first][second]
        first_size, second_size = len(self.members[first]), len(self.members[second])
        pairs = first_size * second_size
        mean = (total + (pairs - seen) * UNSEEN_BITS) / pairs
        if mean > 0 and first_size + second_size <= self._max_members:
            if first < second:
                heapq.heappush(self._heap, (-mean, first, second, first_size, second_size))
            else:
                heapq.heappush(self._heap, (-mean, second, first, second_size, first_size))

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
        self.members[first] += self.members[second]
        self.members[second] = []
        for other in towards:
            self._offer(first, other)

"""Clusters found component by component are those that one heap for all records finds."""

import time
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scoring.resolution.partition import partition, partition_of_pairs
from tests.scoring.reference_partition import reference_partition

COUNT = 14
# Few weights, so that many joins tie; few of them at once, so that there are many components.
BITS = st.sampled_from((-20.0, -3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 8.0, 20.0))
RECORDS = st.integers(0, COUNT - 1)
PAIRS = st.tuples(RECORDS, RECORDS).filter(lambda pair: pair[0] != pair[1])


class Graph(NamedTuple):
    """Weighed pairs, some of them given twice or the other way round, and pairs known to differ."""

    pairs: list[tuple[int, int, float]]
    apart: list[tuple[int, int]]
    most: int | None

    def columns(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
        """Left, right and weight of the pairs."""
        left, right, bits = zip(*self.pairs, strict=True) if self.pairs else ((), (), ())
        return np.array(left, np.int32), np.array(right, np.int32), np.array(bits, np.float64)


GRAPHS = st.builds(
    Graph,
    st.lists(st.tuples(PAIRS, BITS).map(lambda one: (*one[0], one[1])), max_size=24),
    st.lists(PAIRS, max_size=4),
    st.none() | st.integers(1, 6),
)


@settings(max_examples=500)
@given(GRAPHS)
def test_agrees_with_one_heap_for_all_records(graph: Graph) -> None:
    """Components of every shape, ties, repeated pairs, limits and pairs known to differ change nothing."""
    found = partition(COUNT, *graph.columns(), not_a_match=graph.apart, max_members=graph.most)
    assert found == reference_partition(COUNT, graph.pairs, graph.apart, graph.most)


@settings(max_examples=300)
@given(GRAPHS, st.lists(st.integers(-(2**62), 2**62), min_size=COUNT, max_size=COUNT, unique=True))
def test_numbers_of_any_size_are_clustered_as_positions_are(graph: Graph, names: list[int]) -> None:
    """Of the numbers that occur in pairs, and of those alone, the least one of each cluster is told; pairs
    known to differ may be of others.
    """
    names.sort()
    left, right, bits = graph.columns()
    of = np.array(names, dtype=np.int64)
    apart = [(names[one], names[other]) for one, other in graph.apart]
    numbers, least = partition_of_pairs(
        of[left], of[right], bits, not_a_match=apart, max_members=graph.most or COUNT
    )
    labels = reference_partition(COUNT, graph.pairs, graph.apart, graph.most)
    assert numbers.tolist() == sorted({names[at] for one, other, _ in graph.pairs for at in (one, other)})
    assert dict(zip(numbers.tolist(), least.tolist(), strict=True)) == {
        name: names[labels.index(labels[at])]
        for at, name in enumerate(names)
        if name in set(numbers.tolist())
    }


@pytest.mark.proof
def test_a_million_records_take_seconds() -> None:
    """A million records in components of four, of which a fifth of the links is missing, are clustered in
    seconds, not minutes.
    """
    chance = np.random.default_rng(5)
    first = np.arange(0, 1_000_000, 4)
    shapes = ((0, 1), (0, 2), (1, 2), (2, 3))
    left = np.concatenate([first + one for one, _ in shapes]).astype(np.int32)
    right = np.concatenate([first + other for _, other in shapes]).astype(np.int32)
    kept = chance.random(len(left)) < 0.8
    bits = chance.normal(4, 4, len(left))
    start = time.process_time()
    labels = partition(1_000_000, left[kept], right[kept], bits[kept], max_members=50)
    assert time.process_time() - start < 15
    assert 250_000 < labels[-1] < 1_000_000

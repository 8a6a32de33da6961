"""Clusters by average linkage: no chains, nobody together with whom they are known to differ from."""

import itertools
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.resolution.partition import LEAST_BITS, MOST_BITS, UNSEEN_BITS, partition

Weights = dict[tuple[int, int], float]
COUNT = 9
PAIRS = list(itertools.combinations(range(COUNT), 2))
# Weights with so many digits that no two means tie, so that the best first is one pair.
BITS = st.floats(-12, 12).filter(lambda bits: bits != 0)
GRAPHS = st.dictionaries(st.sampled_from(PAIRS), BITS, max_size=len(PAIRS))


def clusters(
    weights: Weights, *, count: int = COUNT, apart: tuple[tuple[int, int], ...] = (), limit: int | None = None
) -> list[int]:
    """The partition of these pairs."""
    left = np.array([one for one, _ in weights], np.int32)
    right = np.array([other for _, other in weights], np.int32)
    return partition(
        count, left, right, np.array(list(weights.values())), not_a_match=apart, max_members=limit
    )


def groups(labels: list[int]) -> set[frozenset[int]]:
    """The same clusters whatever their numbers are."""
    return {frozenset(at for at, label in enumerate(labels) if label == wanted) for wanted in set(labels)}


def brute_force(weights: Weights, count: int) -> set[frozenset[int]]:
    """Average linkage by the book: of all pairs of clusters join the one with the highest mean, while it is
    above zero.
    """

    def bits(one: int, other: int) -> float:
        found = weights.get((min(one, other), max(one, other)))
        return UNSEEN_BITS if found is None else min(MOST_BITS, max(LEAST_BITS, found))

    def mean(one: frozenset[int], other: frozenset[int]) -> float:
        return sum(bits(a, b) for a in one for b in other) / (len(one) * len(other))

    found = {frozenset([at]) for at in range(count)}
    while len(found) > 1:
        one, other = max(itertools.combinations(found, 2), key=lambda pair: mean(*pair))
        if mean(one, other) <= 0:
            break
        found = (found - {one, other}) | {one | other}
    return found


@settings(max_examples=200)
@given(GRAPHS)
def test_agrees_with_average_linkage_by_the_book(weights: Weights) -> None:
    """On small graphs the clusters are those that trying all pairs of clusters in turn gives."""
    spread = {pair: bits + at * 2**-20 for at, (pair, bits) in enumerate(weights.items())}
    capped = [pair for pair, bits in spread.items() if not LEAST_BITS < bits < MOST_BITS]
    for at, pair in enumerate(capped):
        # Capped weights tie, and which of two equal joins comes first is not what is tested.
        spread[pair] = (MOST_BITS - at * 2**-10 - 2**-10) if spread[pair] > 0 else LEAST_BITS + at * 2**-10
    assert groups(clusters(spread)) == brute_force(spread, COUNT)


@given(
    GRAPHS,
    st.lists(st.sampled_from(PAIRS), max_size=8),
    st.integers(1, COUNT),
)
def test_nobody_is_with_whom_they_differ_from(
    weights: Weights, apart: list[tuple[int, int]], limit: int
) -> None:
    """No cluster holds a not-a-match pair or more members than it may, whatever the weights are."""
    for members in groups(clusters(weights, apart=tuple(apart), limit=limit)):
        assert len(members) <= limit
        assert not any(one in members and other in members for one, other in apart)


@given(GRAPHS, st.integers(0, 1000))
def test_order_of_pairs_changes_nothing(weights: Weights, seed: int) -> None:
    """The same pairs in any order, either way round, give the same clusters."""
    shuffled = [
        ((other, one) if at % 2 else (one, other), bits)
        for at, ((one, other), bits) in enumerate(weights.items())
    ]
    random.Random(seed).shuffle(shuffled)
    assert clusters(dict(shuffled)) == clusters(weights)


@given(GRAPHS)
def test_clusters_are_numbered_by_first_appearance(weights: Weights) -> None:
    """Each record has one cluster; numbers begin at 0 and go up by one."""
    labels = clusters(weights)
    assert list(dict.fromkeys(labels)) == list(range(len(set(labels))))
    assert len(labels) == COUNT


def test_a_chain_of_weak_links_is_cut() -> None:
    """Neighbours that agree a little do not bring ends together that disagree."""
    chain = {(at, at + 1): 2.0 for at in range(5)}
    contradictions = {
        (one, other): -20.0 for one, other in itertools.combinations(range(6), 2) if other > one + 1
    }
    labels = clusters(chain | contradictions, count=6)
    assert labels[0] != labels[5]
    assert max(labels.count(label) for label in labels) <= 2


def test_one_link_does_not_join_two_clusters() -> None:
    """Two dense clusters with one false link between them, however strong, stay two."""
    dense = {pair: 10.0 for half in (range(4), range(4, 8)) for pair in itertools.combinations(half, 2)}
    assert clusters(dense | {(0, 4): 38.0}, count=8) == [0, 0, 0, 0, 1, 1, 1, 1]


def test_pairs_never_compared_speak_against() -> None:
    """Three records of which two were never compared are one only where the other links outweigh that."""
    assert clusters({(0, 1): 6.0, (1, 2): 6.0}, count=3) == [0, 0, 0]
    assert clusters({(0, 1): 6.0, (1, 2): 1.0}, count=3) == [0, 0, 1]


def test_a_complete_cluster_is_one() -> None:
    """Records that all agree are one cluster up to the limit of members."""
    complete = dict.fromkeys(itertools.combinations(range(6), 2), 5.0)
    assert clusters(complete, count=6) == [0] * 6
    assert max(map(len, groups(clusters(complete, count=6, limit=4)))) == 4


def test_no_pairs_leave_everybody_alone() -> None:
    """Records without pairs, and no records at all."""
    assert clusters({}, count=3) == [0, 1, 2]
    assert clusters({}, count=0) == []


def test_the_best_link_wins_a_record_that_two_want() -> None:
    """Of two records known to differ, a third joins the one that it is more like."""
    assert clusters({(0, 1): 3.0, (1, 2): 7.0}, count=3, apart=((0, 2),)) == [0, 1, 1]

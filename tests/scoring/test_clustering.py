"""Clusters grow by their best links and never hold a pair known to be two."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Cluster, ClusterError, Link, cluster

NODES = st.sampled_from("abcdefgh")
PAIRS = st.tuples(NODES, NODES).filter(lambda pair: pair[0] != pair[1])
LINKS = st.lists(
    st.builds(lambda pair, bits: link(pair[0], pair[1], bits), PAIRS, st.integers(-6, 6)), max_size=20
)


def link(left: str, right: str, bits: float = 5.0) -> Link:
    """A link of so many bits."""
    return Link(left, right, bits, 0.99)


@given(LINKS, st.lists(PAIRS, max_size=6), st.integers(2, 8))
def test_no_cluster_breaks_a_distinction_or_the_limit(
    links: list[Link], distinctions: list[tuple[str, str]], max_members: int
) -> None:
    """No not-a-match pair is in one cluster, none is too large, and no record is in two."""
    found = cluster(links, distinctions, max_members)
    for one in found:
        assert 2 <= len(one.members) <= max_members
        assert not any(left in one.members and right in one.members for left, right in distinctions)
        assert {one.weakest_link.left, one.weakest_link.right} <= set(one.members)
    everybody = [member for one in found for member in one.members]
    assert len(everybody) == len(set(everybody))


@given(LINKS, st.lists(PAIRS, max_size=6), st.integers(0, 1000))
def test_order_of_links_changes_nothing(
    links: list[Link], distinctions: list[tuple[str, str]], seed: int
) -> None:
    """The same links in any order, either way round, give the same clusters."""
    expected = cluster(links, distinctions)
    shuffled = [Link(one.right, one.left, one.match_weight_bits, one.match_probability) for one in links]
    random.Random(seed).shuffle(shuffled)
    assert cluster(shuffled, [(right, left) for left, right in reversed(distinctions)]) == expected


def test_short_chain_is_one_cluster_with_its_weakest_link() -> None:
    """Links join through a third record; the weakest of those that hold the cluster together is shown."""
    assert cluster([link("a", "b", 9), link("b", "c", 6)]) == [
        Cluster(("a", "b", "c"), link("b", "c", 6), (9 + 6 - 1.5) / 3)
    ]


def test_one_link_does_not_join_two_clusters_that_differ() -> None:
    """A false link between two clusters is outweighed by the other pairs between them."""
    links = [link("a", "b", 9), link("c", "d", 9), link("b", "c", 5), link("a", "d", -8), link("a", "c", -8)]
    assert [one.members for one in cluster(links)] == [("a", "b"), ("c", "d")]


def test_a_link_inside_a_cluster_is_not_its_weakest() -> None:
    """A worse link between records already joined by better ones holds nothing together."""
    assert cluster([link("a", "b", 9), link("b", "c", 8), link("a", "c", 1)])[0].weakest_link == link(
        "b", "c", 8
    )


def test_distinction_keeps_the_better_link() -> None:
    """Where a record could go with either of two known to differ, it goes with the better."""
    assert cluster([link("a", "b", 9), link("b", "c", 8)], [("a", "c")]) == [
        Cluster(("a", "b"), link("a", "b", 9), 9.0)
    ]


def test_limit_keeps_the_best_links() -> None:
    """A cluster does not grow beyond the limit."""
    links = [link("a", "b", 9), link("c", "d", 8), link("b", "c", 7)]
    assert [one.members for one in cluster(links, max_members=3)] == [("a", "b"), ("c", "d")]


def test_long_chains_are_cut_and_break_no_stack() -> None:
    """A chain of ten thousand records falls into short pieces."""
    names = [f"r{at:05d}" for at in range(10_000)]
    found = cluster([link(*pair) for pair in itertools.pairwise(names)], max_members=10_000)
    assert max(len(one.members) for one in found) <= 4
    assert sum(len(one.members) for one in found) > 9_000


def test_senseless_input_is_refused() -> None:
    """A link of a record with itself, or a limit below two, is an error."""
    with pytest.raises(ClusterError):
        cluster([link("a", "a")])
    with pytest.raises(ClusterError):
        cluster([], max_members=1)

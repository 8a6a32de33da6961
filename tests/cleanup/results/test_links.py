"""Weakest links, clusters in the order of the rows, and the pairs that a person should look at."""

import random
from pathlib import Path

import numpy as np
import pytest

from dedup_service.cleanup.results.clusters import read_clusters
from dedup_service.cleanup.results.links import for_review, read_links, weakest_links
from scoring import Link, cluster
from scoring.pairs import match_probability
from tests.cleanup.results.resolved import Weighed, write_found


def test_clusters_are_numbered_by_their_first_rows(tmp_path: Path) -> None:
    """Whatever the engine calls them, and in whatever order it writes them."""
    members = [(77, "5"), (-3, "9"), (77, "1"), (5, "10"), (-3, "0"), (5, "2"), (5, "3")]
    found = write_found(tmp_path, [], members, 12)
    clusters = read_clusters(found.clusters, 12)
    assert clusters.cluster_of.tolist() == [0, 1, 2, 2, -1, 1, -1, -1, -1, 0, 2, -1]
    assert clusters.first_rows.tolist() == [0, 1, 2]
    assert clusters.sizes.tolist() == [2, 2, 3]
    assert (clusters.count, clusters.member_count) == (3, 7)


def test_weakest_links_are_those_of_the_library(tmp_path: Path) -> None:
    """The last link that the strongest tree needs, for clusters of any shape."""
    dice = random.Random(5)
    pairs = []
    for start in range(0, 200, 5):
        inside = [(left, right) for left in range(start, start + 5) for right in range(left + 1, start + 5)]
        pairs += [
            Weighed(
                str(left), str(right), dice.choice((4.0, 6.5, 7.25, 20.0)) if dice.random() < 0.9 else 3.5
            )
            for left, right in inside
        ]
    known = cluster([Link(one.left, one.right, one.bits, match_probability(one.bits)) for one in pairs])
    members = [(at, member) for at, one in enumerate(known) for member in one.members]
    found = write_found(tmp_path, pairs, members, 200)
    clusters = read_clusters(found.clusters, 200)
    weakest = weakest_links(read_links(found.pairs), clusters.cluster_of, clusters.sizes)
    expected = {min(map(int, one.members)): one.weakest_link.match_weight_bits for one in known}
    assert dict(zip(clusters.first_rows.tolist(), weakest.tolist(), strict=True)) == expected


def test_a_cluster_without_links_to_hold_it_has_no_weakest(tmp_path: Path) -> None:
    """It is not made up."""
    members = [(0, "0"), (0, "1"), (0, "2"), (1, "3"), (1, "4")]
    found = write_found(tmp_path, [Weighed("0", "1", 9.0), Weighed("3", "4", 0.0)], members, 5)
    clusters = read_clusters(found.clusters, 5)
    weakest = weakest_links(read_links(found.pairs), clusters.cluster_of, clusters.sizes)
    assert np.isnan(weakest[0])
    assert weakest[1] == pytest.approx(0.0)


def test_review_has_the_best_pair_between_each_two_golden_records(tmp_path: Path) -> None:
    """The most likely first; none within a cluster, and one for each two."""
    pairs = [
        Weighed("0", "1", 9.0),
        Weighed("10", "1", 2.0),
        Weighed("10", "0", 3.0),
        Weighed("4", "5", 1.0),
        Weighed("2", "4", 8.0),
        Weighed("2", "3", 4.0),
        Weighed("3", "0", 1.5),
        Weighed("6", "7", -30.0),
    ]
    found = write_found(tmp_path, pairs, [(1, "0"), (1, "1"), (2, "2"), (2, "3")], 11)
    links = read_links(found.pairs)
    places = for_review(links, read_clusters(found.clusters, 11).cluster_of)
    assert [(int(links.left[at]), int(links.right[at])) for at in places] == [(2, 4), (0, 10), (0, 3), (4, 5)]
    assert [bool(links.is_match[at]) for at in places] == [True, False, False, False]


def test_nothing_found_is_nothing(tmp_path: Path) -> None:
    """No pair, no cluster, no review."""
    found = write_found(tmp_path, [], [], 3)
    links, clusters = read_links(found.pairs), read_clusters(found.clusters, 3)
    assert clusters.count == 0
    assert len(for_review(links, clusters.cluster_of)) == 0
    assert len(weakest_links(links, clusters.cluster_of, clusters.sizes)) == 0

"""Pairs, clusters and strata are counted as one by one, and intervals hold what they promise."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.evaluation.intervals import bootstrap, units_of_clusters, units_of_links, wilson
from scoring.evaluation.metrics import UNLABELLED, Labels, PairCounts, b_cubed, cluster_pairs, link_pairs
from scoring.evaluation.strata import cluster_strata, named_strata, pair_strata

RECORDS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(UNLABELLED, 4), st.sampled_from("ab")), min_size=1, max_size=14
)


def arrays(records: list[tuple[int, int, str]]) -> tuple[Labels, Labels, list[str]]:
    """Clusters, truth and strata of records."""
    clusters, truth, names = zip(*records, strict=True)
    return np.array(clusters), np.array(truth), list(names)


def counted(records: list[tuple[int, int, str]], stratum: str = "ab") -> PairCounts:
    """The labelled pairs with a record of the stratum, counted one by one."""
    true = found = correct = 0
    for one, other in itertools.combinations(records, 2):
        if UNLABELLED in (one[1], other[1]) or not (one[2] in stratum or other[2] in stratum):
            continue
        true += one[1] == other[1]
        found += one[0] == other[0]
        correct += one[:2] == other[:2]
    return PairCounts(true, found, correct)


@given(RECORDS)
def test_pairs_of_clusters_are_counted_as_one_by_one(records: list[tuple[int, int, str]]) -> None:
    """The contingency table gives what all pairs give; records without a label count nowhere."""
    clusters, truth, _ = arrays(records)
    assert cluster_pairs(clusters, truth) == counted(records)


@given(RECORDS)
def test_strata_count_the_pairs_that_touch_them(records: list[tuple[int, int, str]]) -> None:
    """A pair counts for the strata of both of its records."""
    clusters, truth, names = arrays(records)
    found = {one.name: one.counts for one in cluster_strata(clusters, truth, names, seed=1)}
    for name in "ab":
        assert found.get(name, PairCounts(0, 0, 0)) == counted(records, name)


@given(RECORDS)
def test_units_share_out_every_pair(records: list[tuple[int, int, str]]) -> None:
    """What the bootstrap draws from adds up to the counts, for clusters and for single links."""
    clusters, truth, _ = arrays(records)
    pairs = [
        (one, other)
        for one, other in itertools.combinations(range(len(records)), 2)
        if clusters[one] == clusters[other]
    ]
    left, right = np.array(pairs, np.int32).reshape(-1, 2).T
    whole = cluster_pairs(clusters, truth)
    assert link_pairs(left, right, truth) == whole
    for units in (units_of_clusters(clusters, truth), units_of_links(left, right, truth)):
        assert (
            PairCounts(*(int(one.sum()) for one in (units.true, units.found, units.correct))) == whole
            or not (truth != UNLABELLED).any()
        )


@given(RECORDS)
def test_b_cubed_is_the_mean_over_records(records: list[tuple[int, int, str]]) -> None:
    """As defined, record by record."""
    known = [record for record in records if record[1] != UNLABELLED]
    clusters, truth, _ = arrays(records)
    found = b_cubed(clusters, truth)
    if not known:
        assert math.isnan(found.precision)
        return
    shared = [sum(other[:2] == one[:2] for other in known) for one in known]
    in_cluster = [sum(other[0] == one[0] for other in known) for one in known]
    in_entity = [sum(other[1] == one[1] for other in known) for one in known]
    assert found.precision == pytest.approx(np.mean(np.array(shared) / in_cluster))
    assert found.recall == pytest.approx(np.mean(np.array(shared) / in_entity))


def test_b_cubed_of_the_example_of_its_authors() -> None:
    """Bagga and Baldwin 1998: entities of 5, 2 and 5; joining the small one is better than the large one."""
    truth = np.array([0] * 5 + [1] * 2 + [2] * 5)
    small_joined = b_cubed(np.array([0] * 5 + [1] * 7), truth)
    large_joined = b_cubed(np.array([0] * 5 + [1] * 2 + [0] * 5), truth)
    assert (round(small_joined.precision, 2), small_joined.recall) == (0.76, 1.0)
    assert (round(large_joined.precision, 2), large_joined.recall) == (0.58, 1.0)


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    """Of 10 true pairs, 8 found, 6 of them right."""
    counts = PairCounts(10, 8, 6)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(2 / (1 / 0.75 + 1 / 0.6))


def test_shares_of_nothing_are_no_number() -> None:
    """Neither 0 nor 1 is said where nothing is found or true; F1 is 0 where only one of them is nothing."""
    nothing = PairCounts(0, 0, 0)
    assert all(math.isnan(share) for share in (nothing.precision, nothing.recall, nothing.f1))
    assert PairCounts(3, 0, 0).f1 == 0.0


def test_counts_of_large_clusters_are_exact() -> None:
    """A million records in one cluster, of entities of two: counted at once and to the last pair."""
    records = 1_000_000
    counts = cluster_pairs(np.zeros(records, np.int64), np.arange(records) // 2)
    assert counts == PairCounts(records // 2, records * (records - 1) // 2, records // 2)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_is_that_of_the_tables(successes: int, trials: int, low: float, high: float) -> None:
    """Values that R's prop.test without correction gives too."""
    found = wilson(successes, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_the_bootstrap_holds_the_truth_as_often_as_it_says() -> None:
    """Of samples from one population, nearly 95 in 100 intervals hold the population's precision."""
    chance = random.Random(5)
    held = 0
    samples = 120
    for _ in range(samples):
        # Entities of two records, of which a cluster is right with probability 0.8, else joins two of others.
        clusters, truth = [], []
        for entity in range(150):
            truth += [2 * entity, 2 * entity if chance.random() < 0.8 else 2 * entity + 1]
            clusters += [entity, entity]
        interval = bootstrap(units_of_clusters(np.array(clusters), np.array(truth)), 3).precision
        held += interval.low <= 0.8 <= interval.high
    assert 0.88 <= held / samples <= 1.0


def test_the_bootstrap_repeats_itself() -> None:
    """The same seed gives the same bounds, another seed others."""
    truth = np.arange(300) // 3
    units = units_of_clusters(np.where(np.arange(300) % 7, truth, -5 - truth), truth)
    assert bootstrap(units, 7) == bootstrap(units, 7)
    assert bootstrap(units, 7) != bootstrap(units, 8)


def test_a_figure_without_a_mistake_is_not_certain() -> None:
    """A hundred entities that are all right leave room for one that is not."""
    truth = np.arange(300) // 3
    assert bootstrap(units_of_clusters(truth, truth), 1).precision == wilson(100, 100)


def test_a_figure_of_few_parts_has_no_interval() -> None:
    """One large chain is one observation, whatever number of pairs it holds."""
    chained = units_of_clusters(np.zeros(300, np.int64), np.arange(300) // 3)
    assert math.isnan(bootstrap(chained, 1).precision.low)


def test_what_clusters_and_entities_connect_is_one_unit() -> None:
    """The second and fourth record are one entity, the third and fourth one cluster: two units in all."""
    truth = np.array([0, 1, 2, 1])
    assert units_of_clusters(np.array([0, 1, 2, 2]), truth).true.tolist() == [0.0, 1.0]
    for left, right in (([2], [3]), ([3], [2])):
        links = np.array(left, np.int32), np.array(right, np.int32)
        assert units_of_links(*links, truth).found.tolist() == [0.0, 1.0]


def test_the_interval_of_a_stratum_is_of_its_own_pairs() -> None:
    """A stratum without a mistake beside one with nothing else."""
    records = np.arange(120)
    truth = records // 2
    # Of each four records of two entities the middle two are joined.
    crossed = np.where(np.isin(records % 4, (1, 2)), 1000 + records // 4, 2000 + records)
    clusters = np.where(records < 60, truth, crossed)
    right, wrong = cluster_strata(clusters, truth, ["right"] * 60 + ["wrong"] * 60, seed=1)
    assert right.intervals.precision.low > 0.8
    assert wrong.intervals.precision.high < 0.3


def test_small_strata_are_taken_together() -> None:
    """The largest by name, the rest as one; a missing name is a stratum too."""
    found = named_strata(["x", "x", "x", "y", "y", "", "z"], most=2)
    assert [(name, int(members.sum())) for name, members in found] == [
        ("x", 3),
        ("y", 2),
        ("(all others)", 2),
    ]
    assert [name for name, _ in named_strata(["", " "])] == ["(empty)"]


def test_labelled_pairs_have_strata_of_their_own() -> None:
    """Each pair counts in its stratum alone."""
    is_match = np.array([True, True, False, False])
    is_found = np.array([True, False, True, False])
    found = pair_strata(is_match, is_found, ["a", "a", "b", "b"], seed=1)
    assert [(one.name, one.size, one.counts) for one in found] == [
        ("a", 2, PairCounts(2, 1, 1)),
        ("b", 2, PairCounts(0, 1, 0)),
    ]

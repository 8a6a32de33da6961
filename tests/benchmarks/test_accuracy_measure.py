"""The figures of the accuracy benchmark, against counting every pair."""

from itertools import combinations

import numpy as np
import pytest

from benchmarks.accuracy.labelled import UNLABELLED
from benchmarks.accuracy.measure import (
    Figures,
    Ints,
    ScoredPairs,
    b_cubed,
    best_components,
    best_labelled,
    best_pairs,
    components_at,
    labelled_at,
    largest,
    pair_count,
    pairs_at,
    pairwise,
    reached,
)


def drawn(seed: int, record_count: int = 30) -> tuple[Ints, ScoredPairs]:
    """Clusters of about three and a third of all pairs, true ones scored higher, with many equal scores."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, record_count // 3, record_count)
    pairs = [pair for pair in combinations(range(record_count), 2) if random.random() < 0.33]
    left, right = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    scores = np.round(random.random(len(left)) + (truth[left] == truth[right]), 1)
    return truth, ScoredPairs(left, right, scores)


def counted(truth: Ints, taken: set[tuple[int, int]]) -> Figures:
    """The same figures from a list of all pairs."""
    known = [at for at in range(len(truth)) if truth[at] != UNLABELLED]
    true = {pair for pair in combinations(known, 2) if truth[pair[0]] == truth[pair[1]]}
    taken = {pair for pair in taken if pair[0] in known and pair[1] in known}
    return Figures(len(true & taken) / max(len(taken), 1), len(true & taken) / max(len(true), 1))


def together(labels: Ints) -> set[tuple[int, int]]:
    return {pair for pair in combinations(range(len(labels)), 2) if labels[pair[0]] == labels[pair[1]]}


@pytest.mark.parametrize("seed", range(5))
def test_pairwise_figures_are_those_of_counting_all_pairs(seed: int) -> None:
    """Precision and recall of clusters from sizes alone equal those from every pair."""
    random = np.random.default_rng(seed)
    truth, found = random.integers(0, 8, 40), random.integers(0, 9, 40)
    expected = counted(truth, together(found))
    figures = pairwise(truth, found)
    assert (figures.precision, figures.recall) == pytest.approx((expected.precision, expected.recall))


def test_records_without_truth_are_not_counted() -> None:
    """A found pair with an unlabelled record is neither right nor wrong."""
    truth = np.array([0, 0, UNLABELLED, 1])
    assert pairwise(truth, np.array([0, 0, 0, 0])) == Figures(1 / 3, 1.0)
    scored = ScoredPairs(np.array([0, 0]), np.array([1, 2]), np.array([0.9, 0.9]))
    assert pairs_at(truth, scored, 0.5) == Figures(1.0, 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_best_pairs_is_the_best_of_all_thresholds(seed: int) -> None:
    """No threshold gives a better F1 of the pairs than the one that is said to be best."""
    truth, scored = drawn(seed)
    every = {one: pairs_at(truth, scored, one).f1 for one in np.unique(scored.scores).tolist()}
    best = best_pairs(truth, scored)
    assert best.figures.f1 == pytest.approx(max(every.values()))
    assert every[best.threshold] == pytest.approx(best.figures.f1)


@pytest.mark.parametrize("seed", range(5))
def test_best_components_is_the_best_of_all_thresholds(seed: int) -> None:
    """The spanning forest gives the components, and their figures, that every threshold has."""
    truth, scored = drawn(seed)
    every = {
        one: pairwise(truth, components_at(len(truth), scored, one)).f1
        for one in np.unique(scored.scores).tolist()
    }
    best = best_components(truth, scored)
    assert best.figures.f1 == pytest.approx(max(every.values()))
    assert every[best.threshold] == pytest.approx(best.figures.f1)


def test_components_follow_links_through_others() -> None:
    """Three records in a chain are one component, and a link below the threshold joins nothing."""
    scored = ScoredPairs(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.9, 0.8, 0.1]))
    assert together(components_at(4, scored, 0.5)) == {(0, 1), (0, 2), (1, 2)}


def test_b_cubed_is_that_of_the_worked_example() -> None:
    """Five alone, two put together with five others, as Bagga and Baldwin draw it: 0.76 at full recall."""
    truth = np.array([0] * 5 + [1] * 2 + [2] * 5)
    figures = b_cubed(truth, np.array([0] * 5 + [1] * 7))
    assert figures.recall == 1.0
    assert round(figures.precision, 2) == 0.76


def test_reached_is_the_share_of_true_pairs_among_those_scored() -> None:
    """A true pair that blocking never compared counts against it, whatever the scores."""
    truth = np.array([0, 0, 0, 1])
    scored = ScoredPairs(np.array([0, 2]), np.array([1, 3]), np.array([-9.0, 9.0]))
    assert reached(truth, scored) == pytest.approx(1 / 3)


def test_labelled_pairs_are_judged_on_both_sides() -> None:
    """A pair below the threshold is right where its label says different."""
    same, scores = np.array([True, True, False, False]), np.array([3.0, -1.0, 1.0, -2.0])
    figures, right = labelled_at(same, scores, 0.0)
    assert figures == Figures(0.5, 0.5)
    assert right == 0.5
    best, best_right = best_labelled(same, scores)
    assert (best.figures, best.threshold) == (Figures(2 / 3, 1.0), -1.0)
    assert best_right == 0.75


def test_sizes_and_pairs_of_clusters() -> None:
    """Clusters of three, two and one hold four pairs, and the largest has three."""
    labels = np.array([4, 4, 4, 7, 7, 9])
    assert (pair_count(labels), largest(labels)) == (4, 3)

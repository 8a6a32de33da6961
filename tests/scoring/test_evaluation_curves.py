"""Curves, calibration, blocking and unlinkables say what counting says."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import Entity, blocking_keys, prepare
from scoring.evaluation.calibration import calibration
from scoring.evaluation.coverage import (
    are_candidates,
    candidate_counts,
    coverage_by_rule,
    true_pairs_sample,
)
from scoring.evaluation.curves import Floats, PrecisionRecall, precision_recall
from scoring.evaluation.metrics import UNLABELLED
from scoring.evaluation.unlinkables import unlinkables

PAIRS = st.lists(st.tuples(st.integers(-4, 4), st.booleans()), min_size=1, max_size=20)


def curve_of(pairs: list[tuple[int, bool]], missed: int = 0) -> PrecisionRecall:
    """The curve of pairs of (weight, is a match), and of matches that were never scored."""
    weights, matches = zip(*pairs, strict=True)
    return precision_recall(np.array(weights, np.float64), np.array(matches), sum(matches) + missed)


def probability_of(weights: Floats) -> Floats:
    """What the model says of match weights."""
    said: Floats = 1 / (1 + np.exp2(-weights))
    return said


@given(PAIRS, st.integers(0, 3))
def test_each_point_is_what_its_threshold_gives(pairs: list[tuple[int, bool]], missed: int) -> None:
    """Pairs of equal weight are taken together; true pairs that were never scored lower the recall."""
    true = sum(is_match for _, is_match in pairs) + missed
    curve = curve_of(pairs, missed)
    assert list(curve.weights_bits) == sorted({float(weight) for weight, _ in pairs}, reverse=True)
    for at, weight in enumerate(curve.weights_bits):
        taken = [is_match for one, is_match in pairs if one >= weight]
        assert curve.precision[at] == pytest.approx(sum(taken) / len(taken))
        assert curve.f1[at] == pytest.approx(2 * sum(taken) / (len(taken) + true))
        if true:
            assert curve.recall[at] == pytest.approx(sum(taken) / true)


def test_the_best_threshold_has_the_best_f1() -> None:
    """And that for a precision has the most recall among those that hold it."""
    curve = curve_of([(9, True), (8, True), (5, False), (4, True), (3, True), (1, False)])
    best = curve.best()
    assert best is not None
    assert best.weight_bits == 3.0
    assert best.f1 == pytest.approx(8 / 9)
    strict = curve.at_precision(0.95)
    assert strict is not None
    assert (strict.weight_bits, strict.recall) == (8.0, 0.5)
    assert curve.at_precision(1.1) is None


def test_a_threshold_between_two_weights_takes_what_is_above() -> None:
    """What holds at 6 bits is what the pairs of 8 and 9 bits give; above all weights there is nothing."""
    curve = curve_of([(9, True), (8, False), (5, True)])
    found = curve.at_weight(6.0)
    assert found is not None
    assert (found.weight_bits, found.precision, found.recall) == (6.0, 0.5, 0.5)
    assert curve.at_weight(10.0) is None


def test_average_precision_is_the_area_under_the_steps() -> None:
    """Ranks 1, 2 and 4 of three true pairs, one more is never found: (1 + 1 + 3/4) / 4."""
    curve = curve_of([(9, True), (8, True), (7, False), (6, True)], missed=1)
    assert curve.average_precision == pytest.approx((1 + 1 + 3 / 4) / 4)


def test_a_thinned_curve_keeps_its_best_and_its_last_point() -> None:
    """However few points are asked for, in their order; behind full recall the precision goes on falling."""
    chance = np.random.default_rng(1)
    weights = chance.normal(size=5000)
    curve = precision_recall(weights, chance.random(5000) < probability_of(4 * weights), 3000)
    thin = curve.thinned(50)
    assert thin.f1.size <= 50
    assert thin.best() == curve.best()
    assert (thin.weights_bits[-1], thin.precision[-1]) == (curve.weights_bits[-1], curve.precision[-1])
    tail = curve_of([(9, True)] * 2 + [(weight, False) for weight in range(8, -200, -1)])
    assert tail.thinned(20).weights_bits[-1] == -199
    assert (np.diff(thin.weights_bits) < 0).all()


def test_probabilities_that_are_right_are_calibrated() -> None:
    """Pairs drawn with the very probabilities that the model says: the errors are those of chance."""
    chance = np.random.default_rng(2)
    weights = chance.normal(0, 3, 100_000)
    said = probability_of(weights)
    found = calibration(weights, said, chance.random(said.size) < said)
    assert found.expected_error < 0.01
    assert found.brier == pytest.approx(float((said * (1 - said)).mean()), abs=0.003)
    inside = [one.interval.low <= one.predicted <= one.interval.high for one in found.by_weight]
    assert sum(inside) >= len(inside) - 2


def test_probabilities_that_are_too_sure_are_not() -> None:
    """The same pairs with doubled weights say more than they know."""
    chance = np.random.default_rng(2)
    weights = chance.normal(0, 3, 100_000)
    is_match = chance.random(weights.size) < probability_of(weights)
    right = calibration(weights, probability_of(weights), is_match)
    sure = calibration(2 * weights, probability_of(2 * weights), is_match)
    assert sure.expected_error > right.expected_error + 0.05
    assert sure.log_loss > right.log_loss


def test_the_errors_of_probabilities_are_those_of_their_definitions() -> None:
    """Three pairs, worked out by hand; one of probability 1 is in the last bin."""
    weights = np.array([1.0, -1.0, 60.0])
    found = calibration(weights, np.array([0.75, 0.25, 1.0]), np.array([True, True, True]))
    assert found.brier == pytest.approx((0.25**2 + 0.75**2) / 3)
    assert found.log_loss == pytest.approx((math.log2(4 / 3) + 2) / 3)
    assert found.expected_error == pytest.approx((0.25 + 0.75) / 3)
    assert [(round(one.low, 1), round(one.high, 1), one.pairs) for one in found.bins] == [
        *((0.2, 0.3, 1), (0.7, 0.8, 1), (0.9, 1.0, 1))
    ]


def test_a_certain_mistake_has_a_finite_loss() -> None:
    """A probability of 1 that is wrong is very bad, and no infinity."""
    found = calibration(np.array([999.0]), np.array([1.0]), np.array([False]))
    assert found.log_loss == pytest.approx(52)


def test_no_pairs_have_no_calibration() -> None:
    """Nothing is said, without an error."""
    empty = np.zeros(0)
    assert math.isnan(calibration(empty, empty, empty.astype(np.bool_)).brier)


@given(st.lists(st.integers(UNLABELLED, 5), max_size=12))
def test_all_true_pairs_are_looked_at_where_they_are_few(truth: list[int]) -> None:
    """Each once, the smaller position first, none of records without a label."""
    left, right = true_pairs_sample(np.array(truth, np.int64), 1000, seed=1)
    expected = {
        (one, other)
        for one, other in itertools.combinations(range(len(truth)), 2)
        if truth[one] == truth[other] != UNLABELLED
    }
    assert sorted(zip(left.tolist(), right.tolist(), strict=True)) == sorted(expected)


def test_a_sample_of_true_pairs_is_even() -> None:
    """An entity of n records has n (n - 1) / 2 pairs, and that share of the sample."""
    truth = np.array([0] * 60 + [1] * 30 + [UNLABELLED] * 5)
    left, right = true_pairs_sample(truth, 1000, seed=1)
    assert (truth[left] == truth[right]).all()
    assert (truth[left] != UNLABELLED).all()
    assert (left < right).all()
    assert np.mean(truth[left] == 0) == pytest.approx(1770 / (1770 + 435), abs=0.06)


def test_candidates_are_found_either_way_round() -> None:
    """And only those that are there."""
    left, right = np.array([0, 2], np.int32), np.array([1, 3], np.int32)
    wanted = np.array([1, 0, 3], np.int32), np.array([0, 2, 2], np.int32)
    assert are_candidates(left, right, *wanted, 4).tolist() == [True, False, True]
    counts = candidate_counts(left, right, 5)
    assert (counts.pairs, counts.mean, counts.median, counts.most) == (2, 0.8, 1.0, 1)


def test_rules_are_told_with_what_they_alone_give() -> None:
    """A pair of one shared rule, one of several, one of none."""
    people = [
        prepare(values, Entity.PERSON)
        for values in (
            {"given_name": "Anna", "family_name": "Berg", "email": "anna.berg@acme.com"},
            {"given_name": "Anna", "family_name": "Berg"},
            {"given_name": "Cleo", "family_name": "Dunn", "email": "anna.berg@acme.com"},
            {"given_name": "Emil", "family_name": "Falk"},
        )
    ]
    left, right = np.array([0, 0, 0], np.int32), np.array([1, 2, 3], np.int32)
    rules, without = coverage_by_rule(people, left, right)
    found = {rule.prefix: (rule.pairs, rule.alone) for rule in rules}
    assert without == 1
    for prefix, (pairs, alone) in found.items():
        shared = [
            {key.partition(":")[0] for key in set(blocking_keys(people[0])) & set(blocking_keys(people[at]))}
            for at in (1, 2, 3)
        ]
        assert pairs == sum(prefix in each for each in shared)
        assert alone == sum(each == {prefix} for each in shared)
    assert found["e"] == (1, 0)
    assert all(rule.description != rule.prefix for rule in rules)


def test_unlinkables_are_those_below_each_threshold() -> None:
    """Of records against themselves: none below the least weight, all beyond the most."""
    weights = np.array([-3.0, 2.25, 10.0, 10.0])
    found = unlinkables(weights)
    for threshold, share in zip(found.thresholds_bits, found.shares, strict=True):
        assert share == np.mean(weights < threshold)
    assert (found.shares[0], found.shares[-1]) == (0.0, 1.0)
    assert found.below(4.0) == 0.5
    assert unlinkables(np.zeros(0)).records == 0

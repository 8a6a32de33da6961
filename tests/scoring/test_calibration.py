"""Labels calibrate match weights: as the data have it where there are many, hardly where there are few."""

import itertools
import math

import numpy as np
import pytest

from scoring import Contribution, Entity, PairScore, TrainingError, prepare, score_pair, shipped_model
from scoring.calibration import (
    HALF_STEP_BITS,
    LEAST_LABELS,
    LEAST_PAIRS,
    MOST_THRESHOLD_BITS,
    Calibration,
    bits_of,
    enough_labels,
    expected_threshold,
    fit_calibration,
    shift_at,
    shifted,
    threshold_for,
    thresholds_bits,
)
from scoring.evaluation.curves import Floats
from scoring.evaluation.intervals import wilson
from scoring.evaluation.metrics import Mask
from scoring.model import GRID, ScoringModel, build_model, on_grid
from scoring.pairs import match_probability
from scoring.resolution.weights import probabilities

PEOPLE = (
    {"given_name": "Maria", "family_name": "Quispe", "email": "maria.quispe@example.com"},
    {"given_name": "Maria", "family_name": "Quispe", "birth_date": "1980-05-17", "city": "Cusco"},
    {"given_name": "Jorge", "family_name": "Quispe", "birth_date": "1979-01-30", "city": "Cusco"},
)


def drawn(slope: float, shift_bits: float, count: int) -> tuple[Floats, Mask]:
    """Weights, and labels that are right as often as that calibration says."""
    chance = np.random.default_rng(7)
    weights = chance.uniform(-12, 14, count)
    probability = 1 / (1 + np.exp2(-(slope * weights + shift_bits)))
    return weights, chance.random(count) < probability


@pytest.mark.parametrize(("slope", "shift_bits"), [(0.7, -2.0), (1.0, 0.0), (1.3, 3.0)])
def test_many_labels_give_back_what_drew_them(slope: float, shift_bits: float) -> None:
    """Labels drawn by a slope and a shift lead back to both."""
    found = fit_calibration(*drawn(slope, shift_bits, 20_000))
    assert found.slope == pytest.approx(slope, abs=0.05)
    assert found.shift_bits == pytest.approx(shift_bits, abs=0.15)


def test_no_label_moves_nothing() -> None:
    """Without labels a calibrated weight is the weight."""
    found = fit_calibration(np.empty(0), np.empty(0, dtype=np.bool_))
    assert (found.slope, found.shift_bits) == (1.0, 0.0)


def test_one_wrong_label_moves_little() -> None:
    """A single surprise at ten bits costs a tenth of the weight there, not all of it."""
    found = fit_calibration(np.array([10.0]), np.array([False]))
    assert 8.0 < found.slope * 10 + found.shift_bits < 10.0


def test_a_mistaken_click_on_a_sure_pair_counts_no_more_than_one_on_a_likely_pair() -> None:
    """Beyond fifteen bits a weight counts as fifteen."""
    same = np.array([False])
    assert fit_calibration(np.array([40.0]), same) == fit_calibration(np.array([15.0]), same)


@pytest.mark.parametrize("count", [1, 100, 10_000])
def test_more_agreement_never_lowers_a_calibrated_weight(count: int) -> None:
    """Even labels that say the opposite of every weight leave the slope above 0."""
    weights, is_same = drawn(1.0, 0.0, count)
    assert fit_calibration(weights, ~is_same).slope > 0


def test_extreme_weights_do_not_overflow() -> None:
    """Weights far beyond any sum of contributions give finite numbers."""
    weights = np.array([-1e6, 1e6, 0.0] * 50)
    found = fit_calibration(weights, weights < 0)
    assert math.isfinite(found.slope)
    assert math.isfinite(found.shift_bits)


def test_labels_and_weights_that_do_not_fit_are_refused() -> None:
    """Arrays of two lengths, or a weight that is no number, raise TrainingError."""
    with pytest.raises(TrainingError):
        fit_calibration(np.array([1.0, 2.0]), np.array([True]))
    with pytest.raises(TrainingError):
        fit_calibration(np.array([math.nan]), np.array([True]))


def test_enough_labels_means_of_both_kinds() -> None:
    """However many labels of one kind there are, the other kind has to reach the number too."""
    one_sided = np.array([True] * 1000 + [False] * (LEAST_LABELS - 1))
    assert not enough_labels(one_sided)
    assert not enough_labels(~one_sided)
    assert enough_labels(np.append(one_sided, False))


def test_the_shift_says_at_the_threshold_what_the_calibration_says() -> None:
    """A weight that is shifted to the threshold is calibrated to the threshold."""
    found = Calibration(0.8, -1.5)
    shift = shift_at(found, 4.0)
    at_threshold = 4.0 - shift
    assert found.apply(np.array([at_threshold]))[0] == pytest.approx(4.0)


def test_no_shift_is_larger_than_ten_bits() -> None:
    """Labels that contradict everything still leave ten bits to the evidence."""
    assert shift_at(Calibration(1.0, -50.0), 4.0) == -10.0


def compared(score: PairScore) -> list[Contribution]:
    """What the comparisons add, without what other reasons to agree take off."""
    names = {one.comparator.name for one in shipped_model().people.comparisons}
    return [one for one in score.contributions if one.comparison in names]


def shifted_model(shift_bits: float) -> ScoringModel:
    shipped = shipped_model()
    return build_model(
        shifted(shipped.people.parameters, shift_bits), shifted(shipped.companies.parameters, shift_bits)
    )


@pytest.mark.parametrize("shift_bits", [-3.25, 2.5])
def test_shifted_parameters_shift_every_weight_alike(shift_bits: float) -> None:
    """Strangers and all other reasons to agree move together: the weight moves by just the shift."""
    model = shifted_model(shift_bits)
    comparables = [prepare(one, Entity.PERSON) for one in PEOPLE]
    for one, other in itertools.combinations(comparables, 2):
        before, after = score_pair(one, other), score_pair(one, other, model)
        moved = after.match_weight_bits - before.match_weight_bits
        assert moved == pytest.approx(shift_bits, abs=1e-4)
        assert compared(after) == compared(before)


def test_a_threshold_shows_the_precision_by_its_lower_bound() -> None:
    """From the threshold on the interval holds the precision, and from the next weight below it does not."""
    weights, is_same = drawn(1.0, 0.0, 5000)
    found = threshold_for(weights, is_same, 0.97)
    assert found is not None
    taken = is_same[weights >= found]
    assert wilson(float(taken.sum()), float(taken.size)).low >= 0.97
    below = np.max(weights[weights < found])
    wider = is_same[weights >= below]
    assert wilson(float(wider.sum()), float(wider.size)).low < 0.97


def test_few_labels_show_no_high_precision() -> None:
    """A hundred right labels without a wrong one are no proof of 99 in 100; a thousand are."""
    assert threshold_for(np.full(100, 9.0), np.full(100, True), 0.99) is None
    assert threshold_for(np.full(1000, 9.0), np.full(1000, True), 0.99) == 9.0 - HALF_STEP_BITS


def test_labels_below_the_least_weight_lower_no_threshold() -> None:
    """Right labels below it are not looked at."""
    weights = np.array([9.0] * 1000 + [1.0] * 1000)
    assert threshold_for(weights, np.full(2000, True), 0.99, least_bits=3.0) == 9.0 - HALF_STEP_BITS
    assert threshold_for(weights, np.full(2000, True), 0.99) == 1.0 - HALF_STEP_BITS


def test_labels_that_are_all_right_raise_no_threshold() -> None:
    """Where no label says anything, between the right ones and the wrong ones, the model's own threshold
    stays.
    """
    weights, is_same = np.array([18.0] * 400 + [-5.0] * 250), np.array([True] * 400 + [False] * 250)
    assert threshold_for(weights, is_same, 0.99, expected_bits=4.6) == 4.6
    assert threshold_for(weights, is_same, 0.99, expected_bits=25.0) == 18.0 - HALF_STEP_BITS


def test_a_wrong_label_holds_the_threshold_above_itself() -> None:
    """The threshold is no lower than just above the next label that breaks the precision."""
    weights = np.array([18.0] * 400 + [11.0] * 50)
    found = threshold_for(weights, np.array([True] * 400 + [False] * 50), 0.99, expected_bits=4.6)
    assert found == 11.0 + HALF_STEP_BITS


def test_the_surest_labels_leave_a_threshold_that_a_model_may_have() -> None:
    """Same labels of 71 bits, whose probability is 1, give a threshold below 1."""
    found = threshold_for(np.full(1000, 71.0), np.full(1000, True), 0.99)
    assert found is not None
    assert found < MOST_THRESHOLD_BITS
    assert match_probability(found) < 1


def test_pairs_at_a_threshold_have_one_verdict_however_they_are_weighed() -> None:
    """Labels that set a threshold reach it, by themselves and in a batch, and a step less does not."""
    step = 1 / GRID
    for weight in map(on_grid, np.random.default_rng(3).uniform(-2, MOST_THRESHOLD_BITS, 2000).tolist()):
        found = threshold_for(np.full(500, weight), np.full(500, True), 0.99)
        assert found is not None
        threshold = match_probability(found)
        near = [weight - step, weight, weight + step]
        assert [match_probability(one) >= threshold for one in near] == [False, True, True]
        assert (probabilities(np.array(near)) >= threshold).tolist() == [False, True, True]


def test_pairs_of_one_weight_are_taken_together() -> None:
    """No threshold lies between pairs that weigh the same."""
    weights = np.full(2000, 9.0)
    is_same = np.array([True] * 1000 + [False] * 1000)
    assert threshold_for(weights, is_same, 0.99) is None


def test_thresholds_in_bits_are_those_of_the_verdicts() -> None:
    """2 to the threshold is the odds at which a verdict begins."""
    match_bits, review_bits = thresholds_bits(shipped_model())
    assert 2**match_bits / (1 + 2**match_bits) == pytest.approx(shipped_model().match_threshold)
    assert review_bits == bits_of(shipped_model().review_threshold)


def expected(chances: list[float], precision: float, least: float) -> float:
    """The expected threshold of pairs with these probabilities."""
    weights = np.array([on_grid(bits_of(one)) for one in chances])
    return expected_threshold(weights, probabilities(weights), precision, least)


def test_expected_threshold_is_the_lowest_from_which_on_pairs_are_right_often_enough() -> None:
    """Sure pairs carry less sure ones, until the average falls below the precision; pairs of one probability
    are taken together.
    """
    chances = [0.9] * 10 + [0.999] * 100 + [0.97] * 100
    assert 0.9 < expected(chances, 0.981, 0.8) < 0.90001
    assert 0.97 < expected(chances, 0.99, 0.8) < 0.97001
    assert 0.9 < expected([0.999] * 100 + [0.9] * 900, 0.94, 0.8) < 0.90001


def test_a_threshold_rises_only_where_a_pair_speaks_against_it() -> None:
    """Where all pairs that reach it are sure together, or there are few of them, it stays where it was."""
    assert expected([0.9999] * 1000 + [0.5] * 1000, 0.995, 0.96) == 0.96
    assert expected([0.97] * (LEAST_PAIRS - 1), 0.995, 0.96) == 0.96
    assert expected([], 0.995, 0.96) == 0.96


def test_a_pair_as_sure_as_the_precision_always_counts() -> None:
    """However unsure the other pairs are, the threshold is never above the precision itself."""
    for unsure in (0.961, 0.97, 0.9799):
        found = expected([0.9801] + [unsure] * 10_000, 0.98, 0.96)
        assert unsure < found < 0.9801

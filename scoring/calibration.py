"""From labels to a calibration: what a match weight is worth on data that somebody has judged.

Two numbers an entity, a slope and a shift in bits, as Platt 1999 (*Probabilistic outputs for support vector
machines*) fits them to scores. A prior holds both where they are, so that few labels move little, and the
slope is positive whatever the labels say: more agreement never lowers a calibrated weight.
"""

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from scoring.errors import TrainingError
from scoring.evaluation.curves import Floats
from scoring.evaluation.intervals import wilson
from scoring.evaluation.metrics import Mask
from scoring.model import GRID, ScoringModel
from scoring.model_parameters import EntityParameters
from scoring.pairs import match_probability

LEAST_LABELS = 50
"""So many labels of either kind a calibration takes; with fewer it would be a matter of chance."""

LEAST_PAIRS = 100
"""From so many pairs on their own probabilities may raise a threshold; fewer are a matter of chance."""

HALF_STEP_BITS = 0.5 / GRID
"""Weights are on a grid. A threshold between two of its steps gives a pair one verdict, however the last bit
of its probability was rounded; a threshold on the grid would not.
"""

MOST_THRESHOLD_BITS = 20.0
"""One in a million is wrong there: no labels show more, and a probability still tells steps of the grid
apart.
"""

_SHIFT_SPREAD_BITS = 1.0
_LOG_SLOPE_SPREAD = 0.1
# A label given by mistake on a pair of forty bits must not outweigh all others.
_MOST_BITS = 15.0
_MOST_SHIFT_BITS = 10.0
_STEPS = 100
_CLOSE = 1e-10
_LN2 = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibrated match weight is slope * weight + shift_bits; `slope` is above 0."""

    slope: float = 1.0
    shift_bits: float = 0.0

    def apply(self, weights_bits: Floats) -> Floats:
        """The calibrated weights, in bits, in the same order as the weights."""
        calibrated: Floats = self.slope * weights_bits + self.shift_bits
        return calibrated

    def weight_for(self, calibrated_bits: float) -> float:
        """The weight whose calibrated weight this is."""
        return (calibrated_bits - self.shift_bits) / self.slope


def enough_labels(is_same: Mask) -> bool:
    """Whether there are labels enough of both kinds for a calibration."""
    return min(int(is_same.sum()), int((~is_same).sum())) >= LEAST_LABELS


def fit_calibration(weights_bits: Floats, is_same: Mask) -> Calibration:
    """The most probable slope and shift, given labelled pairs and their match weights.

    The prior is normal: of the shift with a spread of one bit about 0, of the log of the slope with one of
    0.1 about 0. Without labels both stay there.

    Args:
        weights_bits: The match weight of each labelled pair; beyond 15 bits it counts as 15.
        is_same: Whether it was judged to be one person or company.

    Raises:
        TrainingError: the arrays are not of one length, or a weight is not a number.
    """
    if weights_bits.shape != is_same.shape or np.isnan(weights_bits).any():
        raise TrainingError("a calibration needs one weight, a number of bits, for each label")
    weights = np.clip(weights_bits, -_MOST_BITS, _MOST_BITS)
    at = np.zeros(2)
    loss = _loss(at, weights, is_same)
    for _ in range(_STEPS):
        step = np.linalg.solve(*_curvature_and_gradient(at, weights, is_same))
        # A Newton step may overshoot where the logistic curve is flat: halve it until it helps.
        while (found := _loss(at - step, weights, is_same)) > loss and np.abs(step).max() > _CLOSE:
            step /= 2
        if found >= loss - _CLOSE:
            break
        at, loss = at - step, found
    return Calibration(math.exp(at[0]), float(at[1]))


def _loss(at: Floats, weights: Floats, is_same: Mask) -> float:
    """Minus the log of likelihood and prior, in nats; `at` is the log of the slope, and the shift."""
    odds = _LN2 * (math.exp(min(at[0], 50.0)) * weights + at[1])
    surprise = np.logaddexp(0.0, np.where(is_same, -odds, odds)).sum()
    return float(surprise + ((at / _spreads()) ** 2).sum() / 2)


def _curvature_and_gradient(at: Floats, weights: Floats, is_same: Mask) -> tuple[Floats, Floats]:
    """Fisher's information in place of the exact curvature: it is never negative, so every step descends."""
    slope = math.exp(min(at[0], 50.0))
    odds = _LN2 * (slope * weights + at[1])
    probability = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    by = _LN2 * np.stack([slope * weights, np.ones_like(weights)])
    gradient = by @ (probability - is_same) + at / _spreads() ** 2
    curvature = (by * (probability * (1 - probability))) @ by.T + np.diag(1 / _spreads() ** 2)
    return curvature, gradient


def _spreads() -> Floats:
    return np.array([_LOG_SLOPE_SPREAD, _SHIFT_SPREAD_BITS])


def shift_at(calibration: Calibration, threshold_bits: float) -> float:
    """By how many bits to shift all weights so that one at this threshold is as the calibration has it.

    A shift alone keeps every contribution what it was; where verdicts turn it says the same as slope and
    shift together. It is at most 10 bits either way.
    """
    shift = threshold_bits - calibration.weight_for(threshold_bits)
    return max(-_MOST_SHIFT_BITS, min(_MOST_SHIFT_BITS, shift))


def shifted(parameters: EntityParameters, shift_bits: float) -> EntityParameters:
    """The parameters with which every match weight is higher by so many bits.

    The odds of a match before anything is compared rise against strangers and against each other reason to
    agree alike, so the sum over all kinds of non-matches rises by just as much.
    """
    factor = math.exp2(shift_bits)
    return msgspec.structs.replace(
        parameters,
        matches_per_record=parameters.matches_per_record * factor,
        alternatives=tuple(
            msgspec.structs.replace(one, per_match=one.per_match / factor) for one in parameters.alternatives
        ),
    )


def threshold_for(
    weights_bits: Floats,
    is_same: Mask,
    precision: float,
    least_bits: float = -math.inf,
    expected_bits: float = math.inf,
) -> float | None:
    """The weight, in bits, from which on the labels show this precision; None where they show it nowhere.

    The lower bound of Wilson's interval has to reach it, so that few labels show no high precision: .99 takes
    about 380 right ones and no wrong one. Between the lowest label that passes and the next one below, which
    does not, the labels know nothing: there the model's own `expected_bits` holds, so that labels which are
    all right raise no threshold. Weights below `least_bits` are not looked at; labels beyond
    `MOST_THRESHOLD_BITS` are taken together. No label lies on the answer.
    """
    weights, places = np.unique(np.minimum(weights_bits, MOST_THRESHOLD_BITS), return_inverse=True)
    right = np.bincount(places, weights=is_same)[::-1].cumsum().tolist()
    taken = np.bincount(places)[::-1].cumsum().tolist()
    found: float | None = None
    next_lower: float | None = None
    for weight, right_count, count in zip(weights[::-1].tolist(), right, taken, strict=True):
        if weight < least_bits:
            break
        if wilson(right_count, count).low >= precision:
            found, next_lower = weight, None
        elif next_lower is None:
            next_lower = weight
    if found is None:
        return None
    above = -math.inf if next_lower is None else next_lower + HALF_STEP_BITS
    return min(max(expected_bits, above), found - HALF_STEP_BITS)


def expected_threshold(weights_bits: Floats, probabilities: Floats, precision: float, least: float) -> float:
    """The lowest match probability, from `least` on, from which on this share of the pairs is expected to be
    right, by their own probabilities.

    A pair that is as sure as `precision` always reaches it. It is `least` where that is so from there on, or
    fewer than `LEAST_PAIRS` pairs are as sure as that.
    """
    reaching = weights_bits >= bits_of(least)
    if reaching.sum() < LEAST_PAIRS:
        return least
    # From the surest down; pairs of one weight are taken together.
    order = np.argsort(-weights_bits[reaching], kind="stable")
    weights, chances = weights_bits[reaching][order], probabilities[reaching][order]
    is_last_of_its_weight = np.append(weights[1:] < weights[:-1], True)
    right = np.cumsum(chances) / np.arange(1, len(chances) + 1)
    too_low = weights[is_last_of_its_weight & (right < precision)]
    if not len(too_low):
        return least
    return match_probability(float(too_low[0]) + HALF_STEP_BITS)


def bits_of(probability: float) -> float:
    """The match weight of a probability between 0 and 1: log2 of its odds."""
    return math.log2(probability / (1 - probability))


def thresholds_bits(model: ScoringModel) -> tuple[float, float]:
    """The match weights, in bits, from which on a pair is MATCH and REVIEW."""
    return bits_of(model.match_threshold), bits_of(model.review_threshold)

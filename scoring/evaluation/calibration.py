"""Whether a probability of 0.95 means that 95 of 100 such pairs are true."""

import math
from dataclasses import dataclass

import numpy as np

from scoring.evaluation.curves import Floats
from scoring.evaluation.intervals import Interval, wilson
from scoring.evaluation.metrics import Mask

BINS = 10
# A probability of exactly 0 or 1 that is wrong would make the log loss infinite.
_LEAST = 2.0**-52


@dataclass(frozen=True, slots=True)
class Bin:
    """The pairs whose probability, or weight, lies from `low` to below `high`.

    `predicted` is their mean probability, `observed` the share of true ones, within `interval` (Wilson).
    """

    low: float
    high: float
    pairs: int
    predicted: float
    observed: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well probabilities agree with the truth; every figure is better when smaller.

    `brier` is the mean squared error (Brier 1950), `log_loss` the mean surprise in bits (Good 1952),
    `expected_error` the mean distance of `predicted` and `observed` over `bins`, by their pairs (the ECE of
    Naeini, Cooper and Hauskrecht 2015). nan without pairs. `by_weight` has the same pairs in bins of bits.
    """

    pairs: int
    brier: float
    log_loss: float
    expected_error: float
    bins: tuple[Bin, ...]
    by_weight: tuple[Bin, ...]


def calibration(weights_bits: Floats, probabilities: Floats, is_match: Mask, bins: int = BINS) -> Calibration:
    """Calibration of scored pairs whose truth is known; the bins of probability are of equal width."""
    if not probabilities.size:
        return Calibration(0, math.nan, math.nan, math.nan, (), ())
    said = probabilities.clip(_LEAST, 1 - _LEAST)
    surprise = -np.log2(np.where(is_match, said, 1 - said))
    edges = np.linspace(0.0, 1.0, bins + 1)
    found = _bins(probabilities, np.append(edges[:-1], math.inf), probabilities, is_match, last=1.0)
    away = sum(one.pairs * abs(one.predicted - one.observed) for one in found)
    return Calibration(
        probabilities.size,
        float(((probabilities - is_match) ** 2).mean()),
        float(surprise.mean()),
        away / probabilities.size,
        found,
        _bins(weights_bits, _weight_edges(weights_bits), probabilities, is_match),
    )


def _weight_edges(weights_bits: Floats) -> Floats:
    """Bins of two bits where the probability turns, and one for all beyond on either side."""
    low = max(-20.0, 2.0 * math.floor(weights_bits.min() / 2))
    high = min(20.0, 2.0 * math.floor(weights_bits.max() / 2) + 2.0)
    return np.array([-math.inf, *np.arange(low + 2, high, 2.0), math.inf])


def _bins(
    values: Floats, edges: Floats, probabilities: Floats, is_match: Mask, last: float = math.inf
) -> tuple[Bin, ...]:
    of = np.searchsorted(edges, values, side="right") - 1
    count = edges.size - 1
    pairs = np.bincount(of, minlength=count)
    predicted = np.bincount(of, probabilities, count)
    true = np.bincount(of, is_match, count)
    return tuple(
        Bin(
            float(edges[at]),
            min(float(edges[at + 1]), last),
            int(pairs[at]),
            float(predicted[at] / pairs[at]),
            float(true[at] / pairs[at]),
            wilson(float(true[at]), float(pairs[at])),
        )
        for at in range(count)
        if pairs[at]
    )

"""How far a measured share may be off: intervals of Wilson for shares, by the bootstrap for the rest."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from scoring.evaluation.curves import Floats
from scoring.evaluation.metrics import UNLABELLED, Labels, Mask, Positions, both_labelled

CONFIDENCE = 0.95
REPLICATES = 200
# Fewer units than this say nothing of how far a figure may be off.
_LEAST_UNITS = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """Between what bounds a share lies, with a confidence of 95 in 100 where nothing else is said."""

    low: float
    high: float


def wilson(successes: float, trials: float, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a share (Wilson 1927, *Probable inference, the law of succession, and statistical
    inference*): sound for few trials and for shares near 0 or 1. Nothing tried leaves 0 to 1.
    """
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    whole = 1 + z * z / trials
    # At 0 and 1 the bound is the share itself, which rounding would miss.
    low = (centre - spread) / whole if successes > 0 else 0.0
    return Interval(max(0.0, low), min(1.0, (centre + spread) / whole) if successes < trials else 1.0)


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """The true, found and correct pairs of each unit that the bootstrap draws, as arrays of one length."""

    true: Floats
    found: Floats
    correct: Floats


@dataclass(frozen=True, slots=True)
class Intervals:
    """Of precision, recall and F1; from nan to nan where the figure itself is none."""

    precision: Interval
    recall: Interval
    f1: Interval


def units_of_clusters(clusters: Labels, truth: Labels, without: Mask | None = None) -> UnitCounts:
    """The parts into which clusters and entities together divide the records: every pair lies inside one.

    Pairs of which both records are among those `without` are not counted.
    """
    known = truth != UNLABELLED
    _, first, cluster = np.unique(clusters[known], return_index=True, return_inverse=True)
    _, entity = np.unique(truth[known], return_inverse=True)
    _, cell = np.unique(cluster * (entity.max(initial=0) + 1) + entity, return_inverse=True)
    unit = _connected(entity, first[cluster], np.arange(cluster.size))
    outside = np.zeros(cluster.size, np.bool_) if without is None else without[known]
    return UnitCounts(*(_pairs_by_unit(groups, unit, outside) for groups in (entity, cluster, cell)))


def units_of_links(left: Positions, right: Positions, truth: Labels) -> UnitCounts:
    """The parts into which single links and entities together divide the records."""
    known = both_labelled(left, right, truth)
    place = np.cumsum(truth != UNLABELLED) - 1
    one, other = place[left[known]], place[right[known]]
    _, entity = np.unique(truth[truth != UNLABELLED], return_inverse=True)
    unit = _connected(entity, one, other)
    correct = entity[one] == entity[other]
    count = int(unit.max(initial=-1)) + 1
    return UnitCounts(
        _pairs_by_unit(entity, unit, np.zeros(unit.size, np.bool_)),
        np.bincount(unit[one], minlength=count).astype(np.float64),
        np.bincount(unit[one[correct]], minlength=count).astype(np.float64),
    )


def bootstrap(units: UnitCounts, seed: int, replicates: int = REPLICATES) -> Intervals:
    """Percentile intervals (Efron 1979) from drawing whole units with replacement.

    Pairs of one entity or cluster stand or fall together, so these are drawn and not pairs (as Binette and
    others 2023, *Estimating the Performance of Entity Resolution Algorithms*, draw entities). The same seed
    gives the same bounds. Where all draws agree, as they do on 0 and 1, units are counted (Wilson). Fewer
    than ten units with pairs give no bounds: nan.
    """
    if np.count_nonzero(units.true + units.found) < _LEAST_UNITS:
        nothing = Interval(math.nan, math.nan)
        return Intervals(nothing, nothing, nothing)
    chance = np.random.default_rng(seed)
    drawn = np.zeros((replicates, 3))
    columns = np.stack((units.true, units.found, units.correct))
    for at in range(replicates):
        times = np.bincount(chance.integers(0, units.true.size, units.true.size), minlength=units.true.size)
        drawn[at] = columns @ times
    true, found, correct = drawn.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return Intervals(
            _percentiles(correct / found, int(np.count_nonzero(units.found))),
            _percentiles(correct / true, int(np.count_nonzero(units.true))),
            _percentiles(2 * correct / (true + found), int(np.count_nonzero(units.true + units.found))),
        )


def _connected(entity: Labels, left: Labels, right: Labels) -> Labels:
    """The connected part that each record is in, where links and entities connect; numbered from 0."""
    unit = np.arange(entity.size)
    while True:
        lowest = np.full(int(entity.max(initial=-1)) + 1, entity.size)
        np.minimum.at(lowest, entity, unit)
        low = lowest[entity]
        np.minimum.at(low, left, unit[right])
        np.minimum.at(low, right, unit[left])
        low = low[low]
        if np.array_equal(low, unit):
            return np.unique(unit, return_inverse=True)[1]
        unit = low


def _pairs_by_unit(groups: Labels, unit: Labels, outside: Mask) -> Floats:
    """The pairs inside groups, without those of two records outside, by the unit in which a group lies."""
    count = int(groups.max(initial=-1)) + 1
    sizes = np.bincount(groups, minlength=count)
    sizes_outside = np.bincount(groups[outside], minlength=count)
    pairs = (sizes * (sizes - 1) - sizes_outside * (sizes_outside - 1)) / 2
    unit_of = np.zeros(count, np.int64)
    unit_of[groups] = unit
    return np.bincount(unit_of, pairs, int(unit.max(initial=-1)) + 1).astype(np.float64)


def _percentiles(values: Floats, units: int) -> Interval:
    known = values[np.isfinite(values)]
    if not known.size:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    if low == high:
        # No draw of units without a mistake has one: what so many units can say is what Wilson says.
        return wilson(float(low) * units, units)
    return Interval(float(low), float(high))

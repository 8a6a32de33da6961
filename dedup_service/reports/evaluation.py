"""One evaluation: records resolved as they would be in use, and measured against what is true."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dedup_service.reports.mistakes import Mistake, find_mistakes
from dedup_service.reports.records import Records
from dedup_service.reports.truth import ClusterTruth, PairTruth, Truth
from dedup_service.workflows.model_comparison import ENTITY_WORDS
from dedup_service.workflows.training import LEAST_RECORDS
from scoring import Comparable, Entity, ScoringModel
from scoring.evaluation.calibration import Calibration, calibration
from scoring.evaluation.coverage import (
    CandidateCounts,
    RuleCoverage,
    are_candidates,
    candidate_counts,
    coverage_by_rule,
    true_pairs_sample,
)
from scoring.evaluation.curves import Floats, PrecisionRecall, precision_recall
from scoring.evaluation.intervals import (
    Interval,
    Intervals,
    UnitCounts,
    bootstrap,
    units_of_clusters,
    units_of_links,
    wilson,
)
from scoring.evaluation.metrics import (
    BCubed,
    Labels,
    Mask,
    PairCounts,
    Positions,
    b_cubed,
    both_labelled,
    cluster_pairs,
    link_pairs,
    same_entity,
)
from scoring.evaluation.strata import Stratum, cluster_strata, pair_strata, units_of_pairs
from scoring.evaluation.unlinkables import Unlinkables, unlinkables
from scoring.resolution import Resolution, resolve, score_pairs

MOST_TRUE_PAIRS = 200_000
MOST_SELF_COMPARED = 20_000
MATCH, REVIEW, CLUSTERS = "MATCH", "MATCH or REVIEW", "clusters"


@dataclass(frozen=True, slots=True)
class Scored:
    """Scored pairs of which the truth is known."""

    left: Positions
    right: Positions
    weights_bits: Floats
    probabilities: Floats
    is_match: Mask


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision, recall and F1 of what is taken for one, with intervals of 95 in 100."""

    name: str
    counts: PairCounts
    intervals: Intervals


@dataclass(frozen=True, slots=True)
class Blocking:
    """What is ever compared. `looked_at` true pairs, all or a sample of them, were asked which rules find
    them; `without` of those share no key of any rule.
    """

    candidates: CandidateCounts
    recall: float
    interval: Interval
    looked_at: int
    rules: tuple[RuleCoverage, ...]
    without: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that a report shows. The model was `fitted` to the records of these entities; `notes` say
    why not to others. `unsure` has the verdicts of pairs that are labelled neither way.
    """

    records: Records
    truth: Truth
    model: ScoringModel
    fitted: tuple[Entity, ...]
    notes: tuple[str, ...]
    seconds: float
    clusters: Labels
    true_pairs: int
    scored: Scored
    figures: tuple[Figures, ...]
    b_cubed: BCubed | None
    curve: PrecisionRecall
    calibration: Calibration
    blocking: Blocking
    unlinkables: Unlinkables
    strata: tuple[Stratum, ...]
    unsure: dict[str, int]
    mistakes: tuple[Mistake, ...]

    @property
    def match_bits(self) -> float:
        """The least match weight of the verdict MATCH."""
        return bits_of(self.model.match_threshold)

    @property
    def review_bits(self) -> float:
        """The least match weight of the verdict REVIEW."""
        return bits_of(self.model.review_threshold)


def bits_of(probability: float) -> float:
    """The match weight of a match probability between 0 and 1, both left out."""
    return math.log2(probability / (1 - probability))


def evaluate(
    records: Records,
    truth: Truth,
    *,
    model: ScoringModel | None = None,
    train: bool = True,
    strata: Sequence[str] = (),
    seed: int = 1,
) -> Evaluation:
    """Resolve the records, without a look at the truth, and measure. With `train` the model is fitted to
    people and companies of which there are `LEAST_RECORDS`, as a training does.

    `strata` names that of each record, or, for labelled pairs, of each pair.
    """
    started = time.monotonic()
    counts = Counter(one.entity for one in records.comparables)
    fitted = tuple(one for one in Entity if train and counts[one] >= LEAST_RECORDS)
    resolution = _resolve(records.comparables, model, fitted, seed)
    seconds = time.monotonic() - started
    clusters = np.array(resolution.clusters, np.int64)
    if isinstance(truth, ClusterTruth):
        measured = _of_clusters(truth, resolution, clusters, strata, seed)
    else:
        measured = _of_pairs(records, truth, resolution, clusters, strata, seed)
    scored, true_pairs = measured.scored, measured.true_pairs
    return Evaluation(
        records,
        truth,
        resolution.model,
        fitted,
        tuple(_too_few(one, counts[one]) for one in counts if train and one not in fitted),
        seconds,
        clusters,
        true_pairs,
        scored,
        measured.figures,
        b_cubed(clusters, truth.entities) if isinstance(truth, ClusterTruth) else None,
        precision_recall(scored.weights_bits, scored.is_match, true_pairs),
        calibration(scored.weights_bits, scored.probabilities, scored.is_match),
        _blocking(records, resolution, measured.true_left, measured.true_right),
        _unlinkables(records, resolution.model, seed),
        measured.strata,
        measured.unsure,
        find_mistakes(
            records,
            resolution,
            (scored.left, scored.right, scored.weights_bits, scored.is_match),
            (measured.true_left, measured.true_right),
        ),
    )


def _resolve(
    comparables: Sequence[Comparable], model: ScoringModel | None, fitted: Sequence[Entity], seed: int
) -> Resolution:
    if any(one.entity not in fitted for one in comparables):
        if fitted:
            mine = [one for one in comparables if one.entity in fitted]
            model = resolve(mine, model=model, seed=seed).model
        return resolve(comparables, model=model, train=False, seed=seed)
    return resolve(comparables, model=model, seed=seed)


def _too_few(entity: Entity, count: int) -> str:
    return (
        f"{ENTITY_WORDS[entity]}: {count:,} records are too few to fit a model to, {LEAST_RECORDS} are "
        "needed; its parameters stay as they are"
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is measured differently against clusters and against pairs."""

    scored: Scored
    true_pairs: int
    true_left: Positions
    true_right: Positions
    figures: tuple[Figures, ...]
    strata: tuple[Stratum, ...]
    unsure: dict[str, int]


def _of_clusters(
    truth: ClusterTruth,
    resolution: Resolution,
    clusters: Labels,
    strata: Sequence[str],
    seed: int,
) -> _Measured:
    entities = truth.entities
    known = both_labelled(resolution.left, resolution.right, entities)
    left, right = resolution.left[known], resolution.right[known]
    scored = Scored(
        left,
        right,
        resolution.weights_bits[known],
        resolution.probabilities[known],
        same_entity(left, right, entities),
    )
    figures = []
    for name, threshold in _verdicts(resolution.model):
        taken = scored.probabilities >= threshold
        counts = link_pairs(left[taken], right[taken], entities)
        units = units_of_links(left[taken], right[taken], entities)
        figures.append(Figures(name, counts, bootstrap(units, seed)))
    whole = cluster_pairs(clusters, entities)
    figures.append(Figures(CLUSTERS, whole, bootstrap(units_of_clusters(clusters, entities), seed)))
    true_left, true_right = true_pairs_sample(entities, MOST_TRUE_PAIRS, seed)
    found = cluster_strata(clusters, entities, strata, seed) if strata else []
    return _Measured(scored, whole.true, true_left, true_right, tuple(figures), tuple(found), {})


def _of_pairs(
    records: Records,
    truth: PairTruth,
    resolution: Resolution,
    clusters: Labels,
    strata: Sequence[str],
    seed: int,
) -> _Measured:
    weights = score_pairs(records.comparables, truth.left, truth.right, model=resolution.model)
    said = _probabilities(weights)
    sure = truth.labels >= 0
    is_match = truth.labels[sure] == 1
    left, right = truth.left[sure], truth.right[sure]
    scored = Scored(left, right, weights[sure], said[sure], is_match)
    thresholds = _verdicts(resolution.model)
    taken = [(name, scored.probabilities >= threshold) for name, threshold in thresholds]
    taken.append((CLUSTERS, clusters[left] == clusters[right]))
    figures = [
        Figures(name, _counts(is_match, mask), _intervals(is_match, mask, seed)) for name, mask in taken
    ]
    unsure = {name: int((said[~sure] >= threshold).sum()) for name, threshold in thresholds}
    unsure["all"] = int((~sure).sum())
    of_pairs = [strata[at] for at in np.flatnonzero(sure).tolist()] if strata else []
    found = pair_strata(is_match, taken[0][1], of_pairs, seed) if strata else []
    return _Measured(
        scored,
        int(is_match.sum()),
        left[is_match],
        right[is_match],
        tuple(figures),
        tuple(found),
        unsure if unsure["all"] else {},
    )


def _verdicts(model: ScoringModel) -> tuple[tuple[str, float], tuple[str, float]]:
    return ((MATCH, model.match_threshold), (REVIEW, model.review_threshold))


def _probabilities(weights_bits: Floats) -> Floats:
    said: Floats = 1.0 / (1.0 + np.exp2(-weights_bits.clip(-1000.0, 1000.0)))
    return said


def _counts(is_match: Mask, is_found: Mask) -> PairCounts:
    return PairCounts(int(is_match.sum()), int(is_found.sum()), int((is_match & is_found).sum()))


def _intervals(is_match: Mask, is_found: Mask, seed: int) -> Intervals:
    """Shares of single pairs are of Wilson; F1 is no share."""
    counts = _counts(is_match, is_found)
    units: UnitCounts = units_of_pairs(is_match, is_found)
    return Intervals(
        wilson(counts.correct, counts.found), wilson(counts.correct, counts.true), bootstrap(units, seed).f1
    )


def _blocking(
    records: Records, resolution: Resolution, true_left: Positions, true_right: Positions
) -> Blocking:
    count = len(records.ids)
    compared = are_candidates(resolution.left, resolution.right, true_left, true_right, count)
    rules, without = coverage_by_rule(records.comparables, true_left, true_right)
    return Blocking(
        candidate_counts(resolution.left, resolution.right, count),
        float(compared.mean()) if compared.size else math.nan,
        wilson(float(compared.sum()), float(compared.size)),
        compared.size,
        tuple(rules),
        without,
    )


def _unlinkables(records: Records, model: ScoringModel, seed: int) -> Unlinkables:
    every = np.arange(len(records.ids), dtype=np.int32)
    if every.size > MOST_SELF_COMPARED:
        every = np.random.default_rng(seed).choice(every, MOST_SELF_COMPARED, replace=False)
    return unlinkables(score_pairs(records.comparables, every, every, model=model))

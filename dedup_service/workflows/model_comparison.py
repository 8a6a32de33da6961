"""What another scoring model would change: on labels that did not calibrate it, and on pairs of the records.

Better and worse are said by labels alone. The surprise of each label (minus log2 of the probability that a
model gave to what a person decided) falls or rises: where the mean difference is more than twice its standard
error, that is no chance. A model that finds clearly less, or wrongly more, at MATCH is worse all the same.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

import scoring
from dedup_service.workflows.labels import Label
from scoring.evaluation.calibration import calibration
from scoring.evaluation.curves import Floats
from scoring.evaluation.metrics import Mask
from scoring.resolution import score_pairs
from scoring.resolution.weights import probabilities

Positions = npt.NDArray[np.int32]

ENTITY_WORDS = {scoring.Entity.PERSON: "people", scoring.Entity.COMPANY: "companies"}
HISTOGRAM_EDGES_BITS = (-math.inf, -20.0, -10.0, -5.0, 0.0, 5.0, 10.0, 20.0, math.inf)
"""Edges of the bins in which candidate pairs are counted by their match weight."""

_STANDARD_ERRORS = 2.0
_LOST_F1 = 0.02
_LEAST_PROBABILITY = 2.0**-20


class ComparisonVerdict(StrEnum):
    """What labels say of a new model beside the one in use; UNKNOWN where there are too few."""

    BETTER = "BETTER"
    EVEN = "EVEN"
    WORSE = "WORSE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """How one model does on labels: shares from 0 to 1 at the verdict MATCH, nan without a denominator."""

    precision: float
    recall: float
    f1: float
    calibration_error: float
    log_loss_bits: float


@dataclass(frozen=True, slots=True)
class LabelComparison:
    """Two models on the held-out labels of one entity; the gain in bits a label is above 0 for the better."""

    entity: scoring.Entity
    same_count: int
    different_count: int
    before: LabelFigures
    after: LabelFigures
    gain_bits: float
    gain_error_bits: float

    @property
    def verdict(self) -> ComparisonVerdict:
        lost = self.before.f1 - self.after.f1
        if self.gain_bits < -_STANDARD_ERRORS * self.gain_error_bits or lost > _LOST_F1:
            return ComparisonVerdict.WORSE
        if self.gain_bits > _STANDARD_ERRORS * self.gain_error_bits:
            return ComparisonVerdict.BETTER
        return ComparisonVerdict.EVEN


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Two models on candidate pairs of one entity, at most a sample of them.

    `changed` counts pairs by their verdict before and after, those that changed only; the histograms count
    them between `HISTOGRAM_EDGES_BITS`.
    """

    entity: scoring.Entity
    candidate_count: int
    sampled_count: int
    before: dict[scoring.Verdict, int]
    after: dict[scoring.Verdict, int]
    changed: dict[tuple[scoring.Verdict, scoring.Verdict], int]
    histogram_before: tuple[int, ...]
    histogram_after: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Everything that was measured; `labels` has the entities with labels enough to tell."""

    labels: tuple[LabelComparison, ...]
    pairs: tuple[PairComparison, ...]

    @property
    def verdict(self) -> ComparisonVerdict:
        said = {one.verdict for one in self.labels}
        for verdict in (ComparisonVerdict.WORSE, ComparisonVerdict.BETTER, ComparisonVerdict.EVEN):
            if verdict in said:
                return verdict
        return ComparisonVerdict.UNKNOWN

    def sentences(self) -> Iterator[str]:
        """The figures in words, to be kept with the model."""
        for one in self.labels:
            figures = "; ".join(
                f"{name.removesuffix('_bits').replace('_', ' ')} {was:.4f}, {now:.4f}"
                for (name, was), now in zip(
                    asdict(one.before).items(), asdict(one.after).values(), strict=True
                )
            )
            yield (
                f"{ENTITY_WORDS[one.entity]}, on held-out labels ({one.same_count} same, "
                f"{one.different_count} different), before and after: {figures}"
            )
        for each in self.pairs:
            counts = "; ".join(f"{v} {each.before[v]:,}, {each.after[v]:,}" for v in scoring.Verdict)
            yield (
                f"{ENTITY_WORDS[each.entity]}, {each.sampled_count:,} of {each.candidate_count:,} candidate "
                f"pairs, before and after: {counts}"
            )


def label_weights(labels: Sequence[Label], model: scoring.ScoringModel) -> Floats:
    """The match weight of each label in bits: that of its best pair of records."""
    if not labels:
        return np.empty(0)
    records = [side for label in labels for pair in label.pairs for side in pair]
    left = np.arange(0, len(records), 2, dtype=np.int32)
    weights = score_pairs(records, left, left + 1, model=model)
    starts = np.cumsum([0, *(len(label.pairs) for label in labels[:-1])])
    best: Floats = np.maximum.reduceat(weights, starts)
    return best


def are_same(labels: Sequence[Label]) -> Mask:
    """Which labels say the same."""
    return np.array([label.is_same for label in labels], dtype=np.bool_)


def compare_on_labels(
    labels: Sequence[Label], before: scoring.ScoringModel, after: scoring.ScoringModel
) -> tuple[LabelComparison, ...]:
    """Both models on these labels, people and companies apart; an entity without any is left out."""
    found = []
    for entity in scoring.Entity:
        mine = [label for label in labels if label.entity is entity]
        if not mine:
            continue
        is_same = are_same(mine)
        old, old_surprise = _figures(mine, is_same, before)
        new, new_surprise = _figures(mine, is_same, after)
        gain = old_surprise - new_surprise
        error = float(gain.std(ddof=1) / math.sqrt(gain.size)) if gain.size > 1 else math.inf
        same = int(is_same.sum())
        found.append(LabelComparison(entity, same, len(mine) - same, old, new, float(gain.mean()), error))
    return tuple(found)


def _figures(
    labels: Sequence[Label], is_same: Mask, model: scoring.ScoringModel
) -> tuple[LabelFigures, Floats]:
    """The figures, and the surprise of each label in bits."""
    weights = label_weights(labels, model)
    chances = probabilities(weights)
    is_found = chances >= model.match_threshold
    right, found, true = int((is_same & is_found).sum()), int(is_found.sum()), int(is_same.sum())
    said = chances.clip(_LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    surprise = -np.log2(np.where(is_same, said, 1 - said))
    figures = LabelFigures(
        right / found if found else math.nan,
        right / true if true else math.nan,
        2 * right / (found + true) if found + true else math.nan,
        calibration(weights, chances, is_same).expected_error,
        float(surprise.mean()),
    )
    return figures, surprise


def compare_on_pairs(
    entity: scoring.Entity,
    records: Sequence[scoring.Comparable],
    left: Positions,
    right: Positions,
    candidate_count: int,
    before: scoring.ScoringModel,
    after: scoring.ScoringModel,
) -> PairComparison:
    """Both models on these candidate pairs of one entity (positions in `records`)."""
    weights = [score_pairs(records, left, right, model=model) for model in (before, after)]
    old, new = (_verdicts(bits, model) for bits, model in zip(weights, (before, after), strict=True))
    verdicts = tuple(scoring.Verdict)
    changed = {
        (was, now): count
        for at, was in enumerate(verdicts)
        for to, now in enumerate(verdicts)
        if at != to and (count := int(((old == at) & (new == to)).sum()))
    }
    histograms = [
        tuple(int(count) for count in np.histogram(bits, bins=HISTOGRAM_EDGES_BITS)[0]) for bits in weights
    ]
    return PairComparison(
        entity,
        candidate_count,
        len(left),
        {verdict: int((old == at).sum()) for at, verdict in enumerate(verdicts)},
        {verdict: int((new == at).sum()) for at, verdict in enumerate(verdicts)},
        changed,
        *histograms,
    )


def _verdicts(weights_bits: Floats, model: scoring.ScoringModel) -> npt.NDArray[np.int8]:
    """The place of each pair's verdict among all verdicts: MATCH, REVIEW, NO_MATCH."""
    chances = probabilities(weights_bits)
    verdicts: npt.NDArray[np.int8] = np.full(chances.size, 2, dtype=np.int8)
    verdicts[chances >= model.review_threshold] = 1
    verdicts[chances >= model.match_threshold] = 0
    return verdicts

"""The score of a pair: the prior, a match weight for each comparison, and what other reasons to agree take
off.

Symmetric to the last bit: the smaller comparable is always the first side, and weights are on a grid on which
sums are exact.
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import partial
from operator import itemgetter
from typing import NamedTuple

import msgspec

from scoring.comparables import Comparable
from scoring.comparators import Compare
from scoring.findings import Finding
from scoring.model import (
    MAX_WEIGHT_BITS,
    EntityModel,
    Level,
    ScoringModel,
    on_grid,
    shipped_model,
)


class Verdict(StrEnum):
    """What follows from a score: one and the same, for a person to look at, or two."""

    MATCH = "MATCH"
    REVIEW = "REVIEW"
    NO_MATCH = "NO_MATCH"


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What one comparison adds, in bits (log2), with the evidence in words. It carries no value of a
    record.
    """

    comparison: str
    level: str
    weight_bits: float
    evidence: str


class PairScore(msgspec.Struct, frozen=True):
    """The prior and the contributions, their sum, and what follows from it."""

    match_weight_bits: float
    match_probability: float
    verdict: Verdict
    prior_bits: float
    contributions: tuple[Contribution, ...]


def score_pair(left: Comparable, right: Comparable, model: ScoringModel | None = None) -> PairScore:
    """How likely two records are one person or company; the order of the two sides changes nothing.

    A missing value contributes nothing. A person and a company are NO_MATCH.
    """
    [(_, score)] = score_likely(left, (right,), model)
    return score


def score_many(
    query: Comparable, candidates: Sequence[Comparable], model: ScoringModel | None = None
) -> list[PairScore]:
    """The scores of one record with each candidate, in their order; the same bits as `score_pair`."""
    return [score for _, score in score_likely(query, candidates, model)]


def score_likely(
    query: Comparable,
    candidates: Sequence[Comparable],
    model: ScoringModel | None = None,
    least_probability: float = 0.0,
) -> list[tuple[int, PairScore]]:
    """The position and score of each candidate that is at least so likely to be the same, in their order; the
    same bits as `score_pair`. An unlikely one costs the least: it is left as soon as no comparison that is
    still to come could lift it.
    """
    if model is None:
        model = shipped_model()
    entity_model = model.of(query.entity)
    least_bits = _least_bits(least_probability)
    steps = _steps(query, entity_model)
    found = []
    for at, candidate in enumerate(candidates):
        if candidate.entity is not query.entity:
            score = _different_entities(model)
            if score.match_probability >= least_probability:
                found.append((at, score))
            continue
        compared = _compared(query, candidate, steps, least_bits)
        if compared is None:
            continue
        reached, strangers = compared
        common = _common(reached) if entity_model.common_bits else 0.0
        strangers -= common
        # Every other reason to agree only takes off.
        if strangers < least_bits:
            continue
        alternatives, weight = _alternatives(reached, strangers, entity_model)
        probability = match_probability(weight)
        if probability >= least_probability:
            contributions = (*map(_contribution, reached), *_common_contribution(common), *alternatives)
            score = PairScore(
                weight, probability, verdict_of(probability, model), entity_model.prior_bits, contributions
            )
            found.append((at, score))
    return found


def _least_bits(probability: float) -> float:
    """A weight below which no probability is as high, with room for rounding."""
    if probability <= 0.0:
        return -math.inf
    # From some 53 bits on a probability is 1.0.
    return min(_SURE_BITS, math.log2(probability / max(1.0 - probability, 1e-300)) - 1e-6)


_SURE_BITS = 50.0


def match_probability(weight_bits: float) -> float:
    """2**w / (1 + 2**w), without overflow for any finite weight."""
    if weight_bits >= 0:
        return 1.0 / (1.0 + math.exp2(-min(weight_bits, 1000.0)))
    odds = math.exp2(max(weight_bits, -1000.0))
    return odds / (1.0 + odds)


def verdict_of(probability: float, model: ScoringModel) -> Verdict:
    """The verdict for a match probability under the model's thresholds."""
    if probability >= model.match_threshold:
        return Verdict.MATCH
    return Verdict.REVIEW if probability >= model.review_threshold else Verdict.NO_MATCH


def join_bits(first: float, second: float) -> float:
    """The weight against two kinds of non-matches together, from that against each: -log2(2**-a + 2**-b)."""
    least, apart = (first, second - first) if first < second else (second, first - second)
    if apart > _FAR_BITS:
        return least
    return on_grid(least - math.log1p(math.exp2(-apart)) / _LN2)


# So far apart, the lesser weight is not moved by half a step of the grid: log1p(2**-22) / ln 2 < 2**-21.
_FAR_BITS = 22.0


_LN2 = math.log(2.0)


# One comparison to make: its place in the model, its function, name and levels, and the most it can give.
_Step = tuple[int, Compare, str, Mapping[str, Level], float]

# What one comparison of a pair came to: its place, its name, the level and finding, and the weight. All
# weights are on the grid, so that sums of them are exact. Plain tuples: to make a named one costs as much as
# to compare.
_Reached = tuple[int, str, Level, Finding, float]


class _Steps(NamedTuple):
    """The comparisons that a query can make, those that can give most first, and the weight if all did."""

    steps: Sequence[_Step]
    most_bits: float


def _steps(query: Comparable, model: EntityModel) -> _Steps:
    steps: list[_Step] = [
        (place, comparator.compare, comparator.name, levels, most_bits)
        for place, (comparator, levels, most_bits) in enumerate(model.comparisons)
        # Without any of the values that it reads a comparison finds nothing.
        if any(map(partial(getattr, query), comparator.reads))
    ]
    steps.sort(key=itemgetter(4), reverse=True)
    return _Steps(steps, model.prior_bits + sum(step[4] for step in steps))


def _compared(
    left: Comparable, right: Comparable, steps: _Steps, least_bits: float
) -> tuple[list[_Reached], float] | None:
    """What each comparison came to, in the order of the model, and the weight against strangers; None where
    that cannot reach `least_bits`.
    """
    if right < left:
        left, right = right, left
    reached = []
    remaining, bits = steps
    for place, compare, name, levels, most_bits in remaining:
        finding = compare(left, right)
        if finding is None:
            bits -= most_bits
        else:
            level = levels[finding[0]]
            weight = level.weight_of(finding[2])
            reached.append((place, name, level, finding, weight))
            bits += weight - most_bits
        if bits < least_bits:
            return None
    reached.sort(key=itemgetter(0))
    return reached, bits


def _contribution(reached: _Reached) -> Contribution:
    _, comparison, level, finding, weight = reached
    evidence = finding.evidence
    if level.frequencies is not None and finding.value:
        evidence = f"{evidence}, of about 1 in {round(1 / level.frequency_of(finding.value)):,}"
    return Contribution(comparison, level.name, weight, evidence)


def _common(reached: Sequence[_Reached], alternative: int | None = None) -> float:
    """What is taken off where several values agree that go by people or country: all but the most of them.
    For an alternative those count that it reaches as strangers do.
    """
    bits = [
        level.common_of(weight)
        for _, _, level, _, weight in reached
        if level.common_bits and (alternative is None or level.against[alternative] is None)
    ]
    return sum(bits) - max(bits) if len(bits) > 1 else 0.0


def _common_contribution(bits: float) -> Sequence[Contribution]:
    if not bits:
        return ()
    return (Contribution("common_origin", "possible", -bits, "names and places go together by people"),)


def _alternatives(
    reached: Sequence[_Reached], total: float, model: EntityModel
) -> tuple[list[Contribution], float]:
    """What each other reason to agree takes off, in the order of the model, and the weight that is left."""
    contributions = []
    for at, alternative in enumerate(model.alternatives):
        bits = alternative.prior_bits
        for _, _, level, _, weight in reached:
            against = level.against[at]
            bits += weight if against is None else against
        if model.common_bits:
            bits -= _common(reached, at)
        joint = join_bits(total, bits)
        if joint < total:
            contributions.append(
                Contribution(alternative.name, "possible", joint - total, alternative.evidence)
            )
        total = joint
    return contributions, total


def different_entities_bits(model: ScoringModel) -> float:
    """The match weight of a person and a company."""
    return model.people.prior_bits - MAX_WEIGHT_BITS


def _different_entities(model: ScoringModel) -> PairScore:
    contribution = Contribution(
        "entity", "different", -MAX_WEIGHT_BITS, "one is a person, the other a company: never the same"
    )
    weight, prior_bits = different_entities_bits(model), model.people.prior_bits
    return PairScore(weight, match_probability(weight), Verdict.NO_MATCH, prior_bits, (contribution,))

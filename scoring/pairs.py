"""The score of a pair: the prior, a match weight for each comparison, and what other reasons to agree take
off.

Symmetric to the last bit: the smaller comparable is always the first side, and `math.fsum` is exact.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.comparables import Comparable, Entity
from scoring.model import MAX_WEIGHT_BITS, EntityModel, ScoringModel, on_grid, shipped_model


class Verdict(StrEnum):
    """What follows from a score: one and the same, for a person to look at, or two."""

    MATCH = "MATCH"
    REVIEW = "REVIEW"
    NO_MATCH = "NO_MATCH"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one comparison adds, in bits (log2), with the evidence in words. It carries no value of a
    record.
    """

    comparison: str
    level: str
    weight_bits: float
    evidence: str


@dataclass(frozen=True, slots=True)
class PairScore:
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
    if model is None:
        model = shipped_model()
    if left.entity is not right.entity:
        return _different_entities(model.of(Entity.PERSON).prior_bits)
    if right < left:
        left, right = right, left
    entity_model = model.of(left.entity)
    contributions = _contributions(left, right, entity_model)
    prior = entity_model.prior_bits
    weight = math.fsum([prior, *[one.weight_bits for one in contributions]])
    probability = match_probability(weight)
    return PairScore(weight, probability, verdict_of(probability, model), prior, contributions)


def score_many(
    query: Comparable, candidates: Sequence[Comparable], model: ScoringModel | None = None
) -> list[PairScore]:
    """The scores of one record with each candidate, in their order; the same bits as `score_pair`."""
    chosen = shipped_model() if model is None else model
    return [score_pair(query, candidate, chosen) for candidate in candidates]


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
    apart = abs(first - second)
    return on_grid(min(first, second) - math.log1p(math.exp2(-min(apart, 1000.0))) / _LN2)


_LN2 = math.log(2.0)


def _contributions(left: Comparable, right: Comparable, model: EntityModel) -> tuple[Contribution, ...]:
    contributions: list[Contribution] = []
    strangers = [model.prior_bits]
    others = [[one.prior_bits] for one in model.alternatives]
    for comparison in model.comparisons:
        comparator = comparison.comparator
        finding = comparator.compare(left, right)
        if finding is None:
            continue
        level = comparison.levels[finding.level]
        weight, evidence = level.weight_bits, finding.evidence
        if level.frequencies is not None and finding.value:
            weight = level.weight_of(finding.value)
            evidence = f"{evidence}, of about 1 in {round(1 / level.frequency_of(finding.value)):,}"
        contributions.append(Contribution(comparator.name, level.name, weight, evidence))
        strangers.append(weight)
        for bits, against in zip(others, level.against, strict=True):
            bits.append(weight if against is None else against)
    return tuple(
        contributions + _alternatives(model, math.fsum(strangers), [math.fsum(one) for one in others])
    )


def _alternatives(model: EntityModel, total: float, others: Sequence[float]) -> list[Contribution]:
    """What each other reason to agree takes off, in the order of the model."""
    contributions = []
    for alternative, bits in zip(model.alternatives, others, strict=True):
        joint = join_bits(total, bits)
        if joint < total:
            contributions.append(
                Contribution(alternative.name, "possible", joint - total, alternative.evidence)
            )
        total = joint
    return contributions


def _different_entities(prior_bits: float) -> PairScore:
    contribution = Contribution(
        "entity", "different", -MAX_WEIGHT_BITS, "one is a person, the other a company: never the same"
    )
    weight = prior_bits - MAX_WEIGHT_BITS
    return PairScore(weight, match_probability(weight), Verdict.NO_MATCH, prior_bits, (contribution,))

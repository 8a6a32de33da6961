"""The score of a pair: a sum of match weights, one a comparison, and the prior.

Symmetric to the last bit: the smaller comparable is always the first side, and `math.fsum` is exact.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scoring.comparables import Comparable, Entity
from scoring.dependence import excesses, stand
from scoring.findings import Finding
from scoring.model import MAX_WEIGHT_BITS, Comparison, EntityModel, Level, ScoringModel, shipped_model


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
        return _different_entities(model.of(Entity.PERSON).parameters.prior_bits)
    if right < left:
        left, right = right, left
    entity_model = model.of(left.entity)
    contributions = _contributions(left, right, entity_model)
    prior = entity_model.parameters.prior_bits
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


def _contributions(left: Comparable, right: Comparable, model: EntityModel) -> tuple[Contribution, ...]:
    found: list[tuple[Comparison, Finding]] = []
    for comparison in model.comparisons:
        finding = comparison.comparator.compare(left, right)
        if finding is not None:
            found.append((comparison, finding))
    standing = stand([(comparison.comparator, finding.level) for comparison, finding in found])
    contributions = [
        _contribution(comparison, comparison.levels[finding.level], finding, standing.told_apart)
        for comparison, finding in found
    ]
    limits = model.parameters
    too_much_name, too_much_shared = excesses(
        [
            (comparison.comparator, contribution.level, contribution.weight_bits)
            for (comparison, _), contribution in zip(found, contributions, strict=True)
        ],
        standing,
        limits.name_limit_bits,
        limits.shareable_limit_bits,
    )
    if too_much_name > 0:
        evidence = _REFUTED_LIMIT if standing.refuted else _NAME_LIMIT
        contributions.append(Contribution("name_limit", "reached", -too_much_name, evidence))
    if too_much_shared > 0:
        contributions.append(Contribution("shareable_limit", "reached", -too_much_shared, _SHAREABLE_LIMIT))
    return tuple(contributions)


_NAME_LIMIT = "names by themselves, and what namesakes share, prove no more than this"
_REFUTED_LIMIT = "names, and what two that are reached apart may share, prove no more than this"
_SHAREABLE_LIMIT = "what a household, employer or group shares proves no more than this without the name"


def _contribution(comparison: Comparison, level: Level, finding: Finding, apart: bool) -> Contribution:
    name = comparison.comparator.name
    evidence = finding.evidence
    if level.frequencies is None or not finding.value:
        weight = level.shared_bits if apart else level.weight_bits
    else:
        weight = level.weight_of(finding.value, apart)
        evidence = f"{evidence}, borne by about 1 in {round(1 / level.frequency_of(finding.value)):,}"
    if apart and level.shared_bits < level.weight_bits:
        evidence += ", as two that are told apart by other evidence may share"
    return Contribution(name, level.name, weight, evidence)


def _different_entities(prior_bits: float) -> PairScore:
    contribution = Contribution(
        "entity", "different", -MAX_WEIGHT_BITS, "one is a person, the other a company: never the same"
    )
    weight = prior_bits - MAX_WEIGHT_BITS
    return PairScore(weight, match_probability(weight), Verdict.NO_MATCH, prior_bits, (contribution,))

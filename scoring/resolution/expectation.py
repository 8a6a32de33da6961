"""Parameters from records without labels: expectation maximisation over the kinds of pairs.

Every candidate pair is a match, a pair of strangers, or of one of the alternatives (Dempster, Laird and Rubin
1977; Winkler 1988 for record linkage). Strangers are counted on random pairs and stay; the expectation step
weighs each candidate pair by the model itself, term frequencies included; the maximisation step counts
levels. Candidates of many blocking rules together hold nearly all matches, so that what one rule decides does
not bias the count. What few pairs have shown stays near the prior: each estimate counts the prior as so many
pairs more.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from scoring.model import EntityModel, build_entity_model
from scoring.model_parameters import ComparisonParameters, EntityParameters, LevelParameters
from scoring.resolution.frequencies import COMMON_SHARE
from scoring.resolution.monotone import never_rising_chances
from scoring.resolution.outcomes import Codes, Outcome
from scoring.resolution.weights import Known, joint, sums, tables

Shares = NDArray[np.float64]
# An alternative with fewer pairs than this for each match decides nothing, however far it moves.
_FEW = 0.01


@dataclass(frozen=True, slots=True)
class Strengths:
    """How many pairs each prior counts as."""

    m: float = 50.0
    u: float = 2000.0
    alternative: float = 500.0
    per_match: float = 1.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Outcomes of pairs, one row a pair, one column a comparison, and what their codes stand for."""

    codes: Codes
    seen: Sequence[Sequence[Outcome]]
    _levels: dict[int, NDArray[np.uint8]] = field(default_factory=dict, repr=False, compare=False)

    def levels(self, at: int, names: Sequence[str]) -> NDArray[np.uint8]:
        """The place in `names` of the level of each pair; beyond the last where a value is missing."""
        if at not in self._levels:
            place = {name: number for number, name in enumerate(names)}
            places = [len(names), *(place[outcome.level] for outcome in self.seen[at][1:])]
            self._levels[at] = np.array(places, dtype=np.uint8)[self.codes[:, at]]
        return self._levels[at]


def fit_strangers(parameters: EntityParameters, random_pairs: Counted, strength: float) -> EntityParameters:
    """The u of every level without term frequencies, from pairs drawn at random."""
    comparisons = []
    for at, comparison in enumerate(parameters.comparisons):
        counts = level_counts(random_pairs, at, comparison, None)
        whole = counts.sum() + strength
        levels = []
        for level, count in zip(comparison.levels, counts, strict=True):
            if level.term_frequency:
                levels.append(level)
            else:
                levels.append(msgspec.structs.replace(level, u=float((count + strength * level.u) / whole)))
        comparisons.append(msgspec.structs.replace(comparison, levels=tuple(levels)))
    return tidy(msgspec.structs.replace(parameters, comparisons=tuple(comparisons)))


def fit_matches(
    parameters: EntityParameters,
    candidates: Counted,
    *,
    prior: EntityParameters,
    strengths: Strengths,
    iterations: int = 12,
    scale: float = 1.0,
) -> EntityParameters:
    """m, the alternatives and their numbers, from candidate pairs; `scale` is how many candidates each row of
    `candidates` stands for.
    """
    known: dict[int, Known] = {}
    for _ in range(iterations):
        model = build_entity_model(parameters)
        match, others = expect(candidates, model, known)
        moved = _maximise(parameters, candidates, match * scale, others * scale, prior, strengths)
        if _distance(parameters, moved) < 1e-3:
            return moved
        parameters = moved
    return parameters


def expect(
    candidates: Counted, model: EntityModel, known: dict[int, Known] | None = None
) -> tuple[Shares, Shares]:
    """How far each pair is a match, and how far it is of each alternative (one column each); `known` as of
    `tables`.
    """
    total = sums(candidates.codes, tables(candidates.seen, model, known), model)
    weight = joint(total)
    match = 1.0 / (1.0 + np.exp2(-np.clip(weight, -1000, 1000)))
    return match, np.exp2(np.clip(np.log2(np.maximum(match, 1e-300))[:, None] - total[:, 1:], -1000, 0))


def _maximise(
    parameters: EntityParameters,
    candidates: Counted,
    match: Shares,
    others: Shares,
    prior: EntityParameters,
    strengths: Strengths,
) -> EntityParameters:
    comparisons = []
    for at, (comparison, before) in enumerate(zip(parameters.comparisons, prior.comparisons, strict=True)):
        m = posterior(
            level_counts(candidates, at, comparison, match), [one.m for one in before.levels], strengths.m
        )
        chances = {}
        for number, alternative in enumerate(parameters.alternatives):
            if (known := before.alternatives.get(alternative.name)) is None:
                continue
            if alternative.anchored or comparison.name in alternative.anchored_comparisons:
                chances[alternative.name] = known
            else:
                counts = level_counts(candidates, at, comparison, others[:, number])
                chances[alternative.name] = tuple(posterior(counts, known, strengths.alternative))
        levels = tuple(
            msgspec.structs.replace(level, m=share) for level, share in zip(comparison.levels, m, strict=True)
        )
        comparisons.append(ComparisonParameters(comparison.name, levels, chances))
    matches = float(match.sum())
    alternatives = tuple(
        one
        if one.anchored
        else msgspec.structs.replace(
            one,
            per_match=float(
                (others[:, at].sum() + strengths.per_match * before.per_match)
                / (matches + strengths.per_match)
            ),
        )
        for at, (one, before) in enumerate(zip(parameters.alternatives, prior.alternatives, strict=True))
    )
    few = strengths.per_match
    per_record = (2 * matches + few * prior.matches_per_record) / (parameters.population + few)
    return tidy(
        msgspec.structs.replace(
            parameters,
            comparisons=tuple(comparisons),
            alternatives=alternatives,
            matches_per_record=per_record,
        )
    )


def posterior(counts: Shares, prior: Sequence[float], strength: float) -> list[float]:
    prior_whole = math.fsum(prior)
    whole = counts.sum() + strength
    return [
        float((count + strength * before / prior_whole) / whole)
        for count, before in zip(counts, prior, strict=True)
    ]


def level_counts(
    counted: Counted, at: int, comparison: ComparisonParameters, shares: Shares | None
) -> Shares:
    """How many pairs reach each level, a pair counted by its share."""
    levels = counted.levels(at, [level.name for level in comparison.levels])
    count = len(comparison.levels)
    return np.bincount(levels, weights=shares, minlength=count + 1)[:count].astype(np.float64)


def tidy(parameters: EntityParameters) -> EntityParameters:
    """The parameters with weights that never rise from a level to the one below, to seven digits."""
    tables = parameters.term_frequencies
    return msgspec.structs.replace(
        parameters, comparisons=tuple(_tidy_comparison(one, tables) for one in parameters.comparisons)
    )


def _tidy_comparison(
    comparison: ComparisonParameters, tables: Mapping[str, Mapping[str, float]]
) -> ComparisonParameters:
    ms = [float(f"{level.m:.7g}") for level in comparison.levels]
    us = never_rising_chances(ms, _under_common_values(ms, comparison.levels, tables))
    levels = tuple(
        msgspec.structs.replace(level, m=m, u=u)
        for level, m, u in zip(comparison.levels, ms, us, strict=True)
    )
    chances = {
        name: tuple(never_rising_chances(ms, shares)) for name, shares in comparison.alternatives.items()
    }
    return ComparisonParameters(comparison.name, levels, chances)


def _under_common_values(
    ms: Sequence[float], levels: Sequence[LevelParameters], tables: Mapping[str, Mapping[str, float]]
) -> list[float]:
    """The u of each level, raised where it would weigh more than agreeing on a common value at a level above.

    That value cannot weigh less than the levels below its own. Were there but one street in all records, any
    two of them would otherwise share something that is worth as much as another flat in one house.
    """
    us = []
    u_to_m = math.inf
    for m, level in zip(ms, levels, strict=True):
        if not level.term_frequency:
            us.append(level.u if math.isinf(u_to_m) else min(1.0, max(level.u, m * u_to_m)))
            continue
        us.append(level.u)
        commonest = max(tables[level.term_frequency].values(), default=0.0)
        if commonest >= COMMON_SHARE:
            u_to_m = min(u_to_m, commonest / m)
    return us


def _distance(first: EntityParameters, second: EntityParameters) -> float:
    """The largest difference of any m, or of the logarithm of the number of any alternative."""
    moved = [
        abs(one.m - other.m)
        for before, after in zip(first.comparisons, second.comparisons, strict=True)
        for one, other in zip(before.levels, after.levels, strict=True)
    ]
    moved += [
        abs(math.log(one.per_match / other.per_match)) / 10
        for one, other in zip(first.alternatives, second.alternatives, strict=True)
        if other.per_match > _FEW
    ]
    return max(moved)

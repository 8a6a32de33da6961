"""The parameters of a model from records without labels: frequencies, strangers, then matches and
alternatives.
"""

from collections.abc import Mapping, Sequence

import msgspec

from scoring.comparables import Comparable
from scoring.model import EntityParameters
from scoring.resolution.expectation import Counted, Strengths, fit_matches, fit_strangers, tidy
from scoring.resolution.frequencies import floor_factor, trained_frequencies
from scoring.resolution.outcomes import Codes, Outcomes
from scoring.resolution.peoples import peoples
from scoring.resolution.sampling import random_pairs

# A small file is a part of a larger world: two records alone do not make everybody of one name the same.
MIN_POPULATION = 1000
_STRENGTHS = Strengths()


def train_parameters(
    records: Sequence[Comparable],
    outcomes: Outcomes,
    codes: Codes,
    prior: EntityParameters,
    seed: int,
    strengths: Strengths = _STRENGTHS,
    scale: float = 1.0,
    processes: int = 1,
) -> EntityParameters:
    """The parameters fitted to these records and the outcomes of their candidate pairs, without labels; each
    row of `codes` stands for `scale` pairs.
    """
    tables, factors = trained_frequencies(records, prior)
    parameters = _with_frequencies(prior, tables, factors, max(len(records), MIN_POPULATION))
    left, right = random_pairs(len(records), seed)
    strangers = Counted(outcomes.compare(left, right, processes), outcomes.seen)
    parameters = msgspec.structs.replace(
        fit_strangers(parameters, strangers, strengths.u),
        peoples=peoples(records, outcomes, (left, right), seed),
    )
    return fit_matches(
        parameters, Counted(codes, outcomes.seen), prior=parameters, strengths=strengths, scale=scale
    )


def _with_frequencies(
    prior: EntityParameters,
    tables: dict[str, dict[str, float]],
    factors: Mapping[str, float],
    population: int,
) -> EntityParameters:
    comparisons = []
    for comparison in prior.comparisons:
        levels = tuple(
            msgspec.structs.replace(level, u=level.u * floor_factor(level, factors))
            for level in comparison.levels
        )
        comparisons.append(msgspec.structs.replace(comparison, levels=levels))
    return tidy(
        msgspec.structs.replace(
            prior, comparisons=tuple(comparisons), term_frequencies=tables, population=population
        )
    )

"""The parameters of a model from records without labels: frequencies, strangers, then matches and
alternatives.
"""

from collections.abc import Mapping, Sequence

import msgspec

from scoring.comparables import Comparable
from scoring.model_parameters import EntityParameters
from scoring.resolution.expectation import Counted, Shares, Strengths, fit_matches, fit_strangers, tidy
from scoring.resolution.frequencies import floor_factor, trained_frequencies
from scoring.resolution.outcomes import Codes, Outcomes
from scoring.resolution.peoples import peoples
from scoring.resolution.sampling import random_pairs

# A small file is a part of a larger world: two records alone do not make everybody of one name the same.
MIN_POPULATION = 1000
_STRENGTHS = Strengths()
# Fewer expected matches are no sign of anything.
_LEAST_EXPECTED = 20.0
_MOST_TO_SURE = 3.0


def train_parameters(
    records: Sequence[Comparable],
    outcomes: Outcomes,
    codes: Codes,
    prior: EntityParameters,
    seed: int,
    strengths: Strengths = _STRENGTHS,
    scale: float = 1.0,
    processes: int = 1,
    *,
    learn_matches: bool = True,
) -> EntityParameters:
    """The parameters fitted to these records and the outcomes of their candidate pairs, without labels; each
    row of `codes` stands for `scale` pairs. Without `learn_matches` how common values are and how strangers
    compare is learned alone.
    """
    tables, factors = trained_frequencies(records, prior)
    parameters = _with_frequencies(prior, tables, factors, max(len(records), MIN_POPULATION))
    left, right = random_pairs(len(records), seed)
    strangers = Counted(outcomes.compare(left, right, processes), outcomes.seen)
    parameters = msgspec.structs.replace(
        fit_strangers(parameters, strangers, strengths.u),
        peoples=peoples(records, outcomes, (left, right), seed),
    )
    if not learn_matches:
        return parameters
    return fit_matches(
        parameters, Counted(codes, outcomes.seen), prior=parameters, strengths=strengths, scale=scale
    )


def are_doubtful(probabilities: Shares, match_threshold: float) -> bool:
    """Whether a trained model, by the match probabilities it gives to all candidates, has taken for matches
    what is none: most of the matches that it expects, it expects among pairs that it is not sure of.

    On labelled sets one in three is the most of those. Where records hold hardly more than a name, there is
    nothing by which to learn how matches differ from strangers, and the number of matches grows and grows.
    """
    expected = float(probabilities.sum())
    sure = float(probabilities[probabilities >= match_threshold].sum())
    return expected >= _LEAST_EXPECTED and expected > _MOST_TO_SURE * sure


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

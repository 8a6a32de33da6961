"""Parameters for pairs that somebody has chosen, such as a list that a person is to look through.

Who chose them took pairs that look alike, so that how strangers compare says nothing of the pairs that are no
match: these are counted among the pairs themselves. Half of the pairs are taken for matches, no alternative
and no term frequency counts, as both were used up in choosing; m stays near what is known of matches.
"""

from collections.abc import Sequence

import msgspec

from scoring.model import build_entity_model
from scoring.model_parameters import ComparisonParameters, EntityParameters, LevelParameters
from scoring.resolution.expectation import Counted, Shares, level_counts, posterior, tidy
from scoring.resolution.weights import probabilities, weigh

M_STRENGTH = 300.0
U_STRENGTH = 20.0
_ITERATIONS = 30


def fit_chosen(prior: EntityParameters, pairs: Counted) -> EntityParameters:
    """The parameters for these very pairs, by expectation maximisation of m and u at even prior odds."""
    comparisons = tuple(_plain(one) for one in prior.comparisons)
    start = msgspec.structs.replace(
        prior, comparisons=comparisons, alternatives=(), population=1, matches_per_record=1.0, peoples=1.0
    )
    parameters = _maximise(start, start, pairs, None)
    for _ in range(_ITERATIONS):
        weights = weigh(pairs.codes, pairs.seen, build_entity_model(parameters))
        parameters = _maximise(parameters, start, pairs, probabilities(weights))
    return parameters


def _plain(comparison: ComparisonParameters) -> ComparisonParameters:
    levels = tuple(LevelParameters(one.name, one.m, one.u, origin=one.origin) for one in comparison.levels)
    return ComparisonParameters(comparison.name, levels)


def _maximise(
    parameters: EntityParameters, start: EntityParameters, pairs: Counted, match: Shares | None
) -> EntityParameters:
    """Without shares of matches all pairs count for u alone: most of what differs is no match."""
    comparisons = []
    for at, (comparison, before) in enumerate(zip(parameters.comparisons, start.comparisons, strict=True)):
        ms: Sequence[float] = [one.m for one in before.levels]
        rest = level_counts(pairs, at, comparison, None if match is None else 1.0 - match)
        if match is not None:
            ms = posterior(level_counts(pairs, at, comparison, match), ms, M_STRENGTH)
        us = posterior(rest, [one.u for one in before.levels], U_STRENGTH)
        levels = tuple(
            msgspec.structs.replace(level, m=m, u=u)
            for level, m, u in zip(comparison.levels, ms, us, strict=True)
        )
        comparisons.append(ComparisonParameters(comparison.name, levels))
    return tidy(msgspec.structs.replace(parameters, comparisons=tuple(comparisons)))

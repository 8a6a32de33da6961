"""Pairs drawn from known parameters, to see whether training finds them again."""

from typing import NamedTuple

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from scoring.model_parameters import ComparisonParameters, EntityParameters, LevelParameters
from scoring.resolution.expectation import Counted, tidy
from scoring.resolution.outcomes import Outcome

Chances = NDArray[np.float64]


class Drawn(NamedTuple):
    """The outcomes of all pairs of a population, and what each is: 'match', 'stranger' or an alternative."""

    counted: Counted
    kinds: list[str]


def without_frequencies(
    parameters: EntityParameters, *, population: int, matches_per_record: float
) -> EntityParameters:
    """Parameters of this population where no level has term frequencies and each comparison adds up to 1."""
    comparisons = []
    for comparison in parameters.comparisons:
        ms, us = (_shares([getattr(level, name) for level in comparison.levels]) for name in ("m", "u"))
        levels = tuple(
            LevelParameters(level.name, m, u) for level, m, u in zip(comparison.levels, ms, us, strict=True)
        )
        alternatives = {name: tuple(_shares(chances)) for name, chances in comparison.alternatives.items()}
        comparisons.append(replace(comparison, levels=levels, alternatives=alternatives))
    return tidy(
        replace(
            parameters,
            population=population,
            matches_per_record=matches_per_record,
            comparisons=tuple(comparisons),
            term_frequencies={},
        )
    )


def blurred(parameters: EntityParameters, share: float) -> EntityParameters:
    """The same with m and the alternatives so far towards every level being as likely, and as many pairs of
    each alternative as of another: what somebody knows who knows little. u and what is anchored stay.
    """
    comparisons = tuple(
        _blurred(
            one,
            share,
            {
                each.name
                for each in parameters.alternatives
                if not each.anchored and one.name not in each.anchored_comparisons
            },
        )
        for one in parameters.comparisons
    )
    alternatives = tuple(
        one if one.anchored else replace(one, per_match=0.5) for one in parameters.alternatives
    )
    return tidy(replace(parameters, comparisons=comparisons, alternatives=alternatives))


def draw(parameters: EntityParameters, seed: int, missing: float) -> Drawn:
    """All pairs of the population, each of a kind as often as the parameters say, its levels by that kind."""
    chance = np.random.default_rng(seed)
    matches = parameters.population * parameters.matches_per_record / 2
    counts = {"match": matches, "stranger": parameters.population**2 / 2}
    counts |= {one.name: matches * one.per_match for one in parameters.alternatives}
    kinds = [kind for kind, count in counts.items() for _ in range(round(count))]
    columns = []
    for comparison in parameters.comparisons:
        drawn = [
            1 + chance.choice(len(comparison.levels), round(count), p=_chances(comparison, kind))
            for kind, count in counts.items()
        ]
        column = np.concatenate(drawn)
        columns.append(np.where(chance.random(len(column)) < missing, 0, column))
    seen = [
        [Outcome("", ""), *(Outcome(level.name, "") for level in comparison.levels)]
        for comparison in parameters.comparisons
    ]
    return Drawn(Counted(np.stack(columns, axis=1).astype(np.int32), seen), kinds)


def _chances(comparison: ComparisonParameters, kind: str) -> Chances:
    if kind == "match":
        return _normal([level.m for level in comparison.levels])
    known = comparison.alternatives.get(kind)
    return _normal(known if known is not None else [level.u for level in comparison.levels])


def _blurred(comparison: ComparisonParameters, share: float, moved: set[str]) -> ComparisonParameters:
    even = 1 / len(comparison.levels)
    levels = tuple(replace(level, m=(1 - share) * level.m + share * even) for level in comparison.levels)
    alternatives = {
        name: tuple((1 - share) * chance + share * even for chance in chances) if name in moved else chances
        for name, chances in comparison.alternatives.items()
    }
    return replace(comparison, levels=levels, alternatives=alternatives)


def _shares(values: list[float] | tuple[float, ...]) -> list[float]:
    return [float(share) for share in _normal(values)]


def _normal(values: list[float] | tuple[float, ...]) -> Chances:
    array: Chances = np.array(values)
    whole: float = array.sum()
    return np.divide(array, whole)

"""The Fellegi-Sunter model: what each level of each comparison weighs.

Two records that are not one may be strangers, or stand in a relation that makes them agree for another
reason: a household, colleagues, namesakes, the companies of a group. Each such alternative has its own
probability of every level, and its own number of pairs; `pairs` weighs a match against all of them together.

Invariants, checked when a model is built: neither the weight against strangers nor that against any
alternative rises from a level to the one below (so more agreement never lowers a score), and every
probability is in (0, 1].
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from scoring.comparables import Entity
from scoring.comparators import Comparator, comparators
from scoring.errors import ModelError
from scoring.model_parameters import (
    ComparisonParameters,
    EntityParameters,
    LevelParameters,
    parse_parameters,
)

SLIP = 0.01
"""How often one certain slip is made for each time that a value is written rightly. Of two values that differ
by a slip the rarer one is no slip where it is more common than that: Jensen is not a misspelt Hansen.
"""

_WEIGHTS_KEPT = 10_000

_NO_TABLE: Mapping[str, float] = {}

MAX_WEIGHT_BITS = 40.0
"""No single contribution is larger, in either direction: 2**40 is beyond what any training set can show."""


@dataclass(frozen=True, slots=True)
class Level:
    """What one level weighs, in bits, against strangers and against each alternative (None: as against
    strangers). `least_bits` is the weight of the level below, a bound for common values.
    """

    name: str
    m: float
    u: float
    weight_bits: float
    least_bits: float
    frequencies: Mapping[str, float] | None
    against: tuple[float | None, ...]
    # The level below, where it has the same table of frequencies.
    below: "Level | None" = None
    # What sharing a value that goes by people takes off at most where another one is shared, and the weight
    # of the first level at which none is.
    common_bits: float = 0.0
    apart_bits: float = 0.0

    # What the last values weighed; it begins anew when it is full.
    _weights: dict[str, float] = field(default_factory=dict, repr=False, compare=False)

    def weight_of(self, value: str) -> float:
        """The weight of agreeing on this very value: log2(m / its frequency), at most that of an unseen
        value. Without a value, or where no frequency counts, that of the level.
        """
        if self.frequencies is None or not value:
            return self.weight_bits
        weight = self._weights.get(value)
        if weight is None:
            if len(self._weights) >= _WEIGHTS_KEPT:
                self._weights.clear()
            weight = self._weights[value] = self._weight_of(value)
        return weight

    def _weight_of(self, value: str) -> float:
        # The same value never weighs less at more agreement, though rarer levels have a smaller m.
        least = self.least_bits if self.below is None else self.below.weight_of(value)
        return max(least, weight_bits(self.m, self.frequency_of(value)))

    def common_of(self, weight_bits: float) -> float:
        """How much of this weight another shared value of the same people would take off: never more than
        sharing this one adds.
        """
        return min(self.common_bits, weight_bits - self.apart_bits)

    def frequency_of(self, value: str) -> float:
        """How often a stranger has this value, never below the floor.

        A table with an entry for the empty word holds words: a name is as frequent as the product of its
        words. Of "bob|robert", two forms of one value, the more common one counts. So it does of "jhon~john",
        where one may be a slip for the other; but a rare slip only: see `SLIP`.
        """
        if self.frequencies is None:
            return self.u
        if "~" in value:
            first, _, second = value.partition("~")
            one, other = self._known(first), self._known(second)
            return min(1.0, max(self.u, one, other, min(one, other) / SLIP))
        if "|" in value:
            return max(self.u, *(self._known(form) for form in value.split("|")))
        return max(self.u, self._known(value))

    def _known(self, value: str) -> float:
        """The frequency of a value in the table, 0 where it is not in it."""
        table = self.frequencies or _NO_TABLE
        if (known := table.get(value)) is not None:
            return known
        if (unseen_word := table.get("")) is None:
            return 0.0
        return math.prod(table.get(word, unseen_word) for word in value.split())


class Comparison(NamedTuple):
    """A comparator with its levels' weights, and the most that any of them weighs, at least 0."""

    comparator: Comparator
    levels: Mapping[str, Level]
    most_bits: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reason to agree; `prior_bits` is log2 of the true pairs for each pair of this kind."""

    name: str
    prior_bits: float
    evidence: str


@dataclass(frozen=True, slots=True)
class EntityModel:
    """The model of people, or of companies; `prior_bits` is log2 of the odds that two records drawn at random
    are one.
    """

    parameters: EntityParameters
    prior_bits: float
    alternatives: tuple[Alternative, ...]
    comparisons: tuple[Comparison, ...]
    common_bits: float
    """What sharing a second value of the same people takes off."""


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """Both models under one version; the thresholds are probabilities and hold for both."""

    version: str
    origin: str
    match_threshold: float
    review_threshold: float
    people: EntityModel
    companies: EntityModel

    def of(self, entity: Entity) -> EntityModel:
        """The model for one entity."""
        return self.people if entity is Entity.PERSON else self.companies


@cache
def shipped_model() -> ScoringModel:
    """The model of the parameters that ship with the library, read once."""
    folder = files("scoring").joinpath("parameters")
    return build_model(*(parse_parameters(folder.joinpath(f"{name}.json").read_bytes()) for name in _FILES))


_FILES = ("people", "companies")


def build_model(people: EntityParameters, companies: EntityParameters) -> ScoringModel:
    """A checked model; raises ModelError for parameters that cannot be one."""
    if people.entity is not Entity.PERSON or companies.entity is not Entity.COMPANY:
        raise ModelError("entity", "needs the parameters of people first, of companies second")
    thresholds = (people.match_threshold, people.review_threshold)
    if thresholds != (companies.match_threshold, companies.review_threshold):
        raise ModelError("thresholds", "people and companies have different thresholds")
    if not 0 < people.review_threshold <= people.match_threshold < 1:
        raise ModelError("thresholds", "0 < review <= match < 1 does not hold")
    return ScoringModel(
        version=f"{people.version}+{companies.version}",
        origin=f"people: {people.origin} companies: {companies.origin}",
        match_threshold=people.match_threshold,
        review_threshold=people.review_threshold,
        people=build_entity_model(people),
        companies=build_entity_model(companies),
    )


def with_parameters(model: ScoringModel, parameters: EntityParameters) -> ScoringModel:
    """The model with other parameters for their entity; raises ModelError where they cannot be one."""
    if parameters.entity is Entity.PERSON:
        return build_model(parameters, model.companies.parameters)
    return build_model(model.people.parameters, parameters)


def with_match_threshold(model: ScoringModel, least: float) -> ScoringModel:
    """The model with a MATCH threshold of at least this probability, for people and companies alike."""
    if least <= model.match_threshold:
        return model
    return build_model(
        *(
            msgspec.structs.replace(one.parameters, match_threshold=least)
            for one in (model.people, model.companies)
        )
    )


def build_entity_model(parameters: EntityParameters) -> EntityModel:
    """The checked model of one entity; raises ModelError for parameters that cannot be one."""
    given = {comparison.name: comparison for comparison in parameters.comparisons}
    wanted = comparators(parameters.entity)
    if set(given) != {comparator.name for comparator in wanted}:
        raise ModelError(parameters.version, f"comparisons are {sorted(given)}")
    if not 1 <= parameters.peoples < math.inf:
        raise ModelError(parameters.version, "peoples is not a number from 1")
    counts = (parameters.population, parameters.matches_per_record, *_per_match(parameters))
    if not all(math.isfinite(count) and count > 0 for count in counts):
        raise ModelError(parameters.version, "population, matches_per_record or per_match is not positive")
    prior = on_grid(math.log2(parameters.matches_per_record / parameters.population))
    alternatives = tuple(
        Alternative(one.name, on_grid(-math.log2(one.per_match)), one.evidence)
        for one in parameters.alternatives
    )
    built = tuple(_comparison(one, given[one.name], parameters) for one in wanted)
    return EntityModel(parameters, prior, alternatives, built, on_grid(math.log2(parameters.peoples)))


def weight_bits(m: float, u: float) -> float:
    """log2(m / u), on the grid and within the limit of a single contribution."""
    return on_grid(max(-MAX_WEIGHT_BITS, min(MAX_WEIGHT_BITS, math.log2(m / u))))


def on_grid(bits: float) -> float:
    """The nearest millionth or so of a bit: floats hold sums of such numbers exactly, in any order."""
    return round(bits * GRID) / GRID


GRID = 2.0**20
"""Steps of a bit that weights are rounded to."""


def _per_match(parameters: EntityParameters) -> list[float]:
    return [one.per_match for one in parameters.alternatives]


def _comparison(
    comparator: Comparator, parameters: ComparisonParameters, entity: EntityParameters
) -> Comparison:
    where = comparator.name
    if tuple(level.name for level in parameters.levels) != comparator.levels:
        raise ModelError(where, f"levels are not {', '.join(comparator.levels)}")
    if not all(0 < level.m <= 1 and 0 < level.u <= 1 for level in parameters.levels):
        raise ModelError(where, "m or u is not a probability")
    against = _against(where, parameters, entity)
    levels: dict[str, Level] = {}
    below: Level | None = None
    common_bits, apart_bits = on_grid(math.log2(entity.peoples)), 0.0
    for at, (level, bits) in reversed(list(enumerate(zip(parameters.levels, against, strict=True)))):
        built = _level(where, level, bits, below, entity.term_frequencies)
        if at < comparator.common_levels:
            built = dataclasses.replace(built, common_bits=common_bits, apart_bits=apart_bits)
        else:
            apart_bits = built.weight_bits
        below = levels[level.name] = built
    return Comparison(comparator, levels, max(0.0, *(level.weight_bits for level in levels.values())))


def _level(
    where: str,
    level: LevelParameters,
    against: tuple[float | None, ...],
    below: Level | None,
    frequencies: Mapping[str, Mapping[str, float]],
) -> Level:
    name = f"{where}.{level.name}"
    if level.term_frequency and level.term_frequency not in frequencies:
        raise ModelError(name, f"no term frequencies {level.term_frequency!r}")
    table = frequencies[level.term_frequency] if level.term_frequency else None
    weight = weight_bits(level.m, level.u)
    least = below.weight_bits if below else -MAX_WEIGHT_BITS
    if weight < least:
        raise ModelError(name, "weighs less than the level below")
    if table is not None and below is not None and below.frequencies is not None:
        # The level below weighs less for a value as common, so that its own bound holds for this one too.
        least = below.least_bits
    same = below if below is not None and table is not None and below.frequencies is table else None
    return Level(level.name, level.m, level.u, weight, least, table, against, same)


def _against(
    where: str, parameters: ComparisonParameters, entity: EntityParameters
) -> list[tuple[float | None, ...]]:
    """For each level its weight against each alternative, None where an alternative is as strangers are."""
    names = [one.name for one in entity.alternatives]
    if unknown := set(parameters.alternatives) - set(names):
        raise ModelError(where, f"no alternative is called {', '.join(sorted(unknown))}")
    columns: list[list[float | None]] = []
    for name in names:
        chances = parameters.alternatives.get(name)
        if chances is None:
            columns.append([None] * len(parameters.levels))
            continue
        if len(chances) != len(parameters.levels) or not all(0 < chance <= 1 for chance in chances):
            raise ModelError(f"{where}, {name}", "needs one probability for each level")
        bits = [
            weight_bits(level.m, chance) for level, chance in zip(parameters.levels, chances, strict=True)
        ]
        if any(low > high for high, low in itertools.pairwise(bits)):
            raise ModelError(f"{where}, {name}", "a level weighs less than the one below")
        columns.append(list(bits))
    return [tuple(column[at] for column in columns) for at in range(len(parameters.levels))]

"""The Fellegi-Sunter model: what each level of each comparison weighs, read once from the shipped parameters.

Invariants, checked when a model is built: weights never rise from a level to the one below, every
probability is in
(0, 1], and a level shared by a household or group never weighs more than the level itself.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from scoring.comparables import Entity
from scoring.comparators import Comparator, comparators
from scoring.errors import ModelError

MAX_WEIGHT_BITS = 40.0
"""No single contribution is larger, in either direction: 2**40 is beyond what any training set can show."""


class LevelParameters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """m and u of one level: how often true pairs, and pairs of strangers, reach it.

    With term frequencies `u` is the floor, the frequency of a value not in the table. `shared` is the share
    of the
    weight that stays when other comparisons tell the two sides apart (a household, a group of companies).
    """

    name: str
    m: float
    u: float
    term_frequency: str = ""
    shared: float = 1.0
    origin: str = "prior"


class ComparisonParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The levels of one comparison, from most to least agreement."""

    name: str
    levels: tuple[LevelParameters, ...]


class EntityParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter file: everything that scoring people, or companies, needs."""

    version: str
    entity: Entity
    origin: str
    prior_bits: float
    match_threshold: float
    review_threshold: float
    name_limit_bits: float
    shareable_limit_bits: float
    comparisons: tuple[ComparisonParameters, ...]
    term_frequencies: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Level:
    """What one level weighs, in bits; the `least` weights are those of the level below, a bound for common
    values.
    """

    name: str
    m: float
    u: float
    weight_bits: float
    shared_bits: float
    least_bits: float
    least_shared_bits: float
    frequencies: Mapping[str, float] | None

    def weight_of(self, value: str, told_apart: bool = False) -> float:
        """The weight of agreeing on this very value: log2(m / its frequency), at most that of an unseen
        value.
        """
        weight = max(self.least_bits, _weight_bits(self.m, self.frequency_of(value)))
        if not told_apart or weight <= 0:
            return weight
        return max(self.least_shared_bits, _on_grid(weight * self.shared_bits / self.weight_bits))

    def frequency_of(self, value: str) -> float:
        """How often a stranger has this value, never below the floor.

        A table with an entry for the empty word holds words: a name is as frequent as the product of its
        words.
        """
        table = self.frequencies
        if table is None:
            return self.u
        if (known := table.get(value)) is not None:
            return max(known, self.u)
        if (unseen_word := table.get("")) is None:
            return self.u
        return max(self.u, math.prod(table.get(word, unseen_word) for word in value.split()))


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparator with its levels' weights."""

    comparator: Comparator
    levels: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class EntityModel:
    """The model of people, or of companies."""

    parameters: EntityParameters
    comparisons: tuple[Comparison, ...]


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


def parse_parameters(data: bytes) -> EntityParameters:
    """The parameters of one JSON file; raises ModelError where they are not of this shape."""
    try:
        return msgspec.json.decode(data, type=EntityParameters)
    except msgspec.DecodeError as error:
        raise ModelError("parameters", str(error)) from error


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
        people=_entity_model(people),
        companies=_entity_model(companies),
    )


def _entity_model(parameters: EntityParameters) -> EntityModel:
    given = {comparison.name: comparison for comparison in parameters.comparisons}
    wanted = comparators(parameters.entity)
    if set(given) != {comparator.name for comparator in wanted}:
        raise ModelError(parameters.version, f"comparisons are {sorted(given)}")
    limits = (parameters.prior_bits, parameters.name_limit_bits, parameters.shareable_limit_bits)
    if not all(map(math.isfinite, limits)):
        raise ModelError(parameters.version, "prior or limit is not finite")
    frequencies = parameters.term_frequencies
    return EntityModel(parameters, tuple(_comparison(one, given[one.name], frequencies) for one in wanted))


def _comparison(
    comparator: Comparator, parameters: ComparisonParameters, frequencies: Mapping[str, Mapping[str, float]]
) -> Comparison:
    where = comparator.name
    if tuple(level.name for level in parameters.levels) != comparator.levels:
        raise ModelError(where, f"levels are not {', '.join(comparator.levels)}")
    levels: dict[str, Level] = {}
    below = below_shared = -MAX_WEIGHT_BITS
    below_level: Level | None = None
    for level in reversed(parameters.levels):
        name = f"{where}.{level.name}"
        if not (0 < level.m <= 1 and 0 < level.u <= 1 and 0 <= level.shared <= 1):
            raise ModelError(name, "m, u or shared is not a probability")
        if level.term_frequency and level.term_frequency not in frequencies:
            raise ModelError(name, f"no term frequencies {level.term_frequency!r}")
        weight = _weight_bits(level.m, level.u)
        shared = _on_grid(weight * level.shared) if weight > 0 else weight
        if weight < below or shared < below_shared:
            raise ModelError(name, "weighs less than the level below")
        table = frequencies[level.term_frequency] if level.term_frequency else None
        least, least_shared = below, below_shared
        if table is not None and below_level is not None and below_level.frequencies is table:
            # The level below weighs less for the same value, so its own bound holds for this one too.
            if level.m < below_level.m or level.u > below_level.u:
                raise ModelError(
                    name, "m or floor is worse than that of the level below, of the same frequencies"
                )
            least, least_shared = below_level.least_bits, below_level.least_shared_bits
        below_level = Level(level.name, level.m, level.u, weight, shared, least, least_shared, table)
        levels[level.name] = below_level
        below, below_shared = weight, shared
    return Comparison(comparator, levels)


def _weight_bits(m: float, u: float) -> float:
    return _on_grid(max(-MAX_WEIGHT_BITS, min(MAX_WEIGHT_BITS, math.log2(m / u))))


def _on_grid(bits: float) -> float:
    """The nearest millionth or so of a bit, of which floats hold sums and differences exactly: what a limit
    takes off leaves the limit, to the last bit.
    """
    return round(bits * _GRID) / _GRID


_GRID = 2.0**20

"""The parameters of a model as files hold them: m, u and the alternatives of each comparison."""

import msgspec

from scoring.comparables import Entity
from scoring.errors import ModelError


class LevelParameters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """m and u of one level: how often true pairs, and pairs of strangers, reach it.

    With term frequencies `u` is the floor, the frequency of a value not in the table.
    """

    name: str
    m: float
    u: float
    term_frequency: str = ""
    origin: str = "prior"


class ComparisonParameters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The levels of one comparison, from most to least agreement.

    `alternatives` has, for each alternative that does not reach the levels as strangers do, one probability a
    level.
    """

    name: str
    levels: tuple[LevelParameters, ...]
    alternatives: dict[str, tuple[float, ...]] = {}


class AlternativeParameters(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Another reason than being one for which two records agree, and how many such pairs there are for each
    true one. An anchored alternative is not trained: of two records with nothing but a name, no data without
    labels can say whether they are one. Nor are the chances of its anchored comparisons: those that alone
    tell the alternative from a match.
    """

    name: str
    per_match: float
    evidence: str
    anchored: bool = False
    anchored_comparisons: tuple[str, ...] = ()


class EntityParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter file: everything that scoring people, or companies, needs.

    In `population` records, a record has `matches_per_record` others that are the same on average. The
    records are of so many `peoples` (at least 1, not a whole number): two strangers who share one value that
    goes by people or country share another one that many times likelier than two strangers do.
    """

    version: str
    entity: Entity
    origin: str
    population: int
    matches_per_record: float
    match_threshold: float
    review_threshold: float
    alternatives: tuple[AlternativeParameters, ...]
    comparisons: tuple[ComparisonParameters, ...]
    term_frequencies: dict[str, dict[str, float]]
    peoples: float = 1.0


def parse_parameters(data: bytes) -> EntityParameters:
    """The parameters of one JSON file; raises ModelError where they are not of this shape."""
    try:
        return msgspec.json.decode(data, type=EntityParameters)
    except msgspec.DecodeError as error:
        raise ModelError("parameters", str(error)) from error


def format_parameters(parameters: EntityParameters) -> bytes:
    """The JSON of a parameter file."""
    return msgspec.json.format(msgspec.json.encode(parameters), indent=1) + b"\n"

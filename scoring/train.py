"""Train the parameters of people or companies from CSV files of records, without labels.

    python -m scoring.train crm/ --entity PERSON --start priors/people.json --output people.json

Each argument is a population: a CSV file, or a folder whose CSV files hold one. Columns are field names.
u comes from random pairs of a population; m from expectation maximisation among the pairs that share a key
of one blocking rule, rule by rule, each time without the comparisons that the rule decides, then averaged.
What the data cannot tell stays as in the start.
"""

import argparse
import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from scoring.comparables import Comparable, Entity
from scoring.comparators import comparators
from scoring.errors import TrainingError
from scoring.model import ComparisonParameters, EntityParameters, LevelParameters, parse_parameters
from scoring.preparation import prepare
from scoring.sampling import MIN_PAIRS, RULES, Tally, tally_matches, tally_random_pairs
from scoring.training import never_rising

# A level reached by fewer pairs than this keeps its prior.
MIN_OBSERVATIONS = 20
# No weight moves further from its prior: one set of records does not overturn what is known of others.
MAX_MOVE_BITS = 3.0
# Nor does a disagreement become much heavier: made records are cleaner than typed ones.
MAX_HEAVIER_BITS = 0.5
PRIOR = "prior: too few observations"
_PERSON_FIELDS = ("given_name", "family_name", "full_name")


def train(
    populations: Sequence[Sequence[Comparable]],
    start: EntityParameters,
    *,
    data_weight: float = 0.5,
    seed: int = 1,
) -> EntityParameters:
    """The parameters `start`, moved towards what the records show.

    `data_weight` is the share of the estimates in what comes out, the rest is the start. The same records and
    seed give the same parameters. Pairs are made inside a population, never between two.
    """
    if not populations or any(len(records) < MIN_PAIRS for records in populations):
        raise TrainingError(f"{MIN_PAIRS} records are the least to train from")
    compared = comparators(start.entity)
    strangers: dict[str, list[Tally]] = defaultdict(list)
    matches: dict[str, list[Tally]] = defaultdict(list)
    for records in populations:
        u = tally_random_pairs(records, compared, start, seed)
        for name, tally in u.items():
            strangers[name].append(tally)
        for rule in RULES[start.entity]:
            for name, tally in tally_matches(records, compared, start, u, rule).items():
                matches[name].append(tally)
    comparisons = tuple(
        _moved(one, _mean(matches[one.name], one), _pooled(strangers[one.name], one), data_weight)
        for one in start.comparisons
    )
    return msgspec.structs.replace(start, comparisons=comparisons)


def read_records(path: Path, entity: Entity, columns: Mapping[str, str]) -> Iterator[Comparable]:
    """The comparables of people, or companies, in a CSV file or the CSV files of a folder.

    A row that names a person is one of a person, else one that names a company is one of a company. `columns`
    gives fields other columns than their own: {"street": "number+street"}.
    """
    for file in sorted(path.glob("*.csv")) if path.is_dir() else [path]:
        with file.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text, skipinitialspace=True):
                values = {name.strip(): value.strip() for name, value in row.items() if name and value}
                for field, sources in columns.items():
                    if found := " ".join(filter(None, (values.get(one, "") for one in sources.split("+")))):
                        values[field] = found
                is_person = any(values.get(name) for name in _PERSON_FIELDS)
                if is_person is (entity is Entity.PERSON) and (is_person or values.get("company_name")):
                    yield prepare(values, entity)


def main() -> None:
    """The command line: read, train, write."""
    parser = argparse.ArgumentParser(prog="python -m scoring.train", description=__doc__)
    parser.add_argument("populations", type=Path, nargs="+", help="CSV files, or folders of them")
    parser.add_argument("--entity", type=Entity, required=True, choices=list(Entity))
    parser.add_argument("--start", type=Path, required=True, help="parameters to start from")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--column", action="append", default=[], help="field=column, or field=one+other")
    parser.add_argument("--data-weight", type=float, default=0.5)
    parser.add_argument("--origin", help="where the estimates come from, kept with the parameters")
    parser.add_argument("--version", help="the version of the new parameters")
    options = parser.parse_args()
    start = parse_parameters(options.start.read_bytes())
    columns = dict(one.split("=", 1) for one in options.column)
    populations = [list(read_records(path, options.entity, columns)) for path in options.populations]
    trained = train(populations, start, data_weight=options.data_weight)
    trained = msgspec.structs.replace(
        trained, origin=options.origin or start.origin, version=options.version or start.version
    )
    options.output.write_bytes(format_parameters(trained))


def format_parameters(parameters: EntityParameters) -> bytes:
    """The JSON of a parameter file."""
    return msgspec.json.format(msgspec.json.encode(parameters), indent=1) + b"\n"


def _mean(tallies: Sequence[Tally], comparison: ComparisonParameters) -> Tally:
    """The estimates of several blocking rules as one: their mean, as each sees matches of its own kind."""
    size = len(comparison.levels)
    if not tallies:
        return Tally((0.0,) * size, (0.0,) * size)
    shares = [math.fsum(one.shares[at] for one in tallies) / len(tallies) for at in range(size)]
    return Tally(tuple(shares), tuple(math.fsum(one.counts[at] for one in tallies) for at in range(size)))


def _pooled(tallies: Sequence[Tally], comparison: ComparisonParameters) -> Tally:
    """The random pairs of several populations as one."""
    counts = [math.fsum(one.counts[at] for one in tallies) for at in range(len(comparison.levels))]
    whole = math.fsum(counts) or 1.0
    return Tally(tuple(count / whole for count in counts), tuple(counts))


def _moved(
    parameters: ComparisonParameters, matches: Tally, strangers: Tally, data_weight: float
) -> ComparisonParameters:
    """The parameters moved towards the estimates, weights bounded and kept from rising."""
    new_m, new_u, weights, origins = [], [], [], []
    for at, level in enumerate(parameters.levels):
        sees_m = matches.counts[at] >= MIN_OBSERVATIONS
        # The u of a level with term frequencies is the frequency of a value not in the table.
        sees_u = strangers.counts[at] >= MIN_OBSERVATIONS and not level.term_frequency
        m = _mixed(level.m, matches.shares[at], data_weight) if sees_m else level.m
        u = _mixed(level.u, strangers.shares[at], data_weight) if sees_u else level.u
        was = math.log2(level.m / level.u)
        new_m.append(m)
        new_u.append(u)
        heaviest = was - (MAX_HEAVIER_BITS if was < 0 else MAX_MOVE_BITS)
        weights.append(max(heaviest, min(was + MAX_MOVE_BITS, math.log2(m / u))))
        origins.append(_origin(sees_m=sees_m, sees_u=sees_u))
    levels: list[LevelParameters] = []
    below = -math.inf
    pooled = never_rising(weights, new_m)
    for level, weight, u, origin in reversed(
        list(zip(parameters.levels, pooled, new_u, origins, strict=True))
    ):
        rounded_u = _rounded(min(u, 2.0**-weight))
        # Pooled levels weigh the same; rounding must not put the lower one first.
        rounded_m = min(1.0, _rounded(rounded_u * 2.0**weight))
        while math.log2(rounded_m / rounded_u) < below and rounded_m < 1:
            rounded_m = min(1.0, _rounded(rounded_m * 1.001))
        below = math.log2(rounded_m / rounded_u)
        levels.append(msgspec.structs.replace(level, m=rounded_m, u=rounded_u, origin=origin))
    return ComparisonParameters(parameters.name, tuple(reversed(levels)))


def _origin(*, sees_m: bool, sees_u: bool) -> str:
    if sees_m and sees_u:
        return "m and u estimated"
    if sees_m:
        return "m estimated, u prior"
    return "u estimated, m prior" if sees_u else PRIOR


def _mixed(prior: float, estimate: float, data_weight: float) -> float:
    return min(1.0, (1 - data_weight) * prior + data_weight * estimate)


def _rounded(probability: float) -> float:
    return float(f"{probability:.4g}")


if __name__ == "__main__":
    main()

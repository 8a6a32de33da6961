"""Train the parameters of people or companies from a CSV file of records, without labels.

    python -m scoring.train records.csv --entity PERSON --start scoring/parameters/people.json --output
    people.json

The columns of the file are field names. u comes from random pairs; m from expectation maximisation with u
fixed, once
among pairs that share a key of the name rules and once among those that share one of the others, each time
without
the comparisons that the keys decide. What the data cannot tell (levels or fields never met) stays as it was.
"""

import argparse
import csv
import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from scoring.blocking import blocking_keys
from scoring.comparables import Comparable, Entity
from scoring.comparators import Comparator, comparators
from scoring.errors import TrainingError
from scoring.model import ComparisonParameters, EntityParameters, LevelParameters, parse_parameters
from scoring.preparation import prepare
from scoring.training import MISSING, Pattern, Table, count_levels, maximise, never_rising

RANDOM_PAIRS = 200_000
MAX_BLOCK = 100
MIN_PAIRS = 200
# Which comparisons the keys of a pass decide: estimating them there would find what the blocking put in.
PASSES: dict[Entity, tuple[tuple[frozenset[str], frozenset[str]], ...]] = {
    Entity.PERSON: (
        (frozenset("ns"), frozenset(("given_name", "family_name", "middle_name"))),
        (frozenset("o"), frozenset(("birth_date",))),
        (frozenset("epi"), frozenset(("email", "phone", "tax_id", "registration_number", "customer_number"))),
        (frozenset("a"), frozenset(("address",))),
    ),
    Entity.COMPANY: (
        (frozenset(("cn", "ct", "cr")), frozenset(("company_name", "branch"))),
        (
            frozenset(("cw", "cp", "ce", "ci")),
            frozenset(("website", "phone", "email", "tax_id", "registration_number", "customer_number")),
        ),
        (frozenset(("ca",)), frozenset(("address",))),
    ),
}


def train(
    records: Sequence[Comparable], start: EntityParameters, *, data_weight: float = 0.5, seed: int = 1
) -> EntityParameters:
    """The parameters `start`, moved towards what the records show.

    `data_weight` is the share of the estimate in what comes out, the rest is the start; a level's u is moved
    only
    where it is no floor of term frequencies. The same records and seed give the same parameters.
    """
    if len(records) < MIN_PAIRS:
        raise TrainingError(f"{MIN_PAIRS} records are the least to train from")
    compared = comparators(start.entity)
    counts = [len(one.levels) for one in compared]
    chance = random.Random(seed)  # noqa: S311 -- a sample to count, no secret
    drawn = _patterns(_random_pairs(records, chance), compared)
    u = count_levels(drawn, counts)
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for prefixes, decided in PASSES[start.entity]:
        m, seen = _pass(records, compared, start, u, prefixes, decided)
        for at, comparator in enumerate(compared):
            if comparator.name in seen:
                found[comparator.name].append(m[at])
    by_name = {one.name: one for one in start.comparisons}
    comparisons = []
    for at, comparator in enumerate(compared):
        estimates = found[comparator.name]
        parameters = by_name[comparator.name]
        if estimates:
            mean = [math.fsum(column) / len(estimates) for column in zip(*estimates, strict=True)]
            pairs = sum(count for pattern, count in drawn.items() if pattern[at] != MISSING)
            parameters = _moved(parameters, mean, u[at], pairs, data_weight)
        comparisons.append(parameters)
    return msgspec.structs.replace(start, comparisons=tuple(comparisons))


def read_records(path: Path, entity: Entity) -> Iterator[Comparable]:
    """The comparables of a CSV file whose columns are field names."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield prepare({name: value for name, value in row.items() if name and value}, entity)


def main() -> None:
    """The command line: read, train, write."""
    parser = argparse.ArgumentParser(prog="python -m scoring.train", description=__doc__)
    parser.add_argument("records", type=Path, help="CSV file, its columns are field names")
    parser.add_argument("--entity", type=Entity, required=True, choices=list(Entity))
    parser.add_argument("--start", type=Path, required=True, help="parameters to start from")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data-weight", type=float, default=0.5)
    parser.add_argument("--origin", help="where the estimates come from, kept with the parameters")
    parser.add_argument("--version", help="the version of the new parameters")
    options = parser.parse_args()
    start = parse_parameters(options.start.read_bytes())
    records = list(read_records(options.records, options.entity))
    trained = train(records, start, data_weight=options.data_weight)
    trained = msgspec.structs.replace(
        trained, origin=options.origin or start.origin, version=options.version or start.version
    )
    options.output.write_bytes(format_parameters(trained))


def format_parameters(parameters: EntityParameters) -> bytes:
    """The JSON of a parameter file."""
    return msgspec.json.format(msgspec.json.encode(parameters), indent=1) + b"\n"


def _pass(
    records: Sequence[Comparable],
    compared: Sequence[Comparator],
    start: EntityParameters,
    u: Table,
    prefixes: frozenset[str],
    decided: frozenset[str],
) -> tuple[Table, set[str]]:
    """M from the pairs of one set of blocking rules, and the comparisons that it is an estimate of."""
    counts = [len(one.levels) for one in compared]
    hidden = [one.name in decided for one in compared]
    seen_patterns = _patterns(_blocked_pairs(records, prefixes), compared)
    patterns: Counter[Pattern] = Counter()
    for pattern, count in seen_patterns.items():
        shown = tuple(MISSING if out else level for level, out in zip(pattern, hidden, strict=True))
        if any(level != MISSING for level in shown):
            patterns[shown] += count
    if patterns.total() < MIN_PAIRS:
        return (), set()
    by_name = {one.name: one for one in start.comparisons}
    m = tuple(_as_shares([level.m for level in by_name[one.name].levels]) for one in compared)
    smoothed = tuple(_as_shares([share + 1e-6 for share in row]) for row in u)
    estimate = maximise(patterns, counts, prior=0.5, m=m, u=smoothed, fix_u=True)
    made = [
        sum(count for one, count in patterns.items() if one[at] != MISSING) for at in range(len(compared))
    ]
    return estimate.m, {one.name for at, one in enumerate(compared) if made[at] >= MIN_PAIRS}


def _moved(
    parameters: ComparisonParameters, m: Sequence[float], u: Sequence[float], pairs: int, data_weight: float
) -> ComparisonParameters:
    """The parameters moved towards the estimates, weights kept from rising."""
    new_m, new_u = [], []
    for level, level_m, level_u in zip(parameters.levels, m, u, strict=True):
        new_m.append(min(1.0, (1 - data_weight) * level.m + data_weight * level_m))
        # A u far below one in the number of pairs drawn cannot be seen; the start then counts as that many
        # pairs.
        floor = bool(level.term_frequency) or level.u * pairs < 20
        new_u.append(level.u if floor else min(1.0, (1 - data_weight) * level.u + data_weight * level_u))
    weights = [math.log2(level_m / level_u) for level_m, level_u in zip(new_m, new_u, strict=True)]
    levels: list[LevelParameters] = []
    below = -math.inf
    for level, weight, level_u in reversed(
        list(zip(parameters.levels, never_rising(weights, new_m), new_u, strict=True))
    ):
        rounded_u = _rounded(level_u)
        # Pooled levels weigh the same; rounding must not put the lower one first.
        rounded_m = min(1.0, _rounded(rounded_u * 2.0**weight))
        while math.log2(rounded_m / rounded_u) < below and rounded_m < 1:
            rounded_m = min(1.0, _rounded(rounded_m * 1.001))
        below = math.log2(rounded_m / rounded_u)
        origin = "expectation maximisation and prior"
        levels.append(msgspec.structs.replace(level, m=rounded_m, u=rounded_u, origin=origin))
    return ComparisonParameters(parameters.name, tuple(reversed(levels)))


def _rounded(probability: float) -> float:
    return float(f"{probability:.4g}")


def _as_shares(values: Sequence[float]) -> tuple[float, ...]:
    whole = math.fsum(values)
    return tuple(value / whole for value in values)


def _patterns(
    pairs: Iterable[tuple[Comparable, Comparable]], compared: Sequence[Comparator]
) -> Counter[Pattern]:
    indices = [{level: at for at, level in enumerate(one.levels)} for one in compared]
    patterns: Counter[Pattern] = Counter()
    for left, right in pairs:
        first, second = (right, left) if right < left else (left, right)
        findings = [one.compare(first, second) for one in compared]
        patterns[
            tuple(
                MISSING if finding is None else indices[at][finding.level]
                for at, finding in enumerate(findings)
            )
        ] += 1
    return patterns


def _random_pairs(
    records: Sequence[Comparable], chance: random.Random
) -> Iterator[tuple[Comparable, Comparable]]:
    for _ in range(min(RANDOM_PAIRS, len(records) * 40)):
        left, right = chance.sample(range(len(records)), 2)
        yield records[left], records[right]


def _blocked_pairs(
    records: Sequence[Comparable], prefixes: frozenset[str]
) -> Iterator[tuple[Comparable, Comparable]]:
    blocks: dict[str, list[int]] = defaultdict(list)
    for at, record in enumerate(records):
        for key in blocking_keys(record):
            if key.partition(":")[0] in prefixes:
                blocks[key].append(at)
    seen: set[tuple[int, int]] = set()
    for members in blocks.values():
        if len(members) > MAX_BLOCK:
            continue
        for pair in itertools.combinations(members, 2):
            if pair not in seen:
                seen.add(pair)
                yield records[pair[0]], records[pair[1]]


if __name__ == "__main__":
    main()

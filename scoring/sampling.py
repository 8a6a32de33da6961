"""The pairs that training counts: random ones for u, ones that share a blocking key for m."""

import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scoring.blocking import blocking_keys
from scoring.comparables import Comparable, Entity
from scoring.comparators import Comparator
from scoring.model import ComparisonParameters, EntityParameters
from scoring.training import MISSING, Pattern, Table, maximise

RANDOM_PAIRS = 400_000
MAX_BLOCK = 100
MIN_PAIRS = 200
# A rule under which fewer matches than this have a comparison says nothing of it.
MIN_MATCHES = 50

Pair = tuple[Comparable, Comparable]
# Which comparisons the keys of a rule decide: estimating them there would find what the blocking put in.
RULES: dict[Entity, dict[str, frozenset[str]]] = {
    Entity.PERSON: {
        "n": frozenset(("given_name", "family_name", "middle_name")),
        "e": frozenset(("email",)),
        "p": frozenset(("phone",)),
        "i": frozenset(("tax_id", "registration_number", "customer_number")),
        "a": frozenset(("address",)),
        "g": frozenset(("given_name", "address")),
        "z": frozenset(("family_name", "address")),
        "b": frozenset(("given_name", "birth_date")),
        "d": frozenset(("family_name", "birth_date")),
    },
    Entity.COMPANY: {
        "cn": frozenset(("company_name", "branch")),
        "ct": frozenset(("company_name", "branch")),
        "ce": frozenset(("email", "website")),
        "cw": frozenset(("email", "website")),
        "cp": frozenset(("phone",)),
        "ca": frozenset(("address",)),
        "ci": frozenset(("tax_id", "registration_number", "customer_number")),
    },
}


class Tally(NamedTuple):
    """What was counted of one comparison: the share of each level, and how many pairs stand behind it."""

    shares: tuple[float, ...]
    counts: tuple[float, ...]


def tally_random_pairs(
    records: Sequence[Comparable], compared: Sequence[Comparator], start: EntityParameters, seed: int
) -> dict[str, Tally]:
    """How often strangers reach each level.

    Among random pairs are a few true ones, which would make agreement look common: a pair counts by the
    probability that it is none, under the parameters `start`.
    """
    chance = random.Random(seed)  # noqa: S311 -- a sample to count, no secret
    count = min(RANDOM_PAIRS, len(records) * 40)
    drawn = (chance.sample(range(len(records)), 2) for _ in range(count))
    patterns = _patterns(((records[left], records[right]) for left, right in drawn), compared)
    weights = [
        [math.log2(level.m / level.u) for level in _by_name(start)[one.name].levels] for one in compared
    ]
    sums = [[0.0] * len(one.levels) for one in compared]
    for pattern, times in patterns.items():
        bits = start.prior_bits + math.fsum(
            weights[at][level] for at, level in enumerate(pattern) if level != MISSING
        )
        strangers = times / (1.0 + math.exp2(min(bits, 1000.0)))
        for at, level in enumerate(pattern):
            if level != MISSING:
                sums[at][level] += strangers
    return _tallies(sums, compared)


def tally_matches(
    records: Sequence[Comparable],
    compared: Sequence[Comparator],
    start: EntityParameters,
    u: Mapping[str, Tally],
    rule: str,
) -> dict[str, Tally]:
    """How often the matches among the pairs of one blocking rule reach each level, by expectation
    maximisation; empty where the pairs are too few.

    u moves along: those who share a telephone or an address without being one are no random strangers. What
    it becomes is of this rule alone and is left behind.
    """
    decided = RULES[start.entity][rule]
    patterns: Counter[Pattern] = Counter()
    for pattern, times in _patterns(_blocked_pairs(records, rule), compared).items():
        shown = tuple(
            MISSING if one.name in decided else level for level, one in zip(pattern, compared, strict=True)
        )
        if any(level != MISSING for level in shown):
            patterns[shown] += times
    if patterns.total() < MIN_PAIRS:
        return {}
    by_name = _by_name(start)
    estimate = maximise(
        patterns,
        [len(one.levels) for one in compared],
        prior=0.5,
        m=_rows([[level.m for level in by_name[one.name].levels] for one in compared]),
        u=_rows([u[one.name].shares for one in compared]),
    )
    shares = dict(zip(patterns, estimate.match_shares(patterns), strict=True))
    sums = [[0.0] * len(one.levels) for one in compared]
    for pattern, times in patterns.items():
        for at, level in enumerate(pattern):
            if level != MISSING:
                sums[at][level] += times * shares[pattern]
    return {
        name: tally
        for name, tally in _tallies(sums, compared).items()
        if math.fsum(tally.counts) >= MIN_MATCHES
    }


def _tallies(sums: Sequence[Sequence[float]], compared: Sequence[Comparator]) -> dict[str, Tally]:
    tallies = {}
    for one, row in zip(compared, sums, strict=True):
        whole = math.fsum(row)
        shares = tuple(value / whole for value in row) if whole > 0 else (1 / len(row),) * len(row)
        tallies[one.name] = Tally(shares, tuple(row))
    return tallies


def _rows(rows: Sequence[Sequence[float]]) -> Table:
    smooth = [[value + 1e-6 for value in row] for row in rows]
    return tuple(tuple(value / math.fsum(row) for value in row) for row in smooth)


def _by_name(parameters: EntityParameters) -> dict[str, ComparisonParameters]:
    return {one.name: one for one in parameters.comparisons}


def _patterns(pairs: Iterable[Pair], compared: Sequence[Comparator]) -> Counter[Pattern]:
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


def _blocked_pairs(records: Sequence[Comparable], rule: str) -> Iterator[Pair]:
    blocks: dict[str, list[int]] = defaultdict(list)
    for at, record in enumerate(records):
        for key in blocking_keys(record):
            if key.partition(":")[0] == rule:
                blocks[key].append(at)
    seen: set[tuple[int, int]] = set()
    for members in blocks.values():
        if len(members) > MAX_BLOCK:
            continue
        for pair in itertools.combinations(members, 2):
            if pair not in seen:
                seen.add(pair)
                yield records[pair[0]], records[pair[1]]

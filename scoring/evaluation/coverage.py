"""What blocking lets through: the share of true pairs that are ever compared, and what each rule gives."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.blocking import blocking_keys, blocking_rules
from scoring.comparables import Comparable
from scoring.evaluation.metrics import UNLABELLED, Labels, Mask, Positions


@dataclass(frozen=True, slots=True)
class CandidateCounts:
    """With how many other records a record is compared."""

    pairs: int
    mean: float
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """How many of the looked-at true pairs share a key of a rule, and how many a key of this rule alone."""

    prefix: str
    description: str
    pairs: int
    alone: int


def candidate_counts(left: Positions, right: Positions, records: int) -> CandidateCounts:
    """Candidates per record; each pair counts for both of its records."""
    of = np.bincount(left, minlength=records) + np.bincount(right, minlength=records)
    if not records:
        return CandidateCounts(0, 0.0, 0.0, 0)
    return CandidateCounts(left.size, float(of.mean()), float(np.median(of)), int(of.max()))


def are_candidates(
    left: Positions, right: Positions, wanted_left: Positions, wanted_right: Positions, records: int
) -> Mask:
    """Which of the wanted pairs are among the candidates, whichever way round they are written."""
    return np.isin(_codes(wanted_left, wanted_right, records), _codes(left, right, records))


def true_pairs_sample(truth: Labels, most: int, seed: int) -> tuple[Positions, Positions]:
    """True pairs as two arrays of positions, left < right: all of them, or a random sample of so many.

    Pairs are drawn evenly: an entity by its number of pairs, then two of its records.
    """
    order = np.argsort(truth, kind="stable")
    order = order[truth[order] != UNLABELLED]
    _, starts, sizes = np.unique(truth[order], return_index=True, return_counts=True)
    counts = sizes * (sizes - 1) // 2
    if int(counts.sum()) <= most:
        groups = (order[at : at + size] for at, size in zip(starts, sizes, strict=True) if size > 1)
        pairs = np.array([pair for group in groups for pair in itertools.combinations(group, 2)], np.int32)
        return _ordered(pairs.reshape(-1, 2))
    chance = np.random.default_rng(seed)
    entity = chance.choice(counts.size, most, p=counts / counts.sum())
    first = chance.integers(0, sizes[entity])
    second = (first + chance.integers(1, sizes[entity])) % sizes[entity]
    drawn = np.stack((order[starts[entity] + first], order[starts[entity] + second]), axis=1)
    return _ordered(np.unique(np.sort(drawn, axis=1), axis=0).astype(np.int32))


def coverage_by_rule(
    comparables: Sequence[Comparable], left: Positions, right: Positions
) -> tuple[list[RuleCoverage], int]:
    """What each blocking rule gives of these pairs, most first, and how many pairs share no key at all."""
    keys = {at: frozenset(blocking_keys(comparables[at])) for at in np.union1d(left, right).tolist()}
    pairs: dict[str, int] = {}
    alone: dict[str, int] = {}
    without = 0
    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        prefixes = {key.partition(":")[0] for key in keys[one] & keys[other]}
        without += not prefixes
        for prefix in prefixes:
            pairs[prefix] = pairs.get(prefix, 0) + 1
            alone[prefix] = alone.get(prefix, 0) + (len(prefixes) == 1)
    said = {rule.prefix: rule.description for rule in blocking_rules()}
    found = [RuleCoverage(one, said.get(one, one), count, alone[one]) for one, count in pairs.items()]
    return sorted(found, key=lambda rule: (-rule.pairs, rule.prefix)), without


def _ordered(pairs: Positions) -> tuple[Positions, Positions]:
    return pairs.min(axis=1), pairs.max(axis=1)


def _codes(left: Positions, right: Positions, records: int) -> Labels:
    codes: Labels = np.minimum(left, right).astype(np.int64) * records + np.maximum(left, right)
    return codes

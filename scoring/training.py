"""Estimating m and u without labels, by expectation maximisation (Winkler 1988; Herzog, Scheuren & Winkler
2007).

Pairs are latent matches or non-matches; given the class, comparisons are taken as independent. A pair is a
pattern:
one level index a comparison, MISSING where a value is missing, which says nothing either way.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.errors import TrainingError

MISSING = -1
Pattern = tuple[int, ...]
Table = tuple[tuple[float, ...], ...]
"""One row a comparison, one probability a level."""

_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Estimate:
    """What expectation maximisation found; `log_likelihoods` (natural) has one value an iteration and
    never falls.
    """

    prior: float
    m: Table
    u: Table
    log_likelihoods: tuple[float, ...]

    @property
    def converged_after(self) -> int:
        """How many iterations were made."""
        return len(self.log_likelihoods)

    def match_shares(self, patterns: Mapping[Pattern, int]) -> list[float]:
        """How far each pattern is a match, in the order of the patterns."""
        return list(_expect(patterns, self.prior, self.m, self.u)[0].values())


def count_levels(patterns: Mapping[Pattern, int], level_counts: Sequence[int]) -> Table:
    """The share of each level among pairs that have the comparison: u, where the pairs were drawn at
    random.
    """
    _check(patterns, level_counts)
    return _shares(patterns, dict.fromkeys(patterns, 1.0), level_counts, None)


def maximise(
    patterns: Mapping[Pattern, int],
    level_counts: Sequence[int],
    *,
    prior: float = 0.1,
    m: Table | None = None,
    u: Table | None = None,
    fix_u: bool = False,
    max_iterations: int = 200,
    tolerance: float = 1e-7,
) -> Estimate:
    """m, u and the share of matches that make the patterns likeliest, from a start at `prior`, `m` and `u`.

    Without a start, matches lean to level 0 (the most agreement) and non-matches to the last. With `fix_u`
    only m
    and the prior move. Stops where the mean log-likelihood gains less than `tolerance`. Cost: iterations x
    patterns.
    """
    total = _check(patterns, level_counts)
    m = m or _leaning(level_counts, towards_first=True)
    u = u or _leaning(level_counts, towards_first=False)
    history: list[float] = []
    for _ in range(max_iterations):
        match_shares, log_likelihood = _expect(patterns, prior, m, u)
        history.append(log_likelihood)
        prior = sum(patterns[pattern] * share for pattern, share in match_shares.items()) / total
        prior = min(1 - _SMALLEST, max(_SMALLEST, prior))
        m = _shares(patterns, match_shares, level_counts, m)
        if not fix_u:
            u = _shares(patterns, {one: 1 - share for one, share in match_shares.items()}, level_counts, u)
        if len(history) > 1 and (history[-1] - history[-2]) / total < tolerance:
            break
    return Estimate(prior, m, u, tuple(history))


def never_rising(weights: Sequence[float], masses: Sequence[float]) -> list[float]:
    """The closest weights (least squares, by mass) that never rise: pooling of adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for weight, mass in zip(weights, masses, strict=True):
        pools.append((weight, max(mass, _SMALLEST), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (last, last_mass, last_count), (before, mass_before, count) = pools.pop(), pools.pop()
            joint = mass_before + last_mass
            pools.append(((before * mass_before + last * last_mass) / joint, joint, count + last_count))
    return [weight for weight, _, count in pools for _ in range(count)]


def _check(patterns: Mapping[Pattern, int], level_counts: Sequence[int]) -> int:
    total = sum(patterns.values())
    if total <= 0:
        raise TrainingError("no pairs to estimate from")
    for pattern in patterns:
        if len(pattern) != len(level_counts):
            raise TrainingError("a pattern has one level for each comparison")
        if any(not MISSING <= level < count for level, count in zip(pattern, level_counts, strict=True)):
            raise TrainingError("a pattern has a level that its comparison has not")
    return total


def _leaning(level_counts: Sequence[int], *, towards_first: bool) -> Table:
    rows = []
    for count in level_counts:
        raw = [4.0 ** (count - at) for at in range(count)]
        row = [value / sum(raw) for value in raw]
        rows.append(tuple(row if towards_first else row[::-1]))
    return tuple(rows)


def _expect(
    patterns: Mapping[Pattern, int], prior: float, m: Table, u: Table
) -> tuple[dict[Pattern, float], float]:
    """How far each pattern is a match, and the log-likelihood of all pairs."""
    shares: dict[Pattern, float] = {}
    terms: list[float] = []
    for pattern, count in patterns.items():
        match, other = math.log(prior), math.log(1 - prior)
        for at, level in enumerate(pattern):
            if level != MISSING:
                match += math.log(max(m[at][level], _SMALLEST))
                other += math.log(max(u[at][level], _SMALLEST))
        top = max(match, other)
        both = top + math.log(math.exp(match - top) + math.exp(other - top))
        shares[pattern] = math.exp(match - both)
        terms.append(count * both)
    return shares, math.fsum(terms)


def _shares(
    patterns: Mapping[Pattern, int],
    parts: Mapping[Pattern, float],
    level_counts: Sequence[int],
    fallback: Table | None,
) -> Table:
    """Each level's share of the pairs, a pair counted by its part; a comparison never made keeps the
    fallback.
    """
    sums = [[0.0] * count for count in level_counts]
    for pattern, count in patterns.items():
        part = count * parts[pattern]
        for at, level in enumerate(pattern):
            if level != MISSING:
                sums[at][level] += part
    rows = []
    for at, row in enumerate(sums):
        whole = math.fsum(row)
        if whole > _SMALLEST:
            rows.append(tuple(value / whole for value in row))
        else:
            rows.append(fallback[at] if fallback else tuple(1 / len(row) for _ in row))
    return tuple(rows)

"""Chances for which the weights of a comparison never rise from a level to the one below."""

import math
from collections.abc import Sequence

_SMALLEST = 1e-12
# Weights pooled to one are set apart by this, in bits, so that rounding never puts the lower one first.
_STEP_BITS = 1e-5


def never_rising(weights: Sequence[float], masses: Sequence[float]) -> list[float]:
    """The closest weights (least squares, by mass) that never rise: pooling of adjacent violators (Ayer and
    others 1955).
    """
    pools: list[tuple[float, float, int]] = []
    for weight, mass in zip(weights, masses, strict=True):
        pools.append((weight, max(mass, _SMALLEST), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (last, last_mass, last_count), (before, mass_before, count) = pools.pop(), pools.pop()
            joint = mass_before + last_mass
            pools.append(((before * mass_before + last * last_mass) / joint, joint, count + last_count))
    return [weight for weight, _, count in pools for _ in range(count)]


def never_rising_chances(matches: Sequence[float], others: Sequence[float]) -> list[float]:
    """The chances `others`, moved as little as it takes for log2(match / other) to fall level by level."""
    weights = [math.log2(m / max(other, _SMALLEST)) for m, other in zip(matches, others, strict=True)]
    pooled = never_rising(weights, [m + other for m, other in zip(matches, others, strict=True)])
    found: list[float] = []
    below = -math.inf
    for m, weight in reversed(list(zip(matches, pooled, strict=True))):
        # A chance is at most 1, which may leave a level heavier than it should be, and those above with it.
        chance = min(1.0, float(f"{m / 2 ** max(weight, below + _STEP_BITS):.7g}"))
        below = math.log2(m / chance)
        found.append(chance)
    return found[::-1]

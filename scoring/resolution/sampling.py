"""Pairs of records drawn at random, to see how strangers compare."""

import numpy as np
from numpy.typing import NDArray

RANDOM_PAIRS = 100_000

Positions = NDArray[np.int32]


def random_pairs(count: int, seed: int, wanted: int = RANDOM_PAIRS) -> tuple[Positions, Positions]:
    """Distinct pairs of positions below `count`, left < right, sorted; all there are where they are few."""
    if count * (count - 1) // 2 <= wanted:
        left, right = np.triu_indices(count, k=1)
        return left.astype(np.int32), right.astype(np.int32)
    chance = np.random.default_rng(seed)
    first = chance.integers(0, count, wanted)
    second = chance.integers(0, count - 1, wanted)
    second += second >= first
    codes = np.unique(np.minimum(first, second).astype(np.int64) * count + np.maximum(first, second))
    return (codes // count).astype(np.int32), (codes % count).astype(np.int32)

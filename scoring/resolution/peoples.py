"""How many peoples the records are of: how far names and places go together.

Strangers are compared as if their values were independent of one another. Names and places are not: where
many records are of Poland, two strangers called Agnieszka live in one city more often than two strangers do.
Were there P peoples of one size, each with names and places of its own, two strangers would share a second
such value P times as often where they share a first one. That factor is what is estimated here, from records
with the same given name but different family names, which are hardly ever matches or of one household:

    P = (pairs of one place + prior) / (pairs of one place expected of any two records + prior)
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.resolution.outcomes import Outcomes, Positions

PAIRS = 50_000
PRIOR_PAIRS = 100.0
MOST_PEOPLES = 16.0


def peoples(
    records: Sequence[Comparable], outcomes: Outcomes, random: tuple[Positions, Positions], seed: int
) -> float:
    """The number of peoples, from 1 to 16; 1 where there is nothing to see. `random` are pairs of any
    records.
    """
    at = {one.name: place for place, one in enumerate(outcomes.comparators)}
    if "given_name" not in at:
        return 1.0
    expected_share = _share_of_one_place(outcomes, at, *random)
    left, right = _of_one_given_name(records, seed)
    apart = _with_different_families(outcomes, at, left, right)
    places = outcomes.levels_of(at["place"], left[apart], right[apart])
    known = int((places >= 0).sum())
    common = outcomes.comparators[at["place"]].common_levels
    shared = int(((places >= 0) & (places < common)).sum())
    found = (shared + PRIOR_PAIRS) / (known * expected_share + PRIOR_PAIRS)
    return min(MOST_PEOPLES, max(1.0, round(found, 2)))


def _share_of_one_place(outcomes: Outcomes, at: dict[str, int], left: Positions, right: Positions) -> float:
    places = outcomes.levels_of(at["place"], left, right)
    known = places >= 0
    common = outcomes.comparators[at["place"]].common_levels
    return float((places[known] < common).mean()) if known.any() else 0.0


def _with_different_families(
    outcomes: Outcomes, at: dict[str, int], left: Positions, right: Positions
) -> NDArray[np.bool_]:
    levels = outcomes.levels_of(at["family_name"], left, right)
    last = len(outcomes.comparators[at["family_name"]].levels) - 1
    different: NDArray[np.bool_] = levels == last
    return different


def _of_one_given_name(records: Sequence[Comparable], seed: int) -> tuple[Positions, Positions]:
    """Pairs of records with the same given name, drawn evenly from all such pairs."""
    by_name: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if record.given:
            by_name.setdefault(record.given, []).append(at)
    blocks = [np.array(block, dtype=np.int32) for block in by_name.values() if len(block) > 1]
    if not blocks:
        return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32)
    sizes = np.array([len(block) for block in blocks], dtype=np.int64)
    counts = sizes * (sizes - 1) // 2
    chance = np.random.default_rng(seed)
    drawn = chance.choice(len(blocks), min(PAIRS, int(counts.sum())), p=counts / counts.sum())
    starts = np.cumsum(sizes) - sizes
    members = np.concatenate(blocks)
    first = chance.integers(0, sizes[drawn])
    second = chance.integers(0, sizes[drawn] - 1)
    second += second >= first
    one, other = members[starts[drawn] + first], members[starts[drawn] + second]
    return np.minimum(one, other), np.maximum(one, other)

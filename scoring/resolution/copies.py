"""Exact copies of a record: a list imported over and over, a form sent again and again.

Blocking passes over what too many records share, and copies share everything. So the first few of equal
records are candidates like any other; each further one is compared with the first alone and goes where that
one goes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.resolution.candidates import Candidates

MOST_ALIKE = 10
"""So many equal records are candidates of one another, and of others."""

Positions = NDArray[np.int32]


class Copies(NamedTuple):
    """Positions of records: those that look for candidates, and the rest, each with the first of its equals,
    which is before it.
    """

    kept: Positions
    firsts: Positions
    copies: Positions


def find_copies(records: Sequence[Comparable]) -> Copies:
    """Which of these records are copies beyond the first ten of their equals."""
    first_of: dict[Comparable, int] = {}
    count_of: dict[int, int] = {}
    kept, firsts, copies = [], [], []
    for at, record in enumerate(records):
        first = first_of.setdefault(record, at)
        count_of[first] = count_of.get(first, 0) + 1
        if count_of[first] <= MOST_ALIKE:
            kept.append(at)
        else:
            firsts.append(first)
            copies.append(at)
    return Copies(*(np.array(positions, dtype=np.int32) for positions in (kept, firsts, copies)))


def with_copies(found: Candidates, copies: Copies) -> Candidates:
    """The candidates among the kept records, by their positions among all, and the pair of each copy."""
    if not len(copies.copies):
        return found
    left = np.concatenate([copies.kept[found.left], copies.firsts])
    right = np.concatenate([copies.kept[found.right], copies.copies])
    order = np.lexsort((right, left))
    return Candidates(left[order], right[order])


def follow_firsts(clusters: Sequence[int], firsts: Positions, copies: Positions) -> list[int]:
    """The clusters with each of these copies in that of its first, numbered by first appearance."""
    moved = np.array(clusters, dtype=np.int64)
    moved[copies] = moved[firsts]
    number: dict[int, int] = {}
    return [number.setdefault(cluster, len(number)) for cluster in moved.tolist()]

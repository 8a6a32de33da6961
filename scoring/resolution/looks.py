"""What a first look at the numbers of many pairs says: the common ground of the screens."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.resolution.fields import Codes, Fields, combined
from scoring.resolution.level_bits import MISSING, OPEN, Levels

Mask = NDArray[np.bool_]
Positions = NDArray[np.int32]


class Look(NamedTuple):
    """What is known of each pair: its level, or OPEN; and the number of the value agreed on where the level is
    known and counts one, else 0; and that value by its number.
    """

    levels: Levels
    terms: Codes | None = None
    value_of: Callable[[int], str] = str


Screen = Callable[[Fields, Positions, Positions, Sequence[str]], Look]
"""Looks at pairs of records, given the names of the levels of the comparison."""


def has_any(fields: Fields, names: Iterable[str]) -> Mask:
    """Whether each record has a value in any of these fields."""
    found = np.zeros(len(fields.records), dtype=np.bool_)
    for name in names:
        found |= fields.codes(name) > 0
    return found


def known(has: Mask, left: Positions, right: Positions) -> Levels:
    """OPEN where both records of a pair have something to compare, else MISSING."""
    return np.where(has[left] & has[right], OPEN, MISSING).astype(np.int8)


def is_single(values: Sequence[str]) -> bool:
    """Whether a field of several values holds just one."""
    return len(values) == 1


def per_value(values: Sequence[Any], says: Callable[[Any], bool]) -> Mask:
    """What is said of each value, which is False of the missing one."""
    found = np.fromiter(map(says, values), np.bool_, len(values))
    found[:1] = False
    return found


def per_two_values(
    first: Codes, second: Codes, values: Sequence[Any], compare: Callable[[Any, Any], int]
) -> NDArray[np.int8]:
    """What a symmetric comparison, which is asked once for two values, says of two values of each pair."""
    keys = combined([np.minimum(first, second), np.maximum(first, second)])
    _, at, inverse = np.unique(keys, return_index=True, return_inverse=True)
    one, other = (map(values.__getitem__, side[at].tolist()) for side in (first, second))
    return np.fromiter(map(compare, one, other), np.int8, len(at))[inverse]


def renumbered(first: Codes, second: Codes) -> tuple[Codes, Codes, list[int]]:
    """The numbers anew without gaps, so that something can be found out of those alone that occur here; and
    the old number of each.
    """
    occurs = np.zeros(max(first.max(initial=0), second.max(initial=0)) + 1, dtype=np.bool_)
    occurs[first] = occurs[second] = True
    numbers = np.cumsum(occurs, dtype=np.int32) - 1
    return numbers[first], numbers[second], np.flatnonzero(occurs).tolist()

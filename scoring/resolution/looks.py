"""What a first look at the numbers of many pairs says: the common ground of the screens."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.resolution.fields import Codes, Fields, combined
from scoring.resolution.level_bits import MISSING, OPEN, Levels

Mask = NDArray[np.bool_]
Positions = NDArray[np.int32]


class Look(NamedTuple):
    """What is known of each pair: its level, or OPEN; the number of the value agreed on where the level is
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


class Elements(NamedTuple):
    """The texts of a field of several, by the numbers of its values; each text is numbered once."""

    texts: list[str]
    flat: Codes
    """The texts of one value after those of another."""
    start: Codes
    size: Codes

    def pairs(self, first: Codes, second: Codes) -> tuple[NDArray[np.int64], Codes, Codes]:
        """Each text of the one value with each of the other: of which pair of values, and both texts."""
        counts = self.size[first] * self.size[second]
        owner = np.repeat(np.arange(len(first)), counts)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
        across, along = np.divmod(within, self.size[second][owner])
        return (
            owner,
            self.flat[self.start[first][owner] + across],
            self.flat[self.start[second][owner] + along],
        )

    def hold(self, values: Codes, texts: Codes) -> Mask:
        """Whether each value holds a text."""
        found = np.zeros(len(values), dtype=np.bool_)
        for place in range(int(self.size.max(initial=0))):
            at = np.flatnonzero(self.size[values] > place)
            found[at] |= self.flat[self.start[values[at]] + place] == texts[at]
        return found


def elements(values: Sequence[Sequence[str]]) -> Elements:
    """The texts of these values."""
    number: defaultdict[str, int] = defaultdict(count().__next__)
    size = np.fromiter(map(len, values), np.int32, len(values))
    flat = np.fromiter(map(number.__getitem__, chain.from_iterable(values)), np.int32, int(size.sum()))
    return Elements(list(number), flat, np.cumsum(size, dtype=np.int32) - size, size)


class Best(NamedTuple):
    """The least rank among the pairs of texts of each pair of values, where it is first, and whether there
    alone.
    """

    rank: NDArray[np.int8]
    at: NDArray[np.int64]
    is_alone: Mask


def best_of_each(owner: NDArray[np.int64], ranks: NDArray[np.int8]) -> Best:
    """The best pair of texts for each owner in turn; every one has some."""
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    rank = np.minimum.reduceat(ranks, starts) if len(starts) else ranks
    is_best = ranks == rank[owner]
    at = np.flatnonzero(is_best)
    at = at[np.diff(owner[at], prepend=-1) > 0]
    return Best(rank, at, np.bincount(owner[is_best], minlength=len(starts)) == 1)

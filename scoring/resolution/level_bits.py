"""The bits of one comparison's levels as tables, so that the levels of many pairs become bits at once.

Levels are numbered from 1, the most agreement; 0 is a missing value, which says nothing. How rare a value is
is asked once; what levels weigh for it is arithmetic, to the last bit that of `Level.weight_of`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.model import GRID, MAX_WEIGHT_BITS, Comparison, EntityModel, Level, weight_bits

Bits = NDArray[np.float64]
Shares = NDArray[np.float64]
Levels = NDArray[np.int8]
MISSING = 0
OPEN = -1
"""Not known yet."""
# How near to the middle between two steps of the grid numpy's own rounding is not relied on.
_DOUBT = 1e-6
_NO_VALUE = -1.0


class Agreement(Protocol):
    """A level by its name, and the value agreed on."""

    @property
    def level(self) -> str:
        """The name; empty for a missing value."""

    @property
    def value(self) -> str:
        """The value, empty where none counts."""


class LevelBits:
    """What the levels of one comparison weigh."""

    def __init__(self, comparison: Comparison, model: EntityModel) -> None:
        levels = [comparison.levels[name] for name in comparison.comparator.levels]
        self.comparator = comparison.comparator
        self._levels = levels
        self._numbers = {name: number for number, name in enumerate(("", *comparison.comparator.levels))}
        self._fixed = np.array([0.0, *(level.weight_bits for level in levels)])
        self.most = np.append(self._fixed, comparison.most_bits)
        """The most that each level weighs, by its number; a level that is open, the last, may be any."""
        self.against = [
            None
            if levels[0].against[at] is None
            else np.array([0.0, *(level.against[at] or 0.0 for level in levels)])
            for at in range(len(model.alternatives))
        ]
        """For each alternative the bits by level; None where it is as strangers are."""
        self.has_common = any(level.common_bits for level in levels)
        self._common = np.array([0.0, *(level.common_bits for level in levels)])
        self._apart = np.array([0.0, *(level.apart_bits for level in levels)])

    def numbers(self, answers: Sequence[Agreement | None]) -> Levels:
        """The level of each answer of the comparator."""
        found = (0 if one is None else self._numbers[one.level] for one in answers)
        return np.fromiter(found, np.int8, len(answers))

    def frequencies(self, levels: Levels, values: Sequence[str]) -> Shares:
        """How frequent each value is as far as the table that its level counts by knows: 0 where it does not,
        less than that where no frequency counts.
        """
        found = np.full(len(levels), _NO_VALUE)
        for number in np.unique(levels).tolist():
            if number and self._levels[number - 1].frequencies is not None:
                at = np.flatnonzero(levels == number)
                found[at] = _known_frequencies(
                    self._levels[number - 1], [values[place] for place in at.tolist()]
                )
        return found

    def weights(self, levels: Levels, frequencies: Shares) -> Bits:
        """What each level weighs for a value so frequent, in bits."""
        found = self._fixed[levels]
        for number in np.unique(levels).tolist():
            at = np.flatnonzero((levels == number) & (frequencies >= 0))
            if len(at):
                found[at] = _weights(self._levels[number - 1], frequencies[at])
        return found

    def common(self, levels: Levels, weights: Bits) -> Bits:
        """What another shared value of the same people would take off each of these weights at most."""
        most = self._common[levels]
        return np.where(most > 0, np.minimum(most, weights - self._apart[levels]), 0.0)


def _known_frequencies(level: Level, values: Sequence[str]) -> Shares:
    table = level.frequencies or {}
    # Without a floor what is not known is not raised to it.
    frequency_of = dataclasses.replace(level, u=0.0).frequency_of
    # A table with an entry for the empty word holds words: a value is as rare as all of its words together.
    is_of_words = "" in table
    found = (
        (frequency_of(value) if is_of_words or value in table or "|" in value or "~" in value else 0.0)
        if value
        else _NO_VALUE
        for value in values
    )
    return np.fromiter(found, np.float64, len(values))


def _weights(level: Level, frequencies: Shares) -> Bits:
    """`Level.weight_of` of many values by their frequencies."""
    least = level.least_bits if level.below is None else _weights(level.below, frequencies)
    shares = np.maximum(frequencies, level.u)
    steps = np.clip(np.log2(level.m / shares), -MAX_WEIGHT_BITS, MAX_WEIGHT_BITS) * GRID
    bits = np.rint(steps) / GRID
    for at in np.flatnonzero(np.abs(steps - np.floor(steps) - 0.5) < _DOUBT).tolist():
        bits[at] = weight_bits(level.m, float(shares[at]))
    return np.maximum(least, bits)

"""Match weights of many pairs at once, to the last bit those of `score_pair`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from scoring.model import GRID, EntityModel
from scoring.pairs import join_bits
from scoring.resolution.level_bits import Bits, LevelBits, Levels, Shares
from scoring.resolution.outcomes import Codes, Outcome

# How near to the middle between two steps of the grid numpy's own rounding is not relied on.
_DOUBT = 1e-6
_LN2 = float(np.log(2.0))


def weigh(codes: Codes, seen: Sequence[Sequence[Outcome]], model: EntityModel) -> Bits:
    """The match weight of each pair, in bits."""
    return joint(sums(codes, tables(seen, model), model))


Known = tuple[Levels, Shares]
"""The levels of outcomes, and how frequent their values are."""


class Table(NamedTuple):
    """The level and the bits of every outcome of one comparison; a missing value, the first outcome, says
    nothing.
    """

    of: LevelBits
    levels: Levels
    weights: Bits


def tables(
    seen: Sequence[Sequence[Outcome]], model: EntityModel, known: dict[int, Known] | None = None
) -> list[Table]:
    """The table of each comparison. `known` holds what was found out of the outcomes, for the next model with
    the same term frequencies.
    """
    known = {} if known is None else known
    found = []
    for at, (comparison, outcomes) in enumerate(zip(model.comparisons, seen, strict=True)):
        of = LevelBits(comparison, model)
        if at not in known:
            levels = of.numbers(outcomes)
            known[at] = levels, of.frequencies(levels, [one.value for one in outcomes])
        levels, frequencies = known[at]
        found.append(Table(of, levels, of.weights(levels, frequencies)))
    return found


def sums(codes: Codes, tabled: Sequence[Table], model: EntityModel) -> Bits:
    """The bits of each pair against strangers and against each alternative, the priors included."""
    total = Sums(model, len(codes))
    for at, (level_bits, levels, weights) in enumerate(tabled):
        if len(levels) > 1:  # else every pair lacks the value
            total.add(level_bits, levels[codes[:, at]], weights[codes[:, at]])
    return total.bits()


class Sums:
    """The growing sums of many pairs, one column a hypothesis: strangers, then the alternatives."""

    def __init__(self, model: EntityModel, count: int) -> None:
        # By column, as all that follows works on one column of many pairs at a time.
        self._bits = np.empty((count, 1 + len(model.alternatives)), order="F")
        self._bits[:] = [model.prior_bits, *(one.prior_bits for one in model.alternatives)]
        self._common: dict[int, tuple[Bits, Bits]] = {}

    def add(self, of: LevelBits, levels: Levels, weights: Bits) -> None:
        """Count a comparison: the level of each pair, and what it weighs against strangers."""
        self._bits[:, 0] += weights
        as_strangers = [0]
        for number, against in enumerate(of.against, 1):
            if against is None:
                as_strangers.append(number)
            self._bits[:, number] += weights if against is None else against[levels]
        if not of.has_common:
            return
        bits = of.common(levels, weights)
        for number in as_strangers:
            if (held := self._common.get(number)) is None:
                self._common[number] = bits.copy(), bits.copy()
            else:
                whole, most = held
                whole += bits
                np.maximum(most, bits, out=most)

    def bits(self) -> Bits:
        """The sums, less all but the most of what each pair shares by people or country."""
        for at, (whole, most) in self._common.items():
            self._bits[:, at] -= whole - most
        self._common.clear()
        return self._bits


def joint(total: Bits) -> Bits:
    """The weight against strangers and all alternatives together."""
    weight = total[:, 0].copy()
    for at in range(1, total.shape[1]):
        weight = _join(weight, total[:, at])
    return weight


def _join(first: Bits, second: Bits) -> Bits:
    apart = np.minimum(np.abs(first - second), 1000.0)
    steps = (np.minimum(first, second) - np.log1p(np.exp2(-apart)) / _LN2) * GRID
    joined = np.rint(steps) / GRID
    # Where a last bit of log1p could tip the rounding, the scalar path decides.
    for at in np.flatnonzero(np.abs(steps - np.floor(steps) - 0.5) < _DOUBT):
        joined[at] = join_bits(float(first[at]), float(second[at]))
    return joined


def probabilities(weights_bits: Bits) -> Bits:
    """2**w / (1 + 2**w) of each weight."""
    return 1.0 / (1.0 + np.exp2(-np.clip(weights_bits, -1000.0, 1000.0)))

"""Match weights of many pairs at once, to the last bit those of `score_pair`."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.model import GRID, Comparison, EntityModel
from scoring.pairs import join_bits
from scoring.resolution.outcomes import Codes, Outcome, Outcomes, Positions
from scoring.resolution.processes import in_parts

Bits = NDArray[np.float64]
# How near to the middle between two steps of the grid numpy's own rounding is not relied on.
_DOUBT = 1e-6
_LN2 = float(np.log(2.0))


def weigh(codes: Codes, seen: Sequence[Sequence[Outcome]], model: EntityModel) -> Bits:
    """The match weight of each pair, in bits."""
    return joint(sums(codes, tables(seen, model), model))


def weigh_pairs(
    outcomes: Outcomes, left: Positions, right: Positions, model: EntityModel, processes: int = 1
) -> Bits:
    """The match weight of each pair, in bits, without keeping the outcomes of all of them."""

    def work(start: int, end: int) -> Bits:
        total = _Total(model, end - start)
        columns = outcomes.columns(left[start:end], right[start:end])
        for comparison, (codes, seen) in zip(model.comparisons, columns, strict=True):
            total.add(_table(comparison, seen, model), codes)
        return joint(total.bits())

    bits = np.empty(len(left))
    for start, end, part in in_parts(work, len(left), processes):
        bits[start:end] = part
    return bits


class Table(NamedTuple):
    """The bits of every outcome of one comparison; a missing value, the first outcome, says nothing."""

    weights: Bits
    """Against strangers, then against each alternative: one column each."""
    common: Bits | None
    """What another value of the same people would take off; None where the comparison knows no such thing."""
    hypotheses: tuple[int, ...]
    """The columns that this holds for: strangers, and the alternatives that are as strangers here."""


def tables(seen: Sequence[Sequence[Outcome]], model: EntityModel) -> list[Table]:
    """The table of each comparison."""
    return [_table(one, outcomes, model) for one, outcomes in zip(model.comparisons, seen, strict=True)]


def _table(comparison: Comparison, outcomes: Sequence[Outcome], model: EntityModel) -> Table:
    rows, common = [[0.0] * (1 + len(model.alternatives))], [0.0]
    for name, value in outcomes[1:]:
        level = comparison.levels[name]
        weight = level.weight_of(value)
        rows.append([weight, *[weight if bits is None else bits for bits in level.against]])
        common.append(level.common_of(weight) if level.common_bits else 0.0)
    first = next(iter(comparison.levels.values()))
    as_strangers = tuple(at + 1 for at, bits in enumerate(first.against) if bits is None)
    return Table(np.array(rows, order="F"), np.array(common) if any(common) else None, (0, *as_strangers))


def sums(codes: Codes, tabled: Sequence[Table], model: EntityModel) -> Bits:
    """The bits of each pair against strangers and against each alternative, the priors included."""
    total = _Total(model, len(codes))
    for at, table in enumerate(tabled):
        total.add(table, codes[:, at])
    return total.bits()


class _Total:
    """The growing sums of many pairs, one column a hypothesis."""

    def __init__(self, model: EntityModel, count: int) -> None:
        # By column, as all that follows works on one column of many pairs at a time.
        self._bits = np.empty((count, 1 + len(model.alternatives)), order="F")
        self._bits[:] = [model.prior_bits, *(one.prior_bits for one in model.alternatives)]
        self._common: dict[int, tuple[Bits, Bits]] = {}

    def add(self, table: Table, codes: Codes) -> None:
        if len(table.weights) == 1:
            return  # every pair lacks the value
        for at in range(self._bits.shape[1]):
            self._bits[:, at] += table.weights[:, at][codes]
        if table.common is None:
            return
        bits = table.common[codes]
        for at in table.hypotheses:
            if (held := self._common.get(at)) is None:
                self._common[at] = bits.copy(), bits.copy()
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

"""Match weights of many pairs at once, to the last bit those of `score_pair`."""

from collections.abc import Sequence

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
        total = _start(model, end - start)
        columns = outcomes.columns(left[start:end], right[start:end])
        for comparison, (codes, seen) in zip(model.comparisons, columns, strict=True):
            _add(total, _table(comparison, seen, model), codes)
        return joint(total)

    bits = np.empty(len(left))
    for start, end, part in in_parts(work, len(left), processes):
        bits[start:end] = part
    return bits


def tables(seen: Sequence[Sequence[Outcome]], model: EntityModel) -> list[Bits]:
    """For each comparison, the bits of every outcome against strangers and against each alternative: one
    row an outcome, strangers first. A missing value says nothing.
    """
    return [_table(one, outcomes, model) for one, outcomes in zip(model.comparisons, seen, strict=True)]


def _table(comparison: Comparison, outcomes: Sequence[Outcome], model: EntityModel) -> Bits:
    rows = [[0.0] * (1 + len(model.alternatives))]
    for name, value in outcomes[1:]:
        level = comparison.levels[name]
        weight = level.weight_of(value)
        rows.append([weight, *[weight if bits is None else bits for bits in level.against]])
    return np.array(rows, order="F")


def sums(codes: Codes, tabled: Sequence[Bits], model: EntityModel) -> Bits:
    """The bits of each pair against strangers and against each alternative, the priors included."""
    total = _start(model, len(codes))
    for at, table in enumerate(tabled):
        _add(total, table, codes[:, at])
    return total


def _start(model: EntityModel, count: int) -> Bits:
    # By column, as all that follows works on one column of many pairs at a time.
    total = np.empty((count, 1 + len(model.alternatives)), order="F")
    total[:] = [model.prior_bits, *(one.prior_bits for one in model.alternatives)]
    return total


def _add(total: Bits, table: Bits, codes: Codes) -> None:
    if len(table) == 1:
        return  # every pair lacks the value
    for at in range(total.shape[1]):
        total[:, at] += table[:, at][codes]


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

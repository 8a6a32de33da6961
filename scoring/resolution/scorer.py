"""Match weights of batch after batch of candidate pairs, to the last bit those of `score_pair`.

Most candidates are strangers, and most comparisons of two strangers find the last level. Numbers tell that of
many pairs at once (`screens`); a comparator is asked in Python only where they do not, once for two
combinations of values, and only of pairs that might still weigh enough if it found all to agree.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.model import EntityModel
from scoring.resolution.asking import AskedPairs
from scoring.resolution.collecting import without_collections
from scoring.resolution.fields import Codes, Fields
from scoring.resolution.level_bits import OPEN, Bits, LevelBits, Levels
from scoring.resolution.looks import Mask, has_any, known
from scoring.resolution.screens import look_at
from scoring.resolution.weights import Sums, joint

Positions = NDArray[np.int32]
Places = NDArray[np.int64]


class Scorer:
    """Weighs pairs of records of one entity under one model; kept between batches. Not for several threads at
    once.
    """

    def __init__(self, model: EntityModel) -> None:
        self._model = model
        self._reads = {name for one in model.comparisons for name in one.comparator.reads}
        self._tables = [LevelBits(one, model) for one in model.comparisons]

    def weigh(
        self, records: Sequence[Comparable], left: Positions, right: Positions, least_bits: float
    ) -> Bits:
        """The match weight of each pair of positions, in bits: to the last bit that of `score_pair` where
        that is above `least_bits`, and some number that is not above it elsewhere.
        """
        return self.weigh_fields(self.fields(records), left, right, least_bits)

    def fields(self, records: Sequence[Comparable]) -> Fields:
        """The records as `weigh_fields` needs them, where several batches of pairs are of the same ones."""
        with without_collections():
            return Fields(records, self._reads)

    def weigh_fields(self, fields: Fields, left: Positions, right: Positions, least_bits: float) -> Bits:
        """`weigh` of records whose fields are read already."""
        with without_collections():
            return self._weigh(fields, left, right, least_bits)

    def _weigh(self, fields: Fields, left: Positions, right: Positions, least_bits: float) -> Bits:
        bits = np.full(len(left), self._model.prior_bits)
        # At first each comparison of two values may find them to agree.
        holders = [has_any(fields, table.comparator.reads) for table in self._tables]
        for table, has in zip(self._tables, holders, strict=True):
            bits += table.most[OPEN] * (has[left] & has[right])
        likely = np.flatnonzero(bits > least_bits)
        pairs = _Pairs(fields, left[likely], right[likely], bits[likely], least_bits)
        columns = {
            table.comparator.name: pairs.column(table, has)
            for table, has in zip(self._tables, holders, strict=True)
        }
        for name in sorted(columns, key=lambda name: _LATE_LOOKS.get(name, 0)):
            pairs.look(columns[name])
        for name in sorted(columns, key=lambda name: _LATE_QUESTIONS.get(name, 0)):
            pairs.ask(columns[name])
        bits[likely] = pairs.bits
        sure = np.flatnonzero(pairs.bits > least_bits)
        bits[likely[sure]] = self._jointly(list(columns.values()), sure)
        return bits

    def _jointly(self, columns: Sequence["_Column"], at: Places) -> Bits:
        """The weights against strangers and all alternatives of the pairs at these places."""
        sums = Sums(self._model, len(at))
        for column in columns:
            levels = column.levels[at]
            if levels.any():
                sums.add(column.table, levels, column.weights[at])
        return joint(sums.bits())


def _ranks(*names: str) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(names, 1)}


# What costs the most is looked at, and asked for, last, when most pairs are decided.
_LATE_LOOKS = _ranks("email", "family_name", "given_name", "company_name", "employer", "branch")
_LATE_QUESTIONS = _ranks(
    "phone", "email", "employer", "street", "family_name", "given_name", "company_name", "branch"
)


@dataclass(slots=True)
class _Column:
    """The level of each pair under one comparison, and what it weighs at most; `terms` as of a look."""

    table: LevelBits
    levels: Levels
    weights: Bits
    terms: Codes | None = None
    value_of: Callable[[int], str] = str


class _Pairs:
    """Pairs under decision, with the most that each may weigh against strangers: `bits`. All weights are on
    one grid, so that sums are exact in any order.
    """

    def __init__(
        self, fields: Fields, left: Positions, right: Positions, bits: Bits, least_bits: float
    ) -> None:
        self.bits = bits
        self._fields, self._left, self._right = fields, left, right
        self._asked = AskedPairs(fields, left, right)
        self._least_bits = least_bits

    def column(self, table: LevelBits, has: Mask) -> _Column:
        """A comparison of which only is known which records have something to compare."""
        levels = known(has, self._left, self._right)
        return _Column(table, levels, table.most[levels])

    def look(self, column: _Column) -> None:
        """See what numbers say of the pairs that are still likely."""
        at = self._likely(column.levels == OPEN)
        look = look_at(column.table.comparator, self._fields, self._left[at], self._right[at])
        if look is None:
            return
        column.levels[at] = look.levels
        self._move(column, at, column.table.most[look.levels])
        if look.terms is not None:
            column.terms, column.value_of = np.zeros(len(self.bits), dtype=np.int32), look.value_of
            column.terms[at] = look.terms

    def ask(self, column: _Column) -> None:
        """Find out the level and weight of each pair that is still likely."""
        table = column.table
        if column.terms is not None:
            at = self._likely(column.terms > 0)
            self._move(column, at, _weights_of(table, column.levels[at], column.terms[at], column.value_of))
        at = self._likely(column.levels == OPEN)
        if len(at):
            codes, answers = self._asked.ask(table.comparator, at)
            found = table.numbers(answers)
            frequencies = table.frequencies(found, ["" if one is None else one.value for one in answers])
            column.levels[at] = found[codes]
            self._move(column, at, table.weights(found, frequencies)[codes])

    def _likely(self, mask: Mask) -> Places:
        return np.flatnonzero(mask & (self.bits > self._least_bits))

    def _move(self, column: _Column, at: Places, found: Bits) -> None:
        self.bits[at] += found - column.weights[at]
        column.weights[at] = found


def _weights_of(table: LevelBits, levels: Levels, terms: Codes, value_of: Callable[[int], str]) -> Bits:
    """The weight of each of these levels for the value agreed on."""
    kinds, inverse = np.unique((terms.astype(np.int64) << 8) + levels, return_inverse=True)
    kind_levels = (kinds & 255).astype(np.int8)
    values = list(map(value_of, (kinds >> 8).tolist()))
    return table.weights(kind_levels, table.frequencies(kind_levels, values))[inverse]

"""Match weights of batch after batch of candidate pairs under one model, to the last bit those of `score_pair`.

Most candidates are strangers, and most comparisons of two strangers find the last level. Numbers tell that of
many pairs at once (`screens`); a comparator is asked in Python only where they do not, once for two
combinations of values, and only of pairs that might still weigh enough if it found all to agree.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.model import EntityModel
from scoring.resolution.asking import AskedPairs
from scoring.resolution.collecting import without_collections
from scoring.resolution.fields import Codes, Fields
from scoring.resolution.level_bits import OPEN, Bits, LevelBits, Levels
from scoring.resolution.screens import Look, look_at
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
        # What each pair weighs against strangers at most. All weights are on one grid, so that sums are
        # exact in any order.
        bits = np.full(len(left), self._model.prior_bits)
        looks = []
        for table in self._tables:
            look = look_at(table.comparator, fields, left, right)
            if look is not None:
                bits += table.most[look.levels]
                looks.append((table, look))
        likely = np.flatnonzero(bits > least_bits)
        pairs = _Pairs(fields, left[likely], right[likely], bits[likely], least_bits)
        looks.sort(key=lambda one: _LAST.get(one[0].comparator.name, 0))
        columns = [pairs.decide(table, _at(look, likely)) for table, look in looks]
        bits[likely] = pairs.bits
        sure = np.flatnonzero(pairs.bits > least_bits)
        bits[likely[sure]] = self._jointly(columns, sure)
        return bits

    def _jointly(self, columns: Sequence["_Column"], at: Places) -> Bits:
        """The weights against strangers and all alternatives of the pairs at these places."""
        sums = Sums(self._model, len(at))
        for table, levels, weights in columns:
            sums.add(table, levels[at], weights[at])
        return joint(sums.bits())


# What costs the most to ask for is asked last, when most pairs are decided.
_LAST = {
    name: rank
    for rank, name in enumerate(
        ("phone", "email", "employer", "street", "family_name", "given_name", "company_name", "branch"), 1
    )
}


class _Column(NamedTuple):
    """The level and weight of each pair under one comparison."""

    table: LevelBits
    levels: Levels
    weights: Bits


class _Pairs:
    """Pairs under decision, with the most that each may weigh: `bits`."""

    def __init__(
        self, fields: Fields, left: Positions, right: Positions, bits: Bits, least_bits: float
    ) -> None:
        self._asked = AskedPairs(fields, left, right)
        self._least_bits = least_bits
        self.bits = bits

    def decide(self, table: LevelBits, look: Look) -> _Column:
        """The levels and weights of all pairs that are still likely."""
        levels = look.levels
        weights = table.most[levels]
        if look.terms is not None:
            at = np.flatnonzero((look.terms > 0) & (self.bits > self._least_bits))
            self._move(at, weights, _weights_of(table, levels[at], look.terms[at], look.value_of))
        at = np.flatnonzero((levels == OPEN) & (self.bits > self._least_bits))
        if len(at):
            codes, answers = self._asked.ask(table.comparator, at)
            found = table.numbers(answers)
            frequencies = table.frequencies(found, ["" if one is None else one.value for one in answers])
            levels[at] = found[codes]
            self._move(at, weights, table.weights(found, frequencies)[codes])
        return _Column(table, levels, weights)

    def _in_order(self, at: Places) -> tuple[Positions, Positions]:
        """The sides of the pairs at these places, that of the lesser record first."""
        new = at[~self._is_ordered[at]]
        if len(new):
            left, right = self._left[new], self._right[new]
            is_turned = self._fields.are_turned(left, right)
            self._left[new] = np.where(is_turned, right, left)
            self._right[new] = np.where(is_turned, left, right)
            self._is_ordered[new] = True
        return self._left[at], self._right[at]

    def _move(self, at: Places, weights: Bits, found: Bits) -> None:
        self.bits[at] += found - weights[at]
        weights[at] = found

    def _move(self, at: Places, weights: Bits, found: Bits) -> None:
        self.bits[at] += found - weights[at]
        weights[at] = found

    def _ask(self, table: LevelBits, at: Places) -> tuple[Levels, Bits]:
        """What the comparator says of the pairs at these places."""
        left, right = self._in_order(at)
        columns = [self._fields.codes(name) for name in table.comparator.reads]
        keys = combined([column[side] for side in (left, right) for column in columns])
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        record = self._fields.records.__getitem__
        one, other = (map(record, side[first].tolist()) for side in (left, right))
        number: defaultdict[Finding | None, int] = defaultdict(count().__next__)
        codes = np.fromiter(map(number.__getitem__, map(table.comparator.compare, one, other)), np.int32, len(first))
        levels, weights = table.of_findings(list(number))
        return levels[codes][inverse], weights[codes][inverse]


def _at(look: Look, at: Places) -> Look:
    return Look(look.levels[at], None if look.terms is None else look.terms[at], look.value_of)


def _weights_of(table: LevelBits, levels: Levels, terms: Codes, value_of: Callable[[int], str]) -> Bits:
    """The weight of each of these levels for the value agreed on."""
    kinds, inverse = np.unique((terms.astype(np.int64) << 8) + levels, return_inverse=True)
    kind_levels = (kinds & 255).astype(np.int8)
    values = list(map(value_of, (kinds >> 8).tolist()))
    return table.weights(kind_levels, table.frequencies(kind_levels, values))[inverse]

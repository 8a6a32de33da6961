"""Pairs of records about which comparators are asked in Python: once for two combinations of the values that
a comparator reads, the lesser record first, as `score_pair` does.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from scoring.comparators import Comparator
from scoring.findings import Finding
from scoring.resolution.fields import Fields, combined

Positions = NDArray[np.int32]
Places = NDArray[np.int64]
Answers = tuple[NDArray[np.int32], Sequence[Finding | None]]


class AskedPairs:
    """Some pairs of positions in a batch of records."""

    def __init__(self, fields: Fields, left: Positions, right: Positions) -> None:
        self._fields = fields
        self._left, self._right = left.copy(), right.copy()
        self._is_ordered = np.zeros(len(left), dtype=np.bool_)
        self._are_strangers = np.zeros(len(left), dtype=np.bool_)

    def ask(self, comparator: Comparator, at: Places) -> Answers:
        """What the comparator says of the pairs at these places: the number of the answer to each, and the
        answers.
        """
        codes = np.zeros(len(at), dtype=np.int32)
        if comparator.name == "branch":
            # Names of strangers say nothing of branches, and to find that out costs as much again.
            open_ = np.flatnonzero(~self._are_strangers[at])
        else:
            open_ = np.arange(len(at))
        number: defaultdict[Finding | None, int] = defaultdict(count(1).__next__, {None: 0})
        left, right = self._in_order(at[open_])
        columns = [self._fields.codes(name) for name in comparator.reads]
        keys = combined([column[side] for side in (left, right) for column in columns])
        _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        record = self._fields.records.__getitem__
        one, other = (map(record, side[first].tolist()) for side in (left, right))
        answers = map(number.__getitem__, map(comparator.compare, one, other))
        codes[open_] = np.fromiter(answers, np.int32, len(first))[inverse]
        if comparator.name == "company_name":
            # Other names of theirs are no more alike, or the level would be another.
            are_strangers = np.array([one is None or one.level == "different" for one in number])
            self._are_strangers[at] = are_strangers[codes]
        return codes, list(number)

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

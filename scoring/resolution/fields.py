"""The fields of a batch of records as numbers, so that numpy can compare them.

Two records have one number in a field exactly where they have one value in it; 0 is the missing value.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from operator import attrgetter, gt
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable, Entity

Codes = NDArray[np.int32]
Keys = NDArray[np.int64]
Made = TypeVar("Made")
# So many records are read together: those stay in the processor's cache while field after field is read.
_READ_TOGETHER = 256
# Fields of which one may hold what another does have their numbers in common.
_SHARED = {"family": "given", "mobiles": "phones", "shared_emails": "emails", "unit": "house_number"}
_KEY_BITS = 62
_NO_VALUES = Comparable(Entity.PERSON)
# Records of one entity are ordered by this field, and by others where it is the same.
_FIRST = "given"


class Fields:
    """Some fields of some records of one entity."""

    def __init__(self, records: Sequence[Comparable], names: Iterable[str]) -> None:
        self.records = records
        self._numbers: dict[str, defaultdict[Any, int]] = {}
        self._codes = self._read(sorted(names))
        self._values: dict[str, list[Any]] = {}
        self._made: dict[str, Any] = {}

    def codes(self, name: str) -> Codes:
        """The number of the value of each record."""
        return self._codes[name]

    def values(self, name: str) -> list[Any]:
        """The value behind each number."""
        if name not in self._values:
            numbers = self._numbers[name]
            missing = () if isinstance(getattr(_NO_VALUES, name), tuple) else ""
            self._values[name] = [missing, *list(numbers)[2:]]
        return self._values[name]

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What was made of these fields under this name, at the first call."""
        if name not in self._made:
            self._made[name] = make()
        return cast("Made", self._made[name])

    def are_turned(self, left: Codes, right: Codes) -> NDArray[np.bool_]:
        """Whether the left record of each pair is greater than the right one."""
        turned = np.zeros(len(left), dtype=np.bool_)
        rest = np.arange(len(left))
        if _FIRST in self._codes:
            # Two words are compared faster than two records.
            ours, theirs = (self._codes[_FIRST][side] for side in (left, right))
            rest, other = np.flatnonzero(ours == theirs), np.flatnonzero(ours != theirs)
            turned[other] = _greater(self.values(_FIRST), ours[other], theirs[other])
        turned[rest] = _greater(self.records, left[rest], right[rest])
        return turned

    def has(self, name: str) -> bool:
        """Whether any record has a value in this field."""
        return bool(self._codes[name].any())

    def _read(self, names: Sequence[str]) -> dict[str, Codes]:
        found = np.zeros((len(names), len(self.records)), dtype=np.int32)
        # With a name more, as of one alone there would be no tuples.
        read = attrgetter(*names, "entity")
        numbered = [self._number(name).__getitem__ for name in names]
        for start in range(0, len(self.records), _READ_TOGETHER):
            part = self.records[start : start + _READ_TOGETHER]
            for row, number, column in zip(found, numbered, zip(*map(read, part), strict=True), strict=False):
                if any(column):
                    row[start : start + len(part)] = np.fromiter(map(number, column), np.int32, len(part))
        return dict(zip(names, found, strict=True))

    def _number(self, name: str) -> defaultdict[Any, int]:
        """The number of each value; a new one gets the next. Nothing but C code runs for a value."""
        shared = _SHARED.get(name, name)
        numbers = self._numbers.setdefault(shared, defaultdict(count(1).__next__, {"": 0, (): 0}))
        self._numbers[name] = numbers
        return numbers


def _greater(values: Sequence[Any], first: Codes, second: Codes) -> NDArray[np.bool_]:
    one, other = (map(values.__getitem__, side.tolist()) for side in (first, second))
    return np.fromiter(map(gt, one, other), np.bool_, len(first))


def combined(columns: Iterable[Codes]) -> Keys:
    """One key for each row of several columns of numbers from 0 on: equal exactly where all of them are."""
    key: Keys | None = None
    bits = 0
    for column in columns:
        width = int(column.max(initial=0)).bit_length()
        if not width:
            key = np.zeros(len(column), dtype=np.int64) if key is None else key
            continue
        if key is None:
            key, bits = column.astype(np.int64), width
            continue
        if bits + width > _KEY_BITS:
            key = np.unique(key, return_inverse=True)[1]
            bits = int(key.max(initial=0)).bit_length()
        key = (key << width) | column
        bits += width
    if key is None:
        raise ValueError("no columns")
    return key

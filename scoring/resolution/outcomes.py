"""What each comparison says of each pair, kept as numbers.

Records repeat one another's values, so each comparator is asked once for two different combinations of the values
that it reads. The outcome of a comparison is the level and, where a term frequency counts, the value agreed on;
outcome 0 is a missing value.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.comparators import Comparator
from scoring.model import EntityModel

CHUNK_PAIRS = 2_000_000

Codes = NDArray[np.int32]
Positions = NDArray[np.int32]


class Outcome(NamedTuple):
    """A level of a comparison, and the value agreed on where its frequency counts."""

    level: str
    value: str


_MISSING = Outcome("", "")


class Outcomes:
    """The outcomes of comparing records, comparison by comparison; `seen[c][code]` is what a code stands for."""

    def __init__(self, records: Sequence[Comparable], model: EntityModel) -> None:
        self._records = records
        self._rank = _ranks(records)
        self.comparators = tuple(one.comparator for one in model.comparisons)
        self._counts_value = [
            {name for name, level in one.levels.items() if level.frequencies is not None}
            for one in model.comparisons
        ]
        self._kinds = [_kinds(records, comparator) for comparator in self.comparators]
        self.seen: list[list[Outcome]] = [[_MISSING] for _ in self.comparators]
        self._code_of: list[dict[Outcome, int]] = [{_MISSING: 0} for _ in self.comparators]

    def compare(self, left: Positions, right: Positions) -> Codes:
        """The codes of the outcomes, one row a pair, one column a comparison."""
        swap = self._rank[left] > self._rank[right]
        first, second = np.where(swap, right, left), np.where(swap, left, right)
        codes = np.zeros((len(left), len(self.comparators)), dtype=np.int32)
        for at in range(len(self.comparators)):
            for start in range(0, len(left), CHUNK_PAIRS):
                part = slice(start, start + CHUNK_PAIRS)
                codes[part, at] = self._compare(at, first[part], second[part])
        return codes

    def _compare(self, at: int, first: Positions, second: Positions) -> Codes:
        kind_of, examples = self._kinds[at]
        known = (kind_of[first] >= 0) & (kind_of[second] >= 0)
        pairs = kind_of[first[known]].astype(np.int64) * len(examples) + kind_of[second[known]]
        unique, inverse = np.unique(pairs, return_inverse=True)
        codes = np.fromiter(self._outcomes(at, unique), dtype=np.int32, count=len(unique))
        result = np.zeros(len(first), dtype=np.int32)
        result[known] = codes[inverse]
        return result

    def _outcomes(self, at: int, unique: NDArray[np.int64]) -> Iterator[int]:
        _, examples = self._kinds[at]
        records, compare = self._records, self.comparators[at].compare
        seen, code_of, counts_value = self.seen[at], self._code_of[at], self._counts_value[at]
        lefts, rights = np.divmod(unique, max(1, len(examples)))
        for left, right in zip(lefts.tolist(), rights.tolist(), strict=True):
            finding = compare(records[examples[left]], records[examples[right]])
            if finding is None:
                yield 0
                continue
            outcome = Outcome(finding.level, finding.value if finding.level in counts_value else "")
            code = code_of.get(outcome)
            if code is None:
                code = code_of[outcome] = len(seen)
                seen.append(outcome)
            yield code


def _kinds(records: Sequence[Comparable], comparator: Comparator) -> tuple[NDArray[np.int64], list[int]]:
    """Which records hold the same values of what a comparator reads: the number of the kind of each record (-1:
    nothing to compare), and one record of each kind.
    """
    read = attrgetter(*comparator.reads)
    empty = ("", ())
    alone = len(comparator.reads) == 1
    number: dict[object, int] = {}
    examples: list[int] = []
    kinds = np.empty(len(records), dtype=np.int64)
    for at, record in enumerate(records):
        values = read(record)
        if values in empty if alone else not any(values):
            kinds[at] = -1
            continue
        kind = number.setdefault(values, len(examples))
        if kind == len(examples):
            examples.append(at)
        kinds[at] = kind
    return kinds, examples


def _ranks(records: Sequence[Comparable]) -> NDArray[np.int64]:
    """The order of the records, by which the first side of a pair is chosen."""
    ranks = np.empty(len(records), dtype=np.int64)
    ranks[sorted(range(len(records)), key=records.__getitem__)] = np.arange(len(records))
    return ranks

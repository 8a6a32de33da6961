"""What each comparison says of each pair, kept as numbers.

Records repeat one another's values, so each comparator is asked once for two different combinations of the
values that it reads. The outcome of a comparison is the level and, where a term frequency counts, the value
agreed on; outcome 0 is a missing value.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.comparators import Comparator
from scoring.findings import Finding
from scoring.model import EntityModel
from scoring.resolution.processes import in_parts

Codes = NDArray[np.int32]
Positions = NDArray[np.int32]


class Outcome(NamedTuple):
    """A level of a comparison, and the value agreed on where its frequency counts."""

    level: str
    value: str


_MISSING = Outcome("", "")


class Outcomes:
    """The outcomes of comparing records, comparison by comparison; `seen[c][code]` is what a code stands for.

    The model only says of which levels a value counts, so that one object serves before and after training.
    """

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

    def compare(self, left: Positions, right: Positions, processes: int = 1) -> Codes:
        """The codes of the outcomes, one row a pair, one column a comparison."""

        def work(start: int, end: int) -> list[tuple[Codes, list[Outcome]]]:
            return list(self.columns(left[start:end], right[start:end]))

        codes = np.zeros((len(left), len(self.comparators)), dtype=np.int32, order="F")
        for start, end, columns in in_parts(work, len(left), processes):
            for at, (column, seen) in enumerate(columns):
                codes[start:end, at] = self._known(at, seen)[column]
        return codes

    def levels_of(self, at: int, left: Positions, right: Positions) -> NDArray[np.int64]:
        """The place of the level of one comparison, of each pair; -1 where a value is missing."""
        places = {name: place for place, name in enumerate(self.comparators[at].levels)}
        codes, seen = self._column(at, *self._sides(left, right))
        return np.array([-1, *(places[outcome.level] for outcome in seen[1:])])[codes]

    def columns(self, left: Positions, right: Positions) -> Iterator[tuple[Codes, list[Outcome]]]:
        """For each comparison in turn the codes of the pairs, numbered anew, and what these stand for."""
        first, second = self._sides(left, right)
        for at in range(len(self._kinds)):
            yield self._column(at, first, second)

    def _sides(self, left: Positions, right: Positions) -> tuple[Positions, Positions]:
        swap = self._rank[left] > self._rank[right]
        return np.where(swap, right, left), np.where(swap, left, right)

    def _column(self, at: int, first: Positions, second: Positions) -> tuple[Codes, list[Outcome]]:
        kind_of, examples = self._kinds[at]
        ours, theirs = kind_of[first], kind_of[second]
        known = np.flatnonzero((ours >= 0) & (theirs >= 0))
        unique, inverse = np.unique(ours[known] * len(examples) + theirs[known], return_inverse=True)
        codes, seen = self._ask(at, unique)
        column = np.zeros(len(first), dtype=np.int32)
        column[known] = codes[inverse]
        return column, seen

    def _ask(self, at: int, unique: NDArray[np.int64]) -> tuple[Codes, list[Outcome]]:
        """What the comparator says of each two kinds."""
        examples = [self._records[one] for one in self._kinds[at][1]]
        lefts, rights = np.divmod(unique, max(1, len(examples)))
        compare, example = self.comparators[at].compare, examples.__getitem__
        code_of: dict[Finding, int] = {}
        number_of = {_MISSING: 0}
        codes = []
        for finding in map(compare, map(example, lefts.tolist()), map(example, rights.tolist())):
            if finding is None:
                codes.append(0)
                continue
            code = code_of.get(finding)
            if code is None:
                value = finding.value if finding.level in self._counts_value[at] else ""
                code = code_of[finding] = number_of.setdefault(Outcome(finding.level, value), len(number_of))
            codes.append(code)
        return np.array(codes, dtype=np.int32), list(number_of)

    def _known(self, at: int, seen: Sequence[Outcome]) -> Codes:
        """The lasting codes of outcomes."""
        code_of, known = self._code_of[at], self.seen[at]
        for outcome in seen:
            if code_of.setdefault(outcome, len(known)) == len(known):
                known.append(outcome)
        return np.array([code_of[outcome] for outcome in seen], dtype=np.int32)


def _kinds(records: Sequence[Comparable], comparator: Comparator) -> tuple[NDArray[np.int64], list[int]]:
    """Which records hold the same values of what a comparator reads: the number of the kind of each record
    (-1: nothing to compare), and one record of each kind.
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

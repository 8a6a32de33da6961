"""What each comparison says of each pair, kept as numbers.

The outcome of a comparison is the level and, where a term frequency counts, the value agreed on; outcome 0 is
a missing value.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.model import EntityModel
from scoring.resolution.asking import AskedPairs
from scoring.resolution.collecting import without_collections
from scoring.resolution.fields import Fields
from scoring.resolution.level_bits import MISSING, OPEN
from scoring.resolution.processes import in_parts
from scoring.resolution.screens import look_at

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
        self.comparators = tuple(one.comparator for one in model.comparisons)
        self._counts_value = [
            {name for name, level in one.levels.items() if level.frequencies is not None}
            for one in model.comparisons
        ]
        with without_collections():
            self._fields = Fields(records, {name for one in self.comparators for name in one.reads})
        self.seen: list[list[Outcome]] = [[_MISSING] for _ in self.comparators]
        self._code_of: list[dict[Outcome, int]] = [{_MISSING: 0} for _ in self.comparators]

    def compare(self, left: Positions, right: Positions, processes: int = 1) -> Codes:
        """The codes of the outcomes, one row a pair, one column a comparison."""

        def work(start: int, end: int) -> list[tuple[Codes, list[Outcome]]]:
            with without_collections():
                return list(self._columns(left[start:end], right[start:end]))

        codes = np.zeros((len(left), len(self.comparators)), dtype=np.int32, order="F")
        for start, end, columns in in_parts(work, len(left), processes):
            for at, (column, seen) in enumerate(columns):
                codes[start:end, at] = self._lasting(at, seen)[column]
        return codes

    def levels_of(self, at: int, left: Positions, right: Positions) -> NDArray[np.int64]:
        """The place of the level of one comparison, of each pair; -1 where a value is missing."""
        places = {name: place for place, name in enumerate(self.comparators[at].levels)}
        codes, seen = self._column(at, AskedPairs(self._fields, left, right), left, right)
        return np.array([-1, *(places[outcome.level] for outcome in seen[1:])])[codes]

    def _columns(self, left: Positions, right: Positions) -> Iterator[tuple[Codes, list[Outcome]]]:
        """For each comparison in turn the codes of the pairs, numbered anew, and what these stand for."""
        pairs = AskedPairs(self._fields, left, right)
        for at in range(len(self.comparators)):
            yield self._column(at, pairs, left, right)

    def _column(
        self, at: int, pairs: AskedPairs, left: Positions, right: Positions
    ) -> tuple[Codes, list[Outcome]]:
        comparator, counts_value = self.comparators[at], self._counts_value[at]
        look = look_at(comparator, self._fields, left, right)
        if look is None:
            return np.zeros(len(left), dtype=np.int32), [_MISSING]
        # First come the levels without a value, by their numbers.
        seen = [_MISSING, *(Outcome(name, "") for name in comparator.levels)]
        number = {outcome: code for code, outcome in enumerate(seen)}
        codes = np.maximum(look.levels, MISSING).astype(np.int32)
        if look.terms is not None:
            valued = np.flatnonzero(look.terms)
            kinds, inverse = np.unique(
                look.terms[valued].astype(np.int64) * len(seen) + codes[valued], return_inverse=True
            )
            terms, levels = np.divmod(kinds, len(seen))
            codes[valued] = np.array(
                [
                    number.setdefault(
                        _outcome(seen[level].level, look.value_of(term), counts_value), len(number)
                    )
                    for term, level in zip(terms.tolist(), levels.tolist(), strict=True)
                ],
                dtype=np.int32,
            )[inverse]
        asked = np.flatnonzero(look.levels == OPEN)
        if len(asked):
            answers, findings = pairs.ask(comparator, asked)
            codes[asked] = np.array(
                [
                    0
                    if one is None
                    else number.setdefault(_outcome(one.level, one.value, counts_value), len(number))
                    for one in findings
                ],
                dtype=np.int32,
            )[answers]
        return codes, list(number)

    def _lasting(self, at: int, seen: Sequence[Outcome]) -> Codes:
        """The lasting codes of outcomes."""
        code_of, known = self._code_of[at], self.seen[at]
        for outcome in seen:
            if code_of.setdefault(outcome, len(known)) == len(known):
                known.append(outcome)
        return np.array([code_of[outcome] for outcome in seen], dtype=np.int32)


def _outcome(level: str, value: str, counts_value: set[str]) -> Outcome:
    return Outcome(level, value if level in counts_value else "")

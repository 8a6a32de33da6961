"""How well a set of pairs names the duplicates of a sample."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dedup_service.domain.records import RecordKey


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs of records: true duplicates found, true duplicates missed, and pairs wrongly named."""

    found: int
    missed: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of the true pairs that was found; 1 where there are none."""
        true = self.found + self.missed
        return self.found / true if true else 1.0

    @property
    def precision(self) -> float:
        """The share of the named pairs that is true; 1 where none was named."""
        named = self.found + self.wrong
        return self.found / named if named else 1.0


def true_pairs(truth: Mapping[RecordKey, str]) -> int:
    """How many pairs of records stand for one entity."""
    sizes = Counter(truth.values()).values()
    return sum(size * (size - 1) // 2 for size in sizes)


def measure(truth: Mapping[RecordKey, str], pairs: Iterable[tuple[RecordKey, RecordKey]]) -> Found:
    """Count the named pairs against the truth.

    A pair counts once, whichever way round and however often it is named; a record with itself never.
    Raises KeyError for a record that the truth does not know.
    """
    named = {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}
    found = sum(truth[left] == truth[right] for left, right in named)
    return Found(found, true_pairs(truth) - found, len(named) - found)

"""What the vocabulary needs of a store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dedup_service.domain.data_entry import Spelling


@dataclass(frozen=True, slots=True)
class CountLimits:
    """What of a vocabulary is counted, and from how much.

    Words of at least `least_count` golden records, at most `words_per_field`, the most frequent ones; what is
    rarer is seldom what somebody meant. Of a store with more, about `sampled_records` records are read: they
    say which words are frequent as well as a million does, and cost a tenth.
    """

    least_count: int
    words_per_field: int = 10_000
    sampled_records: int = 100_000


class VocabularyReads(Protocol):
    """The part of a snapshot that counts words."""

    async def vocabulary_counts(
        self, spellings: Mapping[str, Spelling], limits: CountLimits
    ) -> dict[str, dict[str, int]]:
        """By field, the words or whole values as they are written -> how many golden records hold each.

        Only what several of them hold, so that erasing a person leaves nothing here that was theirs alone.
        """
        ...

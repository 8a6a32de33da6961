"""What the vocabulary needs of a store."""

from collections.abc import Mapping
from typing import Protocol

from dedup_service.domain.data_entry import Spelling


class VocabularyReads(Protocol):
    """The part of a snapshot that counts words."""

    async def vocabulary_counts(
        self, spellings: Mapping[str, Spelling], least_count: int, limit: int
    ) -> dict[str, dict[str, int]]:
        """By field, the words or whole values as they are written -> how many golden records hold each.

        Only what at least `least_count` of them hold, at most `limit` a field, the most frequent ones: so
        erasing a person leaves nothing here that was theirs alone. Of a large store a sample is counted.
        """
        ...

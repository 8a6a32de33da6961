"""The words of the records, counted by PostgreSQL."""

from collections.abc import Mapping

from dedup_service.domain.data_entry import BETWEEN_WORDS, Spelling
from dedup_service.domain.data_entry.near_words import MAX_CODE_POINTS, MIN_CODE_POINTS
from dedup_service.store.asking import Asking

# What frequent words there are, and about how frequent, the first hundred thousand records say as well as a
# million does; reading all would cost ten times as much, each hour and in each process.
SAMPLED_RECORDS = 100_000


class VocabularyReading(Asking):
    """Implements `workflows.vocabulary_port.VocabularyReads`."""

    async def vocabulary_counts(
        self, spellings: Mapping[str, Spelling], least_count: int, limit: int
    ) -> dict[str, dict[str, int]]:
        percent = (await self._rows("vocabulary_percent", {"records": SAMPLED_RECORDS}))[0][0]
        found: dict[str, dict[str, int]] = {name: {} for name in spellings}
        columns = {
            "percent": percent or 100,
            "word_fields": [name for name, spelling in spellings.items() if spelling is Spelling.WORDS],
            "value_fields": [name for name, spelling in spellings.items() if spelling is Spelling.VALUES],
            "between_words": BETWEEN_WORDS,
            "least_length": MIN_CODE_POINTS,
            "most_length": MAX_CODE_POINTS,
            "least_count": least_count,
            "limit": limit,
        }
        for field, word, golden_count in await self._rows("vocabulary_counts", columns):
            found[field][word] = golden_count
        return found

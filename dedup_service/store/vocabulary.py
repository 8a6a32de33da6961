"""The words of the records, counted by PostgreSQL."""

from collections.abc import Mapping

from dedup_service.domain.data_entry import BETWEEN_WORDS, Spelling
from dedup_service.domain.data_entry.near_words import MAX_CODE_POINTS, MIN_CODE_POINTS
from dedup_service.store.asking import Asking
from dedup_service.workflows.vocabulary_port import CountLimits


class VocabularyReading(Asking):
    """Implements `workflows.vocabulary_port.VocabularyReads`."""

    async def vocabulary_counts(
        self, spellings: Mapping[str, Spelling], limits: CountLimits
    ) -> dict[str, dict[str, int]]:
        percent = (await self._rows("vocabulary_percent", {"records": limits.sampled_records}))[0][0]
        found: dict[str, dict[str, int]] = {name: {} for name in spellings}
        columns = {
            "percent": 100 if percent is None else percent,
            "word_fields": [name for name, spelling in spellings.items() if spelling is Spelling.WORDS],
            "value_fields": [name for name, spelling in spellings.items() if spelling is Spelling.VALUES],
            "between_words": BETWEEN_WORDS,
            "least_length": MIN_CODE_POINTS,
            "most_length": MAX_CODE_POINTS,
            "least_count": limits.least_count,
            "limit": limits.words_per_field,
        }
        for field, word, golden_count in await self._rows("vocabulary_counts", columns):
            found[field][word] = golden_count
        return found

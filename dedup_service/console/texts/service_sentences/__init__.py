"""The sentences that the service may answer, as patterns with placeholders, and the words in them."""

from dedup_service.console.texts.service_sentences import cleanup, data_entry, deciding, evidence, intake
from dedup_service.console.texts.service_sentences.words import WORDS

SENTENCES = (
    *evidence.SENTENCES,
    *deciding.SENTENCES,
    *intake.SENTENCES,
    *data_entry.SENTENCES,
    *cleanup.SENTENCES,
)
__all__ = ["SENTENCES", "WORDS"]

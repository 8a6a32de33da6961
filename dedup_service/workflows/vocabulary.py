"""The company's own words, held in memory for data entry and renewed in the background.

Every process counts them for itself: when it starts, every hour, and when the policy asks for others.
Until the next count a word stays that is no longer held: it was held by several, and none is kept on disk.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from itertools import islice

from dedup_service.domain.data_entry import NO_VOCABULARY, MisspellingPolicy, Spelling, Vocabulary
from dedup_service.domain.errors import Unavailable
from dedup_service.workflows.ports import Store
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.vocabulary_port import CountLimits

LOG = logging.getLogger(__name__)

_RENEW_SECONDS = 3600.0
_LOOK_SECONDS = 10.0
# So many words take about a millisecond, after which other calls have their turn.
_WORDS_AT_A_TIME = 25
_REST_SECONDS = 0.004


class VocabularyInUse:
    """The vocabulary that this process checks against; empty until it was first renewed.

    Every `look_seconds` it sees whether it has to be renewed before its hour is over.
    """

    def __init__(self, store: Store, rules: Rules, look_seconds: float = _LOOK_SECONDS) -> None:
        self._store = store
        self._rules = rules
        self._look_seconds = look_seconds
        # What the current vocabulary answers; nothing after a count that failed, so that it is soon repeated.
        self._asked: tuple[dict[str, Spelling], MisspellingPolicy] | None = None
        self.current: Vocabulary = NO_VOCABULARY

    async def renew(self) -> None:
        """Count the words of the store anew, for the fields whose spelling the policy in force looks at."""
        self._asked = None
        spellings, limits = wanted = self._wanted()
        counts: Mapping[str, Mapping[str, int]] = {}
        if spellings:
            counts = await self._store.read(
                lambda tx: tx.vocabulary_counts(spellings, CountLimits(limits.least_count))
            )
        self.current = await _built(counts, limits)
        self._asked = wanted
        LOG.info("the vocabulary has %d words of %d fields", len(self.current), len(spellings))

    def _wanted(self) -> tuple[dict[str, Spelling], MisspellingPolicy]:
        data_entry = self._rules.policy.data_entry
        return data_entry.spellings, data_entry.misspellings

    async def run(self) -> None:
        """Renew until cancelled; while PostgreSQL is away the words stay as they are."""
        while True:
            try:
                await self.renew()
            except Unavailable as error:
                LOG.warning("the vocabulary stays as it is: %s", error.detail)
            except Exception as error:  # noqa: BLE001  a task that ends would leave every later word unknown
                LOG.error("the vocabulary stays as it is after %s", type(error).__name__)  # noqa: TRY400  F-3
            await self._until_due()

    async def _until_due(self) -> None:
        for _ in range(int(_RENEW_SECONDS / self._look_seconds)):
            await asyncio.sleep(self._look_seconds)
            if self._asked != self._wanted():
                return


async def _built(counts: Mapping[str, Mapping[str, int]], limits: MisspellingPolicy) -> Vocabulary:
    # What fewer hold is never as many times as many as a word that one record holds.
    vocabulary = Vocabulary(max(limits.least_count, limits.times_as_many))
    for name, words in counts.items():
        for some in _slices(words):
            vocabulary.add(name, some)
            await asyncio.sleep(_REST_SECONDS)
    return vocabulary


def _slices(words: Mapping[str, int]) -> Iterator[dict[str, int]]:
    items = iter(words.items())
    while some := dict(islice(items, _WORDS_AT_A_TIME)):
        yield some

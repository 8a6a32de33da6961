"""The company's own words, held in memory for data entry and renewed in the background.

Every process counts them for itself: when it starts, every hour, when the policy asks for others, and within
a minute or so of an erasure. Until the next count a word stays that is no longer held: it was held by
several, and none is kept on disk.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from itertools import islice

from dedup_service.domain.data_entry import NO_VOCABULARY, MisspellingPolicy, Spelling, Vocabulary
from dedup_service.domain.errors import Unavailable
from dedup_service.workflows.ports import ReadTransaction, Store
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.vocabulary_port import CountLimits

LOG = logging.getLogger(__name__)

_RENEW_SECONDS = 3600.0
_LOOK_SECONDS = 10.0
# People who erase many records one by one do not have the store counted after each.
_FORGET_SECONDS = 60.0
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
        self._revision = 0
        self.current: Vocabulary = NO_VOCABULARY

    async def renew(self) -> None:
        """Count the words of the store anew, for the fields whose spelling the policy in force looks at."""
        self._asked = None
        revision = self._revision
        spellings, limits = wanted = self._wanted()
        counts: Mapping[str, Mapping[str, int]] = {}
        if spellings:
            counts, revision = await self._store.read(lambda tx: _counted(tx, spellings, limits))
        self.current = await _built(counts, limits)
        self._asked, self._revision = wanted, revision
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
        for look in range(1, int(_RENEW_SECONDS / self._look_seconds) + 1):
            await asyncio.sleep(self._look_seconds)
            if self._asked != self._wanted():
                return
            if look % max(1, int(_FORGET_SECONDS / self._look_seconds)) == 0 and await self.is_out_of_date():
                return

    async def is_out_of_date(self) -> bool:
        """Whether anybody was erased since the words were counted; False while nobody can tell."""
        try:
            return await self._store.read(lambda tx: tx.is_erased_since(self._revision))
        except Unavailable:
            return False


async def _counted(
    tx: ReadTransaction, spellings: Mapping[str, Spelling], limits: MisspellingPolicy
) -> tuple[Mapping[str, Mapping[str, int]], int]:
    """The words of the store, and the revision that they are of."""
    counts = await tx.vocabulary_counts(spellings, CountLimits(limits.least_count))
    return counts, await tx.head_revision()


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

"""Reads that must see a given write."""

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.workflows.ports import Store

WAIT_SECONDS = 1.0


class Freshness:
    """Holds a read back until the store has the revision that the caller wants to see."""

    def __init__(self, store: Store) -> None:
        self._store = store
        # The newest revision known to be committed: all up to it need no question.
        self._seen = 0

    async def reach(self, revision: int) -> None:
        """Return once this revision is committed.

        Raises:
            StoreUnavailable: it is not within a second, as after a restore from an older backup.
        """
        if revision <= self._seen:
            return
        await self._store.wait_for_change(revision - 1, WAIT_SECONDS)
        self._seen = max(self._seen, await self._store.read(lambda tx: tx.head_revision()))
        if self._seen < revision:
            raise StoreUnavailable("the store has not reached the write that min_revision names")

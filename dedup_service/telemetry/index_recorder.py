"""How far the blocking index is behind the ledger, what it holds, and how its rebuild goes."""

import time
from collections import deque
from collections.abc import Callable

from dedup_service.telemetry.recording import IndexMeter

# Heads that are remembered with their times. Beyond, the oldest stay: the lag is the age of the first.
HEADS_LIMIT = 10_000


class IndexRecorder(IndexMeter):
    """The index as it was last seen.

    `clock` gives seconds. A revision's age begins when this process hears of it: at once for its own
    commits, at the next health check for those of others.
    """

    __slots__ = (
        *("_applied", "_building", "_clock", "_head", "_heads", "_seen_rebuilding", "failed_count"),
        *("key_count", "published_count", "rebuild_done", "rebuild_expected", "record_count"),
    )

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._applied = 0
        self._head = 0
        self._heads: deque[tuple[int, float]] = deque()
        self.record_count = self.key_count = 0
        self._building = self._seen_rebuilding = False
        self.rebuild_done = self.rebuild_expected = 0
        self.published_count = self.failed_count = 0

    def head(self, revision: int) -> None:
        if revision <= self._head:
            return
        self._head = revision
        if revision > self._applied and len(self._heads) < HEADS_LIMIT:
            self._heads.append((revision, self._clock()))

    def rewound(self, head: int) -> None:
        self._heads.clear()
        self._applied = self._head = 0
        self.head(head)

    def applied(self, revision: int) -> None:
        self._applied = revision
        while self._heads and self._heads[0][0] <= revision:
            self._heads.popleft()

    @property
    def lag_revisions(self) -> int:
        return max(0, self._head - self._applied)

    @property
    def lag_seconds(self) -> float:
        try:
            _, since = self._heads[0]
        except IndexError:
            return 0.0
        return max(0.0, self._clock() - since)

    def checked(self, record_count: int, key_count: int, *, rebuilding: bool) -> None:
        self.record_count, self.key_count = record_count, key_count
        self._seen_rebuilding = rebuilding

    @property
    def rebuilding(self) -> bool:
        """Whether this process builds the index, or another did when it was last looked at."""
        return self._building or self._seen_rebuilding

    def rebuild_begun(self, expected_count: int) -> None:
        self.rebuild_done, self.rebuild_expected = 0, expected_count
        self._building = True

    def rebuild_loaded(self, record_count: int) -> None:
        self.rebuild_done += record_count

    def rebuild_ended(self, *, published: bool) -> None:
        if not self._building:
            return
        self._building = False
        if published:
            self.published_count += 1
        else:
            self.failed_count += 1

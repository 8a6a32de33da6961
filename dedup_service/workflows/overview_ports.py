"""What the overview and the history of a golden record need of a store, beside what `ports` says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from dedup_service.domain.activity import ActivityCounts, CalibrationStudy, QueueStudy
from dedup_service.domain.changes import Change
from dedup_service.workflows.pages import Listed, Page


@dataclass(frozen=True, slots=True)
class WaitingAccount:
    """A provisional account, and since when: when its oldest active account was first written."""

    golden_id: str
    wait_time: datetime


class OverviewReads(Protocol):
    """Counts over the whole store, from indexes: no body of a proposal or record is read."""

    async def activity(self, first: date) -> ActivityCounts:
        """Events from this day on, in UTC, and how many proposals are open."""
        ...

    async def queues(self, functions: Collection[str], now: datetime) -> QueueStudy:
        """What waits for each of these functions, those that nothing waits for too."""
        ...

    async def calibration(self, start: datetime | None, end: datetime | None) -> CalibrationStudy:
        """Proposals that people decided and that ended from `start` to before `end`."""
        ...

    async def list_waiting_accounts(self, page: Page) -> Listed[WaitingAccount]:
        """Provisional accounts by the page's `master_sources`, the longest waiting first."""
        ...

    async def provisional_account_count(self, master_sources: Collection[str]) -> int: ...

    async def revision_time(self, revision: int) -> datetime | None:
        """When this revision was committed; None before the first and after the last."""
        ...

    async def golden_changes(
        self, golden_id: str, before: tuple[int, int] | None, limit: int
    ) -> list[Change]:
        """Changes that may show this golden record, the newest first, before this revision and ordinal.

        Some may not show it, though all that do are told as far as changes are kept. Those that an erasure
        emptied are told when they showed it.
        """
        ...

"""Ask about leads: who waits too long, and how the dead ones died (domain 2.2, 2.4)."""

from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.attention import AttentionTimes, UnattendedLead
from dedup_service.domain.dead_leads import (
    FEWEST_LEAST_COUNT,
    MAX_DIMENSIONS,
    MAX_LEAST_COUNT,
    DeadLeadQuery,
    DeadLeadStudy,
)
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import Violation
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ClockNow, ReadTransaction, Store
from dedup_service.workflows.rules import Rules


@dataclass(frozen=True, slots=True)
class UnattendedLeads:
    """A page of unattended leads; not `complete` while leads of an earlier release are still being taken
    up.
    """

    listed: Listed[UnattendedLead]
    complete: bool


@dataclass(frozen=True, slots=True)
class StudiedDeadLeads:
    """A study and its moment; not `complete` while leads of an earlier release are still being taken up."""

    study: DeadLeadStudy
    count_time: datetime
    complete: bool


class LeadReadings:
    """The use cases that read many leads at once; open to every authenticated principal."""

    def __init__(self, store: Store, rules: Rules, now: ClockNow) -> None:
        self._store = store
        self._rules = rules
        self._now = now

    async def unattended(self, page: Page) -> UnattendedLeads:
        """LIVE leads past their service level at this moment, the longest unattended first."""
        times = AttentionTimes.of(self._rules.policy, self._now())

        async def work(tx: ReadTransaction) -> UnattendedLeads:
            return UnattendedLeads(await tx.unattended_leads(page, times), await _complete(tx))

        return await self._store.read(work)

    async def study_dead(self, query: DeadLeadQuery) -> StudiedDeadLeads:
        """Dead leads counted by one or two dimensions.

        Raises:
            InvalidInput: with every violation, by the fields of the query.
        """
        if violations := _violations(query):
            raise InvalidInput(violations)

        async def work(tx: ReadTransaction) -> StudiedDeadLeads:
            return StudiedDeadLeads(await tx.dead_leads(query), self._now(), await _complete(tx))

        return await self._store.read(work)


async def _complete(tx: ReadTransaction) -> bool:
    return await tx.awaited_leads(1) is None


def _violations(query: DeadLeadQuery) -> list[Violation]:
    found = []
    if not 1 <= len(query.dimensions) <= MAX_DIMENSIONS:
        found.append(Violation("dimensions", f"takes one or two, not {len(query.dimensions)}"))
    if len(set(query.dimensions)) < len(query.dimensions):
        found.append(Violation("dimensions", "names one twice: keep one"))
    if not FEWEST_LEAST_COUNT <= query.least_count <= MAX_LEAST_COUNT:
        rule = f"must be from {FEWEST_LEAST_COUNT} to {MAX_LEAST_COUNT:,}: a text of fewer may name somebody"
        found.append(Violation("least_count", rule))
    if query.start_time is not None and query.end_time is not None and query.end_time <= query.start_time:
        found.append(Violation("end_time", "must be later than start_time"))
    return found

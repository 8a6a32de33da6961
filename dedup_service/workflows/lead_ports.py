"""What attention and the study of dead leads need of a store, beside what `ports` says of records.

The store keeps a `LeadState` of each active lead record by itself, in the write that changes the record or
its golden record. Whoever changes such a state holds the ledger head, so that no two do at once.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dedup_service.domain.attention import AttentionTimes
from dedup_service.domain.dead_leads import DeadLeadQuery, DeadLeadStudy
from dedup_service.domain.lead_states import LeadState
from dedup_service.domain.records import LeadClass, Record


@dataclass(frozen=True, slots=True)
class UntoldLead:
    """A lead that is unattended without a change that says so yet."""

    record: Record
    touch_time: datetime


@dataclass(frozen=True, slots=True)
class AwaitedLeads:
    """The next leads of an earlier release that have no state yet, and how far that takes: `upto` from
    `after`.
    """

    after: int
    upto: int
    leads: tuple[Record, ...]


class LeadReads(Protocol):
    """Leads as a snapshot has them."""

    async def changed_lead_classes(self, times: AttentionTimes, limit: int) -> list[int]:
        """Numbers of leads whose class at that moment is not the one last told; at most so many."""
        ...

    async def told_lead_classes(self, record_nos: Collection[int]) -> dict[int, LeadClass]:
        """The classes last told of these leads, by record number."""
        ...

    async def untold_leads(self, times: AttentionTimes, limit: int) -> list[UntoldLead]:
        """Unattended leads whose breach was not told yet, the longest unattended first."""
        ...

    async def awaited_leads(self, limit: int) -> AwaitedLeads | None:
        """The next piece of the leads without a state; None when there is none without."""
        ...

    async def dead_leads(self, query: DeadLeadQuery) -> DeadLeadStudy:
        """Dead leads counted by the groups of one or two dimensions, in time linear in the number of
        leads.
        """
        ...


class LeadWrites(Protocol):
    """What is kept of leads beside their records; the ledger head is held."""

    async def tell_lead_classes(self, classes: Mapping[int, LeadClass]) -> None:
        """Keep these classes as told, by record number."""
        ...

    async def tell_unattended(self, record_nos: Collection[int]) -> None:
        """Keep that the breach after the last touch of these leads was told."""
        ...

    async def take_up_leads(self, awaited: AwaitedLeads, states: Sequence[LeadState]) -> bool:
        """Keep the states of a piece that was awaited; false when another process has."""
        ...

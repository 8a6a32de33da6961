"""What privacy needs of a store: what is held about a record, what was erased, and what goes by age."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dedup_service.domain.audit import AuditEntry, PublishedHead
from dedup_service.domain.changes import Change
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.erasure import ErasedPlace, ErasureCertificate
from dedup_service.domain.merges import Merge
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Record
from dedup_service.domain.retention import Retention
from dedup_service.workflows.intake.port import Intake


@dataclass(frozen=True, slots=True)
class ErasedTraces:
    """What was erased beside a record: `golden_ids` may have lost images in changes, and `left` says
    what people have to look at themselves.
    """

    golden_ids: frozenset[str]
    places: tuple[ErasedPlace, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldText:
    """Something written about a record, or derived from it, with where it stands."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """All that refers to one record, each in order of time; the record itself is not among it."""

    changes: tuple[Change, ...]
    proposals: tuple[Proposal, ...]
    merges: tuple[Merge, ...]
    distinctions: tuple[Distinction, ...]
    intakes: tuple[Intake, ...]
    audit_entries: tuple[AuditEntry, ...]
    texts: tuple[HeldText, ...]


class PrivacyReads(Protocol):
    """What is read for a person who asks, and of erasures."""

    async def held_about(self, record: Record) -> Held: ...

    async def erasure_certificate(self, record: str) -> tuple[ErasureCertificate, str] | None:
        """The certificate of an erased record by its name, and the hash of its audit entry."""
        ...

    async def last_published_head(self) -> tuple[int, datetime] | None:
        """By which revision a head was last published (0: none yet) and when, or else the time of the first
        entry; None while nothing was written.
        """
        ...

    async def last_revision_before(self, time: datetime) -> int:
        """The last revision with a change that is kept and older than this; 0 without one."""
        ...

    async def audit_head(self) -> PublishedHead:
        """The newest entry of the audit chain."""
        ...


class PrivacyWrites(Protocol):
    """What an erasure writes."""

    async def former_values(self, record: Record) -> list[Mapping[str, str]]:
        """The values that a record had at any time that changes still show."""
        ...

    async def erase_traces(self, record: Record) -> ErasedTraces:
        """Remove the record's values from changes and request answers, the comments on its merges, and
        whatever free text names the person.
        """
        ...

    async def insert_erasure_certificate(self, certificate: ErasureCertificate) -> None: ...

    async def drop_changes_upto(self, revision: int) -> None:
        """Note that changes up to this revision are no longer kept; they go in pieces afterwards."""
        ...


class Forgetting(Protocol):
    """What is dropped by age, outside of the ledger."""

    async def forget_old(self, retention: Retention, now: datetime) -> dict[str, int]:
        """Drop what is older than it is kept, and say how many rows of each sort went."""
        ...

    async def tidy_after_erasures(self) -> None:
        """Let PostgreSQL remove dead rows, and what it remembers of values, after an erasure."""
        ...

"""What the workflows need of a store, as protocols that `dedup_service.store` implements.

A write holds its locks in one order, so that two writes never wait for each other: golden records by id,
then proposals by id, then the ledger head (`WriteTransaction.revision`), which orders all commits.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import scoring
from dedup_service.domain.attention import AttentionTimes, UnattendedLead
from dedup_service.domain.audit import AuditEntry, AuditVerification, PublishedHead
from dedup_service.domain.changes import Change, ChangeDraft
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.distinctions import Distinction
from dedup_service.domain.errors import RequestIdReused, StateNotAllowed
from dedup_service.domain.golden import GoldenRecord, GoldenRow
from dedup_service.domain.matching import NewRecord
from dedup_service.domain.merges import Merge
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import LiveRecord, Record, RecordKey
from dedup_service.domain.voting import Vote
from dedup_service.workflows.cleaning.port import CleanupReads, CleanupWrites
from dedup_service.workflows.index_port import IndexEntry
from dedup_service.workflows.intake.port import Intake, IntakeReads, IntakeWrites
from dedup_service.workflows.lead_ports import LeadReads, LeadWrites
from dedup_service.workflows.overview import Overview
from dedup_service.workflows.overview_ports import OverviewReads
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.policy_ports import PolicyReads, PolicyWrites
from dedup_service.workflows.privacy_port import Forgetting, PrivacyReads, PrivacyWrites
from dedup_service.workflows.proposal_counts import ProposalReads
from dedup_service.workflows.scoring_model_ports import ScoringModelReads, ScoringModelWrites
from dedup_service.workflows.vocabulary_port import VocabularyReads

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Revision:
    """The place of a write in the order of all commits, and its time (aware UTC)."""

    number: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """Who calls what; the digest of the content keeps a request id from standing for two things."""

    actor: str
    method: str
    request_id: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a write did: its result, its changes, its audit line and what the index must learn.

    `subjects` are names of records whose values the result holds; erasure removes such answers.
    """

    result: T
    changes: tuple[ChangeDraft, ...] = ()
    targets: tuple[str, ...] = ()
    detail: str = ""
    index_inserts: tuple[IndexEntry, ...] = ()
    index_upserts: tuple[IndexEntry, ...] = ()
    index_removals: tuple[int, ...] = ()
    subjects: tuple[str, ...] = ()

    def told(self, result: R, detail: str) -> "Written[R]":
        """The same write with another result and audit line."""
        return Written(
            result,
            self.changes,
            self.targets,
            detail,
            self.index_inserts,
            self.index_upserts,
            self.index_removals,
            self.subjects,
        )


@dataclass(frozen=True, slots=True)
class Together(Generic[T]):
    """What several requests are answered, in their order, and the `subjects` of each answer."""

    results: tuple[T, ...]
    subjects: tuple[tuple[str, ...], ...]


class ReadTransaction(
    CleanupReads,
    IntakeReads,
    LeadReads,
    OverviewReads,
    PolicyReads,
    PrivacyReads,
    ProposalReads,
    ScoringModelReads,
    VocabularyReads,
    Protocol,
):
    """One consistent snapshot of the store."""

    async def head_revision(self) -> int: ...

    async def records(self, keys: Collection[RecordKey]) -> dict[RecordKey, Record]: ...

    async def records_by_no(self, record_nos: Collection[int]) -> dict[int, Record]: ...

    async def list_records(self, page: Page) -> Listed[Record]: ...

    async def find_records(self, field_name: str, value: str, limit: int) -> list[Record]:
        """Active records whose field holds exactly this value; only for indexed identifier fields."""
        ...

    async def goldens(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        """The golden records of these very ids with their members; redirects are not followed."""
        ...

    async def redirect_chain(self, golden_id: str) -> list[GoldenRow]:
        """The rows from this id to the one it leads to, both included; empty for an id never issued."""
        ...

    async def list_goldens(self, page: Page) -> Listed[GoldenRecord]: ...

    async def proposal(self, proposal_id: str) -> Proposal | None: ...

    async def list_proposals(self, page: Page) -> Listed[Proposal]: ...

    async def open_proposals_of(self, golden_ids: Collection[str]) -> list[Proposal]:
        """Open proposals with one of these members, in id order."""
        ...

    async def open_proposal_for(self, golden_ids: Sequence[str]) -> str:
        """The id of the open proposal with exactly these members (in id order), or an empty string."""
        ...

    async def rejected_member_sets(self, golden_ids: Collection[str]) -> set[frozenset[str]]:
        """Member sets among these that somebody rejected, withdrew or parted again by undoing their merge, so
        that nothing proposes them again.
        """
        ...

    async def unattended_leads(self, page: Page, times: AttentionTimes) -> Listed[UnattendedLead]:
        """The LIVE leads past their service level, the longest unattended first."""
        ...

    async def merge(self, merge_id: str) -> Merge | None: ...

    async def list_merges(self, page: Page) -> Listed[Merge]: ...

    async def standing_merges_of(self, golden_ids: Collection[str]) -> list[Merge]:
        """Merges not undone that merged away one of these, in the order of execution."""
        ...

    async def distinction(self, distinction_id: str) -> Distinction | None: ...

    async def distinctions_between(self, keys: Collection[RecordKey]) -> list[Distinction]:
        """Links with at least one of these records on each side."""
        ...

    async def list_distinctions(self, page: Page) -> Listed[Distinction]: ...

    async def overdue_proposals(self, now: datetime, limit: int) -> list[Proposal]:
        """Pending proposals whose voting period is over and that were not escalated, or whose time is up."""
        ...

    async def delegation(self, delegation_id: str) -> Delegation | None: ...

    async def delegations_holding(self, now: datetime) -> tuple[Delegation, ...]:
        """All delegations and absences that hold at this moment, by id."""
        ...

    async def list_delegations(self, page: Page) -> Listed[Delegation]: ...

    async def list_intakes(self, page: Page) -> Listed[Intake]: ...

    async def changes_after(self, revision: int, ordinal: int, limit: int) -> list[Change]: ...

    async def changes_of(self, revision: int) -> list[Change]: ...

    async def oldest_revision(self) -> int:
        """The oldest revision whose changes are kept; a token before it has expired."""
        ...

    async def list_audit(self, page: Page) -> Listed[AuditEntry]: ...

    async def overview(self) -> Overview:
        """Counts only; reads every record's key columns, none of its values."""
        ...

    async def verify_audit(
        self, head_revision: int, head_hash: str, known: Sequence[PublishedHead] = ()
    ) -> AuditVerification:
        """Walk the chain; with a published head (revision > 0) and all that are known, also hold the chain
        against them.
        """
        ...


class WriteTransaction(
    ReadTransaction,
    CleanupWrites,
    IntakeWrites,
    LeadWrites,
    PolicyWrites,
    PrivacyWrites,
    ScoringModelWrites,
    Protocol,
):
    """One atomic write."""

    async def lock_goldens(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        """Lock these golden records in id order, then read them as they are now."""
        ...

    async def lock_goldens_at_once(self, golden_ids: Collection[str]) -> dict[str, GoldenRecord]:
        """The same without waiting: where another write holds one of them, this one starts again."""
        ...

    async def lock_records(self, keys: Collection[RecordKey]) -> dict[RecordKey, Record]:
        """Lock the golden records of these records, in id order, and read the records as they are now."""
        ...

    async def lock_proposal(self, proposal_id: str) -> Proposal | None: ...

    async def revision(self) -> Revision:
        """Take the ledger head, last of all locks, and the revision that this write will have."""
        ...

    async def insert_records(self, records: Sequence[NewRecord], revision: Revision) -> list[Record]:
        """Insert new records, each with a new golden record of its own."""
        ...

    async def insert_member(self, record: NewRecord, revision: Revision) -> Record:
        """Insert a new record as a member of a golden record that is there already, and locked."""
        ...

    async def update_records(
        self, records: Sequence[Record], comparables: Mapping[int, scoring.Comparable]
    ) -> None:
        """Store these records' drafts, states, versions and revisions, and the comparables of the active;
        membership is not touched.
        """
        ...

    async def update_goldens(self, rows: Sequence[GoldenRow]) -> None:
        """Store these rows' kinds, states, versions, revisions, successors and choices."""
        ...

    async def move_members(self, record_nos: Collection[int], golden_id: str) -> None:
        """Make these records members of that golden record."""
        ...

    async def save_proposal(self, proposal: Proposal) -> None:
        """Insert or replace a proposal; its votes are kept apart (`add_vote`)."""
        ...

    async def add_vote(self, proposal_id: str, vote: Vote) -> None: ...

    async def save_merge(self, merge: Merge) -> None: ...

    async def save_delegation(self, delegation: Delegation) -> None:
        """Insert or replace a delegation."""
        ...

    async def insert_distinction(self, distinction: Distinction) -> None: ...

    async def delete_distinction(self, distinction_id: str) -> None: ...

    async def acknowledge(self, revision: int, ordinal: int, source: str, time: datetime) -> None: ...


Work = Callable[[WriteTransaction], Awaitable[Written[T]]]
# Carries out the requests at these places: the others were answered before.
WorkTogether = Callable[[WriteTransaction, Sequence[int]], Awaitable[Written[Together[T]]]]


class Store(Forgetting, Protocol):
    """PostgreSQL, as the workflows see it.

    A write whose rules are not those in force when it takes the ledger head renews them and starts again.
    """

    async def write(self, request: Request, work: Work[T], answer_type: type[T]) -> T:
        """Run the work in one transaction, repeated when it loses a race, and keep its answer.

        Raises:
            RequestIdReused: when the request id was used for other content.
            StoreUnavailable: when PostgreSQL is away or refuses writes; nothing was done.
        """
        ...

    async def write_together(
        self, requests: Sequence[Request], work: WorkTogether[T], answer_type: type[T]
    ) -> list[T | RequestIdReused | StateNotAllowed]:
        """Carry out requests of one principal and method, no two with the same id, in one transaction.

        Each has an answer of its own, kept by its own id; one that cannot be answered again says why.

        Raises:
            StoreUnavailable: as `write`; none of them was carried out.
        """
        ...

    async def preview(self, work: Work[T]) -> T:
        """Run the work and roll everything back: `validate_only`."""
        ...

    async def read(self, work: Callable[[ReadTransaction], Awaitable[T]]) -> T:
        """Run the work in one read-only snapshot."""
        ...

    async def live_records(self, record_nos: Collection[int]) -> dict[int, LiveRecord]:
        """Those of these records that are active by now; for a few at a time, and cheaper than a snapshot."""
        ...

    async def wait_for_change(self, after_revision: int, timeout_seconds: float) -> None:
        """Return as soon as a revision later than this one is committed, or after the timeout."""
        ...


class Ids(Protocol):
    """Where new ids come from; passed in so that tests can fix them."""

    def __call__(self) -> str: ...


ClockNow = Callable[[], datetime]

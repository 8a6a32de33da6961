"""What cleanup jobs need of the store: definitions and runs as others write them, and the worker's own side.

A run that a worker has belongs to it until its lease ends. Whatever the worker writes first locks the run
under that lease (`lock_leased_cleanup_run`): of two workers that believe to have a run one can write.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from dedup_service.domain.attention import AttentionTimes
from dedup_service.domain.cleanup.items import FoundGroup, ItemStage, MergesToday, Opinion, Settled, WorkItem
from dedup_service.domain.cleanup.jobs import CleanupJob
from dedup_service.domain.cleanup.runs import CleanupRun, PhaseProgress, SkipReason
from dedup_service.domain.records import LeadClass, RecordKind
from dedup_service.workflows.filters import Condition
from dedup_service.workflows.pages import Listed, Page


class Wish(StrEnum):
    """What somebody asks of a run that a worker has."""

    NONE = ""
    PAUSE = "PAUSE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class RecordScope:
    """Which active records, as the store can tell; all parts must fit, an empty one leaves nothing out."""

    kinds: tuple[RecordKind, ...]
    lead_classes: tuple[LeadClass, ...]
    sources: tuple[str, ...]
    conditions: tuple[Condition, ...]
    times: AttentionTimes


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """An active record as it was at one revision.

    `comparable` is packed (`scoring.pack`). `changed` says that the record, or the golden record that it is a
    member of, was written after the revision that the snapshot was asked to hold it against.
    """

    record_id: str
    golden_id: str
    comparable: bytes
    changed: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All records of a scope at one revision, in batches, and the golden records known to be apart."""

    revision: int
    record_count: int
    apart: tuple[tuple[str, str], ...]
    batches: AsyncIterator[Sequence[SnapshotRow]]


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is: what its worker tells at any time, beside the work itself."""

    phases: tuple[PhaseProgress, ...] = ()
    remaining_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A run that a worker took, and how often it was taken since it last came a step further."""

    run: CleanupRun
    take_count: int


class CleanupReads(Protocol):
    """Jobs and runs as a snapshot has them."""

    async def cleanup_job(self, job_id: str) -> CleanupJob | None: ...

    async def list_cleanup_jobs(self, page: Page) -> Listed[CleanupJob]:
        """The jobs that were not deleted, the oldest first."""
        ...

    async def count_cleanup_jobs(self) -> int:
        """How many jobs there are that were not deleted."""
        ...

    async def due_cleanup_jobs(self, now: datetime, limit: int) -> list[CleanupJob]: ...

    async def cleanup_run(self, run_id: str) -> CleanupRun | None: ...

    async def list_cleanup_runs(self, page: Page) -> Listed[CleanupRun]:
        """Runs, the newest first, without the opinions of people in their counts."""
        ...

    async def active_cleanup_run(self, job_id: str) -> str:
        """The id of the run of a job that has not ended; empty when there is none."""
        ...

    async def last_succeeded_cleanup_run(self, job_id: str) -> CleanupRun | None: ...

    async def last_measured_cleanup_run(self) -> CleanupRun | None:
        """The last run of any job that succeeded and had records."""
        ...

    async def records_in_scope(self, scope: RecordScope, since: int) -> dict[RecordKind, tuple[int, int]]:
        """How many records there are by kind, and how many of these changed after a revision."""
        ...

    async def cleanup_items(
        self, run_id: str, stage: ItemStage, limit: int, *, canary: bool = False
    ) -> list[WorkItem]:
        """The first work items of a stage, in their order; with `canary`, of the canary alone."""
        ...

    async def count_cleanup_items(self, run_id: str, stage: ItemStage, *, canary: bool = False) -> int: ...

    async def cleanup_opinions(self, run_ids: Collection[str]) -> dict[str, Opinion]:
        """What people made of these runs; those with no proposal are left out."""
        ...

    async def runs_by_schedule(self, job_id: str, by: str) -> list[str]:
        """The runs that `by` queued since anybody else queued one, with that one."""
        ...

    async def open_proposals_of_cleanup_job(self, job_id: str) -> int: ...

    async def is_proposal_of_cleanup_job(self, proposal_id: str, job_id: str) -> bool: ...

    async def cleanup_merges_since(self, job_id: str, since: datetime) -> MergesToday: ...

    async def is_erased_since(self, revision: int) -> bool:
        """Whether any record was erased after this revision."""
        ...


class CleanupWrites(Protocol):
    """What is written about jobs and runs; a run is locked before the ledger head is taken."""

    async def save_cleanup_job(self, job: CleanupJob) -> None:
        """Insert or replace a job."""
        ...

    async def insert_cleanup_run(self, run: CleanupRun) -> None:
        """Queue a new run."""
        ...

    async def lock_cleanup_run(self, run_id: str) -> tuple[CleanupRun, Wish] | None: ...

    async def lock_leased_cleanup_run(self, run_id: str, holder: str) -> tuple[CleanupRun, Wish] | None:
        """The run under its lock while this holder has its lease; None when it lost it."""
        ...

    async def wish_of_cleanup_run(self, run_id: str, wish: Wish) -> None:
        """Ask something of the worker that has the run, or take it back."""
        ...

    async def move_cleanup_run(self, run: CleanupRun) -> None:
        """Store a run that no worker has from now on, in its state."""
        ...

    async def save_cleanup_run(self, run: CleanupRun) -> None:
        """Store what a run has found and done; its state stays."""
        ...

    async def mark_canary_items(self, run_id: str, item_nos: Collection[int]) -> None: ...

    async def settle_cleanup_items(self, run_id: str, settled: Sequence[Settled], time: datetime) -> None:
        """Store what became of these items."""
        ...

    async def skip_found_cleanup_items(self, run_id: str, reason: SkipReason) -> int:
        """Skip all that nothing was done about; the number of items."""
        ...


class CleanupRuns(Protocol):
    """The worker's side: who has which run, and how far it is. None of this is a write of the ledger."""

    async def take(self, holder: str, lease_seconds: float, most_running: int) -> Taken | None:
        """Take the oldest run that waits for a worker, when fewer than so many are being worked on.

        A run whose worker let its lease end waits for one, too.
        """
        ...

    async def beat(
        self, run_id: str, holder: str, lease_seconds: float, progress: RunProgress
    ) -> Wish | None:
        """Renew a lease and tell how far the run is; what is asked of it, or None when the lease was lost."""
        ...

    async def leave(self, run_id: str, holder: str) -> None:
        """Let a lease end now, so that the run is taken up at once."""
        ...

    async def active_runs(self) -> set[str]:
        """The ids of the runs that have not ended."""
        ...

    async def waiting(self) -> tuple[int, int]:
        """How many runs wait for a worker, and how many have one."""
        ...

    def snapshot(self, scope: RecordScope, since: int) -> AbstractAsyncContextManager[Snapshot]:
        """The records of a scope; `since` is what `SnapshotRow.changed` is held against."""
        ...

    async def load_items(self, run: CleanupRun, holder: str, groups: Sequence[FoundGroup]) -> bool:
        """Store a run and its work items, in this order, all or nothing; False when the lease is lost."""
        ...

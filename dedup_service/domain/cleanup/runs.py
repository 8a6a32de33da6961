"""Runs of cleanup jobs: where one stands, and what it has done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import scoring
from dedup_service.domain.cleanup.jobs import JobDefinition, run_name

MAX_FAILURES = 100


class RunState(StrEnum):
    """QUEUED, RUNNING, PAUSED and WAITING (until the canary was looked at) are active; the others final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"

    @property
    def active(self) -> bool:
        return self in _ACTIVE


_ACTIVE = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED, RunState.WAITING)


class Phase(StrEnum):
    """The phases of a run, in order; up to CLUSTER nothing is written but to the run's own folder."""

    READ = "READ"
    PREPARE = "PREPARE"
    BLOCK = "BLOCK"
    TRAIN = "TRAIN"
    SCORE = "SCORE"
    CLUSTER = "CLUSTER"
    PROPOSE = "PROPOSE"
    CANARY = "CANARY"
    MERGE = "MERGE"


# The phases in which a run writes to the store.
WRITING_PHASES = (Phase.PROPOSE, Phase.CANARY, Phase.MERGE)


class SkipReason(StrEnum):
    """Why a run left something alone."""

    CHANGED_SINCE = "CHANGED_SINCE"
    ALREADY_PROPOSED = "ALREADY_PROPOSED"
    REJECTED_BEFORE = "REJECTED_BEFORE"
    NOT_A_MATCH = "NOT_A_MATCH"
    KINDS_APART = "KINDS_APART"
    DEAD_LEADS_ONLY = "DEAD_LEADS_ONLY"
    OPEN_PROPOSAL_LIMIT = "OPEN_PROPOSAL_LIMIT"
    DAY_LIMIT = "DAY_LIMIT"
    OWNER_LIMIT = "OWNER_LIMIT"
    SOURCE_LIMIT = "SOURCE_LIMIT"
    VETO = "VETO"
    NEEDS_PEOPLE = "NEEDS_PEOPLE"
    FAILED = "FAILED"

    @property
    def words(self) -> str:
        """The reason as people read it, such as "changed since"."""
        return self.value.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """How far a phase is, in rows, pairs or work items; `total` is None where it is not known yet."""

    phase: Phase
    done: int = 0
    total: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What a run has found and done so far.

    `clusters` are of two golden records or more; a REVIEW pair outside of them is one of `review_pairs`.
    `rejected` and `undone` are of this run's proposals and merges, by people, however late.
    What was proposed and then not merged for a limit stays in `proposed` and is told in `skipped`, too.
    `failed` counts all that `failures` of the run tells the first of.
    """

    records: int = 0
    candidates: int = 0
    verdicts: Mapping[scoring.Verdict, int] = field(default_factory=dict)
    clusters: int = 0
    review_pairs: int = 0
    proposed: int = 0
    merged: int = 0
    rejected: int = 0
    undone: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)
    failed: int = 0


@dataclass(frozen=True, slots=True)
class PartialFailure:
    """Golden records that could not be proposed or merged, by name, and why, without any personal value."""

    golden_records: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class CommonKey:
    """A blocking rule one of whose keys so many records share that it was refined; the key is not told."""

    rule: str
    member_count: int


@dataclass(frozen=True, slots=True)
class CleanupRun:
    """One execution of a job.

    `definition` is that of its job when the run was queued, `revision` that of the write that queued it.
    `wait_time` is when a WAITING run goes on; `reason` says in words why a run failed, stopped or waits.
    `snapshot_revision` is 0 until the records are read. `remaining_seconds` is None while nobody can tell.
    `incremental` says that only what had changed was compared.
    """

    run_id: str
    job_id: str
    requested_by: str
    create_time: datetime
    definition: JobDefinition = field(default_factory=JobDefinition)
    state: RunState = RunState.QUEUED
    phase: Phase | None = None
    phases: tuple[PhaseProgress, ...] = ()
    snapshot_revision: int = 0
    scoring_model: str = ""
    counts: RunCounts = field(default_factory=RunCounts)
    too_common: tuple[CommonKey, ...] = ()
    failures: tuple[PartialFailure, ...] = ()
    reason: str = ""
    wait_time: datetime | None = None
    remaining_seconds: float | None = None
    incremental: bool = False
    revision: int = 0
    start_time: datetime | None = None
    end_time: datetime | None = None

    @property
    def name(self) -> str:
        return run_name(self.job_id, self.run_id)

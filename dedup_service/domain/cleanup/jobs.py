"""Cleanup jobs: which records are compared, what a run may do, and when it runs."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from dedup_service.domain.records import LeadClass, RecordKind

MAX_DISPLAY_NAME_CODE_POINTS = 200
# That are not deleted; each may have a schedule of its own.
MAX_JOBS = 1_000


@dataclass(frozen=True, slots=True)
class CleanupScope:
    """Which active records a job compares; an empty part leaves nothing out, and all parts must fit.

    `lead_classes` say something of leads alone; `filter` has the grammar of ListRecords.
    """

    kinds: tuple[RecordKind, ...] = ()
    lead_classes: tuple[LeadClass, ...] = ()
    sources: tuple[str, ...] = ()
    filter: str = ""


@dataclass(frozen=True, slots=True)
class CleanupLimits:
    """The most that a job does; a day is one of UTC.

    `max_open_proposals`, which are open at a time, and `max_merges_per_day` count what all runs of this job
    did, those of an owner and of a source what all jobs did. A merge counts for every owner and every source
    of its records. With 0 merges a day the job only proposes.
    """

    max_open_proposals: int = 5_000
    max_merges_per_day: int = 1_000
    max_merges_per_owner_per_day: int = 200
    max_merges_per_source_per_day: int = 500


@dataclass(frozen=True, slots=True)
class Canary:
    """The slice of the merges without a person that comes first, and how long people may look at it.

    `share` is 0 to 1 of the clusters that need nobody; with 0 there is no canary and no hold.
    """

    share: float = 0.05
    hold: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StopRule:
    """A run stops when people refuse more than `max_rejected_share` (0 to 1) of what they have seen of it.

    Rejected proposals are held against those that people decided, undone merges against those that the run
    made; fewer than `min_decided_count` of either say nothing yet. After the hold the merges of the canary
    are enough, however few they are.
    """

    max_rejected_share: float = 0.2
    min_decided_count: int = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job runs by itself: exactly one of so long after its last start, or daily at a time of UTC."""

    interval: timedelta | None = None
    daily_time: time | None = None


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """What somebody asks for when creating a job.

    `scoring_model` is a version, empty for the one in use when a run starts; with `train` it is fitted to the
    records in scope first. `engine` is a name that the operator configured, empty for the embedded one.
    An `incremental` run compares only what changed since the last one that succeeded, against everything.
    """

    display_name: str = ""
    scope: CleanupScope = field(default_factory=CleanupScope)
    scoring_model: str = ""
    train: bool = False
    limits: CleanupLimits = field(default_factory=CleanupLimits)
    canary: Canary = field(default_factory=Canary)
    stop_rule: StopRule = field(default_factory=StopRule)
    engine: str = ""
    schedule: Schedule | None = None
    incremental: bool = False


@dataclass(frozen=True, slots=True)
class CleanupJob:
    """A stored job; what it proposes and merges it does as its `creator`.

    `next_run_time` is None without a schedule,
    while the job is paused and once it was deleted. `revision` is that of its last write by somebody.
    """

    job_id: str
    definition: JobDefinition
    creator: str
    create_time: datetime
    update_time: datetime
    revision: int
    paused: bool = False
    last_run_id: str = ""
    next_run_time: datetime | None = None
    delete_time: datetime | None = None

    @property
    def name(self) -> str:
        return job_name(self.job_id)

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

    @property
    def last_run(self) -> str:
        """The resource name of the run created last; empty before the first."""
        return run_name(self.job_id, self.last_run_id) if self.last_run_id else ""


def job_name(job_id: str) -> str:
    """The resource name of a cleanup job."""
    return f"cleanupJobs/{job_id}"


def run_name(job_id: str, run_id: str) -> str:
    """The resource name of a run of a cleanup job."""
    return f"cleanupJobs/{job_id}/runs/{run_id}"

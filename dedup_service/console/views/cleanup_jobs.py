"""Cleanup jobs and their runs in words and numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.marks import shown
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.v1.cleanup_run_pb2 import (
    CleanupPhase,
    CleanupPhaseProgress,
    CleanupRun,
    CleanupRunState,
    CleanupSkipReason,
)
from dedup_service.v1.cleanup_service_pb2 import CleanupJob

_STATES = {
    CleanupRunState.CLEANUP_RUN_STATE_QUEUED: (_("Queued"), "busy"),
    CleanupRunState.CLEANUP_RUN_STATE_RUNNING: (_("Running"), "busy"),
    CleanupRunState.CLEANUP_RUN_STATE_PAUSED: (_("Paused"), "warn"),
    CleanupRunState.CLEANUP_RUN_STATE_WAITING: (_("Waiting for people to look"), "warn"),
    CleanupRunState.CLEANUP_RUN_STATE_SUCCEEDED: (_("Done"), "good"),
    CleanupRunState.CLEANUP_RUN_STATE_FAILED: (_("Failed"), "bad"),
    CleanupRunState.CLEANUP_RUN_STATE_CANCELLED: (_("Cancelled"), "bad"),
    CleanupRunState.CLEANUP_RUN_STATE_STOPPED: (_("Stopped"), "bad"),
}
_PHASES = {
    CleanupPhase.CLEANUP_PHASE_READ: _("Read the records"),
    CleanupPhase.CLEANUP_PHASE_PREPARE: _("Prepare them"),
    CleanupPhase.CLEANUP_PHASE_BLOCK: _("Find who to compare"),
    CleanupPhase.CLEANUP_PHASE_TRAIN: _("Train the model"),
    CleanupPhase.CLEANUP_PHASE_SCORE: _("Compare"),
    CleanupPhase.CLEANUP_PHASE_CLUSTER: _("Cluster"),
    CleanupPhase.CLEANUP_PHASE_PROPOSE: _("Propose"),
    CleanupPhase.CLEANUP_PHASE_CANARY: _("Merge a few first"),
    CleanupPhase.CLEANUP_PHASE_MERGE: _("Merge the rest"),
}
_SKIPPED = {
    CleanupSkipReason.CLEANUP_SKIP_REASON_CHANGED_SINCE: _("changed since it was read"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_ALREADY_PROPOSED: _("proposed already"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_REJECTED_BEFORE: _("rejected before"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_NOT_A_MATCH: _("known not to be a match"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_KINDS_APART: _("of kinds that do not go together"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_DEAD_LEADS_ONLY: _("dead leads only"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_OPEN_PROPOSAL_LIMIT: _("over the limit of open proposals"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_DAY_LIMIT: _("over the limit of merges a day"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_OWNER_LIMIT: _("over the limit of merges of one owner"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_SOURCE_LIMIT: _("over the limit of merges of one source"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_VETO: _("vetoed"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_NEEDS_PEOPLE: _("for people to decide by now"),
    CleanupSkipReason.CLEANUP_SKIP_REASON_FAILED: _("failed"),
}
_ACTIVE = {
    CleanupRunState.CLEANUP_RUN_STATE_QUEUED,
    CleanupRunState.CLEANUP_RUN_STATE_RUNNING,
    CleanupRunState.CLEANUP_RUN_STATE_PAUSED,
    CleanupRunState.CLEANUP_RUN_STATE_WAITING,
}


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """A phase of a run: how far it is, 0 to 1 or None where nobody knows, and what that comes to."""

    title: str
    state: str
    share: float | None
    told: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as the page shows it; `counts` are what it found and did, title and number."""

    name: str
    state: str
    mood: str
    is_active: bool
    phase: str
    share: float | None
    phases: tuple[PhaseLine, ...]
    proposal_count: int
    merge_count: int
    counts: tuple[tuple[str, str], ...]
    skipped: tuple[tuple[str, str], ...]
    reason: str
    left: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job and its last run, None before the first."""

    job: CleanupJob
    title: str
    url: str
    schedule: str
    run: RunView | None

    @property
    def is_active(self) -> bool:
        """Whether a run of it is under way, so that no other may begin."""
        return self.run is not None and self.run.is_active


def job_view(job: CleanupJob, run: CleanupRun | None, names: Names, formats: Formats) -> JobView:
    """A job with its last run."""
    return JobView(
        job=job,
        title=job.display_name or addresses.id_of(job.name),
        url=addresses.of(job.name),
        schedule=_schedule(job, names, formats),
        run=run_view(run, names, formats) if run is not None else None,
    )


def run_view(run: CleanupRun, names: Names, formats: Formats) -> RunView:
    """A run: where it stands, phase by phase, and what it found."""
    language = names.language
    title, mood = _STATES.get(run.state, ("", ""))
    begun = {each.phase: each for each in run.phases}
    lines = tuple(_phase_line(phase, begun.get(phase), run, names, formats) for phase in _PHASES)
    now = begun.get(run.phase)
    seconds = int(run.expected_remaining.ToTimedelta().total_seconds())
    return RunView(
        name=run.name,
        state=language(title) if title else "",
        mood=mood,
        is_active=run.state in _ACTIVE,
        phase=language(_PHASES[run.phase]) if run.phase in _PHASES else "",
        share=_share(now) if now is not None else None,
        phases=lines,
        proposal_count=run.counts.proposal_count,
        merge_count=run.counts.merge_count,
        counts=tuple(_counts(run, names, formats)),
        skipped=tuple(
            (language(_SKIPPED.get(each.reason, _("for another reason"))), formats.number(each.count))
            for each in run.counts.skipped
            if each.count
        ),
        reason=run.reason,
        left=language("about {span} left in this phase").format(span=formats.span(seconds))
        if seconds > 0 and run.state in _ACTIVE
        else "",
    )


def _phase_line(
    phase: int, progress: CleanupPhaseProgress | None, run: CleanupRun, names: Names, formats: Formats
) -> PhaseLine:
    title = names.language(_PHASES[phase])  # type: ignore[index]  # the phases themselves
    if progress is None:
        return PhaseLine(title, "ahead", 0.0, "")
    over = progress.HasField("end_time")
    state = "done" if over else "here" if phase == run.phase and run.state in _ACTIVE else "broken"
    done = formats.number(progress.done_count)
    told = done if progress.done_count else ""
    if progress.HasField("total_count") and not over:
        told = names.language("{done} of {total}").format(
            done=done, total=formats.number(progress.total_count)
        )
    return PhaseLine(title, state, _share(progress), told)


def _share(progress: CleanupPhaseProgress) -> float | None:
    if progress.HasField("end_time"):
        return 1.0
    if not progress.HasField("total_count") or not progress.total_count:
        return None
    return min(1.0, progress.done_count / progress.total_count)


def _counts(run: CleanupRun, names: Names, formats: Formats) -> Iterator[tuple[str, str]]:
    language, counts = names.language, run.counts
    for title, count in (
        (language("records read"), counts.record_count),
        (language("pairs compared"), counts.candidate_count),
        (language("clusters"), counts.cluster_count),
        (language("pairs to look at"), counts.review_pair_count),
        (language("proposals"), counts.proposal_count),
        (language("merged"), counts.merge_count),
        (language("rejected by people"), counts.rejected_count),
        (language("undone by people"), counts.undone_count),
        (language("failures"), counts.failure_count),
    ):
        if count:
            yield title, formats.number(count)


def _schedule(job: CleanupJob, names: Names, formats: Formats) -> str:
    language = names.language
    match job.schedule.WhichOneof("cadence"):
        case "interval":
            seconds = int(job.schedule.interval.ToTimedelta().total_seconds())
            return language("every {span}").format(span=formats.span(seconds))
        case "daily_time":
            time = job.schedule.daily_time
            return language("every day at {time} UTC").format(time=f"{time.hours:02}:{time.minutes:02}")
        case _:
            return language("when somebody says so")


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run of the list of runs: when it ended or began, and who asked for it."""

    time: Timestamp
    requested_by: str


def run_line(run: CleanupRun) -> RunLine:
    """A run as one line."""
    time = run.end_time if run.HasField("end_time") else run.create_time
    return RunLine(time, run.requested_by)


def job_facts(job: CleanupJob, names: Names, formats: Formats) -> list[tuple[str, str]]:
    """What the job looks at and may do, title and words; what somebody wrote is `shown` already."""
    language, limits = names.language, job.limits
    scope = [
        ", ".join(names.kind(kind) for kind in job.scope.kinds),
        ", ".join(names.lead_class(each) for each in job.scope.lead_classes),
        ", ".join(names.source(source.removeprefix("sources/")) for source in job.scope.sources),
        job.scope.filter,
    ]
    merging = language("nothing: it only proposes")
    if limits.max_merges_per_day:
        merging = language(
            "what the policy lets go, at most {day} a day, {owner} of one owner, {source} of one source"
        ).format(
            day=formats.number(limits.max_merges_per_day),
            owner=formats.number(limits.max_merges_per_owner_per_day),
            source=formats.number(limits.max_merges_per_source_per_day),
        )
    stopping = language("when people turn down more than {share}, once they have decided {count}").format(
        share=formats.percent(job.stop_rule.max_rejected_share),
        count=formats.number(job.stop_rule.min_decided_count),
    )
    proposing = language("as long as fewer than {count} of its proposals are open").format(
        count=formats.number(limits.max_open_proposals)
    )
    following = formats.moment(job.next_run_time) if job.HasField("next_run_time") else ""
    facts = [
        (language("Looks at"), shown("; ".join(part for part in scope if part) or language("all records"))),
        (language("Proposes"), proposing),
        (language("Merges without a person"), merging),
        (language("Stops"), stopping),
        (language("Runs"), _schedule(job, names, formats)),
        (language("Next run"), following),
        (language("Made by"), shown(names.person(job.creator))),
    ]
    return [(title, told) for title, told in facts if told]

"""Cleanup jobs and their plans in words."""

from collections.abc import Iterator

from dedup_service.cli.output import Output
from dedup_service.cli.run_view import length_words
from dedup_service.cli.words import moment, plural, shown, word
from dedup_service.v1.cleanup_service_pb2 import CleanupJob, CleanupPlan, CleanupSchedule
from dedup_service.v1.core_pb2 import LeadClass, RecordKind


def title_of(job: CleanupJob) -> str:
    """What people call a job, or its name where they call it nothing; fit for a terminal."""
    return shown(job.display_name or job.name)


def say_job(out: Output, job: CleanupJob) -> None:
    """A job, line by line."""
    out.line(title_of(job) if job.name else f"{title_of(job) or 'the job'}, as it would be", "bold")
    for what, words in _facts(job):
        if words:
            out.text(f"{what}: {words}", indent=2, hang=4)


def _facts(job: CleanupJob) -> Iterator[tuple[str, str]]:
    yield "name", job.name if job.display_name else ""
    yield "looks at", scope_words(job)
    yield "scores with", _model_words(job)
    yield "engine", job.engine
    yield "proposes", _proposing_words(job)
    yield "merges without a person", _merging_words(job)
    yield "stops", _stopping_words(job)
    yield "runs", _running_words(job)
    yield "made by", f"{job.creator}, {moment(job.create_time)}".rstrip(", ")
    yield "deleted", moment(job.delete_time)


def scope_words(job: CleanupJob) -> str:
    """The records that a job looks at."""
    scope = job.scope
    kinds = [f"{RecordKind.Name(kind).removeprefix('RECORD_KIND_')}s" for kind in scope.kinds]
    classes = [LeadClass.Name(each).removeprefix("LEAD_CLASS_") for each in scope.lead_classes]
    parts = [
        ", ".join(kinds),
        f"leads only {', '.join(classes)}" if classes else "",
        f"of {', '.join(name.removeprefix('sources/') for name in scope.sources)}" if scope.sources else "",
        f"where {scope.filter}" if scope.filter else "",
    ]
    return "; ".join(part for part in parts if part) or "all records"


def _model_words(job: CleanupJob) -> str:
    model = job.scoring_model.removeprefix("scoringModels/") or "the model in use"
    return f"{model}, fitted to these records first" if job.train else model


def _proposing_words(job: CleanupJob) -> str:
    return f"as long as fewer than {plural(job.limits.max_open_proposals, 'proposal')} of it are open"


def _merging_words(job: CleanupJob) -> str:
    limits, canary = job.limits, job.canary
    if not limits.max_merges_per_day:
        return "nothing"
    most = (
        f"what the policy lets go, at most {limits.max_merges_per_day:,} a day, "
        f"{limits.max_merges_per_owner_per_day:,} of one owner, "
        f"{limits.max_merges_per_source_per_day:,} of one source"
    )
    if not canary.share:
        return most
    hold = length_words(canary.hold.ToTimedelta().total_seconds())
    return f"{most}; {canary.share:.0%} first, the rest after {hold}"


def _stopping_words(job: CleanupJob) -> str:
    rule = job.stop_rule
    return (
        f"when people turn down more than {rule.max_rejected_share:.0%}, "
        f"once they have decided {rule.min_decided_count:,}"
    )


def _running_words(job: CleanupJob) -> str:
    what = "; only what changed since the last run" if job.incremental else ""
    following = f"; next {moment(job.next_run_time)}" if moment(job.next_run_time) else ""
    paused = "; paused" if job.paused else ""
    return f"{schedule_words(job)}{what}{following}{paused}"


def schedule_words(job: CleanupJob) -> str:
    """When a job runs."""
    schedule: CleanupSchedule = job.schedule
    match schedule.WhichOneof("cadence"):
        case "interval":
            return f"every {length_words(schedule.interval.ToTimedelta().total_seconds())}"
        case "daily_time":
            return f"every day at {schedule.daily_time.hours:02}:{schedule.daily_time.minutes:02} UTC"
        case _:
            return "when somebody says so"


def say_plan(out: Output, plan: CleanupPlan) -> None:
    """What a run would do, and how long it would take."""
    out.heading("plan")
    record_count = sum(each.count for each in plan.record_counts)
    kinds = ", ".join(f"{each.count:,} {word(each, 'kind')}" for each in plan.record_counts)
    out.text(f"in scope: {plural(record_count, 'record')}{f' ({kinds})' if kinds else ''}", 2, 4)
    if plan.compared_record_count != record_count:
        out.text(
            f"compared with all others: {plural(plan.compared_record_count, 'record')} that changed", 2, 4
        )
    seconds = plan.expected_duration.ToTimedelta().total_seconds()
    basis = f" ({plan.basis})" if plan.basis else ""
    out.text(
        f"expected: {plural(plan.expected_candidate_count, 'pair')} to compare, "
        f"about {length_words(seconds)}{basis}",
        2,
        4,
    )
    if plan.scoring_model:
        out.text(f"scored with: {plan.scoring_model.removeprefix('scoringModels/')}", 2, 4)
    if not plan.unattended:
        out.text("merged without a person: nothing, the job would only propose", 2, 4)
    out.bullets("the policy lets go without a person", plan.unattended)
    for warning in plan.warnings:
        out.line(f"  {shown(warning)}", "yellow")

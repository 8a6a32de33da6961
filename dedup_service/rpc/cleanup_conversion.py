"""Cleanup jobs, plans and runs as messages."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from google.longrunning.operations_pb2 import Operation
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from google.type.timeofday_pb2 import TimeOfDay

from dedup_service.domain.cleanup.estimate import CleanupPlan
from dedup_service.domain.cleanup.jobs import CleanupJob, JobDefinition, Schedule
from dedup_service.domain.cleanup.runs import CleanupRun, PhaseProgress, RunCounts, RunState
from dedup_service.domain.records import RecordKind
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import duration, timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import cleanup_run_pb2, cleanup_service_pb2

# What became of a run that did not succeed, as the error of its operation.
_ERRORS: Mapping[RunState, int] = {
    RunState.FAILED: code_pb2.INTERNAL,
    RunState.CANCELLED: code_pb2.CANCELLED,
    RunState.STOPPED: code_pb2.ABORTED,
}


def operation_name(run_id: str) -> str:
    """The resource name of the long-running operation of a run."""
    return f"operations/{run_id}"


def definition_message(definition: JobDefinition) -> cleanup_service_pb2.CleanupJob:
    """A job that has nothing but what its maker said, with every default filled in."""
    scope, limits, canary, rule = definition.scope, definition.limits, definition.canary, definition.stop_rule
    return cleanup_service_pb2.CleanupJob(
        display_name=definition.display_name,
        scope=cleanup_service_pb2.CleanupScope(
            kinds=[enum_numbers.RECORD_KIND[kind] for kind in scope.kinds],
            lead_classes=[enum_numbers.LEAD_CLASS[each] for each in scope.lead_classes],
            sources=[f"sources/{source}" for source in scope.sources],
            filter=scope.filter,
        ),
        scoring_model=_model_name(definition.scoring_model),
        train=definition.train,
        limits=cleanup_service_pb2.CleanupLimits(
            max_open_proposals=limits.max_open_proposals,
            max_merges_per_day=limits.max_merges_per_day,
            max_merges_per_owner_per_day=limits.max_merges_per_owner_per_day,
            max_merges_per_source_per_day=limits.max_merges_per_source_per_day,
        ),
        canary=cleanup_service_pb2.CleanupCanary(share=canary.share, hold=duration(canary.hold)),
        stop_rule=cleanup_service_pb2.CleanupStopRule(
            max_rejected_share=rule.max_rejected_share, min_decided_count=rule.min_decided_count
        ),
        engine=definition.engine,
        schedule=_schedule_message(definition.schedule) if definition.schedule else None,
        incremental=definition.incremental,
    )


def _schedule_message(schedule: Schedule) -> cleanup_service_pb2.CleanupSchedule:
    if schedule.interval is not None:
        return cleanup_service_pb2.CleanupSchedule(interval=duration(schedule.interval))
    at = schedule.daily_time
    assert at is not None, "a schedule has one of the two"
    return cleanup_service_pb2.CleanupSchedule(
        daily_time=TimeOfDay(hours=at.hour, minutes=at.minute, seconds=at.second, nanos=at.microsecond * 1000)
    )


def plan_message(plan: CleanupPlan) -> cleanup_service_pb2.CleanupJob:
    """The job as it would be stored, with its plan, and without what only storing gives."""
    message = definition_message(plan.job.definition)
    message.creator = plan.job.creator
    if plan.job.next_run_time is not None:
        message.next_run_time.CopyFrom(timestamp(plan.job.next_run_time))
    message.plan.CopyFrom(
        cleanup_service_pb2.CleanupPlan(
            record_counts=[
                cleanup_service_pb2.CleanupKindCount(
                    kind=enum_numbers.RECORD_KIND[kind], count=plan.record_counts[kind]
                )
                for kind in RecordKind
                if plan.record_counts.get(kind)
            ],
            compared_record_count=plan.compared_record_count,
            expected_candidate_count=plan.expected_candidate_count,
            expected_duration=duration(timedelta(seconds=plan.expected_seconds)),
            basis=plan.basis,
            unattended=plan.unattended,
            scoring_model=_model_name(plan.scoring_model),
            warnings=plan.warnings,
        )
    )
    return message


class CleanupMessages:
    """Jobs, runs and operations of one store."""

    def __init__(self, tokens: RevisionTokens) -> None:
        self._tokens = tokens

    def job(self, job: CleanupJob) -> cleanup_service_pb2.CleanupJob:
        message = definition_message(job.definition)
        message.MergeFrom(
            cleanup_service_pb2.CleanupJob(
                name=job.name,
                creator=job.creator,
                create_time=timestamp(job.create_time),
                update_time=timestamp(job.update_time),
                etag=job.etag,
                paused=job.paused,
                last_run=job.last_run,
                next_run_time=_time(job.next_run_time),
                delete_time=_time(job.delete_time),
                revision=self._tokens.message(job.revision),
            )
        )
        return message

    def run(self, run: CleanupRun) -> cleanup_run_pb2.CleanupRun:
        seen = run.snapshot_revision
        remaining = run.remaining_seconds
        return cleanup_run_pb2.CleanupRun(
            name=run.name,
            state=enum_numbers.CLEANUP_RUN_STATE[run.state],
            phase=enum_numbers.CLEANUP_PHASE[run.phase]
            if run.phase
            else cleanup_run_pb2.CLEANUP_PHASE_UNSPECIFIED,
            phases=map(_phase_message, run.phases),
            snapshot_revision=self._tokens.message(seen) if seen else None,
            scoring_model=_model_name(run.scoring_model),
            incremental=run.incremental,
            counts=_counts_message(run.counts),
            partial_failures=[
                cleanup_run_pb2.CleanupFailure(golden_records=each.golden_records, reason=each.reason)
                for each in run.failures
            ],
            too_common=[
                cleanup_run_pb2.CleanupCommonKey(blocking_rule=each.rule, member_count=each.member_count)
                for each in run.too_common
            ],
            reason=run.reason,
            wait_end_time=_time(run.wait_time),
            expected_remaining=None if remaining is None else duration(timedelta(seconds=remaining)),
            requested_by=run.requested_by,
            create_time=timestamp(run.create_time),
            start_time=_time(run.start_time),
            end_time=_time(run.end_time),
            operation=operation_name(run.run_id),
            revision=self._tokens.message(run.revision),
        )

    def operation(self, run: CleanupRun) -> Operation:
        """The run as a long-running operation: done once it has ended, with an error unless it succeeded."""
        message = _packed(self.run(run))
        found = Operation(name=operation_name(run.run_id), metadata=message, done=not run.state.active)
        if run.state is RunState.SUCCEEDED:
            found.response.CopyFrom(message)
        elif found.done:
            said = run.reason or f"{run.name} is {run.state}"
            found.error.CopyFrom(Status(code=_ERRORS[run.state], message=said))
        return found


def _phase_message(progress: PhaseProgress) -> cleanup_run_pb2.CleanupPhaseProgress:
    return cleanup_run_pb2.CleanupPhaseProgress(
        phase=enum_numbers.CLEANUP_PHASE[progress.phase],
        done_count=progress.done,
        total_count=progress.total,
        start_time=_time(progress.start_time),
        end_time=_time(progress.end_time),
    )


def _counts_message(counts: RunCounts) -> cleanup_run_pb2.CleanupCounts:
    return cleanup_run_pb2.CleanupCounts(
        record_count=counts.records,
        candidate_count=counts.candidates,
        verdicts=[
            cleanup_run_pb2.CleanupVerdictCount(verdict=number, count=counts.verdicts[verdict])
            for verdict, number in enum_numbers.VERDICT.items()
            if verdict in counts.verdicts
        ],
        cluster_count=counts.clusters,
        review_pair_count=counts.review_pairs,
        proposal_count=counts.proposed,
        merge_count=counts.merged,
        rejected_count=counts.rejected,
        undone_count=counts.undone,
        skipped=[
            cleanup_run_pb2.CleanupSkippedCount(reason=number, count=counts.skipped[reason])
            for reason, number in enum_numbers.CLEANUP_SKIP_REASON.items()
            if counts.skipped.get(reason)
        ],
        failure_count=counts.failed,
    )


def _model_name(version: str) -> str:
    return f"scoringModels/{version}" if version else ""


def _time(time: datetime | None) -> Timestamp | None:
    return None if time is None else timestamp(time)


def _packed(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed

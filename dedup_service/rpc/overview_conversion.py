"""Counts over the whole desk, provisional accounts and the state of the index, as messages of the API."""

from google.type.date_pb2 import Date

from dedup_service.domain.activity import (
    CalibrationBin,
    CalibrationStudy,
    DayOfActivity,
    FunctionQueue,
    QueueStudy,
)
from dedup_service.domain.proposals import proposal_name
from dedup_service.rpc.quantities import duration, timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import overview_service_pb2 as pb
from dedup_service.workflows.overview_readings import IndexFreshness, ProvisionalAccount


def activity_message(day: DayOfActivity) -> pb.DayOfActivity:
    """What happened on one day."""
    return pb.DayOfActivity(
        date=Date(year=day.day.year, month=day.day.month, day=day.day.day),
        found_count=day.found_count,
        merged_count=day.merged_count,
        undone_count=day.undone_count,
        rejected_count=day.rejected_count,
        lapsed_count=day.lapsed_count,
        waiting_count=day.waiting_count,
    )


def queues_message(study: QueueStudy) -> pb.StudyQueueResponse:
    """What waits for each function, without the time of the count."""
    return pb.StudyQueueResponse(
        queues=map(_queue_message, study.queues),
        pending_count=study.pending_count,
        approved_count=study.approved_count,
    )


def _queue_message(queue: FunctionQueue) -> pb.FunctionQueue:
    under_one, one_to_three, three_to_seven, over_seven = queue.age_counts
    return pb.FunctionQueue(
        function=queue.function,
        waiting_count=queue.waiting_count,
        under_one_day_count=under_one,
        one_to_three_days_count=one_to_three,
        three_to_seven_days_count=three_to_seven,
        over_seven_days_count=over_seven,
        overdue_count=queue.overdue_count,
        oldest_time=timestamp(queue.oldest_time) if queue.oldest_time is not None else None,
        oldest_proposal=proposal_name(queue.oldest_proposal_id) if queue.oldest_proposal_id else "",
    )


def calibration_message(study: CalibrationStudy) -> pb.StudyCalibrationResponse:
    """How often people agreed with the model, without the time of the count."""
    return pb.StudyCalibrationResponse(
        bins=map(_bin_message, study.bins),
        decided_count=study.decided_count,
        agreed_count=study.agreed_count,
        unscored_count=study.unscored.decided_count,
    )


def _bin_message(each: CalibrationBin) -> pb.CalibrationBin:
    return pb.CalibrationBin(
        lowest_probability=each.lowest_probability,
        highest_probability=each.highest_probability,
        mean_probability=each.mean_probability,
        decided_count=each.decided_count,
        agreed_count=each.agreed_count,
        rejected_count=each.rejected_count,
        undone_count=each.undone_count,
    )


def account_message(account: ProvisionalAccount) -> pb.ProvisionalAccount:
    """A provisional account of the list."""
    sources = {record.key.source for record in account.golden.active_members}
    return pb.ProvisionalAccount(
        golden_record=account.golden.name,
        display_name=account.display_name,
        sources=[f"sources/{source}" for source in sorted(sources)],
        wait_time=timestamp(account.wait_time),
    )


def index_message(freshness: IndexFreshness, tokens: RevisionTokens) -> pb.IndexStatus:
    """The state of the index, without the time at which it was looked at."""
    status = freshness.status
    return pb.IndexStatus(
        usable=not status.defect,
        defect=status.defect,
        rebuilding=status.rebuilding,
        built_count=status.built_count,
        record_count=status.record_count,
        key_count=status.key_count,
        applied_revision=tokens.message(status.applied_revision) if status.epoch else None,
        head_revision=tokens.message(freshness.head_revision),
        behind_count=freshness.behind_count,
        lag=duration(freshness.lag),
    )

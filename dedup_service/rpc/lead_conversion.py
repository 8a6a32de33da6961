"""Leads and what is told of them, as messages of the API."""

from dedup_service.domain.attention import LeadClassChange, Unattended, UnattendedLead
from dedup_service.domain.dead_leads import DeadLeadRow
from dedup_service.domain.golden import golden_name
from dedup_service.domain.records import Owner
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import timestamp
from dedup_service.v1 import change_service_pb2, core_pb2
from dedup_service.v1 import lead_service_pb2 as pb
from dedup_service.workflows.lead_readings import StudiedDeadLeads


def class_change_message(change: LeadClassChange) -> change_service_pb2.LeadClassChange:
    """A class that changed by itself."""
    return change_service_pb2.LeadClassChange(
        before=enum_numbers.LEAD_CLASS[change.before],
        before_reason=change.before_reason,
        after=enum_numbers.LEAD_CLASS[change.after],
        after_reason=change.after_reason,
    )


def unattended_message(unattended: Unattended) -> change_service_pb2.LeadUnattended:
    """A breach of the service level, as its change tells it."""
    return change_service_pb2.LeadUnattended(
        owner=_owner_message(unattended.owner),
        last_touch_time=timestamp(unattended.last_touch_time),
        due_time=timestamp(unattended.due_time),
    )


def unattended_lead_message(lead: UnattendedLead) -> pb.UnattendedLead:
    """An unattended lead of the list."""
    return pb.UnattendedLead(
        record=lead.record.name,
        golden_record=golden_name(lead.record.golden_id),
        owner=_owner_message(lead.unattended.owner),
        lead_class_reason=lead.class_reason,
        last_touch_time=timestamp(lead.unattended.last_touch_time),
        due_time=timestamp(lead.unattended.due_time),
        told=lead.told,
    )


def study_message(studied: StudiedDeadLeads) -> pb.StudyDeadLeadsResponse:
    """A study with its shares."""
    study = studied.study
    return pb.StudyDeadLeadsResponse(
        rows=[_row_message(row, study.dead_count) for row in study.rows],
        dead_count=study.dead_count,
        unreachable_count=study.unreachable_count,
        returned_count=study.returned_count,
        lead_count=study.lead_count,
        death_rate=_share(study.dead_count, study.lead_count),
        complete=studied.complete,
        create_time=timestamp(studied.count_time),
    )


def _row_message(row: DeadLeadRow, dead_count: int) -> pb.DeadLeadRow:
    message = pb.DeadLeadRow(
        groups=[
            pb.DeadLeadGroup(
                dimension=enum_numbers.DEAD_LEAD_DIMENSION[group.dimension],
                type=enum_numbers.DEAD_LEAD_GROUP_TYPE[group.type],
                value=group.value,
            )
            for group in row.groups
        ],
        dead_count=row.dead_count,
        dead_share=_share(row.dead_count, dead_count),
        returned_count=row.returned_count,
    )
    if row.lead_count is not None:
        message.lead_count = row.lead_count
        message.death_rate = _share(row.dead_count, row.lead_count)
    return message


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _owner_message(owner: Owner | None) -> core_pb2.Owner | None:
    if owner is None:
        return None
    return core_pb2.Owner(principal=owner.principal, function=owner.function, queue=owner.queue)

"""Golden records, their images and their stakes as messages."""

from collections.abc import Iterable

import scoring
from dedup_service.domain.golden import GoldenImage, MemberChild, golden_name
from dedup_service.domain.golden_versions import GoldenVersion
from dedup_service.domain.merges import merge_name
from dedup_service.domain.stakes import Stake
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.record_conversion import child_message
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import core_pb2
from dedup_service.v1 import golden_record_service_pb2 as pb
from dedup_service.workflows.reading import GoldenView


def golden_message(view: GoldenView, tokens: RevisionTokens) -> pb.GoldenRecord:
    """A golden record with all that is computed from its members."""
    row = view.golden.row
    message = pb.GoldenRecord(
        name=row.name,
        kind=enum_numbers.RECORD_KIND[row.kind],
        state=enum_numbers.GOLDEN_STATE[row.state],
        values={name: golden_value(value) for name, value in view.values.items()},
        members=sorted(record.name for record in view.golden.members),
        children=map(golden_child, view.golden.children),
        stakes=stake_messages(view.stakes),
        successor=golden_name(row.successor_id) if row.successor_id else "",
        merge=merge_name(row.merge_id) if row.merge_id else "",
        redirect_chain=view.redirects[:-1],
        etag=row.etag,
        revision=tokens.message(row.revision),
        create_time=timestamp(row.create_time),
    )
    if view.lead_class is not None:
        message.lead_class = enum_numbers.LEAD_CLASS[view.lead_class[0]]
    if view.account_state is not None:
        message.account_state = enum_numbers.ACCOUNT_STATE[view.account_state]
    return message


def golden_value(value: scoring.SurvivingValue) -> pb.GoldenValue:
    return pb.GoldenValue(
        value=value.value, record=value.member_id, rule=enum_numbers.SURVIVORSHIP_RULE[value.rule]
    )


def golden_child(child: MemberChild) -> core_pb2.GoldenChild:
    return core_pb2.GoldenChild(child=child_message(child.child), record=child.record.name)


def stake_messages(stakes: Iterable[Stake]) -> list[core_pb2.Stake]:
    return [core_pb2.Stake(function=s.function, reason=s.reason, record=s.record.name) for s in stakes]


def image_message(image: GoldenImage) -> core_pb2.GoldenImage:
    return core_pb2.GoldenImage(
        name=image.name,
        kind=enum_numbers.RECORD_KIND[image.kind],
        state=enum_numbers.GOLDEN_STATE[image.state],
        successor=image.successor,
        values=image.values,
        members=image.members,
        children=map(golden_child, image.children),
    )


def version_message(version: GoldenVersion) -> pb.GoldenRecordVersion:
    """What a golden record was from one write to the next."""
    change = version.change
    return pb.GoldenRecordVersion(
        image=image_message(version.image) if version.image is not None else None,
        start_time=timestamp(version.start_time),
        end_time=timestamp(version.end_time) if version.end_time is not None else None,
        change=change.name,
        change_type=enum_numbers.CHANGE_TYPE[change.draft.type],
        record=change.draft.record,
        merge=change.draft.merge,
        erased=change.erased,
    )

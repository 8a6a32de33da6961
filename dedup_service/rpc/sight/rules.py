"""What is done with each message that holds values, scores or keys, or that is about one record."""

import math
from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message_factory import GetMessageClass

from dedup_service.rpc import enum_numbers
from dedup_service.rpc.sight import compared
from dedup_service.rpc.sight.showing import Rules, Showing
from dedup_service.v1 import (
    change_service_pb2,
    core_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    lead_service_pb2,
    match_service_pb2,
    merge_plan_pb2,
    overview_service_pb2,
    privacy_service_pb2,
    record_service_pb2,
)

_VALUES = "values."


def _record(showing: Showing, message: record_service_pb2.Record) -> bool:
    if showing.hiding.hides(message.name, enum_numbers.RECORD_KIND_OF.get(message.kind)):
        return False
    showing.mask_values(message.values, message.masked_values)
    return True


def _records(showing: Showing, message: Any) -> bool:
    message.hidden_record_count = sum(
        showing.hiding.hides(each.name, enum_numbers.RECORD_KIND_OF.get(each.kind))
        for each in message.records
    )
    return True


def _image(showing: Showing, message: core_pb2.GoldenImage) -> bool:
    message.hidden_member_count = showing.hidden_count(message.members)
    hidden = message.hidden_member_count > 0
    showing.mask_values(message.values, message.masked_values, every=hidden)
    return True


def _golden(showing: Showing, message: golden_record_service_pb2.GoldenRecord) -> bool:
    message.hidden_member_count = showing.hidden_count(message.members)
    for name, value in message.values.items():
        _mask_value(showing, name, value)
    return True


def _mask_value(
    showing: Showing, name: str, value: golden_record_service_pb2.GoldenValue | merge_plan_pb2.LosingValue
) -> None:
    """A value with the record that holds it; what a hidden one holds may not be read, whatever the field."""
    if value.value and (showing.sight.masks(name) or showing.hiding.hides(value.record)):
        value.masked_tag = showing.tag(name, value.value)
        value.value = ""


def _plan(showing: Showing, message: merge_plan_pb2.MergePlan) -> bool:
    for name, each in message.values.items():
        if each.HasField("value"):
            _mask_value(showing, name, each.value)
        for losing in each.losing_values:
            _mask_value(showing, name, losing)
    return True


def _plan_member(showing: Showing, message: merge_plan_pb2.PlanMember) -> bool:
    message.hidden_record_count = showing.hidden_count(each.record for each in message.records)
    kept = [each.record for each in message.records if not showing.hiding.hides(each.record)]
    if message.hidden_record_count:
        records = {each.record: each.etag for each in message.records}
        del message.records[:]
        message.records.extend(merge_plan_pb2.PlanRecord(record=name, etag=records[name]) for name in kept)
    return True


def _is_of_hidden(showing: Showing, sources: Iterable[str]) -> bool:
    """Whether an account of these sources may have a hidden member, from which its name may come."""
    return showing.sight.blind or not set(sources).isdisjoint(showing.sight.hidden)


def _provisional_account(showing: Showing, message: overview_service_pb2.ProvisionalAccount) -> bool:
    sources = (source.partition("/")[2] for source in message.sources)
    if showing.sight.masks_any(compared.DISPLAY_NAME) or _is_of_hidden(showing, sources):
        message.display_name = ""
    return True


def _of_record(showing: Showing, message: Any) -> bool:
    """A message that tells of one record and of nothing else."""
    return not showing.hiding.hides(message.record)


def _moving_child(showing: Showing, message: merge_plan_pb2.MovingChild) -> bool:
    return not showing.hiding.hides(message.child.record)


def _weight(showing: Showing, message: core_pb2.PairScore | merge_plan_pb2.GoldenLink) -> bool:
    if showing.sight.masks_any(compared.COMPARED):
        message.match_weight_bits = float(round(message.match_weight_bits))
        message.match_probability = _probability(message.match_weight_bits)
    return True


def _probability(bits: float) -> float:
    return 1.0 / (1.0 + math.exp2(-max(-1000.0, bits)))


def _contribution(showing: Showing, message: core_pb2.Contribution) -> bool:
    if showing.masks_compared(message.comparison):
        message.masked = True
        message.evidence = ""
        message.weight_bits = float(round(message.weight_bits))
    return True


def _explanation(showing: Showing, message: match_service_pb2.ExplainMatchResponse) -> bool:
    masked = {each.comparison for each in message.waterfall if _masks_step(showing, each)}
    is_after = False
    for step in message.waterfall:
        is_after = is_after or step.comparison in masked
        if step.comparison in masked:
            step.masked = True
            step.evidence = ""
            step.weight_bits = float(round(step.weight_bits))
        if is_after:
            step.total_bits = float(round(step.total_bits))
    if masked:
        # The first sentence gives the exact weight; those of a comparison begin with its name.
        kept = [said for said in message.sentences[1:] if said.partition(":")[0] not in masked]
        named = ", ".join(sorted(masked))
        message.sentences[:] = [*kept, f"What was seen in {named} is hidden from you."]
    message.shared_keys[:] = [showing.key(key) for key in message.shared_keys]
    return True


def _masks_step(showing: Showing, step: match_service_pb2.WaterfallStep) -> bool:
    return bool(step.level) and showing.masks_compared(step.comparison)


def _blocking_key(showing: Showing, message: match_service_pb2.BlockingKey) -> bool:
    message.masked = showing.masks_key(message.key)
    message.key = showing.key(message.key)
    return True


def _match(showing: Showing, message: match_service_pb2.Match) -> bool:
    message.shared_keys[:] = [showing.key(key) for key in message.shared_keys]
    return _of_record(showing, message)


def _incomplete(showing: Showing, message: match_service_pb2.IncompleteReason) -> bool:
    if message.key and showing.masks_key(message.key):
        key = showing.key(message.key)
        message.detail = message.detail.replace(message.key, key)
        message.key = key
    return True


def _matches(showing: Showing, message: match_service_pb2.MatchResponse) -> bool:
    if showing.sight.hides_records:
        message.candidate_count = 0
    return True


def _change(showing: Showing, message: change_service_pb2.Change) -> bool:
    if message.record and showing.hiding.hides(message.record):
        for name in ("intake", "folded_values", "lead_class_change", "lead_unattended"):
            message.ClearField(name)
    return True


def _folded(showing: Showing, message: intake_service_pb2.FoldedValue) -> bool:
    if showing.sight.masks(message.field):
        message.masked = True
        message.stored = message.offered = ""
    return True


def _finding(showing: Showing, message: intake_service_pb2.DataEntryFinding) -> bool:
    if showing.sight.masks(message.field.partition(_VALUES)[2]):
        message.masked = True
        message.message = message.suggested_value = ""
    return True


def _routed(showing: Showing, message: intake_service_pb2.RouteResponse) -> bool:
    kind = enum_numbers.RECORD_KIND_OF.get(message.record.kind)
    if message.HasField("record") and showing.hiding.hides(message.record.name, kind):
        for name in ("lead_class_reason", "lead_score", "findings", "folded_values", "assignment"):
            message.ClearField(name)
    return True


def _account(showing: Showing, message: intake_service_pb2.RecognisedAccount) -> bool:
    if showing.sight.masks_any(compared.ACCOUNT_EVIDENCE):
        del message.evidence[:]
    return _of_record(showing, message)


def _assignment(showing: Showing, message: intake_service_pb2.Assignment) -> bool:
    if showing.sight.masks_any(compared.TERRITORY):
        del message.reasons[:]
    return True


def _lead_score(showing: Showing, message: intake_service_pb2.LeadScore) -> bool:
    """Which rules counted says what a value is."""
    if showing.sight.masked_fields or showing.sight.blind:
        del message.reasons[:]
    return True


def _group(showing: Showing, message: lead_service_pb2.DeadLeadGroup) -> bool:
    if message.dimension == lead_service_pb2.DEAD_LEAD_DIMENSION_LEAD_SOURCE and showing.sight.masks(
        "lead_source"
    ):
        message.type = lead_service_pb2.DEAD_LEAD_GROUP_TYPE_MASKED
        message.value = ""
    return True


def _held_text(_: Showing, message: privacy_service_pb2.HeldText) -> bool:
    """Whatever a place holds, in no form that could be looked through: told to those who may see all."""
    message.text = ""
    return True


def _any(showing: Showing, message: AnyMessage) -> bool:
    """What is packed is looked at too; of a type that this service does not know it makes none."""
    inner = GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(message.TypeName()))()
    message.Unpack(inner)
    kept = showing.shown(inner)
    message.Pack(inner)
    return kept


RULES: Rules = {
    record_service_pb2.Record.DESCRIPTOR.full_name: _record,
    record_service_pb2.ListRecordsResponse.DESCRIPTOR.full_name: _records,
    golden_record_service_pb2.ListMembersResponse.DESCRIPTOR.full_name: _records,
    core_pb2.GoldenImage.DESCRIPTOR.full_name: _image,
    core_pb2.GoldenChild.DESCRIPTOR.full_name: _of_record,
    golden_record_service_pb2.GoldenRecord.DESCRIPTOR.full_name: _golden,
    merge_plan_pb2.MergePlan.DESCRIPTOR.full_name: _plan,
    merge_plan_pb2.PlanMember.DESCRIPTOR.full_name: _plan_member,
    merge_plan_pb2.MovingChild.DESCRIPTOR.full_name: _moving_child,
    merge_plan_pb2.GoldenLink.DESCRIPTOR.full_name: _weight,
    overview_service_pb2.ProvisionalAccount.DESCRIPTOR.full_name: _provisional_account,
    core_pb2.PairScore.DESCRIPTOR.full_name: _weight,
    core_pb2.Contribution.DESCRIPTOR.full_name: _contribution,
    match_service_pb2.ExplainMatchResponse.DESCRIPTOR.full_name: _explanation,
    match_service_pb2.BlockingKey.DESCRIPTOR.full_name: _blocking_key,
    match_service_pb2.MatchResponse.DESCRIPTOR.full_name: _matches,
    match_service_pb2.Match.DESCRIPTOR.full_name: _match,
    match_service_pb2.MatchWarning.DESCRIPTOR.full_name: _of_record,
    match_service_pb2.IncompleteReason.DESCRIPTOR.full_name: _incomplete,
    change_service_pb2.Change.DESCRIPTOR.full_name: _change,
    intake_service_pb2.FoldedValue.DESCRIPTOR.full_name: _folded,
    intake_service_pb2.DataEntryFinding.DESCRIPTOR.full_name: _finding,
    intake_service_pb2.RouteResponse.DESCRIPTOR.full_name: _routed,
    intake_service_pb2.RecognisedAccount.DESCRIPTOR.full_name: _account,
    intake_service_pb2.IntakeDuplicate.DESCRIPTOR.full_name: _of_record,
    intake_service_pb2.Assignment.DESCRIPTOR.full_name: _assignment,
    intake_service_pb2.LeadScore.DESCRIPTOR.full_name: _lead_score,
    intake_service_pb2.Intake.DESCRIPTOR.full_name: _of_record,
    intake_service_pb2.TerritoryDifference.DESCRIPTOR.full_name: _of_record,
    lead_service_pb2.UnattendedLead.DESCRIPTOR.full_name: _of_record,
    lead_service_pb2.DeadLeadGroup.DESCRIPTOR.full_name: _group,
    privacy_service_pb2.HeldText.DESCRIPTOR.full_name: _held_text,
    AnyMessage.DESCRIPTOR.full_name: _any,
}

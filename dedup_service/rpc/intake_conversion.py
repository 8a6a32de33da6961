"""Intake between its messages and the domain."""

from collections.abc import Iterable

from dedup_service.domain.data_entry import Finding
from dedup_service.domain.intake.answers import (
    Assigned,
    Conversion,
    Duplicate,
    Incomplete,
    IntakeAnswer,
    RecognisedAccount,
)
from dedup_service.domain.intake.folding import FoldedValue
from dedup_service.domain.lead_scoring import LeadScore
from dedup_service.domain.records import Record
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.record_conversion import RecordMessages
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import core_pb2, match_service_pb2, record_service_pb2
from dedup_service.v1 import intake_service_pb2 as pb
from dedup_service.workflows.intake.port import Intake
from dedup_service.workflows.intake.simulating import TerritoryDifference, TerritorySimulation


class IntakeMessages:
    """Makes the messages of answers; `records` makes those of the records in them."""

    def __init__(self, records: RecordMessages, tokens: RevisionTokens) -> None:
        self._records = records
        self._tokens = tokens

    def answer(self, answer: IntakeAnswer, *, brief: bool = False) -> pb.RouteResponse:
        """The answer; a brief one leaves out the record's values, which the caller has sent."""
        message = pb.RouteResponse(
            action=enum_numbers.INTAKE_ACTION[answer.action],
            step=enum_numbers.INTAKE_STEP[answer.step],
            record=self._record(answer.record, brief=brief),
            account=account_message(answer.account) if answer.account is not None else None,
            duplicates=map(_duplicate, answer.duplicates),
            merge_proposal=answer.proposal_name,
            assignment=assignment_message(answer.assigned),
            lead_class_reason=answer.lead_class_reason,
            lead_score=_lead_score(answer.lead_score) if answer.lead_score is not None else None,
            findings=findings_messages(answer.findings),
            folded_values=map(folded_message, answer.folded),
            complete=not answer.incomplete,
            incomplete_reasons=map(_incomplete, answer.incomplete),
            intake=answer.intake_name,
        )
        for reason in answer.reasons:
            message.reasons.add(
                step=enum_numbers.INTAKE_STEP[reason.step], taken=reason.taken, detail=reason.detail
            )
        if answer.lead_class is not None:
            message.lead_class = enum_numbers.LEAD_CLASS[answer.lead_class]
        if answer.revision:
            message.revision.CopyFrom(self._tokens.message(answer.revision))
        return message

    def _record(self, record: Record, *, brief: bool) -> record_service_pb2.Record:
        message = self._records.one(record)
        if not record.record_no:
            message.ClearField("etag")
            message.ClearField("create_time")
            message.ClearField("update_time")
            message.ClearField("revision")
            message.ClearField("golden_record")
            message.ClearField("state")
        if brief:
            message.ClearField("values")
            message.ClearField("facts")
            message.ClearField("children")
        return message

    def conversion(self, found: Conversion) -> pb.ConvertLeadResponse:
        message = pb.ConvertLeadResponse(
            action=enum_numbers.CONVERSION_ACTION[found.action],
            lead=self._records.one(found.lead),
            target=self._record(found.target, brief=False),
            account=self._record(found.account, brief=False) if found.account is not None else None,
            new_account=found.new_account,
            recognised_account=account_message(found.recognised) if found.recognised is not None else None,
            duplicates=map(_duplicate, found.duplicates),
            merge_proposal=found.proposal_name,
            reasons=found.reasons,
            findings=findings_messages(found.findings),
            complete=not found.incomplete,
            incomplete_reasons=map(_incomplete, found.incomplete),
        )
        if found.revision:
            message.revision.CopyFrom(self._tokens.message(found.revision))
        return message


def findings_messages(findings: Iterable[Finding]) -> list[pb.DataEntryFinding]:
    return [
        pb.DataEntryFinding(
            severity=enum_numbers.FINDING_SEVERITY[finding.severity],
            field=finding.field,
            rule=finding.rule,
            message=finding.message,
            suggested_value=finding.suggested_value,
        )
        for finding in findings
    ]


def account_message(account: RecognisedAccount) -> pb.RecognisedAccount:
    return pb.RecognisedAccount(
        golden_record=f"goldenRecords/{account.golden_id}",
        record=account.record.name,
        confidence=account.confidence,
        evidence=account.evidence,
        target_lists=account.target_lists,
        current_reason=account.current_reason,
        recognised=account.recognised,
    )


def assignment_message(assigned: Assigned) -> pb.Assignment:
    return pb.Assignment(
        principal=assigned.principal,
        function=assigned.function,
        team=assigned.team,
        queue=assigned.queue,
        partner=assigned.partner,
        rule=assigned.rule,
        rung=assigned.rung,
        reasons=assigned.reasons,
    )


def folded_message(folded: FoldedValue) -> pb.FoldedValue:
    return pb.FoldedValue(
        field=folded.field, stored=folded.stored, offered=folded.offered, taken=folded.taken
    )


def _duplicate(duplicate: Duplicate) -> pb.IntakeDuplicate:
    return pb.IntakeDuplicate(
        record=duplicate.record.name,
        golden_record=f"goldenRecords/{duplicate.golden_id}",
        kind=enum_numbers.RECORD_KIND[duplicate.kind],
        score=core_pb2.PairScore(
            match_weight_bits=duplicate.match_weight_bits,
            match_probability=duplicate.match_probability,
            verdict=enum_numbers.VERDICT[duplicate.verdict],
        ),
        dead_reason=duplicate.dead_reason,
    )


def _incomplete(reason: Incomplete) -> match_service_pb2.IncompleteReason:
    kind = match_service_pb2.IncompleteReasonType.Value(f"INCOMPLETE_REASON_TYPE_{reason.kind}")
    return match_service_pb2.IncompleteReason(type=kind, detail=reason.detail, key=reason.blocking_key)


def _lead_score(score: LeadScore) -> pb.LeadScore:
    message = pb.LeadScore(
        grade=score.grade, fit_points=score.fit_points, interest_score=score.interest_score
    )
    for reason in score.reasons:
        message.reasons.add(part=reason.part, points=reason.points, detail=reason.sentence)
    return message


def intake_message(intake: Intake) -> pb.Intake:
    return pb.Intake(
        name=intake.name,
        caller=intake.caller,
        create_time=timestamp(intake.time),
        action=enum_numbers.INTAKE_ACTION[intake.action],
        step=enum_numbers.INTAKE_STEP[intake.step],
        record=intake.record.name,
        account=intake.account.name if intake.account is not None else "",
        assignment=assignment_message(intake.assigned),
        policy_version=intake.policy_version,
    )


def simulation_message(found: TerritorySimulation) -> pb.SimulateTerritoriesResponse:
    message = pb.SimulateTerritoriesResponse(
        version=found.version,
        replayed_count=found.replayed_count,
        skipped_count=found.skipped_count,
        differing_count=found.differing_count,
        differences=map(_difference, found.differences),
    )
    targets = sorted({*found.before, *found.after})
    targets.sort(key=lambda target: -abs(found.after[target] - found.before[target]))
    for target in targets:
        message.loads.add(target=target, before_count=found.before[target], after_count=found.after[target])
    return message


def _difference(difference: TerritoryDifference) -> pb.TerritoryDifference:
    return pb.TerritoryDifference(
        intake=difference.intake_name,
        record=difference.record.name,
        before=assignment_message(difference.before),
        after=assignment_message(difference.after),
    )

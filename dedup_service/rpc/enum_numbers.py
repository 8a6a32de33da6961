"""The enums of the domain and of the API, each way; looked up once, when the module is loaded."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import scoring
from dedup_service.domain.changes import ChangeType
from dedup_service.domain.cleanup.runs import Phase, RunState, SkipReason
from dedup_service.domain.data_entry import Severity
from dedup_service.domain.dead_leads import DeadLeadDimension, GroupType
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.intake.answers import ConversionAction, IntakeAction, IntakeStep
from dedup_service.domain.merges import MergeState
from dedup_service.domain.plan import ProposalType
from dedup_service.domain.policy import Impact
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import AccountState, ChildKind, LeadClass, RecordKind, RecordState
from dedup_service.domain.voting import BallotMethod, Outcome, VoteDecision
from dedup_service.v1 import (
    change_service_pb2,
    cleanup_run_pb2,
    core_pb2,
    golden_record_service_pb2,
    intake_service_pb2,
    lead_service_pb2,
    match_service_pb2,
    merge_plan_pb2,
    merge_proposal_pb2,
    merge_service_pb2,
    policy_service_pb2,
    record_service_pb2,
    voting_pb2,
)
from dedup_service.workflows.index_port import IncompleteReason

S = TypeVar("S", bound=StrEnum)
N = TypeVar("N", bound=int)


def _reversed(numbers: Mapping[S, N]) -> dict[int, S]:
    return {number: member for member, number in numbers.items()}


RECORD_KIND = {k: core_pb2.RecordKind.Value(f"RECORD_KIND_{k}") for k in RecordKind}
RECORD_KIND_OF = _reversed(RECORD_KIND)
CHILD_KIND = {k: core_pb2.ChildKind.Value(f"CHILD_KIND_{k}") for k in ChildKind}
CHILD_KIND_OF = _reversed(CHILD_KIND)
LEAD_CLASS = {k: core_pb2.LeadClass.Value(f"LEAD_CLASS_{k}") for k in LeadClass}
LEAD_CLASS_OF = _reversed(LEAD_CLASS)
ACCOUNT_STATE = {k: core_pb2.AccountState.Value(f"ACCOUNT_STATE_{k}") for k in AccountState}
VERDICT = {k: core_pb2.Verdict.Value(f"VERDICT_{k}") for k in scoring.Verdict}
GOLDEN_STATE = {k: core_pb2.GoldenRecordState.Value(f"GOLDEN_RECORD_STATE_{k}") for k in GoldenState}
RECORD_STATE = {k: record_service_pb2.RecordState.Value(f"RECORD_STATE_{k}") for k in RecordState}
SURVIVORSHIP_RULE = {
    name.removeprefix("SURVIVORSHIP_RULE_"): number
    for name, number in golden_record_service_pb2.SurvivorshipRule.items()
}
INCOMPLETE_REASON = {
    k: match_service_pb2.IncompleteReasonType.Value(f"INCOMPLETE_REASON_TYPE_{k}") for k in IncompleteReason
}
IMPACT = {k: merge_plan_pb2.Impact.Value(f"IMPACT_{k}") for k in Impact}
PROPOSAL_TYPE = {
    k: merge_proposal_pb2.MergeProposalType.Value(f"MERGE_PROPOSAL_TYPE_{k}") for k in ProposalType
}
PROPOSAL_STATE = {
    k: merge_proposal_pb2.MergeProposalState.Value(f"MERGE_PROPOSAL_STATE_{k}") for k in ProposalState
}
BALLOT_METHOD = {k: voting_pb2.BallotMethod.Value(f"BALLOT_METHOD_{k}") for k in BallotMethod}
VOTE_DECISION = {k: voting_pb2.VoteDecision.Value(f"VOTE_DECISION_{k}") for k in VoteDecision}
VOTE_DECISION_OF = _reversed(VOTE_DECISION)
VOTE_OUTCOME = {k: policy_service_pb2.VoteOutcome.Value(f"VOTE_OUTCOME_{k}") for k in Outcome}
POLICY_ORIGIN = {k: policy_service_pb2.PolicyOrigin.Value(f"POLICY_ORIGIN_{k}") for k in PolicyOrigin}
MERGE_STATE = {k: merge_service_pb2.MergeState.Value(f"MERGE_STATE_{k}") for k in MergeState}
CHANGE_TYPE = {k: change_service_pb2.ChangeType.Value(f"CHANGE_TYPE_{k}") for k in ChangeType}
CHANGE_TYPE_OF = _reversed(CHANGE_TYPE)
DEAD_LEAD_DIMENSION = {
    k: lead_service_pb2.DeadLeadDimension.Value(f"DEAD_LEAD_DIMENSION_{k}") for k in DeadLeadDimension
}
DEAD_LEAD_DIMENSION_OF = _reversed(DEAD_LEAD_DIMENSION)
DEAD_LEAD_GROUP_TYPE = {
    k: lead_service_pb2.DeadLeadGroupType.Value(f"DEAD_LEAD_GROUP_TYPE_{k}") for k in GroupType
}
INTAKE_ACTION = {k: intake_service_pb2.IntakeAction.Value(f"INTAKE_ACTION_{k}") for k in IntakeAction}
INTAKE_STEP = {k: intake_service_pb2.IntakeStep.Value(f"INTAKE_STEP_{k}") for k in IntakeStep}
CONVERSION_ACTION = {
    k: intake_service_pb2.ConversionAction.Value(f"CONVERSION_ACTION_{k}") for k in ConversionAction
}
FINDING_SEVERITY = {k: intake_service_pb2.FindingSeverity.Value(f"FINDING_SEVERITY_{k}") for k in Severity}
CLEANUP_RUN_STATE = {k: cleanup_run_pb2.CleanupRunState.Value(f"CLEANUP_RUN_STATE_{k}") for k in RunState}
CLEANUP_PHASE = {k: cleanup_run_pb2.CleanupPhase.Value(f"CLEANUP_PHASE_{k}") for k in Phase}
CLEANUP_SKIP_REASON = {
    k: cleanup_run_pb2.CleanupSkipReason.Value(f"CLEANUP_SKIP_REASON_{k}") for k in SkipReason
}

"""A request for each method that reads, about everything that refers to somebody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.longrunning import operations_pb2 as lro
from google.protobuf.message import Message

from dedup_service.v1 import (
    audit_service_pb2,
    change_service_pb2,
    cleanup_service_pb2,
    core_pb2,
    delegation_service_pb2,
    distinction_service_pb2,
    golden_record_service_pb2,
    identity_service_pb2,
    intake_service_pb2,
    lead_service_pb2,
    match_service_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    overview_service_pb2,
    policy_service_pb2,
    privacy_service_pb2,
    record_service_pb2,
)
from tests.privacy.somebody import WORD, somebody
from tests.rpc.api import ANN, LEAD, Api
from tests.rpc.test_scoring_models import SHIPPED
from tests.workflows.policy_texts import TEXT

# Of fewer than three leads a study tells no text.
_LEADS = ("lead", "lead2", "lead3")
HERS = tuple(f"sources/crm/records/{each}" for each in ("p", "twin", "account", *_LEADS))
_LEAST = 0.000001


def more_of_her() -> list[record_service_pb2.Record]:
    """What else a company has of her: a twin, an account, and the leads of each time that she asked again."""
    twin = somebody()
    twin.name = HERS[1]
    account = record_service_pb2.Record(
        name=HERS[2], kind=core_pb2.RECORD_KIND_ACCOUNT, values={"company_name": f"{WORD} & daughters"}
    )
    return [twin, account, *map(_dead_lead, HERS[3:])]


def _dead_lead(name: str) -> record_service_pb2.Record:
    lead = somebody()
    lead.name, lead.kind = name, LEAD
    for fact, days in (("requested", 9), ("disqualified", 2)):
        lead.facts.add(name=fact).time.FromDatetime(datetime.now(UTC) - timedelta(days=days))
    lead.facts.add(name="disqualified_step", text=f"called {WORD}")
    return lead


@dataclass(frozen=True)
class Names:
    """The names of everything that there is; `since` is the token of the first write."""

    since: core_pb2.RevisionToken
    goldens: Sequence[str]
    proposals: Sequence[str]
    merges: Sequence[str]
    delegations: Sequence[str]
    jobs: Sequence[str]
    runs: Sequence[str]
    operations: Sequence[str]
    policies: Sequence[str]


async def all_names(api: Api, since: core_pb2.RevisionToken) -> Names:
    """What a reader finds, before anything of it is erased."""
    jobs = cleanup_service_pb2
    goldens = await api.golden_records.ListGoldenRecords(
        golden_record_service_pb2.ListGoldenRecordsRequest(), metadata=ANN
    )
    proposals = await api.proposals.ListMergeProposals(
        merge_proposal_service_pb2.ListMergeProposalsRequest(), metadata=ANN
    )
    merges = await api.merges.ListMerges(merge_service_pb2.ListMergesRequest(), metadata=ANN)
    delegations = await api.delegations.ListDelegations(
        delegation_service_pb2.ListDelegationsRequest(), metadata=ANN
    )
    listed = await api.cleanup.ListCleanupJobs(jobs.ListCleanupJobsRequest(), metadata=ANN)
    runs = await api.cleanup.ListCleanupRuns(
        jobs.ListCleanupRunsRequest(parent="cleanupJobs/-"), metadata=ANN
    )
    operations = await api.operations.ListOperations(
        lro.ListOperationsRequest(name="operations"), metadata=ANN
    )
    policies = await api.policies.ListPolicyVersions(
        policy_service_pb2.ListPolicyVersionsRequest(), metadata=ANN
    )
    return Names(
        since,
        [each.name for each in goldens.golden_records],
        [each.name for each in proposals.merge_proposals],
        [each.name for each in merges.merges],
        [each.name for each in delegations.delegations],
        [each.name for each in listed.cleanup_jobs],
        [each.name for each in runs.cleanup_runs],
        [each.name for each in operations.operations],
        [each.name for each in policies.policies],
    )


def requests_of(names: Names) -> Mapping[str, Sequence[Message]]:
    """The requests for each method that reads, by its full name."""
    found = {
        **_of_records(names),
        **_of_matching(),
        **_of_merging(names),
        **_of_cleanup(names),
        **_of_the_rest(names),
    }
    return {
        name if name.startswith("google.") else f"dedup_service.v1.{name}": requests
        for name, requests in found.items()
    }


def _of_records(names: Names) -> dict[str, Sequence[Message]]:
    records, goldens, privacy = record_service_pb2, golden_record_service_pb2, privacy_service_pb2
    values = somebody().values
    identifiers = [
        goldens.Identifier(field=field, value=values[field]) for field in ("tax_id", "national_id", "email")
    ]
    return {
        "RecordService.GetRecord": [records.GetRecordRequest(name=name) for name in HERS],
        "RecordService.ListRecords": [
            records.ListRecordsRequest(parent="sources/-", page_size=size) for size in (1, 3, 1000)
        ],
        "GoldenRecordService.GetGoldenRecord": [
            goldens.GetGoldenRecordRequest(name=name) for name in names.goldens
        ],
        "GoldenRecordService.BatchGetGoldenRecords": [
            goldens.BatchGetGoldenRecordsRequest(names=names.goldens)
        ],
        "GoldenRecordService.ListGoldenRecords": [goldens.ListGoldenRecordsRequest()],
        "GoldenRecordService.LookupGoldenRecord": [
            *(goldens.LookupGoldenRecordRequest(record=name) for name in HERS),
            *(goldens.LookupGoldenRecordRequest(identifier=each) for each in identifiers),
        ],
        "GoldenRecordService.ListMembers": [
            goldens.ListMembersRequest(parent=name) for name in names.goldens
        ],
        "GoldenRecordService.ListGoldenRecordVersions": [
            goldens.ListGoldenRecordVersionsRequest(parent=name) for name in names.goldens
        ],
        "PrivacyService.ExportRecord": [privacy.ExportRecordRequest(name=name) for name in HERS],
        "PrivacyService.GetErasureCertificate": [
            privacy.GetErasureCertificateRequest(name=f"{name}/erasureCertificate") for name in HERS
        ],
    }


def _of_matching() -> dict[str, Sequence[Message]]:
    pb = match_service_pb2
    candidate = core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values=dict(somebody().values))
    matches = [
        *(pb.MatchRequest(record=name, min_probability=_LEAST, explain=True) for name in HERS),
        pb.MatchRequest(candidate=candidate, min_probability=_LEAST, explain=True),
        pb.MatchRequest(candidate=candidate, min_probability=_LEAST, page_size=1),
    ]
    pairs = [
        pb.Pair(left=pb.PairSide(record=HERS[0]), right=pb.PairSide(record=other))
        for other in (HERS[1], "sources/crm/records/a")
    ]
    return {
        "MatchService.Match": matches,
        "MatchService.MatchStream": [pb.MatchStreamRequest(request=each) for each in matches],
        "MatchService.Score": [pb.ScoreRequest(pair=pair) for pair in pairs],
        "MatchService.BatchScore": [pb.BatchScoreRequest(pairs=pairs)],
        "MatchService.ExplainMatch": [pb.ExplainMatchRequest(pair=pair) for pair in pairs],
        "MatchService.GetScoringModel": [pb.GetScoringModelRequest(name=SHIPPED)],
        "MatchService.ListScoringModels": [pb.ListScoringModelsRequest()],
    }


def _of_merging(names: Names) -> dict[str, Sequence[Message]]:
    proposals, merges, delegations = (
        merge_proposal_service_pb2,
        merge_service_pb2,
        delegation_service_pb2,
    )
    return {
        "MergeProposalService.GetMergeProposal": [
            proposals.GetMergeProposalRequest(name=name) for name in names.proposals
        ],
        "MergeProposalService.ListMergeProposals": [
            proposals.ListMergeProposalsRequest(view=view) for view in proposals.MergeProposalView.values()
        ],
        "MergeProposalService.CountMergeProposals": [
            proposals.CountMergeProposalsRequest(facets=["source", "owner", "impact"])
        ],
        "MergeService.GetMerge": [merges.GetMergeRequest(name=name) for name in names.merges],
        "MergeService.ListMerges": [merges.ListMergesRequest()],
        "DistinctionService.ListDistinctions": [distinction_service_pb2.ListDistinctionsRequest()],
        "DelegationService.GetDelegation": [
            delegations.GetDelegationRequest(name=name) for name in names.delegations
        ],
        "DelegationService.ListDelegations": [delegations.ListDelegationsRequest()],
    }


def _of_cleanup(names: Names) -> dict[str, Sequence[Message]]:
    jobs = cleanup_service_pb2
    return {
        "CleanupService.GetCleanupJob": [jobs.GetCleanupJobRequest(name=name) for name in names.jobs],
        "CleanupService.ListCleanupJobs": [jobs.ListCleanupJobsRequest()],
        "CleanupService.GetCleanupRun": [jobs.GetCleanupRunRequest(name=name) for name in names.runs],
        "CleanupService.ListCleanupRuns": [jobs.ListCleanupRunsRequest(parent="cleanupJobs/-")],
        "CleanupService.WatchCleanupJob": [jobs.WatchCleanupJobRequest(name=name) for name in names.jobs],
        "google.longrunning.Operations.ListOperations": [lro.ListOperationsRequest(name="operations")],
        "google.longrunning.Operations.GetOperation": [
            lro.GetOperationRequest(name=name) for name in names.operations
        ],
        "google.longrunning.Operations.WaitOperation": [
            lro.WaitOperationRequest(name=name) for name in names.operations
        ],
    }


def _of_the_rest(names: Names) -> dict[str, Sequence[Message]]:
    changes, intake, leads, overview = (
        change_service_pb2,
        intake_service_pb2,
        lead_service_pb2,
        overview_service_pb2,
    )
    dimensions: list[Any] = [1, 2, 3, 4, 5, 6]
    return {
        "ChangeService.ListChanges": [changes.ListChangesRequest(page_size=size) for size in (1, 1000)],
        "ChangeService.WatchChanges": [changes.WatchChangesRequest(resume_token=names.since)],
        "AuditService.ListAuditEntries": [audit_service_pb2.ListAuditEntriesRequest(page_size=1000)],
        "AuditService.VerifyAudit": [audit_service_pb2.VerifyAuditRequest()],
        "IdentityService.GetCaller": [identity_service_pb2.GetCallerRequest()],
        "IntakeService.Validate": [
            intake.ValidateRequest(values=dict(somebody().values) | {"email": "no address"})
        ],
        "IntakeService.ListIntakes": [intake.ListIntakesRequest()],
        "IntakeService.SimulateTerritories": [intake.SimulateTerritoriesRequest(text=TEXT)],
        "LeadService.ListUnattendedLeads": [leads.ListUnattendedLeadsRequest()],
        "LeadService.StudyDeadLeads": [
            leads.StudyDeadLeadsRequest(dimensions=[each], least_count=3) for each in dimensions
        ],
        "OverviewService.StudyActivity": [overview.StudyActivityRequest()],
        "OverviewService.StudyQueue": [overview.StudyQueueRequest()],
        "OverviewService.StudyCalibration": [overview.StudyCalibrationRequest()],
        "OverviewService.ListProvisionalAccounts": [overview.ListProvisionalAccountsRequest()],
        "OverviewService.GetIndexStatus": [overview.GetIndexStatusRequest()],
        "PolicyService.GetPolicy": [
            policy_service_pb2.GetPolicyRequest(name=name)
            for name in ("policyVersions/current", *names.policies)
        ],
        "PolicyService.ListPolicyVersions": [policy_service_pb2.ListPolicyVersionsRequest()],
        "PolicyService.SimulatePolicy": [policy_service_pb2.SimulatePolicyRequest(text=TEXT)],
    }

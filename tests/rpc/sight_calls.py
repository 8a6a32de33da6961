"""Every call that answers without writing, made on the world of `sight_world`, and what its answers hold."""

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
from google.longrunning import operations_pb2 as lro
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from dedup_service.rpc.access import TABLE, CallClass
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
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    overview_service_pb2,
    policy_service_pb2,
    privacy_service_pb2,
    record_service_pb2,
)
from tests.rpc.sight_world import HR_ID, World
from tests.workflows.policy_texts import TEXT

_FILES: tuple[Any, ...] = (
    audit_service_pb2,
    change_service_pb2,
    cleanup_service_pb2,
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
    lro,
)
SERVICES: tuple[ServiceDescriptor, ...] = tuple(
    service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()
)
METHODS: dict[str, MethodDescriptor] = {
    method.full_name: method for service in SERVICES for method in service.methods
}
READING = {
    name
    for name, access in TABLE.items()
    if access.call_class in {CallClass.READ, CallClass.MATCH, CallClass.WATCH} or "Simulate" in name
}
# A stream that does not end by itself is read for so long after its last answer.
_SILENCE_SECONDS = 0.5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}={0,2}")
_ONE, _TWO, _THREE = (f"sources/crm/records/{each}" for each in "123")
_HIDDEN = f"sources/hr/records/{HR_ID}"
_LEAST = 0.000001


def _pair(left: str, right: str) -> match_service_pb2.Pair:
    side = match_service_pb2.PairSide
    return match_service_pb2.Pair(left=side(record=left), right=side(record=right))


def _match(**more: Any) -> match_service_pb2.MatchRequest:
    return match_service_pb2.MatchRequest(min_probability=_LEAST, explain=True, **more)


def _person() -> core_pb2.Candidate:
    values = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com"}
    return core_pb2.Candidate(kind=core_pb2.RECORD_KIND_CONTACT, values=values)


def requests_of(world: World) -> Iterator[tuple[str, Message]]:
    """Calls of every method that reads, and of those that write with `validate_only`."""
    yield from _of_records(world)
    yield from _of_matching()
    yield from _of_merging(world)
    yield from _of_lists(world)


def _of_records(world: World) -> Iterator[tuple[str, Message]]:
    records, goldens = record_service_pb2, golden_record_service_pb2
    for name in (_ONE, _TWO, _THREE, _HIDDEN, "sources/desk/records/c1", "sources/desk/records/zqlead9"):
        yield "RecordService.GetRecord", records.GetRecordRequest(name=name)
        yield "GoldenRecordService.LookupGoldenRecord", goldens.LookupGoldenRecordRequest(record=name)
        yield "PrivacyService.ExportRecord", privacy_service_pb2.ExportRecordRequest(name=name)
        certificate = f"{name}/erasureCertificate"
        yield (
            "PrivacyService.GetErasureCertificate",
            privacy_service_pb2.GetErasureCertificateRequest(name=certificate),
        )
    for source in ("-", "hr", "desk"):
        yield "RecordService.ListRecords", records.ListRecordsRequest(parent=f"sources/{source}")
    # The page ends with a hidden record, at which its token points.
    for size in range(1, 9):
        yield "RecordService.ListRecords", records.ListRecordsRequest(parent="sources/-", page_size=size)
    for name in world.goldens.values():
        yield "GoldenRecordService.GetGoldenRecord", goldens.GetGoldenRecordRequest(name=name)
        yield "GoldenRecordService.ListMembers", goldens.ListMembersRequest(parent=name)
        yield (
            "GoldenRecordService.ListGoldenRecordVersions",
            goldens.ListGoldenRecordVersionsRequest(parent=name),
        )
    names = list(world.goldens.values())
    yield "GoldenRecordService.BatchGetGoldenRecords", goldens.BatchGetGoldenRecordsRequest(names=names)
    yield "GoldenRecordService.ListGoldenRecords", goldens.ListGoldenRecordsRequest()
    for value in ("DE811128135", "DE136695976"):
        identifier = goldens.Identifier(field="tax_id", value=value)
        yield (
            "GoldenRecordService.LookupGoldenRecord",
            goldens.LookupGoldenRecordRequest(identifier=identifier),
        )
    values = {"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com"}
    yield "IntakeService.Validate", intake_service_pb2.ValidateRequest(values=values)
    newcomer = records.Record(name="sources/crm/records/-", values=values)
    yield "IntakeService.Route", intake_service_pb2.RouteRequest(record=newcomer, validate_only=True)
    item = intake_service_pb2.RouteItem(record=newcomer)
    yield (
        "IntakeService.RouteRecords",
        intake_service_pb2.RouteRecordsRequest(items=[item], validate_only=True),
    )
    echo = records.Record(name=_ONE, kind=core_pb2.RECORD_KIND_CONTACT, values=values)
    yield "RecordService.UpdateRecord", records.UpdateRecordRequest(record=echo, validate_only=True)


def _of_matching() -> Iterator[tuple[str, Message]]:
    pb = match_service_pb2
    for name in (_ONE, _THREE, _HIDDEN):
        yield "MatchService.Match", _match(record=name)
        yield "MatchService.MatchStream", pb.MatchStreamRequest(request=_match(record=name))
    yield "MatchService.Match", _match(candidate=_person())
    yield "MatchService.Match", _match(candidate=_person(), page_size=1)
    for pair in (_pair(_ONE, _TWO), _pair(_ONE, _HIDDEN), _pair(_HIDDEN, f"{_HIDDEN}b")):
        yield "MatchService.Score", pb.ScoreRequest(pair=pair)
        yield "MatchService.BatchScore", pb.BatchScoreRequest(pairs=[pair])
        yield "MatchService.ExplainMatch", pb.ExplainMatchRequest(pair=pair)
    yield "MatchService.GetScoringModel", pb.GetScoringModelRequest(name="scoringModels/default-1")
    yield "MatchService.ListScoringModels", pb.ListScoringModelsRequest()


def _of_merging(world: World) -> Iterator[tuple[str, Message]]:
    proposals, merges = merge_proposal_service_pb2, merge_service_pb2
    for proposal in (world.proposal, world.hidden_proposal):
        yield (
            "MergeProposalService.GetMergeProposal",
            proposals.GetMergeProposalRequest(name=proposal.name),
        )
    for view in merge_proposal_service_pb2.MergeProposalView.values():
        yield "MergeProposalService.ListMergeProposals", proposals.ListMergeProposalsRequest(view=view)
    facets = ["source", "owner", "impact"]
    yield "MergeProposalService.CountMergeProposals", proposals.CountMergeProposalsRequest(facets=facets)
    wanted = merge_proposal_pb2.MergeProposal(golden_records=[world.goldens["first"], world.goldens["third"]])
    preview = proposals.CreateMergeProposalRequest(merge_proposal=wanted, validate_only=True)
    yield "MergeProposalService.CreateMergeProposal", preview
    ballot = proposals.BatchDecideMergeProposalsRequest(filter="state = PENDING", validate_only=True)
    yield "MergeProposalService.BatchDecideMergeProposals", ballot
    yield "MergeService.GetMerge", merges.GetMergeRequest(name=world.merge.name)
    yield "MergeService.ListMerges", merges.ListMergesRequest()
    undo = merges.UndoMergeRequest(
        name=world.merge.name, etag=world.merge.etag, reason="try", validate_only=True
    )
    yield "MergeService.UndoMerge", undo


def _of_lists(world: World) -> Iterator[tuple[str, Message]]:
    changes, leads, jobs = change_service_pb2, lead_service_pb2, cleanup_service_pb2
    yield "ChangeService.ListChanges", changes.ListChangesRequest(page_size=1000)
    yield "ChangeService.ListChanges", changes.ListChangesRequest(sources=["sources/hr"])
    yield "ChangeService.WatchChanges", changes.WatchChangesRequest(resume_token=world.since)
    yield "AuditService.ListAuditEntries", audit_service_pb2.ListAuditEntriesRequest(page_size=1000)
    yield "AuditService.VerifyAudit", audit_service_pb2.VerifyAuditRequest()
    yield "IdentityService.GetCaller", identity_service_pb2.GetCallerRequest()
    yield "IntakeService.ListIntakes", intake_service_pb2.ListIntakesRequest()
    yield "IntakeService.SimulateTerritories", intake_service_pb2.SimulateTerritoriesRequest(text=TEXT)
    yield "LeadService.ListUnattendedLeads", leads.ListUnattendedLeadsRequest()
    for dimension in (1, 2, 3, 4, 5, 6):
        study = leads.StudyDeadLeadsRequest(dimensions=[dimension], least_count=3)  # type: ignore[list-item]  # the numbers of the dimensions
        yield "LeadService.StudyDeadLeads", study
    yield "CleanupService.GetCleanupJob", jobs.GetCleanupJobRequest(name="cleanupJobs/none")
    yield "CleanupService.ListCleanupJobs", jobs.ListCleanupJobsRequest()
    yield "CleanupService.GetCleanupRun", jobs.GetCleanupRunRequest(name="cleanupJobs/none/runs/none")
    yield "CleanupService.ListCleanupRuns", jobs.ListCleanupRunsRequest(parent="cleanupJobs/-")
    yield "CleanupService.WatchCleanupJob", jobs.WatchCleanupJobRequest(name="cleanupJobs/none")
    delegations = delegation_service_pb2
    yield "DelegationService.GetDelegation", delegations.GetDelegationRequest(name="delegations/none")
    yield "DelegationService.ListDelegations", delegations.ListDelegationsRequest()
    yield "DistinctionService.ListDistinctions", distinction_service_pb2.ListDistinctionsRequest()
    overview, policies = overview_service_pb2, policy_service_pb2
    yield "OverviewService.StudyActivity", overview.StudyActivityRequest()
    yield "OverviewService.StudyQueue", overview.StudyQueueRequest()
    yield "OverviewService.StudyCalibration", overview.StudyCalibrationRequest()
    yield "OverviewService.ListProvisionalAccounts", overview.ListProvisionalAccountsRequest()
    yield "OverviewService.GetIndexStatus", overview.GetIndexStatusRequest()
    yield "PolicyService.GetPolicy", policies.GetPolicyRequest(name="policyVersions/current")
    yield "PolicyService.ListPolicyVersions", policies.ListPolicyVersionsRequest()
    yield "PolicyService.SimulatePolicy", policies.SimulatePolicyRequest(text=TEXT)
    yield "google.longrunning.Operations.ListOperations", lro.ListOperationsRequest(name="operations")
    yield "google.longrunning.Operations.GetOperation", lro.GetOperationRequest(name="operations/none")
    yield "google.longrunning.Operations.WaitOperation", lro.WaitOperationRequest(name="operations/none")


def full_name(method: str) -> str:
    return method if method.startswith("google.") else f"dedup_service.v1.{method}"


async def answers(channel: grpc.aio.Channel, method: str, request: Message, who: str) -> bytes:
    """All that one call answers with, or is refused with, as bytes."""
    descriptor = METHODS[full_name(method)]
    path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
    reading = GetMessageClass(descriptor.output_type).FromString
    writing: Any = type(request).SerializeToString
    metadata = (("dedup-principal", who),)
    made = {"request_serializer": writing, "response_deserializer": reading}
    try:
        if descriptor.client_streaming:
            stream = channel.stream_stream(path, **made)(_only(request), metadata=metadata)
            return await _all_of(stream)
        if descriptor.server_streaming:
            return await _all_of(channel.unary_stream(path, **made)(request, metadata=metadata))
        answer: Any = await channel.unary_unary(path, **made)(request, metadata=metadata, timeout=20)
        return bytes(answer.SerializeToString())
    except grpc.aio.AioRpcError as error:
        trailers = [value for _, value in error.trailing_metadata() or ()]
        details = b"".join(each if isinstance(each, bytes) else each.encode() for each in trailers)
        return (error.details() or "").encode() + details


async def _only(request: Message) -> AsyncIterator[Message]:
    yield request


async def _all_of(stream: Any) -> bytes:
    found = bytearray()
    while True:
        try:
            answer = await asyncio.wait_for(stream.read(), _SILENCE_SECONDS)
        except TimeoutError:
            stream.cancel()
            return bytes(found)
        if answer is grpc.aio.EOF:
            return bytes(found)
        found += answer.SerializeToString()
        if getattr(answer, "checkpoint", False):
            stream.cancel()
            return bytes(found)


def holds(answer: bytes, secret: str) -> bool:
    """Whether the bytes hold a secret in any form: as it is, folded, its digits, turned round, in a token."""
    text = answer.decode("utf-8", "ignore")
    inside = "".join(map(_opened, _TOKEN.findall(text)))
    digits = re.sub(r"\D", "", secret)
    forms = {secret.casefold(), secret[::-1].casefold(), re.sub(r"\W", "", secret).casefold()}
    forms |= {each.casefold() for each in re.split(r"[\s@]+", secret) if len(each) >= 6}
    forms |= {digits, digits[-8:]} if len(digits) >= 5 else set()
    turned = secret.split()
    forms.add(" ".join(reversed(turned)).casefold())
    return any(form in (text + inside).casefold() for form in forms)


def _opened(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("utf-8", "ignore")
    except (ValueError, binascii.Error):
        return ""

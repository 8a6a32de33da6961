"""Ways to have a merge without those who must agree to it; `tests/rpc/test_bypass.py` searches for more."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.delegation_service_pb2 import CreateDelegationRequest, Delegation
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    BatchDecideMergeProposalsRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest, Policy, UpdatePolicyRequest
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest
from dedup_service.v1.voting_pb2 import VoteDecision
from tests.attacks.outcomes import refused, write
from tests.console.scenes import account_record, contact_record, propose, propose_high
from tests.console.served_console import Console, WebClient

ANN, BEN, FIONA = "users/ann", "users/ben", "users/fiona"
MATCHER = "services/matcher"
MERGED = MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
# What cannot be had without a vote that is missing.
UNDECIDED = {"APPROVALS_MISSING", "STATE_NOT_ALLOWED", "MISSING_ROLE", "VETOED"}


def own_proposal(console: Console) -> MergeProposal:
    """A proposal of two contacts of sales that ann has made herself."""
    tag = uuid4().hex[:8]
    records = [contact_record(f"{tag}-{n}", email=f"{tag}@own.example") for n in "ab"]
    write(console, *records)
    wanted = MergeProposal(golden_records=[record.name for record in records])
    client = console.acting_as(ANN)
    return client.merge_proposals.CreateMergeProposal(CreateMergeProposalRequest(merge_proposal=wanted))


def mastered(console: Console) -> MergeProposal:
    """A proposal of two accounts of the customer master, which finance has to agree to."""
    tag = uuid4().hex[:8]
    records = [
        account_record(f"{tag}-{n}", "erp", customer_number=f"{tag}-{n}", company_name=f"Kontor {tag}")
        for n in "ab"
    ]
    return propose(console.importer.acting_as("services/importer"), *records)


def fresh(console: Console, proposal: MergeProposal) -> MergeProposal:
    """The proposal as it is now."""
    client = console.acting_as(BEN)
    return client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=proposal.name))


def approve(client: DedupClient, proposal: MergeProposal, **more: str) -> MergeProposal:
    request = ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag, **more)
    return client.merge_proposals.ApproveMergeProposal(request)


def execute(client: DedupClient, proposal: MergeProposal) -> ServiceError:
    request = ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    return refused(lambda: client.merge_proposals.ExecuteMergeProposal(request))


def test_approving_what_one_proposed(console: Console) -> None:
    """The proposer approves: refused, and the proposal waits for somebody else."""
    proposal = own_proposal(console)
    error = refused(lambda: approve(console.acting_as(ANN), proposal))
    assert error.reason == "SELF_APPROVAL"
    assert execute(console.acting_as(ANN), fresh(console, proposal)).reason in UNDECIDED


def test_approving_what_one_proposed_in_a_batch(console: Console) -> None:
    """The proposer approves in bulk: the one is refused in its place, and nothing is merged."""
    proposal = own_proposal(console)
    request = BatchDecideMergeProposalsRequest(
        decision=VoteDecision.VOTE_DECISION_APPROVE, request_id=str(uuid4())
    )
    request.proposals.add(name=proposal.name, etag=proposal.etag)
    answer = console.acting_as(ANN).merge_proposals.BatchDecideMergeProposals(request)
    assert "SELF_APPROVAL" in str(answer)
    assert fresh(console, proposal).state != MERGED


def test_approving_what_one_proposed_in_the_console(console: Console, web: WebClient) -> None:
    """The proposer sends the form of the console: the page refuses, and nothing is merged."""
    proposal = own_proposal(console)
    path = f"/proposals/{proposal.name.partition('/')[2]}"
    form = {"etag": proposal.etag, "request_id": str(uuid4()), "merge": "1"}
    for action in ("approve", "merge"):
        assert web.post(f"{path}/{action}", form, as_=ANN).status in {303, 403, 409, 400}
    assert fresh(console, proposal).state != MERGED
    assert not fresh(console, proposal).votes


def test_saying_that_somebody_else_proposed(console: Console) -> None:
    """The proposer writes another's name into the proposal: it is theirs all the same."""
    tag = uuid4().hex[:8]
    records = [contact_record(f"{tag}-{n}", email=f"{tag}@forged.example") for n in "ab"]
    write(console, *records)
    wanted = MergeProposal(
        golden_records=[record.name for record in records],
        proposer=BEN,
        state=MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED,
    )
    client = console.acting_as(ANN)
    made = client.merge_proposals.CreateMergeProposal(CreateMergeProposalRequest(merge_proposal=wanted))
    assert made.proposer == ANN
    assert made.state == MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
    assert refused(lambda: approve(client, made)).reason == "SELF_APPROVAL"


def test_lending_ones_function_to_a_friend_who_proposed(console: Console) -> None:
    """Ben gives ann his function: as the proposer she still does not decide."""
    end_time = Timestamp()
    end_time.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    delegation = Delegation(delegate=ANN, functions=["sales"], end_time=end_time)
    console.acting_as(BEN).delegations.CreateDelegation(CreateDelegationRequest(delegation=delegation))
    error = refused(lambda: approve(console.acting_as(ANN), own_proposal(console), function="sales"))
    assert error.reason == "SELF_APPROVAL"


def test_lending_a_function_that_one_does_not_hold(console: Console) -> None:
    """Ann gives finance on, which she does not hold: refused."""
    end_time = Timestamp()
    end_time.FromDatetime(datetime.now(UTC) + timedelta(hours=1))
    delegation = Delegation(delegate=BEN, functions=["finance"], end_time=end_time)
    client = console.acting_as(ANN)
    error = refused(
        lambda: client.delegations.CreateDelegation(CreateDelegationRequest(delegation=delegation))
    )
    assert error.reason in {"MISSING_ROLE", "INVALID_FIELD"}


def test_speaking_for_a_function_that_one_does_not_hold(console: Console) -> None:
    """Ann approves in the name of finance: refused, and no vote is kept."""
    proposal = mastered(console)
    error = refused(lambda: approve(console.acting_as(ANN), proposal, function="finance"))
    assert error.code in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT}
    assert not fresh(console, proposal).votes


@pytest.mark.parametrize("service", [MATCHER, "services/importer"])
def test_a_service_account_that_approves(console: Console, service: str) -> None:
    """A program approves, which nobody is asked to believe: refused before it is looked at."""
    error = refused(lambda: approve(console.acting_as(service), mastered(console)))
    assert error.reason == "NOT_AN_APPROVER"


def test_merging_without_any_vote(console: Console) -> None:
    """Everybody who may not executes at once, and a service account too: what is missing is named."""
    proposal = mastered(console)
    for who in (ANN, BEN, "users/carla", MATCHER, FIONA):
        assert execute(console.acting_as(who), proposal).reason in {*UNDECIDED, "NOT_AN_APPROVER"}, who
    assert fresh(console, proposal).state != MERGED


def test_voting_often(console: Console) -> None:
    """One person approves five times: it counts once."""
    proposal = propose_high(console.importer)
    for _ in range(5):
        try:
            approve(console.acting_as(BEN), fresh(console, proposal))
        except ServiceError as error:
            assert error.code is not grpc.StatusCode.INTERNAL  # noqa: PT017  whether it is refused is not the point
    voted = fresh(console, proposal)
    assert len([vote for vote in voted.votes if vote.counts and vote.principal == BEN]) == 1
    assert execute(console.acting_as(BEN), voted).reason in UNDECIDED


def test_a_vote_for_what_was_shown_before(console: Console) -> None:
    """Finance agrees to one plan, and it is changed meanwhile: the vote is for the plan that was seen."""
    proposal = mastered(console)
    shown = fresh(console, proposal)
    other = next(name for name in shown.golden_records if name != shown.survivor)
    change = UpdateMergeProposalRequest(
        merge_proposal=MergeProposal(name=shown.name, etag=shown.etag, survivor=other),
        update_mask=FieldMask(paths=["survivor"]),
    )
    console.acting_as("services/importer").merge_proposals.UpdateMergeProposal(change)
    assert refused(lambda: approve(console.acting_as(FIONA), shown)).reason == "ETAG_MISMATCH"


def test_taking_the_customer_number_away_first(console: Console) -> None:
    """Somebody of sales empties the customer number, so that finance is not asked: not theirs to write."""
    record = account_record("stripped", "erp", customer_number="S-1")
    write(console, record)
    bare = Record(name=record.name, kind=record.kind, values={"company_name": "Halden Werke"})
    for who in (ANN, MATCHER):
        client = console.acting_as(who)
        error = refused(lambda client=client: client.records.UpdateRecord(UpdateRecordRequest(record=bare)))  # type: ignore[misc]  # a default is how a lambda in a loop keeps its own
        assert error.reason in {"MISSING_ROLE", "NOT_AN_APPROVER"}, who


def test_another_policy_first(console: Console) -> None:
    """Somebody of sales makes a policy that asks nobody: only its keepers put one in force."""
    client = console.acting_as(ANN)
    current = client.policies.GetPolicy(GetPolicyRequest(name="policyVersions/current"))
    text = re.sub(r"(?m)^version: .*$", "version: mine-1", current.text)
    assert text != current.text
    request = UpdatePolicyRequest(policy=Policy(text=text, etag=current.etag, comment="mine"))
    error = refused(lambda: client.policies.UpdatePolicy(request))
    assert error.reason == "MISSING_ROLE", error


def test_finance_in_the_console_by_somebody_of_sales(console: Console, web: WebClient) -> None:
    """Forms for a proposal of mastered accounts that say one is of finance: nothing is merged."""
    proposal = mastered(console)
    path = f"/proposals/{proposal.name.partition('/')[2]}"
    for action in ("approve", "merge", "approve", "merge"):
        form = {
            "etag": fresh(console, proposal).etag,
            "request_id": str(uuid4()),
            "function": "finance",
            "principal": FIONA,
            "person": FIONA,
            "functions": ["finance", "sales"],
        }
        web.post(f"{path}/{action}", form, as_=ANN)
    assert fresh(console, proposal).state != MERGED
    assert FIONA not in {vote.principal for vote in fresh(console, proposal).votes}

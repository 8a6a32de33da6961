"""Attempts at what is of somebody: as a person without a stake, one with, and three service accounts."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.change_service_pb2 import AcknowledgeChangeRequest, ListChangesRequest
from dedup_service.v1.delegation_service_pb2 import (
    CreateDelegationRequest,
    Delegation,
    EndDelegationRequest,
)
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    ExecuteMergeProposalRequest,
    RejectMergeProposalRequest,
    UpdateMergeProposalRequest,
    WithdrawMergeProposalRequest,
)
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest, Policy, UpdatePolicyRequest
from dedup_service.v1.record_service_pb2 import (
    DeleteRecordRequest,
    EraseRecordRequest,
    UpdateRecordRequest,
)
from tests.console.scenes import contact_record, propose_medium

ASKING = ("users/frida", "users/ann", "services/matcher", "services/shop", "services/crm")
NO_ROLE, NOT_THEM = "MISSING_ROLE", "NOT_AN_APPROVER"
WRITING = (NO_ROLE, "", NO_ROLE, NO_ROLE, "")

# By attempt, the reason for each of `ASKING`; empty where the call is answered, or refused for another reason
# than who asks.
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "update_record": WRITING,
    "delete_record": WRITING,
    "erase_record": WRITING,
    "acknowledge_change": (NOT_THEM, NOT_THEM, NO_ROLE, NO_ROLE, ""),
    "update_proposal": (NO_ROLE, "", NOT_THEM, NOT_THEM, NOT_THEM),
    "approve": (NO_ROLE, "", NOT_THEM, NOT_THEM, NOT_THEM),
    "reject": (NO_ROLE, "", NOT_THEM, NOT_THEM, NOT_THEM),
    "withdraw": (NOT_THEM,) * 5,
    "execute": (NO_ROLE, "", "", "", ""),
    "distinguish": (NO_ROLE, "", "", "", ""),
    "update_policy": ("", NO_ROLE, NOT_THEM, NOT_THEM, NOT_THEM),
    "delegate": ("", "", NOT_THEM, NOT_THEM, NOT_THEM),
    "end_delegation": (NOT_THEM, "", NOT_THEM, NOT_THEM, NOT_THEM),
}
_REASONS = {NO_ROLE, NOT_THEM, "SELF_APPROVAL"}

Attempt = Callable[[DedupClient], object]


def outcome(attempt: Attempt, client: DedupClient) -> str:
    """The reason for which an attempt was refused; empty where it was not for who asks."""
    try:
        attempt(client)
    except ServiceError as error:
        return error.reason if error.reason in _REASONS else ""
    return ""


class Story:
    """A record of the CRM, a proposal of its importer, and a delegation of ann's; the attempts at them."""

    def __init__(self, importer: DedupClient) -> None:
        self._proposal = propose_medium(importer)
        self._record = contact_record("story")
        list(importer.ingest([self._record, contact_record("story-2")]))
        self._change = importer.changes.ListChanges(ListChangesRequest(page_size=1)).changes[0].name
        policy = importer.policies.GetPolicy(GetPolicyRequest(name="policyVersions/current"))
        self._policy = Policy(
            text=policy.text.replace(policy.version, "story-1"), etag=policy.etag, comment="a trial"
        )
        end = datetime.now(UTC) + timedelta(days=1)
        self._delegation = Delegation(delegate="users/carla", functions=["sales"])
        self._delegation.end_time.FromDatetime(end)
        ann = importer.acting_as("users/ann")
        self._delegated = ann.delegations.CreateDelegation(
            CreateDelegationRequest(delegation=self._delegation)
        )

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Each leaves the next one something to attempt."""
        return (
            self.update_record,
            self.acknowledge_change,
            self.update_policy,
            self.delegate,
            self.update_proposal,
            self.withdraw,
            self.execute,
            self.approve,
            self.reject,
            self.distinguish,
            self.end_delegation,
            self.delete_record,
            self.erase_record,
        )

    def update_record(self, client: DedupClient) -> object:
        return client.records.UpdateRecord(UpdateRecordRequest(record=self._record, allow_missing=True))

    def delete_record(self, client: DedupClient) -> object:
        return client.records.DeleteRecord(DeleteRecordRequest(name=self._record.name))

    def erase_record(self, client: DedupClient) -> object:
        return client.records.EraseRecord(EraseRecordRequest(name=self._record.name, reason="asked for"))

    def acknowledge_change(self, client: DedupClient) -> object:
        return client.changes.AcknowledgeChange(
            AcknowledgeChangeRequest(name=self._change, source="sources/crm")
        )

    def update_proposal(self, client: DedupClient) -> object:
        mine = MergeProposal(name=self._proposal.name, etag=self._proposal.etag)
        mine.survivor = self._proposal.survivor
        return client.merge_proposals.UpdateMergeProposal(UpdateMergeProposalRequest(merge_proposal=mine))

    def approve(self, client: DedupClient) -> object:
        return client.merge_proposals.ApproveMergeProposal(
            ApproveMergeProposalRequest(name=self._proposal.name, etag=self._proposal.etag)
        )

    def reject(self, client: DedupClient) -> object:
        return client.merge_proposals.RejectMergeProposal(
            RejectMergeProposalRequest(name=self._proposal.name, etag=self._proposal.etag, comment="no")
        )

    def withdraw(self, client: DedupClient) -> object:
        return client.merge_proposals.WithdrawMergeProposal(
            WithdrawMergeProposalRequest(name=self._proposal.name, etag=self._proposal.etag)
        )

    def execute(self, client: DedupClient) -> object:
        return client.merge_proposals.ExecuteMergeProposal(
            ExecuteMergeProposalRequest(name=self._proposal.name, etag=self._proposal.etag)
        )

    def distinguish(self, client: DedupClient) -> object:
        sides = Distinction(reason="they differ")
        sides.left.extend([self._record.name])
        sides.right.extend([contact_record("story-2").name])
        return client.distinctions.CreateDistinction(CreateDistinctionRequest(distinction=sides))

    def update_policy(self, client: DedupClient) -> object:
        return client.policies.UpdatePolicy(UpdatePolicyRequest(policy=self._policy, validate_only=True))

    def delegate(self, client: DedupClient) -> object:
        return client.delegations.CreateDelegation(
            CreateDelegationRequest(delegation=self._delegation, validate_only=True)
        )

    def end_delegation(self, client: DedupClient) -> object:
        return client.delegations.EndDelegation(
            EndDelegationRequest(name=self._delegated.name, etag=self._delegated.etag)
        )

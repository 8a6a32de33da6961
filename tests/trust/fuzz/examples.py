"""Right requests for methods whose fields must fit together in a way that no draw comes upon by itself."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.company_files import policy_text
from dedup_service.v1 import (
    change_service_pb2,
    delegation_service_pb2,
    golden_record_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    policy_service_pb2,
    record_service_pb2,
    voting_pb2,
)
from tests.trust.fuzz.seen import Seen

_RECORD = "dedup-service/Record"


def _delegation(_: Seen, random: Random) -> Message:
    end = Timestamp()
    end.FromDatetime(datetime.now(UTC).replace(microsecond=0) + timedelta(days=random.randrange(1, 20)))
    delegate = random.choice(("", "users/ann", "users/carla", "users/fiona", "users/mia"))
    delegation = delegation_service_pb2.Delegation(delegate=delegate, end_time=end)
    return delegation_service_pb2.CreateDelegationRequest(delegation=delegation)


def _acknowledgement(seen: Seen, random: Random) -> Message:
    source = random.choice(("sources/crm", "sources/erp", "sources/desk"))
    name = seen.resource(random, "dedup-service/Change") or "changes/1-0"
    return change_service_pb2.AcknowledgeChangeRequest(name=name, source=source)


def _batch_decision(seen: Seen, random: Random) -> Message:
    request = merge_proposal_service_pb2.BatchDecideMergeProposalsRequest
    decision = random.choice((voting_pb2.VOTE_DECISION_APPROVE, voting_pb2.VOTE_DECISION_REJECT))
    if random.random() < 0.5:
        return request(decision=decision, filter="state = PENDING", validate_only=True)
    found = seen.message(random, merge_proposal_pb2.MergeProposal.DESCRIPTOR.full_name)
    message = request(decision=decision, comment="as agreed")
    if isinstance(found, merge_proposal_pb2.MergeProposal):
        message.proposals.add(name=found.name, etag=found.etag)
    return message


def _policy(seen: Seen, random: Random) -> Message:
    text = policy_text(None).replace("\nversion: ", f"\nversion: fuzz-{random.randrange(10**6)} # ", 1)
    policy = policy_service_pb2.Policy(text=text, comment="another number")
    found = seen.message(random, policy.DESCRIPTOR.full_name)
    if isinstance(found, policy_service_pb2.Policy):
        policy.etag = found.etag
    return policy_service_pb2.UpdatePolicyRequest(policy=policy, validate_only=random.random() < 0.5)


def _records(seen: Seen, random: Random) -> Message:
    found = seen.message(random, record_service_pb2.Record.DESCRIPTOR.full_name)
    message = record_service_pb2.BatchUpdateRecordsRequest(parent="sources/crm")
    if isinstance(found, record_service_pb2.Record) and found.name:
        message.parent = found.name.rsplit("/", 2)[0]
        message.requests.add(record=found, allow_missing=True)
    return message


def _confirmation(seen: Seen, random: Random) -> Message:
    found = seen.message(random, golden_record_service_pb2.GoldenRecord.DESCRIPTOR.full_name)
    message = golden_record_service_pb2.ConfirmAccountRequest(customer_number=str(random.randrange(10**6)))
    if isinstance(found, golden_record_service_pb2.GoldenRecord):
        message.name, message.etag = found.name, found.etag
    message.record = f"sources/erp/records/fuzz-{random.randrange(10**6)}"
    return message


EXAMPLES: Mapping[str, Callable[[Seen, Random], Message]] = {
    "AcknowledgeChange": _acknowledgement,
    "BatchDecideMergeProposals": _batch_decision,
    "BatchUpdateRecords": _records,
    "ConfirmAccount": _confirmation,
    "CreateDelegation": _delegation,
    "UpdatePolicy": _policy,
}

"""What came of a call that an attacker made."""

from collections.abc import Callable
from typing import Any

import grpc

from dedup_service.client import ServiceError
from dedup_service.v1.core_pb2 import RecordKind, RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest, MatchResponse
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest
from dedup_service.v1.record_service_pb2 import Record
from tests.console.served_console import Console

# What a request that cannot be right is answered with; nothing of the service has failed.
CALLER_FAULTS = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
}


def refused(call: Callable[[], Any]) -> ServiceError:
    """How the service refused a call, which it must."""
    try:
        answer = call()
    except ServiceError as error:
        return error
    raise AssertionError(f"it was not refused: {type(answer).__name__}")


def state_of(console: Console, proposal: str, as_: str = "users/ben") -> int:
    """The state of a proposal as it is now."""
    client = console.acting_as(as_)
    return client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=proposal)).state


def write(console: Console, *records: Record) -> RevisionToken:
    """Write records, and say from when on they can be found."""
    batches = list(console.importer.ingest(records))
    assert sum(each.answer.written_count for each in batches) == len(records), batches
    return batches[-1].answer.revision


def match(console: Console, record: Record, revision: RevisionToken) -> MatchResponse:
    """What matches a record that is not stored, in an index that holds that write."""
    request = MatchRequest(
        record_kinds=[RecordKind.RECORD_KIND_CONTACT], min_probability=0.01, min_revision=revision
    )
    request.candidate.kind = record.kind
    request.candidate.values.update(dict(record.values))
    return console.acting_as("users/ann").matches.Match(request)


def matches_of(console: Console, record: Record, revision: RevisionToken) -> set[str]:
    """The records that match it."""
    return {each.record for each in match(console, record, revision).matches}

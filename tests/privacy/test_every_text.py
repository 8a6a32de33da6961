"""Every text that a write takes is written by the life that erasure is tried on, or says why not."""

from collections.abc import Iterator
from typing import Any

from google.api import field_behavior_pb2, resource_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from dedup_service.rpc.call_log import READING
from tests.rpc.sight_calls import METHODS

# `tests/privacy/somebody.py` writes her into each of these.
PLANTED = {
    *("Record.values", "Fact.text", "Child.child_id", "Child.owner", "Owner.principal", "Owner.queue"),
    *("MergeProposal.comment", "Delegation.reason", "Policy.comment", "CleanupJob.display_name"),
    *("ApproveMergeProposalRequest.comment", "RejectMergeProposalRequest.comment"),
    *("WithdrawMergeProposalRequest.comment", "UndoMergeRequest.reason", "Distinction.reason"),
}
HARMLESS = {
    "Policy.text": "is told in the certificate and kept: tests/privacy/test_certificate.py",
    "EraseRecordRequest.reason": "is refused where it names her: tests/privacy/test_certificate.py",
    "BatchDecideMergeProposalsRequest.comment": "is stored as the comment of each vote",
    "CleanupScope.filter": "takes kinds, states, sources and names of golden records alone",
    "Candidate.values": "is never stored",
    "Money.currency_code": "is one of a list",
    "BatchDecideMergeProposalsRequest.waiting_for": "says whose inbox, and is not stored",
    "ConfirmAccountRequest.customer_number": "becomes a value of the account's record",
    "CleanupJob.engine": "is one that the operator configured",
}
_BEHAVIOR: Any = field_behavior_pb2.field_behavior
_REFERENCE: Any = resource_pb2.resource_reference
# Names something of the API, or says which part of it.
_NAMED = {
    "name",
    "etag",
    "parent",
    "source",
    "sources",
    "filter",
    "order_by",
    "page_token",
    "function",
    "functions",
}
_NAMED |= {"field", "version", "token", "paths", "field_choices", "survivor", "delegate", "system", "account"}


def texts(message: Descriptor, seen: set[str]) -> Iterator[str]:
    """The fields below a request that anybody may write anything into."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        options = field.GetOptions()
        behaviors = set(options.Extensions[_BEHAVIOR])
        if field_behavior_pb2.OUTPUT_ONLY in behaviors or field_behavior_pb2.IDENTIFIER in behaviors:
            continue
        if options.HasExtension(_REFERENCE):
            continue
        below = field.message_type
        if below is not None and below.GetOptions().map_entry:
            if field.name not in _NAMED:
                yield f"{message.name}.{field.name}"
        elif below is not None:
            yield from texts(below, seen)
        elif field.type == FieldDescriptor.TYPE_STRING and field.name not in {*_NAMED, "request_id"}:
            yield f"{message.name}.{field.name}"


def test_every_text_of_a_write_is_tried_or_says_why_not() -> None:
    """A new text in the API is a new place for a name: erasure must be tried on it."""
    seen: set[str] = set()
    writes = [method for method in METHODS.values() if not method.name.startswith(READING)]
    found = {text for method in writes for text in texts(method.input_type, seen)}
    assert len(writes) > 25
    assert found - PLANTED - HARMLESS.keys() == set()
    assert PLANTED - found == set()

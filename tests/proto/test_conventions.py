"""What holds for every method and message of the API, by the AIPs and docs/api.md."""

from typing import Any

import pytest
from google.api import annotations_pb2, field_behavior_pb2, field_info_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2

from tests.proto.compiled_api import compiled_api

# The stubs of the google modules call every extension a FieldDescriptor, which says nothing of its type.
FIELD_BEHAVIOR: Any = field_behavior_pb2.field_behavior
FIELD_INFO: Any = field_info_pb2.field_info
RESOURCE: Any = resource_pb2.resource
REFERENCE: Any = resource_pb2.resource_reference
HTTP: Any = annotations_pb2.http
OPERATION_INFO: Any = operations_pb2.operation_info

READS = (
    "Get",
    "Export",
    "List",
    "BatchGet",
    "Lookup",
    "Match",
    "Score",
    "BatchScore",
    "Explain",
    "Watch",
    "Verify",
    "Simulate",
    "Study",
    "Count",
    "Validate",
)
# Answers about the history itself, or about what no write changes, need no token of freshness.
READS_WITHOUT_MIN_REVISION = {
    "ListChanges",
    "WatchChanges",
    "ListAuditEntries",
    "VerifyAudit",
    "GetScoringModel",
    "ListScoringModels",
    "Validate",
    # Who calls is of this moment, whatever was written.
    "GetCaller",
}
# What the caller's request for a decision must carry: the version that was seen.
METHODS_WITH_REQUIRED_ETAG = {
    "ApproveMergeProposal",
    "RejectMergeProposal",
    "WithdrawMergeProposal",
    "ExecuteMergeProposal",
    "UndoMerge",
    "DeleteDistinction",
    "EndDelegation",
    "ConfirmAccount",
}

OPERATION = ".google.longrunning.Operation"
MESSAGES = {
    f".{file.package}.{message.name}": message for file in compiled_api() for message in file.message_type
}
METHODS = {
    method.name: method for file in compiled_api() for service in file.service for method in service.method
}
WRITES = sorted(name for name in METHODS if not name.startswith(READS))
LISTS = sorted(
    name for name in METHODS if name.startswith("List") or name in {"Match", "BatchDecideMergeProposals"}
)


def request_fields(method: str) -> dict[str, descriptor_pb2.FieldDescriptorProto]:
    """The fields of the request of a method; of the request in it, where a stream wraps one."""
    fields = {field.name: field for field in MESSAGES[METHODS[method].input_type].field}
    if set(fields) == {"request"}:
        return {field.name: field for field in MESSAGES[fields["request"].type_name].field}
    return fields


def answer_fields(method: str) -> dict[str, descriptor_pb2.FieldDescriptorProto]:
    """The fields of the answer of a method; of a long-running one, those of what its operation carries."""
    answer = METHODS[method].output_type
    if answer == OPERATION:
        info = METHODS[method].options.Extensions[OPERATION_INFO]
        assert info.response_type == info.metadata_type
        answer = f".dedup_service.v1.{info.response_type}"
    return {field.name: field for field in MESSAGES[answer].field}


def behaviors(field: descriptor_pb2.FieldDescriptorProto) -> list[int]:
    """The declared google.api.field_behavior of a field."""
    return list(field.options.Extensions[FIELD_BEHAVIOR])


@pytest.mark.parametrize("method", WRITES)
def test_every_write_takes_a_request_id(method: str) -> None:
    """A write can be repeated safely: its request has an optional UUID `request_id` (AIP-155)."""
    field = request_fields(method)["request_id"]
    assert behaviors(field) == [field_behavior_pb2.OPTIONAL]
    assert field.options.Extensions[FIELD_INFO].format == field_info_pb2.FieldInfo.UUID4


@pytest.mark.parametrize("method", WRITES)
def test_every_write_answers_with_a_revision(method: str) -> None:
    """The answer of a write, a resource or not, carries the RevisionToken of the write."""
    assert answer_fields(method)["revision"].type_name == ".dedup_service.v1.RevisionToken"


@pytest.mark.parametrize("method", sorted(set(METHODS) - set(WRITES) - READS_WITHOUT_MIN_REVISION))
def test_every_read_takes_a_min_revision(method: str) -> None:
    """A read can ask to see at least a given write."""
    assert request_fields(method)["min_revision"].type_name == ".dedup_service.v1.RevisionToken"


@pytest.mark.parametrize("method", LISTS)
def test_every_list_is_paged(method: str) -> None:
    """A method that answers with many takes a page size and token, and gives the next token (AIP-158)."""
    answer = {field.name for field in MESSAGES[METHODS[method].output_type].field}
    assert {"page_size", "page_token"} <= set(request_fields(method))
    assert "next_page_token" in answer


@pytest.mark.parametrize("method", sorted(METHODS_WITH_REQUIRED_ETAG))
def test_every_decision_requires_an_etag(method: str) -> None:
    """Who decides says which version was seen (AIP-154)."""
    assert behaviors(request_fields(method)["etag"]) == [field_behavior_pb2.REQUIRED]


@pytest.mark.parametrize("message", sorted(name for name in MESSAGES if name.endswith("Request")))
def test_every_request_field_declares_its_behavior(message: str) -> None:
    """Each field of a request says whether it is required or optional (AIP-203); a oneof's cannot."""
    undeclared = [
        field.name
        for field in MESSAGES[message].field
        if not behaviors(field) and (field.proto3_optional or not field.HasField("oneof_index"))
    ]
    assert undeclared == []


def test_every_resource_has_a_name_first() -> None:
    """A resource's first field is its name, an identifier (AIP-122, AIP-203)."""
    resources = [message for message in MESSAGES.values() if message.options.HasExtension(RESOURCE)]
    assert len(resources) == 14
    for message in resources:
        assert (message.field[0].name, message.field[0].number) == ("name", 1), message.name
        assert behaviors(message.field[0]) == [field_behavior_pb2.IDENTIFIER], message.name


def test_every_resource_reference_is_to_a_known_resource() -> None:
    """A reference names the type of one of the API's own resources, or any."""
    types = {"*"}
    references: set[str] = set()
    for message in MESSAGES.values():
        types.add(message.options.Extensions[RESOURCE].type)
        for field in message.field:
            reference = field.options.Extensions[REFERENCE]
            references |= {reference.type, reference.child_type} - {""}
    assert references <= types


def test_no_method_is_mapped_to_http() -> None:
    """The API is gRPC alone."""
    assert not [name for name, method in METHODS.items() if method.options.HasExtension(HTTP)]

"""Borrowed ids, tokens and rights: what was made for one caller, call or store is of no use in another."""

import base64
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from dedup_service.client import ServiceError
from dedup_service.rpc.page_tokens import PageTokens
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1.change_service_pb2 import ListChangesRequest
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.intake_service_pb2 import RouteRequest
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.v1.record_service_pb2 import (
    BatchUpdateRecordsRequest,
    GetRecordRequest,
    ListRecordsRequest,
    Record,
    UpdateRecordRequest,
)
from tests.attacks.outcomes import refused, write
from tests.console.scenes import contact_record
from tests.console.served_console import Console

ANN, BEN = "users/ann", "users/ben"
IMPORTER, MATCHER = "services/importer", "services/matcher"


def request_of(record: Record, request_id: str) -> UpdateRecordRequest:
    return UpdateRecordRequest(
        record=record, allow_missing=True, update_mask=FieldMask(paths=["*"]), request_id=request_id
    )


def test_the_request_id_of_somebody_else(console: Console) -> None:
    """Ben repeats ann's call with her id: he is not given her answer, but an answer of his own rights."""
    request_id = str(uuid4())
    record = contact_record("borrowed", given_name="First", email="first@borrowed.example")
    first = console.acting_as(ANN).records.UpdateRecord(request_of(record, request_id))
    other = contact_record("borrowed", given_name="Second", email="second@borrowed.example")
    second = console.acting_as(BEN).records.UpdateRecord(request_of(other, request_id))
    assert (first.values["given_name"], second.values["given_name"]) == ("First", "Second")


def test_the_answer_kept_for_somebody_with_more_rights(console: Console) -> None:
    """A caller without the right repeats another's call word for word: refused, and told nothing."""
    request = request_of(contact_record("kept", email="kept@secret.example"), str(uuid4()))
    console.importer.records.UpdateRecord(request)
    error = refused(lambda: console.acting_as("users/carla").records.UpdateRecord(request))
    assert error.reason == "MISSING_ROLE"
    assert "kept@secret.example" not in str(error)


def test_a_request_id_with_other_content(console: Console) -> None:
    """The same id with something else in it: refused, and the first write stays as it is."""
    request_id = str(uuid4())
    console.importer.records.UpdateRecord(request_of(contact_record("reused", job_title="One"), request_id))
    changed = request_of(contact_record("reused", job_title="Two"), request_id)
    assert refused(lambda: console.importer.records.UpdateRecord(changed)).reason == "REQUEST_ID_REUSED"
    read = console.importer.records.GetRecord(GetRecordRequest(name=changed.record.name))
    assert read.values["job_title"] == "One"


def test_a_request_id_of_another_method(console: Console) -> None:
    """The id of one method's call in another's: never the first one's answer."""
    request_id = str(uuid4())
    record = contact_record("method", job_title="One")
    console.importer.records.UpdateRecord(request_of(record, request_id))
    batch = BatchUpdateRecordsRequest(parent="sources/crm", request_id=request_id)
    batch.requests.add(record=record, update_mask=FieldMask(paths=["*"]))
    error: ServiceError | None = None
    try:
        answer = console.importer.records.BatchUpdateRecords(batch)
    except ServiceError as failed:
        error = failed
    if error is None:
        assert answer.DESCRIPTOR.name == "BatchUpdateRecordsResponse"
    else:
        assert error.reason == "REQUEST_ID_REUSED"


@pytest.mark.parametrize("request_id", ["a b", "x" * 65, "\u0130", "a\nb", "\x00"])
def test_a_request_id_that_is_none(console: Console, request_id: str) -> None:
    """Ids with line ends, spaces or letters that change their case are refused before anything is done."""
    request = request_of(contact_record("no-id", email="no@id.example"), request_id)
    assert refused(lambda: console.importer.records.UpdateRecord(request)).reason == "INVALID_FIELD"


def test_a_page_token_of_another_store(console: Console) -> None:
    """A token that another service sealed for the same question opens no page here."""
    request = ListRecordsRequest(parent="sources/crm", page_size=1)
    request.page_token = PageTokens("another store").next(request, ("1",))
    error = refused(lambda: console.acting_as(ANN).records.ListRecords(request))
    assert [each.subject for each in error.violations] == ["page_token"]


def test_a_page_token_of_another_question(console: Console) -> None:
    """A token of one filter, source or method in another: refused."""
    write(console, *(contact_record(f"paged-{n}", email=f"paged{n}@x.example") for n in range(3)))
    client = console.acting_as(ANN)
    token = client.records.ListRecords(ListRecordsRequest(parent="sources/crm", page_size=1)).next_page_token
    assert token
    for ask, request in (
        (client.records.ListRecords, ListRecordsRequest(parent="sources/erp", page_token=token)),
        (client.merge_proposals.ListMergeProposals, ListMergeProposalsRequest(page_token=token)),
        (client.changes.ListChanges, ListChangesRequest(page_token=token)),
    ):
        error = refused(lambda ask=ask, request=request: ask(request))  # type: ignore[misc]  # a default is how a lambda in a loop keeps its own
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT, request


def test_a_page_token_that_was_changed(console: Console) -> None:
    """Each byte of a token that is turned around makes it none."""
    write(console, *(contact_record(f"turned-{n}", email=f"turned{n}@x.example") for n in range(3)))
    client = console.acting_as(ANN)
    token = client.records.ListRecords(ListRecordsRequest(parent="sources/crm", page_size=1)).next_page_token
    whole = bytearray(base64.urlsafe_b64decode(token))
    for place in range(len(whole)):
        turned = bytes(byte ^ (0xFF if at == place else 0) for at, byte in enumerate(whole))
        forged = ListRecordsRequest(
            parent="sources/crm", page_size=1, page_token=base64.urlsafe_b64encode(turned).decode()
        )
        assert refused(lambda forged=forged: client.records.ListRecords(forged)).reason == "INVALID_FIELD"  # type: ignore[misc]  # a default is how a lambda in a loop keeps its own


@pytest.mark.parametrize("token", ["", "x", "AAAA", "=" * 40, "\u0661\u0662"])
def test_a_token_of_freshness_that_was_made_up(console: Console, token: str) -> None:
    """A token of a write that nobody gave: refused, and nobody waits for a write that never comes."""
    given = token or RevisionTokens("another store").message(1).token
    request = GetRecordRequest(name="sources/crm/records/x", min_revision=RevisionToken(token=given))
    assert refused(lambda: console.acting_as(ANN).records.GetRecord(request)).reason == "INVALID_FIELD"


def test_a_place_in_the_changes_of_another_store(console: Console) -> None:
    """A reader who comes with the place of another store begins anew: it is not passed off as one of ours."""
    token = RevisionTokens("another store").message(10).token
    error = refused(lambda: next(iter(console.acting_as("services/follower").follow_changes(token))))
    assert error.reason in {"RESUME_TOKEN_EXPIRED", "INVALID_FIELD"}


def test_a_record_of_somebody_else_in_a_batch(console: Console) -> None:
    """A record of another's source among one's own: a batch brings nobody further than a call."""
    batch = BatchUpdateRecordsRequest(parent="sources/crm", request_id=str(uuid4()))
    for source in ("crm", "erp"):
        batch.requests.add(
            record=contact_record("deputy", source, email=f"{source}@deputy.example"),
            update_mask=FieldMask(paths=["*"]),
            allow_missing=True,
        )
    client = console.acting_as(ANN)
    assert refused(lambda: client.records.BatchUpdateRecords(batch)).reason == "INVALID_FIELD"
    del batch.requests[0]
    batch.parent = "sources/erp"
    assert refused(lambda: client.records.BatchUpdateRecords(batch)).reason == "MISSING_ROLE"
    unseen = GetRecordRequest(name="sources/erp/records/deputy")
    assert refused(lambda: console.importer.records.GetRecord(unseen)).code is grpc.StatusCode.NOT_FOUND


def test_a_record_of_somebody_else_by_a_stream(console: Console) -> None:
    """The same by a stream of records: refused, and none of the batch is written."""
    records = [contact_record("stream-mine", email="m@s.example"), contact_record("stream-theirs", "erp")]
    assert refused(lambda: list(console.acting_as(ANN).ingest(records))).reason == "MISSING_ROLE"
    unseen = GetRecordRequest(name="sources/erp/records/stream-theirs")
    assert refused(lambda: console.importer.records.GetRecord(unseen)).code is grpc.StatusCode.NOT_FOUND


def test_a_record_of_somebody_else_by_intake(console: Console) -> None:
    """Intake writes for its caller: into the source of another it writes for nobody."""
    request = RouteRequest(request_id=str(uuid4()))
    request.record.CopyFrom(contact_record("routed-theirs", "erp", email="r@t.example"))
    error = refused(lambda: console.acting_as(ANN).intake.Route(request))
    assert error.reason == "MISSING_ROLE"


def test_a_name_in_the_record_that_is_not_of_its_source(console: Console) -> None:
    """A record that says it is of one source, with a path into another: refused as a name."""
    for name in (
        "sources/crm/records/../../erp/records/1",
        "sources/crm/erp/records/1",
        "sources/CRM/records/1",
    ):
        record = contact_record("x", email="p@ath.example")
        record.name = name
        request = request_of(record, str(uuid4()))
        assert refused(lambda request=request: console.importer.records.UpdateRecord(request)).code in {  # type: ignore[misc]  # a default is how a lambda in a loop keeps its own
            grpc.StatusCode.INVALID_ARGUMENT,
            grpc.StatusCode.PERMISSION_DENIED,
        }


def test_two_names_of_one_caller(console: Console) -> None:
    """Metadata that name two principals are of nobody: neither the first nor the last counts."""
    with grpc.insecure_channel(console.desk.address) as channel:
        call: Any = channel.unary_unary("/dedup_service.v1.IdentityService/GetCaller")
        for names in ((ANN, "users/fiona"), ("users/fiona", ANN), (ANN, ANN), (f"{ANN},users/fiona",)):
            metadata = tuple(("dedup-principal", name) for name in names)
            with pytest.raises(grpc.RpcError) as failed:
                call(b"", metadata=metadata, timeout=10)
            assert failed.value.code() is grpc.StatusCode.UNAUTHENTICATED

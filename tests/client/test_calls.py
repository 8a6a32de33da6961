"""What every call of the client carries, and how it fails."""

import importlib
import json
import pkgutil
import time
import uuid
from typing import Any

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf import any_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from dedup_service import v1
from dedup_service.client import DedupClient, ServiceError, explain
from dedup_service.client.connection import SERVICE_CONFIG
from dedup_service.client.interceptor import with_request_id
from dedup_service.v1.core_pb2 import Candidate, RecordKind
from dedup_service.v1.delegation_service_pb2 import (
    CreateDelegationRequest,
    Delegation,
    GetDelegationRequest,
)
from dedup_service.v1.golden_record_service_pb2 import LookupGoldenRecordRequest
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest
from dedup_service.v1.record_service_pb2 import GetRecordRequest, Record, UpdateRecordRequest
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from tests.served_desk import ServedDesk


def contact(identity: str, **values: str) -> Record:
    name = f"sources/crm/records/{identity}"
    return Record(name=name, kind=RecordKind.RECORD_KIND_CONTACT, values=values or {"given_name": "Ada"})


def write(client: DedupClient, record: Record, request_id: str = "") -> Record:
    return client.records.UpdateRecord(
        UpdateRecordRequest(record=record, allow_missing=True, request_id=request_id)
    )


def test_a_record_that_was_written_can_be_read_and_matched(client: DedupClient) -> None:
    """The stubs are the generated ones, and each call is made as the client's principal."""
    written = write(client, contact("1", given_name="Ada", family_name="Lovelace", email="ada@example.org"))
    assert client.records.GetRecord(GetRecordRequest(name=written.name)).etag == written.etag
    values = {"given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.org"}
    asked = MatchRequest(
        candidate=Candidate(kind=RecordKind.RECORD_KIND_CONTACT, values=values), min_revision=written.revision
    )
    assert [found.record for found in client.matches.Match(asked).matches] == [written.name]


def test_the_health_is_asked_through_the_client(client: DedupClient) -> None:
    """`client.health` is the standard health service."""
    assert client.health.Check(HealthCheckRequest()).status == HealthCheckResponse.SERVING


def test_a_request_id_is_made_and_the_callers_message_is_left_as_it_was() -> None:
    """A write without request id gets a UUID, another one each time."""
    request = UpdateRecordRequest(record=contact("1"))
    first, second = with_request_id(request), with_request_id(request)
    assert isinstance(first, UpdateRecordRequest)
    assert isinstance(second, UpdateRecordRequest)
    assert uuid.UUID(first.request_id).version == 4
    assert first.request_id != second.request_id
    assert request.request_id == ""
    assert first.record == request.record


def test_a_request_id_of_the_caller_is_kept(client: DedupClient) -> None:
    """The same id and content is answered again; the same id and other content is refused."""
    request_id = str(uuid.uuid4())
    first = write(client, contact("1", given_name="Ada"), request_id)
    assert write(client, contact("1", given_name="Ada"), request_id) == first
    with pytest.raises(ServiceError) as caught:
        write(client, contact("1", given_name="Eve"), request_id)
    assert caught.value.reason == "REQUEST_ID_REUSED"


def test_every_violation_of_a_refused_request_is_told(client: DedupClient) -> None:
    """INVALID_FIELD carries all violations with the paths of their fields."""
    with pytest.raises(ServiceError) as caught:
        write(client, contact("1", no_such_field="x", given_name="y" * 600))
    assert caught.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.reason == "INVALID_FIELD"
    assert len(caught.value.violations) == 2
    assert any("given_name" in violation.subject for violation in caught.value.violations)


def test_what_is_not_found_is_named(client: DedupClient) -> None:
    """RESOURCE_NOT_FOUND names the resource, and the cause is grpc's own error."""
    with pytest.raises(ServiceError) as caught:
        client.records.GetRecord(GetRecordRequest(name="sources/crm/records/none"))
    assert caught.value.reason == "RESOURCE_NOT_FOUND"
    assert caught.value.resource == "sources/crm/records/none"
    assert isinstance(caught.value.__cause__, grpc.RpcError)


def test_a_future_is_not_waited_for_and_fails_as_a_call_does(desk: ServedDesk, client: DedupClient) -> None:
    """`future` returns while the service is still at work; its result raises the typed error."""
    desk.loop.call_soon_threadsafe(time.sleep, 0.3)
    future = client.records.GetRecord.future(GetRecordRequest(name="sources/crm/records/none"))
    assert not future.done()
    with pytest.raises(ServiceError) as caught:
        future.result()
    assert caught.value.reason == "RESOURCE_NOT_FOUND"


def test_an_error_of_another_channel_is_explained_by_hand(desk: ServedDesk) -> None:
    """`explain` reads what grpc raised on a channel of the caller's own."""
    with grpc.insecure_channel(desk.address) as channel, pytest.raises(grpc.RpcError) as caught:
        RecordServiceStub(channel).GetRecord(GetRecordRequest(name="sources/crm/records/none"))
    assert explain(caught.value).reason == "UNAUTHENTICATED_PRINCIPAL"


def test_a_principal_that_is_not_known_is_refused(desk: ServedDesk) -> None:
    """The principal of the client is the one that the service sees."""
    with (
        DedupClient(desk.address, principal="users/nobody") as stranger,
        pytest.raises(ServiceError) as caught,
    ):
        stranger.records.GetRecord(GetRecordRequest(name="sources/crm/records/1"))
    assert caught.value.code is grpc.StatusCode.UNAUTHENTICATED


def test_an_address_where_nothing_answers_is_told_apart() -> None:
    """No service at all is UNAVAILABLE without a reason, after a few attempts and before the deadline."""
    start = time.monotonic()
    with DedupClient("127.0.0.1:1", principal="users/ann") as client, pytest.raises(ServiceError) as caught:
        client.records.GetRecord(GetRecordRequest(name="sources/crm/records/1"))
    assert caught.value.unreachable
    assert 0.1 < time.monotonic() - start < 5


def test_every_call_has_a_deadline(desk: ServedDesk) -> None:
    """The client's deadline holds where the call names none, and the call's own where it does."""
    with DedupClient(desk.address, principal="users/ann", deadline_seconds=0.000001) as client:
        asked = LookupGoldenRecordRequest(record="sources/crm/records/1")
        with pytest.raises(ServiceError) as caught:
            client.golden_records.LookupGoldenRecord(asked)
        assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
        with pytest.raises(ServiceError) as caught:
            client.golden_records.LookupGoldenRecord(asked, timeout=10)
        assert caught.value.code is not grpc.StatusCode.DEADLINE_EXCEEDED


def test_delegations_and_policies_are_reached(client: DedupClient) -> None:
    """The stubs of their services carry the principal and a request id as all others do."""
    end_time = Timestamp()
    end_time.FromSeconds(int(time.time()) + 3600)
    made = client.delegations.CreateDelegation(
        CreateDelegationRequest(delegation=Delegation(delegate="users/ben", end_time=end_time))
    )
    assert made.delegator == "users/ann"
    assert client.delegations.GetDelegation(GetDelegationRequest(name=made.name)) == made
    with pytest.raises(ServiceError) as caught:
        client.policies.GetPolicy(GetPolicyRequest(name="policyVersions/none"))
    assert caught.value.reason == "RESOURCE_NOT_FOUND"


def test_every_unary_call_is_tried_again_and_no_stream_is() -> None:
    """The retry policy names each method of every service that answers once."""
    [config] = json.loads(json.dumps(SERVICE_CONFIG))["methodConfig"]
    named = {(each["service"], each["method"]) for each in config["name"]}
    modules = [
        importlib.import_module(f"dedup_service.v1.{found.name}")
        for found in pkgutil.iter_modules(v1.__path__)
        if found.name.endswith("_service_pb2")
    ]
    methods = [
        (service.full_name, method)
        for module in (*modules, operations_pb2)
        for service in module.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    ]
    assert named == {
        (service, method.name)
        for service, method in methods
        if not (method.client_streaming or method.server_streaming)
    }
    assert len(named) < len(methods)


def test_what_is_missing_for_a_merge_is_told(client: DedupClient) -> None:
    """APPROVALS_MISSING carries one violation for each missing approval."""
    written = [write(client, contact(identity)) for identity in ("1", "2")]
    proposal = client.merge_proposals.CreateMergeProposal(
        CreateMergeProposalRequest(
            merge_proposal=MergeProposal(golden_records=[record.golden_record for record in written])
        )
    )
    with pytest.raises(ServiceError) as caught:
        client.merge_proposals.ExecuteMergeProposal(
            ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
        )
    assert caught.value.reason == "APPROVALS_MISSING"
    assert caught.value.violations
    assert caught.value.metadata["resource"] == proposal.name


class FailedCall(grpc.RpcError, grpc.Call):
    """An error as grpc raises it, with this status in its trailing metadata."""

    def __init__(self, status: bytes) -> None:
        self.status = status

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.RESOURCE_EXHAUSTED

    def details(self) -> str:
        return "too much"

    def trailing_metadata(self) -> Any:
        return (("grpc-status-details-bin", self.status),)

    def initial_metadata(self) -> Any:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> Any:
        return None

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback: object) -> bool:
        return callback is None


def packed(detail: error_details_pb2.ErrorInfo | error_details_pb2.RetryInfo) -> any_pb2.Any:
    found = any_pb2.Any()
    found.Pack(detail)
    return found


def test_the_time_to_wait_is_told() -> None:
    """RetryInfo becomes seconds, ErrorInfo the reason and its metadata."""
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(1500)
    info = error_details_pb2.ErrorInfo(reason="OVERLOADED", domain="dedup-service", metadata={"a": "b"})
    status = status_pb2.Status(code=8, message="wait", details=[packed(info), packed(retry)])
    error = explain(FailedCall(status.SerializeToString()))
    assert (error.reason, error.retry_seconds, error.message) == ("OVERLOADED", 1.5, "wait")
    assert error.metadata == {"a": "b"}


def test_a_status_that_cannot_be_read_still_gives_an_error() -> None:
    """Broken details leave the code and the text of the call."""
    error = explain(FailedCall(b"\xff\xff\xff"))
    assert (error.code, error.message) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "too much")

"""One connection to a merge desk, with a typed stub for each of its services."""

import json
from collections.abc import Iterable, Iterator
from copy import copy
from types import TracebackType
from typing import Any, Protocol, Self, cast

import grpc
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.empty_pb2 import Empty
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from dedup_service.client.batches import MAX_BATCH
from dedup_service.client.bearer import TokenSource, check_may_carry_token, is_loopback
from dedup_service.client.cleaning import watch_runs
from dedup_service.client.following import Selection, follow
from dedup_service.client.ingesting import IngestedBatch, ingest
from dedup_service.client.interceptor import CallPolicy
from dedup_service.client.masked import Mark
from dedup_service.client.routing import RoutedBatch, route
from dedup_service.v1 import (
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
)
from dedup_service.v1.audit_service_pb2_grpc import AuditServiceStub
from dedup_service.v1.change_service_pb2 import ChangeType, WatchChangesResponse
from dedup_service.v1.change_service_pb2_grpc import ChangeServiceStub
from dedup_service.v1.cleanup_run_pb2 import CleanupRun
from dedup_service.v1.cleanup_service_pb2_grpc import CleanupServiceStub
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.delegation_service_pb2_grpc import DelegationServiceStub
from dedup_service.v1.distinction_service_pb2_grpc import DistinctionServiceStub
from dedup_service.v1.golden_record_service_pb2_grpc import GoldenRecordServiceStub
from dedup_service.v1.identity_service_pb2_grpc import IdentityServiceStub
from dedup_service.v1.intake_service_pb2 import RouteItem
from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceStub
from dedup_service.v1.lead_service_pb2_grpc import LeadServiceStub
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceStub
from dedup_service.v1.merge_service_pb2_grpc import MergeServiceStub
from dedup_service.v1.overview_service_pb2_grpc import OverviewServiceStub
from dedup_service.v1.policy_service_pb2_grpc import PolicyServiceStub
from dedup_service.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from dedup_service.v1.record_service_pb2 import Record
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub

DEFAULT_DEADLINE_SECONDS = 5.0
_SERVICES = (
    *record_service_pb2.DESCRIPTOR.services_by_name.values(),
    *golden_record_service_pb2.DESCRIPTOR.services_by_name.values(),
    *match_service_pb2.DESCRIPTOR.services_by_name.values(),
    *merge_proposal_service_pb2.DESCRIPTOR.services_by_name.values(),
    *merge_service_pb2.DESCRIPTOR.services_by_name.values(),
    *distinction_service_pb2.DESCRIPTOR.services_by_name.values(),
    *policy_service_pb2.DESCRIPTOR.services_by_name.values(),
    *privacy_service_pb2.DESCRIPTOR.services_by_name.values(),
    *delegation_service_pb2.DESCRIPTOR.services_by_name.values(),
    *identity_service_pb2.DESCRIPTOR.services_by_name.values(),
    *intake_service_pb2.DESCRIPTOR.services_by_name.values(),
    *lead_service_pb2.DESCRIPTOR.services_by_name.values(),
    *overview_service_pb2.DESCRIPTOR.services_by_name.values(),
    *change_service_pb2.DESCRIPTOR.services_by_name.values(),
    *audit_service_pb2.DESCRIPTOR.services_by_name.values(),
    *cleanup_service_pb2.DESCRIPTOR.services_by_name.values(),
    *operations_pb2.DESCRIPTOR.services_by_name.values(),
)
# Retrying is safe for writes too: each carries a request id, and the answer of the first is given again.
# Streams are left out: `follow_changes`, `ingest` and `route` take them up again themselves, where they
# ended, and a stream that grpc was retrying when the service died was seen to hang for ever.
SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [
                {"service": service.full_name, "method": method.name}
                for service in _SERVICES
                for method in service.methods
                if not (method.client_streaming or method.server_streaming)
            ],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}
_OPTIONS = (
    ("grpc.service_config", json.dumps(SERVICE_CONFIG)),
    ("grpc.enable_retries", 1),
    # By default grpc waits up to two minutes before it tries to connect again: a service that was restarted
    # a few times would be back long before its callers.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # A connection that was dropped in silence is noticed by calls that wait, within 15 seconds; the service
    # would send away who asks for a sign of life more often than every 5.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # gRPC asks for no sign of life while it waits for the answer to a ping of its own: for a minute, unless
    # it is told otherwise.
    ("grpc.http2.ping_timeout_ms", 5_000),
    # A page of 1,000 whole proposals is larger than grpc's 4 MB.
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
)


class HealthCalls(Protocol):
    """The calls of `grpc.health.v1.Health`, whose published stub does not tell their types."""

    # Quoted: grpc's own classes are generic in their stubs alone.
    Check: "grpc.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse]"
    Watch: "grpc.UnaryStreamMultiCallable[HealthCheckRequest, HealthCheckResponse]"


class OperationCalls(Protocol):
    """The calls of `google.longrunning.Operations`, whose published stub does not tell their types."""

    # Quoted: grpc's own classes are generic in their stubs alone.
    GetOperation: "grpc.UnaryUnaryMultiCallable[operations_pb2.GetOperationRequest, operations_pb2.Operation]"
    ListOperations: (
        "grpc.UnaryUnaryMultiCallable"
        "[operations_pb2.ListOperationsRequest, operations_pb2.ListOperationsResponse]"
    )
    CancelOperation: "grpc.UnaryUnaryMultiCallable[operations_pb2.CancelOperationRequest, Empty]"
    WaitOperation: (
        "grpc.UnaryUnaryMultiCallable[operations_pb2.WaitOperationRequest, operations_pb2.Operation]"
    )
    DeleteOperation: "grpc.UnaryUnaryMultiCallable[operations_pb2.DeleteOperationRequest, Empty]"


class DedupClient:
    """Stubs of all services, for one principal.

    The stubs are the generated ones: `client.records.GetRecord(GetRecordRequest(...))`.
    Each call carries the principal, `deadline_seconds` unless it has a `timeout` of its own (streams have
    none), and on writes a new `request_id` unless the caller has set one. A call that is
    answered UNAVAILABLE is tried up to four times; one whose connection breaks is raised, and may be repeated
    with the same request id. Failures are raised as `ServiceError`.

    Who calls is told by `token`, a bearer token or a function that gives the present one and is asked before
    each call; or by the certificate in `credentials`; or, where the service believes its callers, by
    `principal` alone.

    The connection is plain text unless `credentials` say otherwise; nothing is sent before the first call.
    Plain text carries a token to this machine alone. `server_name` is the name in the service's certificate
    where it is not that of `address`.

    With `mark`, answers bear what it makes of a tag in the place of each value that the caller may not read:
    for programs that show values to people, and write none of them back.

    Raises:
        ValueError: a token, and a plain connection to another machine.
    """

    def __init__(
        self,
        address: str,
        *,
        principal: str = "",
        token: TokenSource = "",
        deadline_seconds: float = DEFAULT_DEADLINE_SECONDS,
        credentials: grpc.ChannelCredentials | None = None,
        server_name: str = "",
        mark: Mark | None = None,
    ) -> None:
        self._address = address
        self._encrypted = credentials is not None
        # What stays on this machine does not go through the proxy of a network.
        options: tuple[tuple[str, Any], ...]
        options = (*_OPTIONS, ("grpc.enable_http_proxy", int(not is_loopback(address))))
        if server_name:
            options = (*options, ("grpc.ssl_target_name_override", server_name))
        self._channel = (
            grpc.secure_channel(address, credentials, options=options)
            if credentials is not None
            else grpc.insecure_channel(address, options=options)
        )
        self._deadline_seconds = deadline_seconds
        self._mark = mark
        self._call_as(principal, token)

    def _call_as(self, principal: str, token: TokenSource = "") -> None:
        if token:
            check_may_carry_token(self._address, encrypted=self._encrypted)
        policy = CallPolicy(principal, self._deadline_seconds, token, self._mark)
        channel = grpc.intercept_channel(self._channel, policy)
        self.records = RecordServiceStub(channel)
        self.golden_records = GoldenRecordServiceStub(channel)
        self.matches = MatchServiceStub(channel)
        self.merge_proposals = MergeProposalServiceStub(channel)
        self.merges = MergeServiceStub(channel)
        self.distinctions = DistinctionServiceStub(channel)
        self.policies = PolicyServiceStub(channel)
        self.privacy = PrivacyServiceStub(channel)
        self.delegations = DelegationServiceStub(channel)
        self.identity = IdentityServiceStub(channel)
        self.intake = IntakeServiceStub(channel)
        self.leads = LeadServiceStub(channel)
        self.overview = OverviewServiceStub(channel)
        self.changes = ChangeServiceStub(channel)
        self.audit = AuditServiceStub(channel)
        self.cleanup = CleanupServiceStub(channel)
        self.operations = cast(OperationCalls, OperationsStub(channel))  # type: ignore[no-untyped-call]  # published without types
        self.health = cast(HealthCalls, HealthStub(channel))

    def acting_as(self, principal: str) -> "DedupClient":
        """The same connection for another principal, without a token: for programs that carry the calls of
        several people to a service that believes them.

        It is of no use once either is closed.
        """
        other = copy(self)
        other._call_as(principal)  # noqa: SLF001  it is one of us
        return other

    def bearing(self, token: TokenSource) -> "DedupClient":
        """The same connection for whom this token is of: for programs that carry the calls of several people.

        It is of no use once either is closed.

        Raises:
            ValueError: the connection is plain text, and not to this machine.
        """
        other = copy(self)
        other._call_as("", token)  # noqa: SLF001  it is one of us
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection and every call on it."""
        self._channel.close()

    def follow_changes(
        self,
        resume_token: str = "",
        *,
        types: Iterable[ChangeType.ValueType] = (),
        kinds: Iterable[RecordKind.ValueType] = (),
        sources: Iterable[str] = (),
    ) -> Iterator[WatchChangesResponse]:
        """Changes after a token, for ever; a broken stream is taken up again at the last token.

        Apply the changes of a message, then keep its `resume_token.token`. A change may come twice.
        Without a token it begins at this moment; until the first message has come there is nothing to
        resume from, and a broken stream is then raised rather than passed over.

        Raises:
            ServiceError: what reconnecting does not mend, such as RESUME_TOKEN_EXPIRED.
        """
        selection = Selection(tuple(types), tuple(kinds), tuple(sources))
        return follow(self.changes, resume_token, selection)

    def ingest(self, records: Iterable[Record], batch_size: int = MAX_BATCH) -> Iterator[IngestedBatch]:
        """Write whole records in batches, several under way at a time; one result a batch, in order.

        Nothing is sent before the iterator is asked. The records are drawn in the caller's thread, only as
        fast as the service takes them. After a broken stream the batches without an answer are sent again
        under their request ids, so that each happens once.

        Raises:
            ServiceError: what sending again does not mend. The batches that were given out are written.
        """
        return ingest(self.records, records, batch_size)

    def route(
        self, items: Iterable[RouteItem], batch_size: int = MAX_BATCH, *, validate_only: bool = False
    ) -> Iterator[RoutedBatch]:
        """Ask who each person or company is, and insert or update them; one result a batch.

        As `ingest` does: nothing is sent before the iterator is asked, several batches are under way at a
        time, and after a broken stream those without an answer are sent again under their request ids, so
        that each happens once. With `validate_only` nothing is written; later batches then know nothing of
        earlier ones.

        Raises:
            ServiceError: what sending again does not mend. The batches that were given out are written.
        """
        return route(self.intake, items, batch_size, validate_only)

    def watch_cleanup(self, job: str, cleanup_run: str = "") -> Iterator[CleanupRun]:
        """A run of a cleanup job, the last one unless it is named, as it is and then whenever it changes, or
        nothing has changed for some seconds; the last one given has ended.

        A broken stream is taken up again: what was missed is in the run as it is then.

        Raises:
            ServiceError: what reconnecting does not mend, such as a job that never ran.
        """
        return watch_runs(self.cleanup, job, cleanup_run)

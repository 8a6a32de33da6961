"""The gRPC server: started on a desk, stopped without losing what it has accepted."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from google.longrunning import operations_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_reflection.v1alpha import reflection

from dedup_service.rpc.audit_service import AuditService
from dedup_service.rpc.callers import BelievedCallers
from dedup_service.rpc.change_service import ChangeService
from dedup_service.rpc.cleanup_service import CleanupService
from dedup_service.rpc.delegation_service import DelegationService
from dedup_service.rpc.distinction_service import DistinctionService
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.gate import Gate
from dedup_service.rpc.golden_record_service import GoldenRecordService
from dedup_service.rpc.health import Health
from dedup_service.rpc.identity_service import IdentityService
from dedup_service.rpc.intake_service import IntakeService
from dedup_service.rpc.lead_service import LeadService
from dedup_service.rpc.limits import (
    CONNECTION_SECONDS,
    MAX_CALLS_A_CONNECTION,
    MAX_CALLS_AT_THE_DOOR,
    MAX_METADATA_BYTES,
    MAX_RECEIVED_BYTES,
    Limits,
)
from dedup_service.rpc.match_service import MatchService
from dedup_service.rpc.merge_proposal_service import MergeProposalService
from dedup_service.rpc.merge_service import MergeService
from dedup_service.rpc.operations_service import OperationsService
from dedup_service.rpc.overview_service import OverviewService
from dedup_service.rpc.policy_service import PolicyService
from dedup_service.rpc.privacy_service import PrivacyService
from dedup_service.rpc.record_service import RecordService
from dedup_service.rpc.tls import TlsFiles, server_credentials
from dedup_service.setting_values import is_loopback
from dedup_service.telemetry.recording import Telemetry
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
from dedup_service.workflows.authentication import Authentication
from dedup_service.workflows.desk import Desk

_SHIPPED_LIMITS = Limits()
# Calls that may wait for the gate to refuse them; beyond, grpc refuses them without details.
_REFUSED_AT_ONCE = 1000


class ListenError(Exception):
    """The server cannot listen where it should; says why and what to do."""


@dataclass(frozen=True)
class ServerOptions:
    """How to serve. `listen` is HOST:PORT, port 0 for any free one; `max_concurrent_calls` does not count
    watching streams, of which there may be as many again.
    """

    listen: str
    reflection: bool
    max_concurrent_calls: int
    grace_seconds: float
    checkpoint_seconds: float = 5.0
    share_port: bool = False
    tls: TlsFiles | None = None
    limits: Limits = _SHIPPED_LIMITS
    health_seconds: float = 1.0


class RunningGrpc:
    """A server that serves until it is stopped."""

    def __init__(
        self,
        server: grpc.aio.Server,
        address: str,
        health: Health,
        gate: Gate,
        edge: Edge,
        grace_seconds: float,
    ) -> None:
        self._server = server
        self._health = health
        self._gate = gate
        self._edge = edge
        self._grace_seconds = grace_seconds
        self.address = address

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    async def stop(self) -> None:
        """Say NOT_SERVING, let running calls finish within the grace, end endless streams, and stop."""
        await self._health.stop()
        self._edge.stopping.set()
        refusing = asyncio.create_task(self._server.stop(self._grace_seconds))
        idle = asyncio.create_task(self._gate.idle())
        await asyncio.wait((refusing, idle), return_when=asyncio.FIRST_COMPLETED)
        idle.cancel()
        # Only watchers of the health are left: they would use up the whole grace.
        await self._server.stop(0)
        await refusing


async def start_server(
    desk: Desk,
    options: ServerOptions,
    telemetry: Telemetry | None = None,
    authentication: Authentication | None = None,
) -> RunningGrpc:
    """Serve a desk, recorded by `telemetry`; without an `authentication` callers are believed.

    Raises:
        ListenError: the address cannot be listened on, or callers would be believed who are not of this
            machine.
        TlsError: the certificate cannot be used.
    """
    telemetry = telemetry or Telemetry()
    authentication = authentication or BelievedCallers(desk.rules.principals)
    if authentication.believes and not is_loopback(options.listen):
        raise ListenError(f"callers are believed what they say: {options.listen} is reached by others too")
    edge = Edge(desk, telemetry)
    gate = Gate(
        desk.rules,
        authentication,
        edge.sights,
        edge.tokens,
        options.max_concurrent_calls,
        options.limits,
        telemetry,
    )
    server = grpc.aio.server(
        options=(
            *_connection_options(),
            # Unless it is wished, two servers on one port would each get a part of the calls.
            ("grpc.so_reuseport", int(options.share_port)),
        ),
        maximum_concurrent_rpcs=2 * options.max_concurrent_calls + _REFUSED_AT_ONCE,
    )
    answering = _services(edge, options)
    doors = gate.doors(answering)
    server.add_generic_rpc_handlers([doors])
    for name, handlers in doors.of_their_own.items():
        server.add_registered_method_handlers(name, dict(handlers))
    names = [service.full_name for service, _ in answering]
    health = Health(desk, names, options.health_seconds)
    health_pb2_grpc.add_HealthServicer_to_server(health.servicer, server)
    if options.reflection:
        reflection.enable_server_reflection((*names, HEALTH, reflection.SERVICE_NAME), server)
    port = _listen(server, options)
    await health.start()
    await server.start()
    host = options.listen.rpartition(":")[0]
    return RunningGrpc(server, f"{host}:{port}", health, gate, edge, options.grace_seconds)


def _connection_options() -> tuple[tuple[str, int], ...]:
    """How connections are kept; times are in seconds here, and in milliseconds for gRPC."""
    limits = {
        "grpc.max_receive_message_length": MAX_RECEIVED_BYTES,
        "grpc.max_metadata_size": MAX_METADATA_BYTES,
        "grpc.absolute_max_metadata_size": MAX_METADATA_BYTES,
        "grpc.max_concurrent_streams": MAX_CALLS_A_CONNECTION,
        "grpc.server.max_pending_requests": MAX_CALLS_AT_THE_DOOR,
        "grpc.server.max_pending_requests_hard_limit": 2 * MAX_CALLS_AT_THE_DOOR,
    }
    return (
        *limits.items(),
        *((f"grpc.{name}_ms", seconds * 1000) for name, seconds in CONNECTION_SECONDS.items()),
    )


def _services(edge: Edge, options: ServerOptions) -> list[tuple[ServiceDescriptor, object]]:
    """Every service of the API with what answers it."""
    return [
        (_service(record_service_pb2, "RecordService"), RecordService(edge)),
        (_service(golden_record_service_pb2, "GoldenRecordService"), GoldenRecordService(edge)),
        (_service(match_service_pb2, "MatchService"), MatchService(edge)),
        (_service(merge_proposal_service_pb2, "MergeProposalService"), MergeProposalService(edge)),
        (_service(merge_service_pb2, "MergeService"), MergeService(edge)),
        (_service(distinction_service_pb2, "DistinctionService"), DistinctionService(edge)),
        (_service(policy_service_pb2, "PolicyService"), PolicyService(edge)),
        (_service(delegation_service_pb2, "DelegationService"), DelegationService(edge)),
        (_service(identity_service_pb2, "IdentityService"), IdentityService()),
        (_service(intake_service_pb2, "IntakeService"), IntakeService(edge)),
        (_service(lead_service_pb2, "LeadService"), LeadService(edge)),
        (_service(overview_service_pb2, "OverviewService"), OverviewService(edge)),
        (_service(change_service_pb2, "ChangeService"), ChangeService(edge, options.checkpoint_seconds)),
        (_service(audit_service_pb2, "AuditService"), AuditService(edge)),
        (_service(privacy_service_pb2, "PrivacyService"), PrivacyService(edge)),
        (
            _service(cleanup_service_pb2, "CleanupService"),
            CleanupService(edge, options.checkpoint_seconds),
        ),
        (_service(operations_pb2, "Operations"), OperationsService(edge)),
    ]


def _service(module: object, name: str) -> ServiceDescriptor:
    services: Mapping[str, ServiceDescriptor] = module.DESCRIPTOR.services_by_name  # type: ignore[attr-defined]  # every generated module has one
    return services[name]


def _listen(server: grpc.aio.Server, options: ServerOptions) -> int:
    try:
        if options.tls is None:
            return int(server.add_insecure_port(options.listen))
        return int(server.add_secure_port(options.listen, server_credentials(options.tls)))
    except RuntimeError as error:
        raise ListenError(
            f"cannot listen on {options.listen}: another program has the port, or the host is not of this "
            "machine; choose another address"
        ) from error

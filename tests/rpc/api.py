"""The service's API as a test calls it: typed stubs, one principal a call, and refusals taken apart."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import grpc
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money

from dedup_service.rpc.server import RunningGrpc, ServerOptions, start_server
from dedup_service.v1 import (
    core_pb2,
    delegation_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    record_service_pb2,
)
from dedup_service.v1.audit_service_pb2_grpc import AuditServiceStub
from dedup_service.v1.change_service_pb2_grpc import ChangeServiceStub
from dedup_service.v1.cleanup_service_pb2_grpc import CleanupServiceStub
from dedup_service.v1.delegation_service_pb2_grpc import DelegationServiceStub
from dedup_service.v1.distinction_service_pb2_grpc import DistinctionServiceStub
from dedup_service.v1.golden_record_service_pb2_grpc import GoldenRecordServiceStub
from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceStub
from dedup_service.v1.lead_service_pb2_grpc import LeadServiceStub
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceStub
from dedup_service.v1.merge_service_pb2_grpc import MergeServiceStub
from dedup_service.v1.policy_service_pb2_grpc import PolicyServiceStub
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from tests.merge_desk import Office

if TYPE_CHECKING:
    # Known to type checkers alone: what a stub on an asyncio channel is.
    from google.longrunning import operations_pb2 as lro
    from google.protobuf.empty_pb2 import Empty

    from dedup_service.v1.audit_service_pb2_grpc import AuditServiceAsyncStub
    from dedup_service.v1.change_service_pb2_grpc import ChangeServiceAsyncStub
    from dedup_service.v1.cleanup_service_pb2_grpc import CleanupServiceAsyncStub
    from dedup_service.v1.delegation_service_pb2_grpc import DelegationServiceAsyncStub
    from dedup_service.v1.distinction_service_pb2_grpc import DistinctionServiceAsyncStub
    from dedup_service.v1.golden_record_service_pb2_grpc import GoldenRecordServiceAsyncStub
    from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub
    from dedup_service.v1.lead_service_pb2_grpc import LeadServiceAsyncStub
    from dedup_service.v1.match_service_pb2_grpc import MatchServiceAsyncStub
    from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceAsyncStub
    from dedup_service.v1.merge_service_pb2_grpc import MergeServiceAsyncStub
    from dedup_service.v1.policy_service_pb2_grpc import PolicyServiceAsyncStub
    from dedup_service.v1.record_service_pb2_grpc import RecordServiceAsyncStub

T = TypeVar("T")
D = TypeVar("D", bound=Message)

OPTIONS = ServerOptions("127.0.0.1:0", True, 64, 5.0, checkpoint_seconds=0.2)
CONTACT = core_pb2.RECORD_KIND_CONTACT
ACCOUNT = core_pb2.RECORD_KIND_ACCOUNT
LEAD = core_pb2.RECORD_KIND_LEAD


def by(name: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call by ``ann`` or ``services/importer``."""
    return (("dedup-principal", name if "/" in name else f"users/{name}"),)


ANN = by("ann")
IMPORTER = by("services/importer")


class OperationCalls(Protocol):
    """The calls of `google.longrunning.Operations` on an asyncio channel; the published stub has no types."""

    GetOperation: "grpc.aio.UnaryUnaryMultiCallable[lro.GetOperationRequest, lro.Operation]"
    ListOperations: "grpc.aio.UnaryUnaryMultiCallable[lro.ListOperationsRequest, lro.ListOperationsResponse]"
    CancelOperation: "grpc.aio.UnaryUnaryMultiCallable[lro.CancelOperationRequest, Empty]"
    WaitOperation: "grpc.aio.UnaryUnaryMultiCallable[lro.WaitOperationRequest, lro.Operation]"
    DeleteOperation: "grpc.aio.UnaryUnaryMultiCallable[lro.DeleteOperationRequest, Empty]"


@dataclass(frozen=True)
class Api:
    """A running server with a stub for each of its services."""

    server: RunningGrpc
    channel: grpc.aio.Channel
    office: Office

    @property
    def intake(self) -> "IntakeServiceAsyncStub":
        return IntakeServiceStub(self.channel)

    @property
    def leads(self) -> "LeadServiceAsyncStub":
        return LeadServiceStub(self.channel)

    @property
    def records(self) -> "RecordServiceAsyncStub":
        return RecordServiceStub(self.channel)

    @property
    def golden_records(self) -> "GoldenRecordServiceAsyncStub":
        return GoldenRecordServiceStub(self.channel)

    @property
    def matches(self) -> "MatchServiceAsyncStub":
        return MatchServiceStub(self.channel)

    @property
    def proposals(self) -> "MergeProposalServiceAsyncStub":
        return MergeProposalServiceStub(self.channel)

    @property
    def merges(self) -> "MergeServiceAsyncStub":
        return MergeServiceStub(self.channel)

    @property
    def distinctions(self) -> "DistinctionServiceAsyncStub":
        return DistinctionServiceStub(self.channel)

    @property
    def policies(self) -> "PolicyServiceAsyncStub":
        return PolicyServiceStub(self.channel)

    @property
    def delegations(self) -> "DelegationServiceAsyncStub":
        return DelegationServiceStub(self.channel)

    @property
    def changes(self) -> "ChangeServiceAsyncStub":
        return ChangeServiceStub(self.channel)

    @property
    def audit(self) -> "AuditServiceAsyncStub":
        return AuditServiceStub(self.channel)

    @property
    def cleanup(self) -> "CleanupServiceAsyncStub":
        return CleanupServiceStub(self.channel)

    @property
    def operations(self) -> OperationCalls:
        return cast(OperationCalls, OperationsStub(self.channel))  # type: ignore[no-untyped-call]  # published without types

    async def put(self, *records: record_service_pb2.Record) -> list[record_service_pb2.Record]:
        """Write whole records, making those that are not there."""
        return [
            await self.records.UpdateRecord(
                record_service_pb2.UpdateRecordRequest(
                    record=record, update_mask=FieldMask(paths=["*"]), allow_missing=True
                ),
                metadata=IMPORTER,
            )
            for record in records
        ]

    async def two_of_a_kind(self) -> list[record_service_pb2.Record]:
        """Two contacts that are the same person."""
        return await self.put(
            contact("1", given_name="Bob", family_name="Quux", email="bob@quux.com"),
            contact("2", given_name="Robert", family_name="Quux", email="bob@quux.com"),
        )

    async def proposed(self, *names: str, who: str = "services/matcher") -> merge_proposal_pb2.MergeProposal:
        """A proposal to merge these, or two new contacts that are the same person."""
        wanted: Sequence[str] = names or [r.name for r in await self.two_of_a_kind()]
        return await self.proposals.CreateMergeProposal(
            merge_proposal_service_pb2.CreateMergeProposalRequest(
                merge_proposal=merge_proposal_pb2.MergeProposal(golden_records=wanted)
            ),
            metadata=by(who),
        )

    async def weighty(self, who: str = "services/matcher") -> merge_proposal_pb2.MergeProposal:
        """A proposal of HIGH impact: a contact of sales and support with a pipeline of 300,000 EUR."""
        one = contact("1", given_name="Bob", family_name="Quux", email="bob@quux.com")
        one.facts.add(name="open_pipeline", amount=Money(currency_code="EUR", units=300_000))
        two = contact("desk/2", given_name="Robert", family_name="Quux", email="bob@quux.com")
        two.children.add(
            kind=core_pb2.CHILD_KIND_CASE,
            child_id="c1",
            owner="carla",
            open=True,
            amount=Money(currency_code="EUR", units=50),
        )
        return await self.proposed(*[record.name for record in await self.put(one, two)], who=who)

    async def approved(
        self, proposal: merge_proposal_pb2.MergeProposal, who: str, function: str = ""
    ) -> merge_proposal_pb2.MergeProposal:
        """The proposal with somebody's approval of its plan as given."""
        return await self.proposals.ApproveMergeProposal(
            merge_proposal_service_pb2.ApproveMergeProposalRequest(
                name=proposal.name, etag=proposal.etag, function=function
            ),
            metadata=by(who),
        )

    async def shown(self, name: str, who: str = "ann") -> merge_proposal_pb2.MergeProposal:
        """A proposal as somebody sees it now."""
        return await self.proposals.GetMergeProposal(
            merge_proposal_service_pb2.GetMergeProposalRequest(name=name), metadata=by(who)
        )

    async def delegated(
        self, delegator: str, delegate: str, *functions: str
    ) -> delegation_service_pb2.Delegation:
        """A delegation from now on, for a day."""
        end_time = Timestamp()
        end_time.FromDatetime(datetime.now(UTC) + timedelta(days=1))
        return await self.delegations.CreateDelegation(
            delegation_service_pb2.CreateDelegationRequest(
                delegation=delegation_service_pb2.Delegation(
                    delegate=f"users/{delegate}" if delegate else "", functions=functions, end_time=end_time
                )
            ),
            metadata=by(delegator),
        )

    async def merged(self, *names: str) -> merge_service_pb2.Merge:
        """A merge of these, or of two new contacts, that ann has approved and executed."""
        proposal = await self.proposed(*names)
        approved = await self.proposals.ApproveMergeProposal(
            merge_proposal_service_pb2.ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag),
            metadata=ANN,
        )
        return await self.proposals.ExecuteMergeProposal(
            merge_proposal_service_pb2.ExecuteMergeProposalRequest(name=approved.name, etag=approved.etag),
            metadata=ANN,
        )


def account(name: str, **values: str) -> record_service_pb2.Record:
    """An account of the CRM, unless the name says another source."""
    message = contact(name, **(values or {"company_name": f"Company {name}"}))
    message.kind = ACCOUNT
    return message


def contact(name: str, **values: str) -> record_service_pb2.Record:
    """A contact of the CRM, unless the name says another source."""
    source, _, source_record_id = name.rpartition("/")
    full = f"sources/{source or 'crm'}/records/{source_record_id}"
    return record_service_pb2.Record(
        name=full, kind=CONTACT, values=values or {"email": f"{source_record_id}@x.com"}
    )


@asynccontextmanager
async def served(office: Office, options: ServerOptions = OPTIONS) -> AsyncIterator[Api]:
    """A server on this desk, stopped at the end."""
    server = await start_server(office.desk, options)
    try:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield Api(server, channel, office)
    finally:
        await server.stop()


@dataclass(frozen=True)
class Refusal:
    """The status of a call that was refused."""

    code: grpc.StatusCode
    status: Status

    @property
    def info(self) -> error_details_pb2.ErrorInfo:
        info = self.detail(error_details_pb2.ErrorInfo)
        assert info.domain == "dedup-service"
        return info

    @property
    def reason(self) -> tuple[grpc.StatusCode, str]:
        return self.code, self.info.reason

    @property
    def fields(self) -> list[str]:
        """The paths of the violations of a BadRequest."""
        return [v.field for v in self.detail(error_details_pb2.BadRequest).field_violations]

    @property
    def preconditions(self) -> list[str]:
        return [v.type for v in self.detail(error_details_pb2.PreconditionFailure).violations]

    def detail(self, kind: type[D]) -> D:
        """The one detail of this kind."""
        [packed] = [each for each in self.status.details if each.TypeName() == kind.DESCRIPTOR.full_name]
        found = kind()
        packed.Unpack(found)
        return found


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """The refusal that a failed call carries."""
    metadata = dict(error.trailing_metadata() or ())
    status = Status.FromString(metadata["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    return Refusal(error.code(), status)


async def refused(call: Awaitable[T]) -> Refusal:
    """What a call that must fail was refused with."""
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return refusal_of(error)
    raise AssertionError(f"was not refused but answered with a {type(answer).__name__}")

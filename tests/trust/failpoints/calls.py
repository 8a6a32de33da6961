"""The writes that are interrupted: how each is prepared, and sent with a request id."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.type.money_pb2 import Money

from dedup_service.v1 import (
    core_pb2,
    intake_service_pb2,
    merge_proposal_pb2,
    merge_proposal_service_pb2,
    merge_service_pb2,
    record_service_pb2,
)
from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceStub
from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceStub
from dedup_service.v1.merge_service_pb2_grpc import MergeServiceStub
from dedup_service.v1.record_service_pb2_grpc import RecordServiceStub
from tests.rpc.api import ANN, IMPORTER, by, contact

if TYPE_CHECKING:
    # Known to type checkers alone: what a stub on an asyncio channel is.
    from dedup_service.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub
    from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceAsyncStub
    from dedup_service.v1.merge_service_pb2_grpc import MergeServiceAsyncStub
    from dedup_service.v1.record_service_pb2_grpc import RecordServiceAsyncStub

MATCHER = by("services/matcher")
_EVERYTHING = FieldMask(paths=["*"])


@dataclass(frozen=True, slots=True)
class Caller:
    """A connection to the service; every call on it ends after `seconds`."""

    channel: grpc.aio.Channel
    seconds: float

    @property
    def records(self) -> "RecordServiceAsyncStub":
        return RecordServiceStub(self.channel)

    @property
    def proposals(self) -> "MergeProposalServiceAsyncStub":
        return MergeProposalServiceStub(self.channel)

    @property
    def merges(self) -> "MergeServiceAsyncStub":
        return MergeServiceStub(self.channel)

    @property
    def intake(self) -> "IntakeServiceAsyncStub":
        return IntakeServiceStub(self.channel)

    async def put(self, *records: record_service_pb2.Record) -> list[str]:
        """Write whole records; their names."""
        for record in records:
            await self.write(record)
        return [one.name for one in records]

    async def write(
        self, record: record_service_pb2.Record, request_id: str = ""
    ) -> record_service_pb2.Record:
        """Write a whole record, made if it is not there."""
        asked = record_service_pb2.UpdateRecordRequest(
            record=record, update_mask=_EVERYTHING, allow_missing=True, request_id=request_id
        )
        return await self.records.UpdateRecord(asked, metadata=IMPORTER, timeout=self.seconds)

    async def propose(self, names: list[str], request_id: str = "") -> merge_proposal_pb2.MergeProposal:
        asked = merge_proposal_service_pb2.CreateMergeProposalRequest(
            merge_proposal=merge_proposal_pb2.MergeProposal(golden_records=names), request_id=request_id
        )
        return await self.proposals.CreateMergeProposal(asked, metadata=MATCHER, timeout=self.seconds)

    async def approve(
        self, proposal: merge_proposal_pb2.MergeProposal, request_id: str = ""
    ) -> merge_proposal_pb2.MergeProposal:
        asked = merge_proposal_service_pb2.ApproveMergeProposalRequest(
            name=proposal.name, etag=proposal.etag, request_id=request_id
        )
        return await self.proposals.ApproveMergeProposal(asked, metadata=ANN, timeout=self.seconds)

    async def execute(
        self, proposal: merge_proposal_pb2.MergeProposal, request_id: str = ""
    ) -> merge_service_pb2.Merge:
        asked = merge_proposal_service_pb2.ExecuteMergeProposalRequest(
            name=proposal.name, etag=proposal.etag, request_id=request_id
        )
        return await self.proposals.ExecuteMergeProposal(asked, metadata=ANN, timeout=self.seconds)


@asynccontextmanager
async def calling(address: str, seconds: float) -> AsyncIterator[Caller]:
    """A connection of one caller: another one makes its own, and waits for no lost one to be tried again."""
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_retries", 0))
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        yield Caller(channel, seconds)


@dataclass(frozen=True, slots=True)
class Write:
    """One way to write; `tag` keeps what one case writes apart from what all others do."""

    name: str
    prepare: Callable[[Caller, str], Awaitable[Any]]
    send: Callable[[Caller, Any, str], Awaitable[Message]]


def _pair(tag: str) -> list[record_service_pb2.Record]:
    """Two contacts that are the same person."""
    mail = f"bob@{tag}.example"
    return [
        contact(f"{tag}-1", given_name="Bob", family_name=f"Quux{tag}", email=mail),
        contact(f"{tag}-2", given_name="Robert", family_name=f"Quux{tag}", email=mail),
    ]


async def _two(caller: Caller, tag: str) -> list[str]:
    return await caller.put(*_pair(tag))


async def _one_and_two_new(caller: Caller, tag: str) -> list[record_service_pb2.Record]:
    """A record that is there, to be written again with other values, and two that are not."""
    first, second = _pair(tag)
    await caller.put(first)
    changed = contact(f"{tag}-1", given_name="Bob", family_name=f"Quux{tag}", phone="+49 30 901820")
    return [changed, second, contact(f"{tag}-3")]


async def ingest(caller: Caller, records: Any, request_id: str) -> record_service_pb2.IngestRecordsResponse:
    """Write one batch of records on a stream of its own."""
    batch = record_service_pb2.IngestRecordsRequest(request_id=request_id, sequence=1, records=records)
    answering = caller.records.IngestRecords(iter([batch]), metadata=IMPORTER, timeout=caller.seconds)
    [answer] = [each async for each in answering]
    return answer


async def _proposed(caller: Caller, tag: str) -> merge_proposal_pb2.MergeProposal:
    return await caller.propose(await _two(caller, tag))


async def _proposed_record(caller: Caller, tag: str) -> record_service_pb2.Record:
    """A record of an open proposal, with another value: the proposal will be planned anew."""
    await _proposed(caller, tag)
    return contact(f"{tag}-1", given_name="Bobby", family_name=f"Quux{tag}", email=f"bob@{tag}.example")


async def _weighty(caller: Caller, tag: str) -> merge_proposal_pb2.MergeProposal:
    """A proposal that sales and support decide together."""
    one, two = _pair(tag)
    one.facts.add(name="open_pipeline", amount=Money(currency_code="EUR", units=300_000))
    two.name = f"sources/desk/records/{tag}-2"
    two.children.add(
        kind=core_pb2.CHILD_KIND_CASE,
        child_id=f"case-{tag}",
        owner="carla",
        open=True,
        amount=Money(currency_code="EUR", units=50),
    )
    return await caller.propose(await caller.put(one, two))


async def _approved(caller: Caller, tag: str) -> merge_proposal_pb2.MergeProposal:
    return await caller.approve(await _proposed(caller, tag))


async def _merged(caller: Caller, tag: str) -> merge_service_pb2.Merge:
    return await caller.execute(await _approved(caller, tag))


async def undo(caller: Caller, merge: Any, request_id: str) -> Message:
    """Undo a merge, as it was answered."""
    asked = merge_service_pb2.UndoMergeRequest(
        name=merge.name, etag=merge.etag, reason="they are two people", request_id=request_id
    )
    return await caller.merges.UndoMerge(asked, metadata=ANN, timeout=caller.seconds)


async def _newcomer(caller: Caller, tag: str) -> record_service_pb2.Record:
    """Somebody about to be inserted who is known already."""
    first, second = _pair(tag)
    await caller.put(first)
    second.name = f"sources/web_shop/records/{tag}-2"
    second.ClearField("kind")
    return second


async def _route(caller: Caller, record: Any, request_id: str) -> Message:
    asked = intake_service_pb2.RouteRequest(record=record, request_id=request_id)
    return await caller.intake.Route(asked, metadata=IMPORTER, timeout=caller.seconds)


WRITES = (
    Write("ingest", _one_and_two_new, ingest),
    Write("update", _proposed_record, lambda caller, record, request_id: caller.write(record, request_id)),
    Write("intake", _newcomer, _route),
    Write("propose", _two, lambda caller, names, request_id: caller.propose(names, request_id)),
    Write("vote", _weighty, lambda caller, proposal, request_id: caller.approve(proposal, request_id)),
    Write("merge", _approved, lambda caller, proposal, request_id: caller.execute(proposal, request_id)),
    Write("undo", _merged, undo),
)


async def within(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Ask until a condition holds; False when the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110  what is asked tells nobody
                await asyncio.sleep(0.005)
    except TimeoutError:
        return False
    return True

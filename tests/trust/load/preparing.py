"""A store with people, companies, and proposals that wait for a vote or to be carried out."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence

import grpc

from benchmarks.ingest import ingest, sample_records
from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.merge_proposal_pb2 import MERGE_PROPOSAL_STATE_PENDING, MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from dedup_service.v1.merge_proposal_service_pb2_grpc import MergeProposalServiceStub
from dedup_service.v1.record_service_pb2 import Record, UpdateRecordRequest
from tests.trust.load.calls import MATCH, MERGE, METHODS, VOTE, WRITE

_STREAMS = 2
_AT_A_TIME = 16
_QUERIES = 5_000
_WRITES = 20_000
_FIELD_OF_WRITES = "city"
_TIMEOUT_SECONDS = 60.0
# Whose function has the say over contacts of the CRM.
_VOTER = METHODS[VOTE][1]
_PROPOSER = METHODS[MERGE][1]


def twins(count: int) -> list[Record]:
    """Pairs of contacts, each of one person whom nobody else is like: kept for votes and merges."""
    return [
        Record(
            name=f"sources/crm/records/twin-{number}-{side}",
            kind=RECORD_KIND_CONTACT,
            values={
                "full_name": f"{uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex[:8]} Twin",
                "email": f"twin.{number}@twins.example",
                "phone": f"+49 30 {1_000_000 + number}",
            },
        )
        for number in range(count)
        for side in "ab"
    ]


def prepare(address: str, record_count: int, votes: int, merges: int) -> dict[str, list[bytes]]:
    """Fill the store to so many records, and make the requests of each kind."""
    pairs = twins(votes + merges)
    residents = sample_records(max(record_count - len(pairs), 100))
    ingest(address, residents + pairs, _STREAMS)
    proposed = asyncio.run(_proposals(address, pairs, votes))
    return {
        MATCH: [_match(record) for record in _spread(residents, _QUERIES)],
        WRITE: [_write(record, number) for number, record in enumerate(_spread(residents, _WRITES))],
        VOTE: [
            ApproveMergeProposalRequest(name=each.name, etag=each.etag).SerializeToString()
            for each in proposed[:votes]
        ],
        MERGE: [
            ExecuteMergeProposalRequest(name=each.name, etag=each.etag).SerializeToString()
            for each in proposed[votes:]
        ],
    }


def _spread(records: Sequence[Record], count: int) -> Sequence[Record]:
    """So many records from all over."""
    return records[:: max(1, len(records) // count)][:count]


def _match(record: Record) -> bytes:
    request = MatchRequest(page_size=10, explain=True)
    request.candidate.kind = record.kind
    request.candidate.values.update(record.values)
    return request.SerializeToString()


def _write(record: Record, number: int) -> bytes:
    """The record again, somewhere else: a write that the index learns of."""
    changed = Record()
    changed.CopyFrom(record)
    changed.values[_FIELD_OF_WRITES] = f"Town {number % 500}"
    return UpdateRecordRequest(record=changed, allow_missing=True).SerializeToString()


async def _proposals(address: str, pairs: Sequence[Record], waiting: int) -> list[MergeProposal]:
    """One proposal a pair: the first of them wait for a vote, the others were approved."""
    names = [(one.name, other.name) for one, other in zip(pairs[::2], pairs[1::2], strict=True)]
    async with grpc.aio.insecure_channel(address) as channel:
        stub = MergeProposalServiceStub(channel)

        async def propose(number: int) -> MergeProposal:
            proposal = MergeProposal(golden_records=names[number], comment="the same person")
            made = await stub.CreateMergeProposal(
                CreateMergeProposalRequest(merge_proposal=proposal),
                metadata=(("dedup-principal", _PROPOSER),),
                timeout=_TIMEOUT_SECONDS,
            )
            assert made.state == MERGE_PROPOSAL_STATE_PENDING, made
            if number < waiting:
                return made
            return await stub.ApproveMergeProposal(
                ApproveMergeProposalRequest(name=made.name, etag=made.etag),
                metadata=(("dedup-principal", _VOTER),),
                timeout=_TIMEOUT_SECONDS,
            )

        return await _some_at_a_time(propose, range(len(names)))


async def _some_at_a_time(
    work: Callable[[int], Awaitable[MergeProposal]], numbers: Iterable[int]
) -> list[MergeProposal]:
    room = asyncio.Semaphore(_AT_A_TIME)

    async def one(number: int) -> MergeProposal:
        async with room:
            return await work(number)

    return await asyncio.gather(*map(one, numbers))

"""What those without the finance function act on, and how they call."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import grpc

from dedup_service.v1.golden_record_service_pb2 import (
    GetGoldenRecordRequest,
    GoldenRecord,
)
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    GetMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import (
    Record,
)
from tests.rpc.api import Api, account, by

PEOPLE = ("ann", "ben", "carla", "dev", "mia", "omar", "paula")
SERVICES = ("services/matcher", "services/importer", "services/follower")
EVERYBODY = (*PEOPLE, *SERVICES)


@dataclass
class World:
    """Two mastered accounts, a provisional one, and what the attackers have made so far."""

    api: Api
    records: tuple[str, ...]
    goldens: dict[str, str] = field(default_factory=dict)
    proposals: list[MergeProposal] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    trusted_policy: str = ""

    async def golden(self, record: str) -> GoldenRecord:
        """The golden record that a record's first golden record leads to."""
        return await self.api.golden_records.GetGoldenRecord(
            GetGoldenRecordRequest(name=self.goldens[record]), metadata=by("ann")
        )

    async def fresh(self, number: int) -> MergeProposal | None:
        """One of the proposals, as it is now."""
        if not self.proposals:
            return None
        name = self.proposals[number % len(self.proposals)].name
        return await self.api.proposals.GetMergeProposal(
            GetMergeProposalRequest(name=name), metadata=by("ann")
        )


Step = Callable[[World], Awaitable[None]]


async def new_world(api: Api, number: int, policy: str) -> World:
    """Accounts of this number that nobody has touched."""
    places = ("erp/records/a", "erp/records/b", "crm/records/p")
    records = tuple(f"sources/{place}{number}" for place in places)
    world = World(api, records, trusted_policy=policy)
    for stored in await api.put(*map(untouched, records)):
        world.goldens[stored.name] = stored.golden_record
    return world


def untouched(record: str) -> Record:
    """A record as the importer first wrote it; those of the ERP carry a customer number."""
    _, source, _, source_record_id = record.split("/")
    number = {"customer_number": f"C-{source_record_id}"} if source == "erp" else {}
    return account(f"{source}/{source_record_id}", company_name="Quux Ltd", **number)


async def let_happen(call: Awaitable[object]) -> bool:
    """Whether the service let it happen; a refusal is an answer like any other, a failure is not."""
    try:
        await call
    except grpc.aio.AioRpcError as refused:
        if refused.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
            raise
        return False
    return True


async def vote_in_turn(world: World, number: int, voters: Iterable[str]) -> None:
    """Each of these approves the proposal as it is then, as far as the service lets them."""
    for voter in voters:
        if (proposal := await world.fresh(number)) is None:
            return
        request = ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
        await let_happen(world.api.proposals.ApproveMergeProposal(request, metadata=by(voter)))

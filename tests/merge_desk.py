"""A wired merge desk on real servers, the people who work at it, and factories for what they write."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dedup_service.company_files import load_policy, load_principals, parse_policy
from dedup_service.domain.golden import GoldenImage
from dedup_service.domain.merges import Merge
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Directory, Principal
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Fact, Record, RecordDraft, RecordKey, RecordKind
from dedup_service.domain.voting import VoteDecision
from dedup_service.index import IndexFollower, RedisIndex
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.wiring import wire
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.ports import Request
from dedup_service.workflows.proposing import ProposalDraft
from dedup_service.workflows.reading import GoldenView
from dedup_service.workflows.record_writes import RecordWrite
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.undoing import UndoRequest

POLICY: Policy = load_policy(None)
DIRECTORY: Directory = load_principals(None, POLICY)
EVERYTHING = ChangeFilter()
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def principal(name: str) -> Principal:
    """One of the shipped principals, such as ``ann`` of sales or ``services/matcher``."""
    found = DIRECTORY.find(name if "/" in name else f"users/{name}")
    assert found is not None
    return found


def request(method: str, actor: str = "services/importer", request_id: str = "", digest: str = "") -> Request:
    return Request(actor, method, request_id, digest)


def key(name: str) -> RecordKey:
    """The key of ``source/id``; without a source it is a record of the CRM."""
    source, _, source_record_id = name.rpartition("/")
    return RecordKey(source or "crm", source_record_id)


def contact(name: str, **values: str) -> RecordDraft:
    """A contact ``source/id`` with an e-mail of its own, unless it is given other values."""
    given = values or {"email": f"{name.replace('/', '.')}@example.com"}
    return RecordDraft(key(name), RecordKind.CONTACT, given)


def lead(name: str, *facts: Fact, **values: str) -> RecordDraft:
    given = values or {"email": f"{name.replace('/', '.')}@example.com"}
    return RecordDraft(key(name), RecordKind.LEAD, given, facts=facts)


def account(name: str, *, person: bool = False, **values: str) -> RecordDraft:
    given = values or {"company_name": f"Company {name}"}
    return RecordDraft(key(name), RecordKind.ACCOUNT, given, person_account=person)


def mastered(name: str, **values: str) -> RecordDraft:
    """An account of the customer master, with a customer number."""
    given = {"company_name": f"Company {name}", "customer_number": f"C-{name}"} | values
    return RecordDraft(key(f"erp/{name}"), RecordKind.ACCOUNT, given)


@dataclass(frozen=True, slots=True)
class Office:
    """The desk, and short ways to do what people do at it."""

    desk: Desk
    store: PostgresStore
    follower: IndexFollower
    index: RedisIndex

    async def put(self, *drafts: RecordDraft) -> list[str]:
        """Write records; the ids of their golden records, in the order of the drafts."""
        result = await self.desk.records.write_batch(request("IngestRecords"), drafts)
        assert not result.rejected, result.rejected
        return [(await self.record(draft.key)).golden_id for draft in drafts]

    async def write(self, draft: RecordDraft, **how: Any) -> Record:
        return await self.desk.records.write(request("UpdateRecord"), RecordWrite(draft, **how))

    async def delete(self, name: str, etag: str = "") -> Record:
        return await self.desk.records.delete(request("DeleteRecord"), key(name), etag)

    async def erase(self, name: str, reason: str = "asked for") -> Record:
        return await self.desk.records.erase(request("EraseRecord"), key(name), reason)

    async def record(self, of: RecordKey | str) -> Record:
        wanted = key(of) if isinstance(of, str) else of
        return (await self.store.read(lambda tx: tx.records([wanted])))[wanted]

    async def golden(self, golden_id: str) -> GoldenView:
        return await self.desk.readings.golden(golden_id)

    async def propose(self, *golden_ids: str, by: str = "services/matcher", **more: Any) -> Proposal:
        draft = ProposalDraft(golden_ids, **more)
        return await self.desk.proposing.create(request("CreateMergeProposal", by), draft, principal(by))

    async def proposal(self, proposal: Proposal) -> Proposal:
        """The proposal as it is now."""
        found, _ = await self.desk.readings.proposal(proposal.proposal_id)
        return found

    async def vote(
        self,
        proposal: Proposal,
        by: str,
        decision: VoteDecision = VoteDecision.APPROVE,
        comment: str = "",
        function: str = "",
    ) -> Proposal:
        who = principal(by)
        return await self.desk.deciding.vote(
            request(decision, who.name), proposal.proposal_id, proposal.etag, who, decision, comment, function
        )

    async def execute(self, proposal: Proposal, by: str = "ann") -> Merge:
        who = principal(by)
        return await self.desk.deciding.execute(
            request("ExecuteMergeProposal", who.name), proposal.proposal_id, proposal.etag, who
        )

    async def approved(
        self, *golden_ids: str, voters: Sequence[str] = ("ann", "carla"), **more: Any
    ) -> Proposal:
        """A proposal on which these people have voted as far as it needs."""
        proposal = await self.propose(*golden_ids, **more)
        for voter in voters:
            assert proposal.decision is not None
            if not proposal.decision.approved and principal(voter).functions & {*proposal.decision.functions}:
                proposal = await self.vote(proposal, voter)
        return proposal

    async def merge(self, *golden_ids: str, **more: Any) -> Merge:
        """Propose, approve and execute; the first golden record survives unless another is named."""
        chosen = {"survivor_id": golden_ids[0]} | more
        voters = chosen.pop("voters", ("ann", "carla", "omar", "mia", "paula", "fiona"))
        return await self.execute(await self.approved(*golden_ids, voters=voters, **chosen))

    async def undo(self, merge: Merge, by: str = "ann", *, distinct: bool = False, **how: Any) -> Merge:
        wanted = UndoRequest(merge.merge_id, merge.etag, "they are two people", distinct)
        who = principal(by)
        return await self.desk.undoing.undo(request("UndoMerge", who.name), wanted, who, **how)

    async def followed(self, after: Position | None = None) -> dict[str, GoldenImage]:
        """The golden records as an idempotent reader of all changes ends up with them."""
        copy: dict[str, GoldenImage] = {}
        position = after or Position()
        while True:
            batch = await self.desk.following.changes(position, EVERYTHING, 7)
            for change in batch.changes:
                copy |= {image.name: image for image in change.draft.after}
            if batch.position == position:
                return copy
            position = batch.position


@asynccontextmanager
async def open_office(
    database_url: str, redis_url: str, policy: Policy = POLICY, directory: Directory = DIRECTORY
) -> AsyncIterator[Office]:
    """A desk on these servers with its index following."""
    store = PostgresStore(StoreOptions(database_url, pool_size=8))
    await store.open()
    store_id = await store.store_id()
    index = RedisIndex(redis_url, store_id)
    follower = IndexFollower(index, PostgresLedgerSource(store), 0.2)
    store.on_commit(lambda update: follower.nudge([update]))
    follower.start()
    try:
        rules = Rules(policy, directory, parse_policy)
        yield Office(wire(store, store_id, index, follower, rules), store, follower, index)
    finally:
        await follower.stop()
        await index.close()
        await store.close()


def with_policy(**changes: Any) -> Policy:
    """The shipped policy with these parts changed."""
    return replace(POLICY, **changes)

"""People and services without the finance function, and everything that they can try over the API (C-2)."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from dedup_service.v1.core_pb2 import RECORD_KIND_CONTACT
from dedup_service.v1.delegation_service_pb2 import CreateDelegationRequest, Delegation
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.golden_record_service_pb2 import (
    ConfirmAccountRequest,
    GetGoldenRecordRequest,
    GoldenRecord,
)
from dedup_service.v1.merge_plan_pb2 import IMPACT_LOW
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    BatchDecideMergeProposalsRequest,
    ChosenProposal,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    RejectMergeProposalRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge, UndoMergeRequest
from dedup_service.v1.policy_service_pb2 import Policy, UpdatePolicyRequest
from dedup_service.v1.record_service_pb2 import (
    DeleteRecordRequest,
    EraseRecordRequest,
    Record,
    UpdateRecordRequest,
)
from dedup_service.v1.voting_pb2 import VOTE_DECISION_APPROVE
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


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, Step]:
    """Something that somebody without finance tries, with a word for it."""
    actor = draw(st.sampled_from(EVERYBODY))
    kind = draw(st.sampled_from(list(_KINDS)))
    return f"{actor} {kind}", draw(_KINDS[kind](actor))


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


def _propose(actor: str) -> st.SearchStrategy[Step]:
    def make(chosen: tuple[int, ...], survivor: int) -> Step:
        async def step(world: World) -> None:
            names = [world.goldens[world.records[n]] for n in chosen]
            proposal = MergeProposal(golden_records=names, survivor=names[survivor % len(names)])
            proposal.impact = IMPACT_LOW
            proposal.missing_functions.append("sales")
            request = CreateMergeProposalRequest(merge_proposal=proposal)
            world.proposals.append(await world.api.proposals.CreateMergeProposal(request, metadata=by(actor)))

        return step

    chosen = st.sampled_from([(0, 1), (0, 1), (0, 2), (1, 2), (0, 1, 2)])
    return st.builds(make, chosen, st.integers(0, 2))


def _vote(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int, approve: bool, function: str) -> Step:
        async def step(world: World) -> None:
            if (proposal := await world.fresh(number)) is None:
                return
            fields: dict[str, Any] = {"name": proposal.name, "etag": proposal.etag, "function": function}
            if approve:
                request = ApproveMergeProposalRequest(**fields)
                await world.api.proposals.ApproveMergeProposal(request, metadata=by(actor))
            else:
                refusal = RejectMergeProposalRequest(**fields)
                await world.api.proposals.RejectMergeProposal(refusal, metadata=by(actor))

        return step

    likely = st.sampled_from([True, True, True, False])
    return st.builds(make, st.integers(0, 9), likely, st.sampled_from(["", "", "", "finance"]))


def _everybody_votes(_: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            await vote_in_turn(world, number, PEOPLE)

        return step

    return st.builds(make, st.integers(0, 9))


def _batch(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        now = [await world.fresh(number) for number in range(len(world.proposals))]
        seen = {each.name: each.etag for each in now if each is not None}
        if seen:
            request = BatchDecideMergeProposalsRequest(
                decision=VOTE_DECISION_APPROVE,
                proposals=[ChosenProposal(name=name, etag=etag) for name, etag in seen.items()],
            )
            await world.api.proposals.BatchDecideMergeProposals(request, metadata=by(actor))

    return st.just(step)


def _execute(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            if (proposal := await world.fresh(number)) is not None:
                request = ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
                world.merges.append(
                    await world.api.proposals.ExecuteMergeProposal(request, metadata=by(actor))
                )

        return step

    return st.builds(make, st.integers(0, 9))


def _change_plan(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int, survivor: int) -> Step:
        async def step(world: World) -> None:
            if (proposal := await world.fresh(number)) is not None:
                names = list(proposal.golden_records)
                proposal.survivor = names[survivor % len(names)]
                request = UpdateMergeProposalRequest(
                    merge_proposal=proposal, update_mask=FieldMask(paths=["survivor"])
                )
                await world.api.proposals.UpdateMergeProposal(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 9), st.integers(0, 2))


def _write(actor: str) -> st.SearchStrategy[Step]:
    """Take the number away, change owner, facts or kind, or put everything back."""

    def make(number: int, how: str) -> Step:
        async def step(world: World) -> None:
            record = untouched(world.records[number])
            if how == "no number":
                record.values.pop("customer_number", None)
            elif how == "another owner":
                record.owner.function = "sales"
            elif how == "another kind":
                record.kind = RECORD_KIND_CONTACT
            elif how == "no values":
                record.values.clear()
                record.values["company_name"] = "x"
            request = UpdateRecordRequest(
                record=record, update_mask=FieldMask(paths=["*"]), allow_missing=True
            )
            await world.api.records.UpdateRecord(request, metadata=by(actor))

        return step

    how = st.sampled_from(["no number", "another owner", "another kind", "no values", "as before"])
    return st.builds(make, st.integers(0, 2), how)


def _delete(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            request = DeleteRecordRequest(name=world.records[number])
            await world.api.records.DeleteRecord(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2))


def _erase(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            request = EraseRecordRequest(name=world.records[number], reason="asked for")
            await world.api.records.EraseRecord(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2))


def _undo(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        if world.merges:
            merge = world.merges[-1]
            request = UndoMergeRequest(name=merge.name, etag=merge.etag, reason="wrong")
            await world.api.merges.UndoMerge(request, metadata=by(actor))

    return st.just(step)


def _distinguish(actor: str) -> st.SearchStrategy[Step]:
    async def step(world: World) -> None:
        distinction = Distinction(left=[world.records[0]], right=[world.records[2]], reason="not the same")
        request = CreateDistinctionRequest(distinction=distinction)
        await world.api.distinctions.CreateDistinction(request, metadata=by(actor))

    return st.just(step)


def _edit_policy(actor: str) -> st.SearchStrategy[Step]:
    """Make another function the owner of the customer master, or the ERP no customer master at all."""

    def make(old: str, new: str) -> Step:
        async def step(world: World) -> None:
            assert old in world.trusted_policy
            text = world.trusted_policy.replace(old, new).replace("version: ", "version: attack-")
            request = UpdatePolicyRequest(policy=Policy(text=text, comment="better", etag="default-2"))
            await world.api.policies.UpdatePolicy(request, metadata=by(actor))

        return step

    edits = [
        ("master_function: finance", "master_function: sales"),
        ("policy_function: finance", "policy_function: sales"),
        ("customer_master: true", "customer_master: false"),
    ]
    return st.sampled_from(edits).map(lambda edit: make(*edit))


def _delegate(actor: str) -> st.SearchStrategy[Step]:
    def make(delegate: str, function: str) -> Step:
        async def step(world: World) -> None:
            delegation = Delegation(delegate=f"users/{delegate}", functions=[function] * bool(function))
            delegation.end_time.CopyFrom(Timestamp(seconds=4_000_000_000))
            request = CreateDelegationRequest(delegation=delegation)
            await world.api.delegations.CreateDelegation(request, metadata=by(actor))

        return step

    return st.builds(make, st.sampled_from(PEOPLE), st.sampled_from(["finance", "sales", ""]))


def _confirm(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int, record: int) -> Step:
        async def step(world: World) -> None:
            golden = await world.golden(world.records[number])
            request = ConfirmAccountRequest(
                name=golden.name,
                etag=golden.etag,
                record=[world.records[0], f"{world.records[0]}-new"][record],
                customer_number="C-1",
            )
            await world.api.golden_records.ConfirmAccount(request, metadata=by(actor))

        return step

    return st.builds(make, st.integers(0, 2), st.integers(0, 1))


_KINDS: dict[str, Callable[[str], st.SearchStrategy[Step]]] = {
    "proposes": _propose,
    "votes": _vote,
    "has everybody vote": _everybody_votes,
    "decides in bulk": _batch,
    "executes": _execute,
    "changes the plan": _change_plan,
    "writes a record": _write,
    "deletes a record": _delete,
    "erases a record": _erase,
    "undoes": _undo,
    "draws a link": _distinguish,
    "edits the policy": _edit_policy,
    "delegates": _delegate,
    "confirms": _confirm,
}

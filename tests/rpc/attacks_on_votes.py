"""What those without the finance function try with proposals and votes (C-2)."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import strategies as st

from dedup_service.v1.merge_plan_pb2 import IMPACT_LOW
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    BatchDecideMergeProposalsRequest,
    ChosenProposal,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
    RejectMergeProposalRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.voting_pb2 import VOTE_DECISION_APPROVE
from tests.rpc.api import by
from tests.rpc.attack_world import PEOPLE, Step, World, vote_in_turn


def propose(actor: str) -> st.SearchStrategy[Step]:
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


def vote(actor: str) -> st.SearchStrategy[Step]:
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


def everybody_votes(_: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            await vote_in_turn(world, number, PEOPLE)

        return step

    return st.builds(make, st.integers(0, 9))


def batch(actor: str) -> st.SearchStrategy[Step]:
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


def execute(actor: str) -> st.SearchStrategy[Step]:
    def make(number: int) -> Step:
        async def step(world: World) -> None:
            if (proposal := await world.fresh(number)) is not None:
                request = ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
                world.merges.append(
                    await world.api.proposals.ExecuteMergeProposal(request, metadata=by(actor))
                )

        return step

    return st.builds(make, st.integers(0, 9))


def change_plan(actor: str) -> st.SearchStrategy[Step]:
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

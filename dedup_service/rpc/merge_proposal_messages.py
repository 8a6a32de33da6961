"""Merge proposals as one principal sees them: with what they would do, and where that principal stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dedup_service.domain.decision import electorate_of
from dedup_service.domain.delegations import Roles
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.preview import impact_preview
from dedup_service.domain.proposals import Proposal
from dedup_service.domain.standing import Standing, standing
from dedup_service.domain.voting import Electorate
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.merge_proposal_conversion import Outlook, View, displays_of, proposal_message
from dedup_service.v1 import merge_proposal_pb2 as pb
from dedup_service.workflows.assessment import decided
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.reading import preview_of


class ProposalMessages:
    """Makes the messages of proposals, all that are made together as of one moment."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._tokens = edge.tokens

    async def read_one(self, proposal: Proposal, principal: str) -> pb.MergeProposal:
        """The answer to a write, with an outlook as far as its plan is still that of the store."""
        return (await self.read_all([proposal], principal))[0]

    async def read_all(
        self, proposals: Sequence[Proposal], principal: str, view: View = View.FULL
    ) -> list[pb.MergeProposal]:
        """The same of several."""
        return await self._desk.store.read(lambda tx: self.all(tx, proposals, principal, view))

    async def all(
        self, tx: ReadTransaction, proposals: Sequence[Proposal], principal: str, view: View = View.FULL
    ) -> list[pb.MergeProposal]:
        """Proposals with the decision that is stored with each; the principal's roles are those of now."""
        now = self._desk.now()
        roles = await self._desk.assessment.roles(tx, now)
        ids = {golden_id for proposal in proposals for golden_id in proposal.plan.golden_ids}
        goldens = await tx.goldens(ids) if ids else {}
        displays = displays_of(goldens.values(), self._desk.rules.policy, self._edge.sights.named(principal))
        return [
            proposal_message(
                proposal,
                self._outlook(proposal, goldens, now, view),
                _standing_as_decided(proposal, roles, principal),
                self._tokens,
                displays,
                view,
            )
            for proposal in proposals
        ]

    async def as_it_stands(self, tx: ReadTransaction, proposal: Proposal, principal: str) -> pb.MergeProposal:
        """A proposal decided now: since the last write a voter may have lost a role, or a lead gone cold."""
        found = await tx.goldens(proposal.plan.golden_ids)
        if not proposal.state.open or not _still_so(proposal, found):
            return (await self.all(tx, [proposal], principal))[0]
        now = self._desk.now()
        goldens = [found[golden_id] for golden_id in proposal.plan.golden_ids]
        case, decision = await self._desk.assessment.decide(tx, proposal, goldens, now)
        return proposal_message(
            decided(proposal, decision),
            self._outlook(proposal, found, now),
            standing(principal, electorate_of(case, decision), decision.voices, decision.votes),
            self._tokens,
            displays_of(goldens, self._desk.rules.policy, self._edge.sights.named(principal)),
        )

    def _outlook(
        self,
        proposal: Proposal,
        goldens: Mapping[str, GoldenRecord],
        now: datetime,
        view: View = View.FULL,
    ) -> Outlook | None:
        if view is View.BASIC or not proposal.state.open or not _still_so(proposal, goldens):
            return None
        members = [goldens[golden_id] for golden_id in proposal.plan.golden_ids]
        policy, principals = self._desk.rules.policy, self._desk.rules.principals
        return Outlook(
            touched=impact_preview(members, proposal.plan.survivor_id, policy, now, principals),
            preview=preview_of(proposal, members, policy) if view is View.FULL else None,
        )


def _still_so(proposal: Proposal, goldens: Mapping[str, GoldenRecord]) -> bool:
    """Whether the golden records are at the versions that the plan was made of."""
    return all(
        member.golden_id in goldens and goldens[member.golden_id].row.version == member.version
        for member in proposal.plan.members
    )


def _standing_as_decided(proposal: Proposal, roles: Roles, principal: str) -> Standing:
    """Where a principal stands by the decision that is stored with the proposal."""
    decision = proposal.decision
    if decision is None or not proposal.state.open:
        votes = decision.votes if decision is not None else ()
        last = next((v for v in reversed(votes) if v.vote.principal == principal), None)
        return Standing(principal, (), f"{proposal.name} is {proposal.state}", last)
    electorate = Electorate(
        proposal.plan.hash, proposal.plan_time, proposal.proposer, decision.functions, roles
    )
    return standing(principal, electorate, decision.voices, decision.votes)

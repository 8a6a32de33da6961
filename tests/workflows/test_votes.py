"""Votes against time: lost roles, new policies, and the log from which every tally can be counted again."""

from dataclasses import replace

import pytest

from dedup_service.domain.errors import ApprovalsMissing, EtagMismatch
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import Fact
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.replan import Replanning
from tests.merge_desk import DIRECTORY, Office, contact, open_office, principal, with_policy


async def pair(office: Office) -> tuple[str, str]:
    one, other = await office.put(contact("a"), contact("desk/b"))
    return one, other


async def test_a_vote_of_somebody_who_lost_the_role_does_not_count_at_execution(
    office: Office, database_url: str, redis_url: str
) -> None:
    """What was approved is refused when the approver is of that function no more (C-3)."""
    one, other = await pair(office)
    approved = await office.approved(one, other)
    moved = replace(principal("ann"), functions=frozenset({"marketing"}))
    later = Directory({**DIRECTORY.principals, moved.name: moved})
    async with open_office(database_url, redis_url, directory=later) as office_later:
        with pytest.raises(ApprovalsMissing):
            await office_later.execute(approved, by="carla")
    assert await office.execute(approved)


async def test_a_new_policy_asks_again(office: Office, database_url: str, redis_url: str) -> None:
    """Under another policy version a vote counts no more, before and after the plan is brought up to it."""
    one, other = await pair(office)
    approved = await office.approved(one, other)
    policy = with_policy(version="2")
    async with open_office(database_url, redis_url, policy=policy) as later:
        with pytest.raises(EtagMismatch, match="policy is now version 2"):
            await later.execute(approved)
        # Whoever touches a proposal has it planned anew: there is nothing left for the background.
        assert await Replanning(later.desk.assessment).adopt_policy(later.store) == 0
        now = await later.proposal(approved)
        assert now.state is ProposalState.PENDING
        assert now.plan_changes[-1].differences == ("the policy is now version 2",)
        assert await later.execute(await later.vote(now, "ann"))


async def test_the_tally_is_a_fold_over_the_vote_log(office: Office) -> None:
    """Every acknowledged vote is in the log, in order, and the log alone gives the decision (C-4)."""
    north, south = ((Fact("legal_entity", text=name),) for name in ("north", "south"))
    drafts = replace(contact("a"), facts=north), replace(contact("b"), facts=south)
    proposal = await office.propose(*await office.put(*drafts))
    states = []
    for voter, says in (
        ("ann", VoteDecision.APPROVE),
        ("ann", VoteDecision.APPROVE),
        ("carla", VoteDecision.APPROVE),
        ("ben", VoteDecision.REJECT),
    ):
        proposal = await office.vote(proposal, voter, says)
        states.append(proposal.state)
    assert states == ["PENDING", "PENDING", "APPROVED", "PENDING"]
    now = await office.proposal(proposal)
    assert [v.principal for v in now.votes] == ["users/ann", "users/ann", "users/carla", "users/ben"]
    assert now.decision is not None
    assert [c.counts for c in now.decision.votes] == [False, True, True, True]
    said = {voice.function: voice.decision for voice in now.decision.voices}
    assert said == {"marketing": None, "sales": VoteDecision.REJECT, "support": VoteDecision.APPROVE}
    assert (await office.vote(now, "mia")).state is ProposalState.APPROVED

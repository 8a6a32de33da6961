"""What changes the plan of an open proposal, voids its votes and says why (domain 7.3)."""

import pytest

from dedup_service.domain.errors import ApprovalsMissing, EtagMismatch
from dedup_service.domain.proposals import ProposalState
from tests.merge_desk import Office, contact
from tests.workflows.changed_proposals import changed, pair


async def test_a_write_to_a_member_voids_the_votes_and_is_named(office: Office) -> None:
    """When a member changes, its votes count no more, the cause is told, and people are asked again (7.3)."""
    one, other = await pair(office)
    approved = await office.approved(one, other)
    await office.put(contact("a", email="new@x.example"))
    now = await office.proposal(approved)
    assert (now.state, now.etag == approved.etag) == (ProposalState.PENDING, False)
    [change] = now.plan_changes
    assert (change.differences, change.voided_votes) == (("sources/crm/records/a was written",), 1)
    for attempt in (office.execute(approved), office.vote(approved, "carla")):
        with pytest.raises(EtagMismatch, match="sources/crm/records/a was written"):
            await attempt
    with pytest.raises(ApprovalsMissing):
        await office.execute(now)
    assert await office.execute(await office.vote(now, "ann"))


async def test_a_write_that_changes_nothing_voids_nothing(office: Office) -> None:
    """The same values written again leave the plan and its votes as they are."""
    one, other = await pair(office)
    approved = await office.approved(one, other)
    await office.put(contact("a"))
    assert await office.proposal(approved) == approved


async def test_another_survivor_or_choice_voids_the_votes(office: Office) -> None:
    """Changing the plan is told in the plan's changes, and votes on the old plan are void."""
    one, other = await pair(office)
    approved = await office.approved(one, other, survivor_id=one)
    moved = await changed(office, approved, survivor=other)
    assert moved.state is ProposalState.PENDING
    assert moved.plan_changes[-1].differences == (f"the survivor is now goldenRecords/{other}",)
    chosen = await changed(office, moved, field="email")
    assert chosen.plan_changes[-1].differences == ("the field choices changed",)
    assert await changed(office, chosen, survivor=other, field="email") == chosen
    merge = await office.execute(await office.vote(chosen, "ann"))
    view = await office.golden(merge.survivor_id)
    assert (view.values["email"].value, view.values["email"].rule) == ("a@example.com", "CHOICE")


async def test_a_deleted_member_leaves_the_plan(office: Office) -> None:
    """A plan goes on without a deleted member while two are left, and is SUPERSEDED when not."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    proposal = await office.propose(*ids)
    await office.delete("a")
    now = await office.proposal(proposal)
    assert (now.state, len(now.plan.members)) == (ProposalState.PENDING, 2)
    assert f"goldenRecords/{ids[0]} left the plan" in now.plan_changes[-1].differences
    await office.delete("b")
    now = await office.proposal(proposal)
    assert now.state is ProposalState.SUPERSEDED
    assert "fewer than two" in now.closing_comment


async def test_a_merge_replans_the_proposals_it_touches(office: Office) -> None:
    """Open proposals follow their members into the survivor and lose their votes; others stay."""
    a, b, c = await office.put(contact("a"), contact("b"), contact("c"))
    inside, beside = await office.approved(a, b), await office.approved(b, c)
    apart = await office.approved(*await office.put(contact("x"), contact("y")))
    await office.execute(inside)
    now = await office.proposal(beside)
    assert (now.state, set(now.plan.golden_ids)) == (ProposalState.PENDING, {inside.plan.survivor_id, c})
    assert now.plan_changes[-1].voided_votes == 1
    assert await office.proposal(apart) == apart


async def test_of_plans_that_become_the_same_one_stays_open(office: Office) -> None:
    """Where a merge makes two open plans one, one goes on and the other is SUPERSEDED, saying so."""
    a, b, c = await office.put(contact("a"), contact("b"), contact("c"))
    whole, beside = await office.propose(a, b, c), await office.propose(b, c)
    await office.execute(await office.approved(a, b))
    now = [await office.proposal(p) for p in (whole, beside)]
    assert {p.state for p in now} == {ProposalState.PENDING, ProposalState.SUPERSEDED}
    [closed] = [p for p in now if p.state is ProposalState.SUPERSEDED]
    assert "another open proposal" in closed.closing_comment


async def test_a_plan_that_changes_back_does_not_revive_its_votes(office: Office) -> None:
    """A vote is void once the plan has changed, even when a second change makes the same plan again."""
    one, other = await pair(office)
    proposal = await office.propose(one, other, survivor_id=one)
    voted = await office.vote(proposal, "ann")
    assert voted.state == ProposalState.APPROVED
    turned = await changed(office, voted, survivor=other)
    back = await changed(office, turned, survivor=one)
    assert back.etag == proposal.etag
    assert back.state == ProposalState.PENDING
    with pytest.raises(ApprovalsMissing):
        await office.execute(back)

"""Parents and subsidiaries are not duplicates: a merge that would close a hierarchy into a ring is vetoed."""

from dataclasses import replace

import pytest

from dedup_service.domain.errors import Vetoed
from dedup_service.domain.policy import VetoRule
from tests.merge_desk import Office, account, key

EVERYBODY = ("ann", "carla", "omar", "mia", "paula", "fiona")


async def test_a_parent_does_not_merge_with_its_subsidiary(office: Office) -> None:
    """The veto names both, and execution is refused whatever the votes."""
    below = replace(account("below"), parent=key("above"))
    above_id, below_id = await office.put(account("above"), below)
    proposal = await office.approved(above_id, below_id, voters=EVERYBODY)
    assert proposal.decision is not None
    [veto] = proposal.decision.vetoes
    assert veto.rule is VetoRule.HIERARCHY_CYCLE
    assert above_id in veto.reason
    assert below_id in veto.reason
    with pytest.raises(Vetoed):
        await office.execute(proposal)


async def test_a_ring_through_a_third_account_is_seen(office: Office) -> None:
    """A belongs to B and B to C: A and C are no duplicates, although neither names the other."""
    drafts = (
        account("c"),
        replace(account("b"), parent=key("c")),
        replace(account("a"), parent=key("b")),
    )
    c, b, a = await office.put(*drafts)
    proposal = await office.propose(a, c)
    assert proposal.decision is not None
    assert [veto.rule for veto in proposal.decision.vetoes] == [VetoRule.HIERARCHY_CYCLE]
    assert b not in proposal.plan.golden_ids


async def test_a_ring_through_a_merged_parent_is_seen(office: Office) -> None:
    """The parent is found where it lives on after a merge of its own."""
    old, other, below = await office.put(
        account("old"), account("other"), replace(account("below"), parent=key("old"))
    )
    await office.merge(other, old)
    proposal = await office.propose(below, other)
    assert proposal.decision is not None
    assert [veto.rule for veto in proposal.decision.vetoes] == [VetoRule.HIERARCHY_CYCLE]


async def test_two_subsidiaries_of_one_parent_may_merge(office: Office) -> None:
    """Sisters are no ring, and neither is a ring that was there before and touches neither."""
    _, left, right = await office.put(
        replace(account("top"), parent=key("top2")),
        replace(account("left"), parent=key("top")),
        replace(account("right"), parent=key("top")),
    )
    await office.put(replace(account("top2"), parent=key("top")))
    proposal = await office.propose(left, right)
    assert proposal.decision is not None
    assert proposal.decision.vetoes == ()

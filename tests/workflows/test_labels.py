"""Which decisions of stewards are labels, and which are not, or no longer."""

from collections.abc import Sequence
from dataclasses import replace

from dedup_service.domain.proposals import Proposal
from dedup_service.domain.records import Fact
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.distinguishing import DistinctionSide
from dedup_service.workflows.labels import Label, labels_of
from scoring import Entity
from tests.merge_desk import Office, account, contact, key, principal, request


def said(labels: Sequence[Label]) -> list[bool]:
    return sorted(label.is_same for label in labels)


async def rejected(office: Office, *golden_ids: str) -> Proposal:
    proposal = await office.propose(*golden_ids)
    return await office.vote(proposal, "ann", VoteDecision.REJECT, "they are two")


async def test_an_approved_merge_says_the_same(office: Office) -> None:
    """Each golden record that was merged away is a label with the survivor."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    await office.merge(*ids)
    labels = await labels_of(office.store)
    assert said(labels) == [True, True]
    assert {label.entity for label in labels} == {Entity.PERSON}


async def test_an_undone_merge_says_different(office: Office) -> None:
    """Undoing turns the label; merging once more turns it back, with one label in the end."""
    ids = await office.put(contact("a"), contact("b"))
    await office.undo(await office.merge(*ids))
    assert said(await labels_of(office.store)) == [False]
    await office.merge(*ids)
    assert said(await labels_of(office.store)) == [True]


async def test_an_undone_merge_of_three_says_nothing(office: Office) -> None:
    """Which of the three was wrong is not known."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    await office.undo(await office.merge(*ids))
    assert await labels_of(office.store) == []


async def test_a_rejected_pair_says_different(office: Office) -> None:
    """A rejection of two is a label, one of three is none."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    await rejected(office, *ids)
    assert await labels_of(office.store) == []
    await rejected(office, *ids[:2])
    assert said(await labels_of(office.store)) == [False]


async def test_a_withdrawn_or_open_proposal_says_nothing(office: Office) -> None:
    """Nobody judged what its proposer took back, nor what waits."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    matcher = principal("services/matcher")
    taken_back = await office.propose(*ids[:2])
    await office.desk.proposing.withdraw(
        request("WithdrawMergeProposal", matcher.name), taken_back.proposal_id, taken_back.etag, matcher, ""
    )
    await office.propose(*ids[1:])
    assert await labels_of(office.store) == []


async def test_one_refusal_of_a_vote_that_goes_on_says_nothing(office: Office) -> None:
    """What counts is how the vote ended, not what one of the voters said."""
    north, south = ((Fact("legal_entity", text=name),) for name in ("north", "south"))
    drafts = replace(contact("a"), facts=north), replace(contact("b"), facts=south)
    proposal = await office.propose(*await office.put(*drafts))
    refused = await office.vote(proposal, "ann", VoteDecision.REJECT, "they are two")
    assert refused.state.open
    assert await labels_of(office.store) == []


async def test_a_rejected_pair_that_was_merged_since_says_the_same(office: Office) -> None:
    """What the store holds now decides between two decisions."""
    ids = await office.put(contact("a"), contact("b"))
    await rejected(office, *ids)
    await office.merge(*ids)
    assert said(await labels_of(office.store)) == [True]


async def link(office: Office, left: str, right: str) -> str:
    made = await office.desk.distinguishing.create(
        request("CreateDistinction", "users/ann"),
        DistinctionSide(records=(key(left),)),
        DistinctionSide(records=(key(right),)),
        "twins",
        principal("ann"),
    )
    return made.distinction_id


async def test_a_standing_link_says_different_once(office: Office) -> None:
    """A not-a-match link and a rejection of the same two are one label; a deleted link is none."""
    ids = await office.put(contact("a"), contact("b"), contact("c"))
    await rejected(office, *ids[:2])
    await link(office, "b", "a")
    other = await link(office, "a", "c")
    assert said(await labels_of(office.store)) == [False, False]
    await office.desk.distinguishing.delete(request("DeleteDistinction", "users/ann"), other, "")
    assert said(await labels_of(office.store)) == [False]


async def test_deleted_records_are_in_no_label(office: Office) -> None:
    """A side without an active record has nothing that could be compared."""
    ids = await office.put(contact("a"), contact("b"))
    await rejected(office, *ids)
    await office.delete("a")
    assert await labels_of(office.store) == []


async def test_companies_are_labelled_apart(office: Office) -> None:
    """The label of two accounts is one of companies, with their records ready for comparing."""
    ids = await office.put(account("a", company_name="Acme GmbH"), account("b", company_name="Acme"))
    await rejected(office, *ids)
    [label] = await labels_of(office.store)
    assert label.entity is Entity.COMPANY
    [[left, right]] = label.pairs
    assert left.company
    assert right.company

"""Deciding many at once: the whole list is shown first, and each choice is decided as if it were alone."""

from collections.abc import Sequence
from typing import TypeVar

import pytest

from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    RequestIdReused,
    StateNotAllowed,
    StoreUnavailable,
)
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.voting import VoteDecision
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.batch_deciding import BatchDeciding, BatchOutcome
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page, WaitingFor
from dedup_service.workflows.ports import Request, Work
from dedup_service.workflows.replan import Replanning
from tests.canonical_dump import full_dump
from tests.merge_desk import POLICY, Office, contact, principal, request

T = TypeVar("T")
METHOD = "BatchDecideMergeProposals"


async def pairs(office: Office, count: int, by: str = "services/matcher") -> list[Proposal]:
    """Proposals, each of which waits for one approval of sales or support."""
    found = []
    for number in range(count):
        ids = await office.put(contact(f"a{number}"), contact(f"desk/b{number}"))
        found.append(await office.propose(*ids, by=by))
    return found


async def decide(
    office: Office,
    chosen: Sequence[tuple[str, str]],
    by: str = "ann",
    request_id: str = "",
    digest: str = "",
    batch: BatchDeciding | None = None,
    decision: VoteDecision = VoteDecision.APPROVE,
    comment: str = "a clear case",
) -> list[BatchOutcome]:
    who = principal(by)
    how = request(METHOD, who.name, request_id, digest)
    return await (batch or office.desk.batch_deciding).decide(how, chosen, decision, comment, who)


def seen(*proposals: Proposal) -> list[tuple[str, str]]:
    return [(proposal.proposal_id, proposal.etag) for proposal in proposals]


async def head(office: Office) -> int:
    return await office.store.read(lambda tx: tx.head_revision())


async def test_the_list_says_what_each_would_touch_and_who_may_decide(office: Office) -> None:
    """Each item has its proposal as it is, the caller's standing with the reason, and the preview."""
    [open_to_ann] = await pairs(office, 1)
    own = await office.propose(*await office.put(contact("x"), contact("y")), by="ann")
    before = await full_dump(office.store, POLICY)
    listed = await office.desk.batch_deciding.preview(Page(order_by="create_time"), principal("ann"))
    assert [item.proposal for item in listed.items] == [open_to_ann, own]
    assert [item.standing.may_vote for item in listed.items] == [True, False]
    assert listed.items[0].standing.sentence == "you vote for sales: held by source crm"
    assert "users/ann proposed this" in listed.items[1].standing.sentence
    touched = listed.items[0].touched
    assert touched.functions == ("sales", "support")
    [redirecting] = {*open_to_ann.plan.golden_ids} - {open_to_ann.plan.survivor_id}
    assert [each.from_golden_id for each in touched.redirects] == [redirecting]
    assert await full_dump(office.store, POLICY) == before


async def test_the_list_comes_in_pages_and_by_the_inbox(office: Office) -> None:
    """The page asked for is the page shown: conditions, whom it waits for, size and cursor."""
    proposals = await pairs(office, 3)
    await office.vote(proposals[1], "carla")
    waiting = WaitingFor("users/ann", ("sales",))
    first = await office.desk.batch_deciding.preview(Page(size=1, waiting_for=waiting), principal("ann"))
    assert first.next is not None
    rest = await office.desk.batch_deciding.preview(
        Page(after=first.next, waiting_for=waiting), principal("ann")
    )
    shown = [item.proposal.proposal_id for item in (*first.items, *rest.items)]
    assert shown == [proposals[0].proposal_id, proposals[2].proposal_id]


async def test_closed_proposals_are_shown_as_closed(office: Office) -> None:
    """On what is closed nobody may vote any more, and nothing would be touched."""
    [proposal] = await pairs(office, 1)
    await office.execute(await office.vote(proposal, "ann"))
    closed = Page(conditions=(Condition("open", Operator.EQUALS, "false"),))
    [item] = (await office.desk.batch_deciding.preview(closed, principal("carla"))).items
    assert (item.standing.may_vote, item.standing.sentence) == (False, f"{proposal.name} is EXECUTED")
    assert item.touched.redirects == ()


async def test_what_is_refused_does_not_stop_the_others(office: Office) -> None:
    """Each choice has its outcome, in order: the vote, or why there is none."""
    good, changed, closed, last = await pairs(office, 4)
    own = await office.propose(*await office.put(contact("x"), contact("y")), by="ann")
    await office.put(contact("a1", email="new@x.example"))
    await office.vote(closed, "carla", VoteDecision.REJECT)
    chosen = [*seen(good, changed, closed, own), ("ghost", "etag"), *seen(last)]
    outcomes = await decide(office, chosen)
    assert [outcome.proposal_id for outcome in outcomes] == [proposal_id for proposal_id, _ in chosen]
    assert [type(outcome.refusal) for outcome in outcomes[1:5]] == [
        EtagMismatch,
        StateNotAllowed,
        PermissionRefused,
        NotFound,
    ]
    for proposal, outcome in ((good, outcomes[0]), (last, outcomes[5])):
        now = await office.proposal(proposal)
        assert (now, outcome.refusal) == (outcome.proposal, None)
        assert (now.state, now.votes[0].comment) == (ProposalState.APPROVED, "a clear case")
    assert (await office.proposal(own)).votes == ()


async def test_many_may_be_refused_at_once(office: Office) -> None:
    """A batch of rejections rejects each."""
    proposals = await pairs(office, 2)
    await decide(office, seen(*proposals), by="carla", decision=VoteDecision.REJECT)
    assert [(await office.proposal(p)).state for p in proposals] == [ProposalState.REJECTED] * 2


async def test_a_service_account_decides_nothing(office: Office) -> None:
    """The batch is no way around the one decision: services propose and never approve (C-3)."""
    proposals = await pairs(office, 2)
    outcomes = await decide(office, seen(*proposals), by="services/matcher")
    refusals = [outcome.refusal for outcome in outcomes]
    assert [refusal and refusal.reason for refusal in refusals] == [Reason.NOT_AN_APPROVER] * 2


async def test_a_repetition_votes_once(office: Office) -> None:
    """The same request again answers as before and leaves nothing new behind."""
    proposals = await pairs(office, 2)
    first = await decide(office, seen(*proposals), request_id="r", digest="d")
    revision = await head(office)
    assert await decide(office, seen(*proposals), request_id="r", digest="d") == first
    assert await head(office) == revision
    assert len((await office.proposal(proposals[0])).votes) == 1


class CutOff(PostgresStore):
    """The store, away before the second vote."""

    def __init__(self, store: PostgresStore) -> None:
        self._connected = store
        self._writes = 0

    async def write(self, request: Request, work: Work[T], answer_type: type[T]) -> T:
        self._writes += 1
        if self._writes == 2:
            raise StoreUnavailable("PostgreSQL does not answer")
        return await self._connected.write(request, work, answer_type)


async def test_when_the_store_goes_away_the_repetition_goes_on(office: Office) -> None:
    """The call ends with what went wrong, and the same request decides the rest, none of them twice."""
    proposals = await pairs(office, 3)
    assessment, now = office.desk.assessment, office.desk.now
    deciding = Deciding(CutOff(office.store), assessment, Replanning(assessment), str)
    cut_off = BatchDeciding(office.store, assessment, deciding, now)
    with pytest.raises(StoreUnavailable):
        await decide(office, seen(*proposals), request_id="r", batch=cut_off)
    assert [len((await office.proposal(p)).votes) for p in proposals] == [1, 0, 0]
    outcomes = await decide(office, seen(*proposals), request_id="r")
    assert [outcome.refusal for outcome in outcomes] == [None] * 3
    assert [len((await office.proposal(p)).votes) for p in proposals] == [1, 1, 1]


async def test_a_request_id_stands_for_one_choice(office: Office) -> None:
    """With other content the same id is refused before any vote, wherever the known ones stand."""
    known, new = await pairs(office, 2)
    await decide(office, seen(known), request_id="r", digest="one")
    with pytest.raises(RequestIdReused):
        await decide(office, seen(new, known), request_id="r", digest="other")
    assert (await office.proposal(new)).votes == ()


async def test_the_choice_is_checked_before_anything_is_decided(office: Office) -> None:
    """None, too many, one twice, one unseen: every problem is named and nothing is done."""
    good, twice = await pairs(office, 2)
    for chosen in ([], [(str(n), "etag") for n in range(501)]):
        with pytest.raises(InvalidInput, match="1 to 500"):
            await decide(office, chosen)
    with pytest.raises(InvalidInput) as refused:
        await decide(office, [*seen(good, twice, twice), ("blind", "")])
    assert [v.field for v in refused.value.violations] == ["proposals", "proposals[3].etag"]
    assert twice.name in str(refused.value)
    with pytest.raises(InvalidInput, match="comment"):
        await decide(office, seen(good), comment="\x00")
    assert (await office.proposal(good)).votes == ()

"""Proposals that nobody decides are escalated and then expire; time never approves (domain 7.2, 7.5)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import RequestIdReused, StateNotAllowed
from dedup_service.domain.policy import Periods, Policy
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Fact, LiveRecord
from dedup_service.domain.retention import Retention
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.escalating import Escalated, Escalating
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.ports import ReadTransaction, Request, Store, Work, WorkTogether
from tests.canonical_dump import full_dump
from tests.merge_desk import (
    DIRECTORY,
    POLICY,
    Office,
    account,
    contact,
    mastered,
    open_office,
    principal,
    request,
    with_policy,
)

T = TypeVar("T")

# Finds every pending proposal; what is due is judged by the database's clock.
FAR = datetime(2100, 1, 1, tzinfo=UTC)
NOTHING = Escalated(0, 0, 0)
Servers = tuple[str, str]


def lasting(voting_days: int, escalation_days: int, **changes: Any) -> Policy:
    """The shipped policy with periods of so many days; those of 0 are over at once, whatever the weekday."""
    periods = Periods(voting_days, escalation_days, weekend=frozenset())
    return with_policy(periods=periods, **changes)


# A desk opened under one of these is the same desk after that time has passed.
OVERDUE = lasting(0, 2)
OUT_OF_TIME = lasting(0, 0)


@pytest.fixture
def servers(database_url: str, redis_url: str) -> Servers:
    """Where the desks of one test are opened, one after the other."""
    return database_url, redis_url


async def run(office: Office) -> Escalated:
    return await office.desk.escalating.run(FAR)


async def pair(office: Office, tag: str = "", **how: Any) -> Proposal:
    """A proposal that waits for sales or support."""
    return await office.propose(*await office.put(contact(f"a{tag}"), contact(f"desk/b{tag}")), **how)


async def finance_first(office: Office) -> Proposal:
    """A HIGH merge in which four functions have a voice; finance has approved before the others."""
    held = tuple(Fact("legal_entity", text=name) for name in ("north", "south"))
    drafts = [mastered("1"), account("crm/s"), account("desk/s"), account("marketing/s")]
    drafts[1:3] = [replace(draft, facts=(fact,)) for draft, fact in zip(drafts[1:3], held, strict=True)]
    proposal = await office.propose(*await office.put(*drafts))
    assert (proposal.impact, proposal.missing_functions) == (
        "HIGH",
        ("finance", "marketing", "sales", "support"),
    )
    voted = await office.vote(proposal, "fiona")
    assert voted.state is ProposalState.PENDING
    return voted


async def test_what_nobody_decides_in_time_is_escalated(servers: Servers) -> None:
    """The managers of those who were asked are told, in one change; the proposal stays open for them all."""
    async with open_office(*servers, OVERDUE) as office:
        proposal = await pair(office)
        assert await run(office) == Escalated(1, 0, 0)
        now = await office.proposal(proposal)
        assert now.state is ProposalState.PENDING
        assert now.escalate_time is not None
        assert now.escalated_to == ("users/sara", "users/sven")
        assert now.decision is not None
        assert (now.decision.expire_time - now.escalate_time).days == 2
        told = ChangeFilter(types=frozenset({ChangeType.PROPOSAL_CHANGED}))
        changes = (await office.desk.following.changes(Position(), told)).changes
        assert [c.draft.proposal for c in changes] == [proposal.name] * 2
        assert changes[-1].revision == now.revision
        assert (await office.vote(now, "carla")).state is ProposalState.APPROVED


async def test_run_twice_is_run_once(servers: Servers) -> None:
    """A second run changes nothing at all, and of several at once one escalates."""
    async with open_office(*servers, OVERDUE) as office:
        await pair(office)
        runs = await asyncio.gather(*(run(office) for _ in range(4)))
        assert [each for each in runs if each != NOTHING] == [Escalated(1, 0, 0)]
        before = await full_dump(office.store, POLICY)
        assert await run(office) == NOTHING
        assert await full_dump(office.store, POLICY) == before


async def test_the_clock_of_the_store_judges(office: Office) -> None:
    """A caller whose clock is ahead finds what is not due yet, and leaves it as it is."""
    proposal = await pair(office)
    assert await run(office) == NOTHING
    assert await office.proposal(proposal) == proposal


async def test_the_proposer_is_not_told_but_their_manager(servers: Servers) -> None:
    """A manager who proposed does not decide it; in their place their own manager is told."""
    sara = replace(principal("sara"), functions=frozenset({"partners"}), manager="users/frida")
    directory = Directory({**DIRECTORY.principals, sara.name: sara})
    async with open_office(*servers, OVERDUE, directory) as office:
        proposal = await pair(office, by="sara")
        await run(office)
        assert (await office.proposal(proposal)).escalated_to == ("users/frida", "users/sven")


async def test_what_nobody_decides_after_that_expires(servers: Servers) -> None:
    """The second time runs out too: EXPIRED, saying what was missing, and never approved by silence."""
    async with open_office(*servers, OVERDUE) as office:
        proposal = await pair(office)
        assert await run(office) == Escalated(1, 0, 0)
    async with open_office(*servers, OUT_OF_TIME) as office:
        assert await run(office) == Escalated(0, 1, 0)
        now = await office.proposal(proposal)
        assert now.state is ProposalState.EXPIRED
        assert now.closing_comment.startswith("nobody decided in time; missing: 1 more approval of sales")
        for attempt in (office.vote(now, "ann"), office.execute(now, by="services/matcher")):
            with pytest.raises(StateNotAllowed):
                await attempt
        assert await run(office) == NOTHING
        again = await office.propose(*proposal.plan.golden_ids)
        assert again.state is ProposalState.PENDING


async def test_nothing_expires_before_it_was_escalated(servers: Servers) -> None:
    """However late the first run comes, people are told before the proposal is closed."""
    async with open_office(*servers, OUT_OF_TIME) as office:
        proposal = await pair(office)
        assert await run(office) == Escalated(1, 0, 0)
        assert (await office.proposal(proposal)).state is ProposalState.PENDING
        assert await run(office) == Escalated(0, 1, 0)


async def test_finance_decides_when_the_period_is_over(office: Office, servers: Servers) -> None:
    """An early approval of the final arbiter carries from then on, over the silence of the others (7.2)."""
    proposal = await finance_first(office)
    async with open_office(*servers, OVERDUE) as later:
        assert await run(later) == Escalated(0, 0, 1)
        now = await later.proposal(proposal)
        assert (now.state, now.escalate_time) == (ProposalState.APPROVED, None)
        assert await later.execute(now, by="fiona")


async def test_most_who_spoke_refuse_when_the_period_is_over(office: Office, servers: Servers) -> None:
    """The final arbiter's early approval does not carry against most of those who spoke."""
    proposal = await finance_first(office)
    for voter in ("ann", "carla"):
        proposal = await office.vote(proposal, voter, VoteDecision.REJECT)
    assert proposal.state is ProposalState.PENDING
    async with open_office(*servers, OVERDUE) as later:
        assert await run(later) == Escalated(0, 0, 1)
        assert (await later.proposal(proposal)).state is ProposalState.REJECTED


async def test_finance_is_not_spared_by_silence(servers: Servers) -> None:
    """All others approve and finance does not speak: its managers are told, and then it expires."""
    async with open_office(*servers, lasting(1, 1)) as office:
        proposal = await office.propose(*await office.put(mastered("1"), mastered("2"), account("crm/s")))
        proposal = await office.vote(proposal, "ann")
    async with open_office(*servers, OUT_OF_TIME) as office:
        assert await run(office) == Escalated(1, 0, 0)
        assert (await office.proposal(proposal)).escalated_to == ("users/frida",)
        assert await run(office) == Escalated(0, 1, 0)
        closed = await office.proposal(proposal)
        assert "finance decides last" in closed.closing_comment


async def test_a_veto_that_nobody_lifts_runs_out_of_time_too(servers: Servers) -> None:
    """What everybody approved and a rule stops expires with that rule as the reason."""
    async with open_office(*servers, OUT_OF_TIME) as office:
        held = replace(contact("a"), facts=(Fact("legal_hold", flag=True),))
        proposal = await office.propose(*await office.put(held, contact("desk/b")))
        for voter in ("ann", "carla"):
            proposal = await office.vote(proposal, voter)
        assert await run(office) == Escalated(1, 0, 0)
        assert await run(office) == Escalated(0, 1, 0)
        now = await office.proposal(proposal)
        assert now.closing_comment.startswith("nobody decided in time; vetoed: sources/crm/records/a is on")


async def test_a_new_plan_starts_the_period_anew(office: Office, servers: Servers) -> None:
    """When a member is written after the escalation, people are asked again with all their time."""
    proposal = await pair(office)
    async with open_office(*servers, OVERDUE) as later:
        await run(later)
    await office.put(contact("a", email="new@x.example"))
    now = await office.proposal(proposal)
    assert (now.escalate_time, now.escalated_to) == (None, ())
    assert now.decision is not None
    assert now.decision.due_time > now.plan_time
    assert await run(office) == NOTHING


async def test_periods_that_grew_are_stored(office: Office, servers: Servers) -> None:
    """A proposal that is due no more under longer periods is put off instead of escalated."""
    async with open_office(*servers, OVERDUE) as earlier:
        proposal = await pair(earlier)
    assert await run(office) == NOTHING
    now = await office.proposal(proposal)
    assert (now.escalate_time, now.state) == (None, ProposalState.PENDING)
    assert await office.store.read(lambda tx: tx.overdue_proposals(datetime.now(UTC), 10)) == []


class Interrupted:
    """A store in which something happens between listing and locking."""

    def __init__(self, store: Store, happening: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._happening = happening

    async def read(self, work: Callable[[ReadTransaction], Awaitable[T]]) -> T:
        found = await self._store.read(work)
        await self._happening()
        return found

    async def write(self, request: Request, work: Work[T], answer_type: type[T]) -> T:
        return await self._store.write(request, work, answer_type)

    async def write_together(
        self, requests: Sequence[Request], work: WorkTogether[T], answer_type: type[T]
    ) -> list[T | RequestIdReused | StateNotAllowed]:
        return await self._store.write_together(requests, work, answer_type)

    async def live_records(self, record_nos: Collection[int]) -> dict[int, LiveRecord]:
        return await self._store.live_records(record_nos)

    async def preview(self, work: Work[T]) -> T:
        return await self._store.preview(work)

    async def wait_for_change(self, after_revision: int, timeout_seconds: float) -> None:
        await self._store.wait_for_change(after_revision, timeout_seconds)

    async def forget_old(self, retention: Retention, now: datetime) -> dict[str, int]:
        return await self._store.forget_old(retention, now)

    async def tidy_after_erasures(self) -> None:
        await self._store.tidy_after_erasures()


@pytest.mark.parametrize("happens", ["withdrawn", "member left", "member written"])
async def test_what_changes_meanwhile_is_treated_as_it_is_then(servers: Servers, happens: str) -> None:
    """Closed or of other members by then it is left alone; on a new plan that plan is what is escalated."""
    async with open_office(*servers, OVERDUE) as office:
        proposal = await office.propose(*await office.put(contact("a"), contact("b"), contact("c")))
        done: list[str] = []

        async def happening() -> None:
            if done:
                return
            done.append(happens)
            if happens == "withdrawn":
                withdraw, who = office.desk.proposing.withdraw, principal("services/matcher")
                how = request("WithdrawMergeProposal")
                await withdraw(how, proposal.proposal_id, proposal.etag, who, "a mistake")
            elif happens == "member left":
                await office.delete("c")
            else:
                await office.put(contact("a", email="new@x.example"))

        await Escalating(Interrupted(office.store, happening), office.desk.assessment).run(FAR)
        now = await office.proposal(proposal)
        assert now.state == ("WITHDRAWN" if happens == "withdrawn" else "PENDING")
        assert (now.escalate_time is not None) is (happens == "member written")
        assert now.escalate_time is None or now.escalate_time >= now.plan_time > proposal.plan_time


async def test_votes_of_another_policy_decide_nothing(office: Office, servers: Servers) -> None:
    """Until a plan is brought up to the policy in force, its votes are not weighed by that policy."""
    proposal = await finance_first(office)
    async with open_office(*servers, lasting(0, 0, version="2")) as later:
        assert await run(later) == NOTHING
        assert await later.proposal(proposal) == proposal


async def test_an_approved_proposal_is_left_alone(servers: Servers) -> None:
    """What was decided waits for its execution without a limit."""
    async with open_office(*servers, OUT_OF_TIME) as office:
        proposal = await office.vote(await pair(office), "ann")
        assert await run(office) == NOTHING
        assert await office.execute(proposal)


async def test_all_that_is_overdue_is_treated(servers: Servers) -> None:
    """One run goes through as many pages as there are."""
    async with open_office(*servers, OVERDUE) as office:
        for number in range(5):
            await pair(office, str(number))
        escalating = Escalating(office.store, office.desk.assessment, page_size=2)
        assert await escalating.run(datetime.now(UTC)) == Escalated(5, 0, 0)

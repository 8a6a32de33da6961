"""Proposals as the store takes them, made without the desk: each on two golden records of its own."""

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dedup_service.domain.decision import Decision
from dedup_service.domain.matching import NewRecord, comparable_of
from dedup_service.domain.plan import Plan, PlanMember, ProposalType
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import RecordKind
from dedup_service.domain.voting import Ballot, BallotMethod, CountedVote, Outcome, Vote, VoteDecision
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ReadTransaction, Request, WriteTransaction, Written
from tests.merge_desk import JANUARY, contact

_numbers = itertools.count(1)


@asynccontextmanager
async def open_store(database_url: str, pool_size: int = 4) -> AsyncIterator[PostgresStore]:
    """A store on this database, with nothing around it."""
    store = PostgresStore(StoreOptions(database_url, pool_size=pool_size))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def decided(due_days: float = 3, expire_days: float = 5, voters: Sequence[str] = ()) -> Decision:
    """A decision still pending, due and expiring so many days after the first of January."""
    votes = tuple(
        CountedVote(Vote(name, "sales", VoteDecision.APPROVE, "hash", "", JANUARY), True, "counts")
        for name in voters
    )
    return Decision(
        impact=Impact.HIGH,
        impact_reasons=(),
        stakes=(),
        ballot=Ballot(BallotMethod.VOICES, 1, "the voice of each function decides"),
        voices=(),
        vetoes=(),
        lifted=(),
        votes=votes,
        outcome=Outcome.PENDING,
        missing=(),
        due_time=JANUARY + timedelta(days=due_days),
        expire_time=JANUARY + timedelta(days=expire_days),
    )


def pending(proposal_id: str, **changes: Any) -> Proposal:
    """A pending proposal of two contacts that waits for sales; `changes` replace its parts."""
    members = tuple(
        PlanMember(f"{proposal_id}-{side}", RecordKind.CONTACT, 1, records=()) for side in ("a", "b")
    )
    proposal = Proposal(
        proposal_id=proposal_id,
        state=ProposalState.PENDING,
        plan=Plan(ProposalType.MERGE, members, members[0].golden_id, (), "1"),
        proposer="services/matcher",
        comment="",
        links=(),
        weakest_link=None,
        impact=Impact.MEDIUM,
        missing_functions=("sales",),
        create_time=JANUARY,
        update_time=JANUARY,
        decision=decided(),
    )
    return replace(proposal, **changes)


async def store_proposals(store: PostgresStore, *proposals: Proposal) -> None:
    """Save proposals, and the golden records of those that are new."""

    async def work(tx: WriteTransaction) -> Written[int]:
        revision = await tx.revision()
        ids = [golden_id for p in proposals for golden_id in p.plan.golden_ids]
        known = await tx.goldens(ids)
        drafts = [(contact(f"r{next(_numbers)}"), golden_id) for golden_id in ids if golden_id not in known]
        await tx.insert_records([NewRecord(one, comparable_of(one), of) for one, of in drafts], revision)
        for proposal in proposals:
            await tx.save_proposal(proposal)
        return Written(0, targets=tuple(p.name for p in proposals))

    await store.write(Request("services/matcher", "CreateMergeProposal"), work, int)


async def listed(store: PostgresStore, page: Page) -> list[str]:
    """The ids of the proposals on all pages from this one on, each page read by itself."""
    found: list[str] = []
    while True:
        part = await _page(store, page)
        found += [proposal.proposal_id for proposal in part.items]
        if part.next is None:
            return found
        page = replace(page, after=part.next)


async def _page(store: PostgresStore, page: Page) -> Listed[Proposal]:
    async def work(tx: ReadTransaction) -> Listed[Proposal]:
        return await tx.list_proposals(page)

    return await store.read(work)

"""Sixteen who vote, eight who merge and undo, four who edit, all at once on twelve records."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from dedup_service.domain.errors import DedupError
from dedup_service.domain.voting import VoteDecision
from tests.merge_desk import Office, contact, open_office
from tests.trust.invariants import broken_invariants
from tests.trust.model.reference import Proposed
from tests.trust.races.history import Checker, Operation, Order, final_differences, started

VOTERS, MERGERS, EDITORS = 16, 8, 4
RECORDS = 12
CALLS_OF_ONE = 5
SELLERS = ("ann", "ben", "sara")


@dataclass(slots=True)
class Crowd:
    """The callers' common world: two desks on one store, what there is, and what was done."""

    offices: list[Office]
    draws: random.Random
    clock: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    history: list[Operation] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    proposals: list[Any] = field(default_factory=list)
    merges: list[Any] = field(default_factory=list)

    def office(self) -> Office:
        return self.draws.choice(self.offices)

    async def call(self, op: Operation, work: Awaitable[Any]) -> Any:
        """Do a call and note how it ended."""
        self.history.append(op)
        try:
            answer = await work
            op.code = "OK"
        except DedupError as refusal:
            answer, op.code = None, type(refusal).__name__
        op.ended = next(self.clock)
        return answer

    def began(self, kind: str, of: str, said: str = "", etag: str = "") -> Operation:
        return Operation(kind, of, said, etag, next(self.clock))

    async def read(self) -> Any:
        """Look at a proposal as it is."""
        proposal = self.draws.choice(self.proposals)
        op = self.began("read", proposal.proposal_id)
        found = await self.call(op, self.office().proposal(proposal))
        op.etag, op.said, op.shown = found.etag, str(found.revision), found.state.value
        return found

    async def vote(self, number: int) -> None:
        found = await self.read()
        decision = VoteDecision.REJECT if self.draws.random() < 0.1 else VoteDecision.APPROVE
        op = self.began("vote", found.proposal_id, decision.value, found.etag)
        who = SELLERS[number % len(SELLERS)]
        answer = await self.call(op, self.office().vote(found, who, decision))
        if answer is not None:
            op.revision = answer.revision

    async def merge(self, _: int) -> None:
        if self.merges and self.draws.random() < 0.4:
            await self.undo(self.draws.choice(self.merges))
            return
        found = await self.read()
        op = self.began("execute", found.proposal_id, found.plan.survivor_id, found.etag)
        answer = await self.call(op, self.office().execute(found, by="services/matcher"))
        if answer is not None:
            op.revision, op.shown, op.said = answer.revision, answer.merge_id, answer.survivor_id
            self.merges.append(answer)

    async def undo(self, merge: Any) -> None:
        op = self.began("undo", merge.merge_id)
        answer = await self.call(op, self.office().undo(merge))
        if answer is not None:
            op.revision = answer.undo_revision

    async def edit(self, number: int) -> None:
        name = self.draws.choice(self.names)
        op = self.began("edit", name, f"{number}-{next(self.clock)}@example.com")
        answer = await self.call(op, self.office().write(contact(name, email=op.said)))
        if answer is not None:
            op.revision = answer.revision


@asynccontextmanager
async def crowd(database_url: str, redis_url: str, seed: int) -> AsyncIterator[tuple[Crowd, Checker]]:
    """Twelve records in a ring of proposals, and the order in which it begins."""
    async with open_office(database_url, redis_url) as one, open_office(database_url, redis_url) as other:
        world = Crowd([one, other], random.Random(seed))
        world.names = [f"crm/{seed}-{number}" for number in range(RECORDS)]
        goldens = await one.put(*map(contact, world.names))
        order: Order = started(dict(zip(world.names, goldens, strict=True)))
        for left, right in zip(goldens, goldens[1:] + goldens[:1], strict=True):
            proposal = await one.propose(left, right)
            world.proposals.append(proposal)
            order.proposals[proposal.proposal_id] = Proposed(frozenset((left, right)), proposal.proposer)
        head = await one.store.read(lambda tx: tx.head_revision())
        yield world, Checker(order, head, {p.proposal_id: p.etag for p in world.proposals})


async def all_at_once(world: Crowd) -> None:
    """Everybody calls what they do, one call after the other."""

    async def busy(step: Any, number: int) -> None:
        for _ in range(CALLS_OF_ONE):
            await step(number)

    await asyncio.gather(
        *(busy(world.vote, number) for number in range(VOTERS)),
        *(busy(world.merge, number) for number in range(MERGERS)),
        *(busy(world.edit, number) for number in range(EDITORS)),
    )


async def run_round(database_url: str, redis_url: str, seed: int) -> tuple[list[Operation], list[str]]:
    """One round by its seed: the history, and everything that no order explains or that does not hold."""
    async with crowd(database_url, redis_url, seed) as (world, checker):
        await all_at_once(world)
        problems = checker.check(world.history)
        membership = {name: (await world.offices[0].record(name)).golden_id for name in world.names}
        states = {p.proposal_id: (await world.offices[0].proposal(p)).state.value for p in world.proposals}
        problems += final_differences(checker.order, membership, states)
    return world.history, problems + await broken_invariants(database_url, redis_url="")

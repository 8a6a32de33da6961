"""Counts of proposals are those of the lists, whatever the filter, and whatever became of the proposals."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import psycopg
import pytest

import scoring
from dedup_service.domain.plan import Plan, PlanMember, PlanRecord, ProposalType
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import GoldenLink, Proposal, ProposalState
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.store.inbox import Reach
from dedup_service.store.lists import PROPOSALS
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page, WaitingFor
from dedup_service.workflows.proposal_counts import FACETS, ProposalCounts
from tests.merge_desk import JANUARY
from tests.store.pending_proposals import decided, listed, open_store, pending, store_proposals

INBOX = "impact desc, due_time"
SOURCES = ("crm", "desk", "erp")
OWNERS = ("users/ann", "users/ben", "queues/late")
FUNCTIONS = ("sales", "support", "finance")
PEOPLE = ("users/ann", "users/ben", "users/carla")
VALUES: dict[str, tuple[str, ...]] = {
    "state": ("PENDING", "APPROVED", "REJECTED"),
    "open": ("true", "false"),
    "type": tuple(ProposalType),
    "kind": tuple(RecordKind),
    "impact": tuple(Impact),
    "verdict": tuple(scoring.Verdict),
    "proposer": ("services/matcher", "users/ann"),
    "escalated": ("true", "false"),
    "missing_functions": FUNCTIONS,
    "source": (*SOURCES, "nowhere"),
    "owner": (*OWNERS, "users/nobody"),
    "survivor": ("goldenRecords/p1-a", "goldenRecords/none"),
}


def some(random: Random, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(random.sample(values, random.randint(0, 2))))


def drawn(random: Random, proposal_id: str) -> Proposal:
    """A proposal with everything that is counted by drawn at random."""
    kind, verdict = random.choice(list(RecordKind)), random.choice([None, *scoring.Verdict])
    members = tuple(
        PlanMember(
            f"{proposal_id}-{side}",
            kind,
            1,
            tuple(PlanRecord(RecordKey(source, side), 1) for source in some(random, SOURCES)),
        )
        for side in ("a", "b")
    )
    link = GoldenLink(members[0].golden_id, members[1].golden_id, 1.0, 0.5, verdict)
    escalated_to = some(random, PEOPLE)
    return pending(
        proposal_id,
        state=random.choice([*[ProposalState.PENDING] * 4, ProposalState.APPROVED, ProposalState.REJECTED]),
        plan=Plan(random.choice(list(ProposalType)), members, members[0].golden_id, (), "1"),
        proposer=random.choice(VALUES["proposer"]),
        weakest_link=link if verdict is not None else None,
        impact=random.choice(list(Impact)),
        missing_functions=some(random, FUNCTIONS),
        owners=some(random, OWNERS),
        escalated_to=escalated_to,
        escalate_time=JANUARY if escalated_to else None,
        decision=decided(due_days=random.randint(1, 9), voters=some(random, PEOPLE)),
        create_time=JANUARY + timedelta(hours=random.randint(0, 9)),
    )


def a_page(random: Random) -> Page:
    """A list with up to three conditions, of an inbox or not."""
    fields = random.sample(sorted(VALUES), random.randint(0, 3))
    conditions = [
        Condition(field, random.choice(list(Operator)), random.choice(VALUES[field])) for field in fields
    ]
    if random.random() < 0.2:
        conditions.append(Condition("owner", Operator.EQUALS, random.choice(OWNERS)))
    waiting = WaitingFor(random.choice(PEOPLE), some(random, FUNCTIONS))
    return Page(
        tuple(conditions),
        order_by=random.choice([INBOX, "create_time", "due_time"]),
        waiting_for=waiting if random.random() < 0.6 else None,
    )


async def counted(store: PostgresStore, page: Page, facets: tuple[str, ...] = FACETS) -> ProposalCounts:
    return await store.read(lambda tx: tx.count_proposals(page, facets))


def facets_of(proposals: list[Proposal]) -> dict[str, Counter[str]]:
    """The counts of each facet, one proposal at a time."""
    values: dict[str, Callable[[Proposal], tuple[str, ...]]] = {
        "impact": lambda p: (p.impact,),
        "kind": lambda p: (p.plan.members[0].kind,),
        "type": lambda p: (p.plan.type,),
        "verdict": lambda p: (p.verdict,) if p.verdict is not None else (),
        "missing_functions": lambda p: p.missing_functions,
        "source": lambda p: p.sources,
        "owner": lambda p: p.owners,
    }
    return {facet: Counter(str(value) for p in proposals for value in of(p)) for facet, of in values.items()}


@pytest.mark.parametrize("seed", range(3))
async def test_counts_are_those_of_the_lists(database_url: str, seed: int) -> None:
    """For random filters, inboxes and histories, the total and every facet count what all pages list."""
    random = Random(seed)
    stored: dict[str, Proposal] = {}
    async with open_store(database_url) as store:
        for _ in range(2):
            ids = [f"p{number}" for number in random.sample(range(80), 60)]
            # The second round writes many again, with other members' records, states and votes.
            written = [drawn(random, proposal_id) for proposal_id in ids]
            stored |= {p.proposal_id: p if p.state.open else replace(p, owners=()) for p in written}
            await store_proposals(store, *written)
        found = 0
        for page in (a_page(random) for _ in range(120)):
            names = await listed(store, replace(page, size=1000))
            counts = await counted(store, page)
            assert counts.total == len(names), page
            assert counts.facets == facets_of([stored[name] for name in names]), page
            found += len(names)
        assert found > 500


async def test_an_inbox_is_read_either_way(database_url: str) -> None:
    """Looked up by marks and sorted, or in order from the highest impact on: the same rows in one order."""
    random = Random(9)
    rows = {f"p{number}": drawn(random, f"p{number}") for number in range(60)}
    async with open_store(database_url) as store:
        await store_proposals(store, *rows.values())
    ann = WaitingFor("users/ann", ("sales", "support"))
    found = 0
    with psycopg.connect(database_url) as connection:
        for field in ("impact", "kind", "source", "owner", "verdict"):
            for value in VALUES[field]:
                page = Page((Condition(field, Operator.EQUALS, value),), order_by=INBOX, waiting_for=ann)
                top_rank = Impact(value).rank if field == "impact" else 2
                few, many = (
                    [row[-2] for row in connection.execute(*PROPOSALS.build(page, reach))]
                    for reach in (Reach(0, top_rank), Reach(10**6, top_rank))
                )
                assert few == many == sorted(few, key=lambda name: place_in_inbox(rows[name]))
                found += len(few)
    assert found > 60


def place_in_inbox(proposal: Proposal) -> tuple[int, datetime, str]:
    assert proposal.decision is not None
    return -proposal.impact.rank, proposal.decision.due_time, proposal.proposal_id


async def test_groups_without_a_proposal_are_forgotten(database_url: str) -> None:
    """However often proposals change, there are no more groups than kinds of proposal that there are."""
    random = Random(4)
    async with open_store(database_url) as store:
        for _ in range(5):
            await store_proposals(store, *[drawn(random, f"p{number}") for number in range(5)])
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT sum(count) FROM proposal_groups), (SELECT count(*) FROM proposal_groups),"
            " (SELECT count(*) FROM proposal_group_owners s LEFT JOIN proposal_groups g USING (group_key)"
            "  WHERE g.group_key IS NULL OR s.count > g.count)"
        ).fetchone()
    assert row is not None
    assert (row[0], row[2]) == (5, 0)
    assert row[1] <= 5


async def test_a_statement_counts_many_at_once(database_url: str) -> None:
    """Rows that are loaded, changed and deleted by one statement each are counted like single ones."""
    random = Random(2)
    everything = Page()
    async with open_store(database_url) as store:
        await store_proposals(store, *[drawn(random, f"p{number}") for number in range(20)])
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("UPDATE proposals SET impact = 'LOW', impact_rank = 0")
            assert (await counted(store, everything)).facets["impact"] == {"LOW": 20}
            connection.execute("DELETE FROM waiting_proposals")
            connection.execute("DELETE FROM proposals WHERE proposal_id < 'p15'")
        left = await listed(store, everything)
        assert 0 < len(left) < 20
        assert (await counted(store, everything)).total == len(left)


@pytest.mark.parametrize("order_by", ["create_time", "create_time desc", "due_time", INBOX])
async def test_a_list_begins_after_any_proposal(database_url: str, order_by: str) -> None:
    """After a proposal that is in the list, and after one that is not, in each order."""
    random = Random(7)
    ann = WaitingFor("users/ann", ("sales",))
    async with open_store(database_url) as store:
        await store_proposals(store, *[drawn(random, f"p{number:02}") for number in range(40)])
        everything = await listed(store, Page(order_by=order_by))
        waiting = await listed(store, Page(order_by=order_by, waiting_for=ann))
        assert 0 < len(waiting) < len(everything) == 40
        for name in everything:
            place = await store.read(lambda tx, name=name: tx.proposal_place(name, order_by))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            rest = everything[everything.index(name) + 1 :]
            page = Page(order_by=order_by, waiting_for=ann, after=place)
            assert await listed(store, page) == [one for one in rest if one in waiting]
        assert await store.read(lambda tx: tx.proposal_place("none", order_by)) is None

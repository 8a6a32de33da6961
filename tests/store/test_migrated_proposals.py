"""What a store of an earlier release holds is taken along by the migrations."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dedup_service.domain.plan import PlanRecord
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import GoldenLink, Proposal, ProposalState
from dedup_service.domain.records import Owner
from dedup_service.domain.voting import Vote, VoteDecision
from dedup_service.embedded import RunningServer
from dedup_service.store.migrate import migrate, migrations
from dedup_service.store.rows import encode_text
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Page, WaitingFor
from tests.conftest import with_database
from tests.merge_desk import JANUARY, contact
from tests.store.pending_proposals import listed, open_store, pending

_numbers = itertools.count(1)
OLD_DECISION = """{"decision": {"impact": "HIGH", "requirements": [], "votes": [
    {"vote": {"principal": "users/ben", "functions": ["sales"]}, "counts": true, "reason": "counts"},
    {"vote": {"principal": "users/cy", "functions": ["sales"]}, "counts": false, "reason": "void"}]}}"""


@dataclass(frozen=True)
class OldStore:
    """A database of the release before, and a connection to it."""

    url: str
    connection: psycopg.Connection


@pytest.fixture
def old(postgres_server: RunningServer) -> Iterator[OldStore]:
    """A store on which the first migration alone has run."""
    name, first = f"old_{next(_numbers)}", migrations()[0]
    with psycopg.connect(postgres_server.url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = with_database(postgres_server.url, name)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(first.sql.encode())
            connection.execute(
                "CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
                " checksum text NOT NULL, time timestamptz NOT NULL DEFAULT now())"
            )
            row = [first.version, first.name, first.checksum]
            connection.execute("INSERT INTO schema_migrations VALUES (%s, %s, %s)", row)
            yield OldStore(url, connection)
        administrator.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def insert(connection: psycopg.Connection, proposal: Proposal) -> None:
    connection.execute(
        "INSERT INTO golden_records (golden_id, kind, state, version, revision, create_time)"
        " SELECT unnest(%s::text[]), 'CONTACT', 'LIVE', 1, 1, now()",
        [list(proposal.plan.golden_ids)],
    )
    connection.execute(
        "INSERT INTO proposals (proposal_id, state, type, impact, missing_functions, proposer, golden_ids,"
        " ever_golden_ids, survivor_id, kind, revision, create_time, body)"
        " VALUES (%s, %s, 'MERGE', %s, %s, %s, %s, %s, %s, 'CONTACT', 1, %s, %s::jsonb || %s::jsonb)",
        [
            proposal.proposal_id,
            proposal.state,
            proposal.impact,
            list(proposal.missing_functions),
            proposal.proposer,
            list(proposal.plan.golden_ids),
            list(proposal.plan.golden_ids),
            proposal.plan.survivor_id,
            proposal.create_time,
            encode_text(proposal),
            OLD_DECISION,
        ],
    )
    connection.execute(
        "INSERT INTO votes (proposal_id, principal, functions, decision, plan_hash, comment, time)"
        " VALUES (%s, 'users/ben', '{sales,support}', 'APPROVE', 'h', 'seen', %s)",
        [proposal.proposal_id, JANUARY],
    )


async def migrated(old: OldStore, *proposals: Proposal) -> str:
    """Put proposals into the old store and bring it to today's schema; its URL."""
    for proposal in proposals:
        insert(old.connection, proposal)
    await migrate(old.url)
    return old.url


async def test_open_proposals_are_in_the_inboxes_that_they_were_missing_in(
    old: OldStore,
) -> None:
    """For everybody of a missing function but those whose vote counted, the weightiest first."""
    url = await migrated(
        old,
        pending("a"),
        pending("b", impact=Impact.HIGH),
        pending("c", state=ProposalState.REJECTED),
    )
    async with open_store(url) as store:
        for principal, wanted in (("users/ann", ["b", "a"]), ("users/ben", []), ("users/cy", ["b", "a"])):
            page = Page(order_by="impact desc, due_time", waiting_for=WaitingFor(principal, ("sales",)))
            assert await listed(store, page) == wanted


async def test_proposals_are_read_without_the_decision_of_old(old: OldStore) -> None:
    """Nobody can read it any more; the votes stand, each for the first function it was cast for."""
    async with open_store(await migrated(old, pending("a"))) as store:
        found = await store.read(lambda tx: tx.proposal("a"))
    vote = Vote("users/ben", "sales", VoteDecision.APPROVE, "h", "seen", JANUARY, impact=Impact.LOW)
    wanted = pending("a", decision=None, votes=(vote,))
    # Planned under rules of another release: a policy of the same name is another one.
    plan = replace(wanted.plan, policy_version=f"before/{wanted.plan.policy_version}")
    assert found == replace(wanted, plan=plan)


async def test_the_period_of_an_open_proposal_begins_with_the_migration(
    old: OldStore,
) -> None:
    """Nothing is overdue at once, however old; what is closed never is."""
    url = await migrated(old, pending("a"), pending("b", state=ProposalState.EXECUTED))
    now = datetime.now(UTC)
    async with open_store(url) as store:

        async def late(days: float) -> list[str]:
            moment = now + timedelta(days=days)
            return [p.proposal_id for p in await store.read(lambda tx: tx.overdue_proposals(moment, 9))]

        assert (await late(4.9), await late(5.1)) == ([], ["a"])


@pytest.mark.parametrize(
    ("method", "kept"),
    [("ApproveMergeProposal", False), ("CreateMergeProposal", False), ("ExecuteMergeProposal", True)],
)
async def test_answers_that_cannot_be_read_are_not_carried_out_twice(
    old: OldStore, method: str, kept: bool
) -> None:
    """The request id stays taken where the answer holds a decision of old; other answers stay."""
    old.connection.execute(
        "INSERT INTO request_answers VALUES ('users/ann', 'r-1', %s, 'd', 'x', '{}', now())", [method]
    )
    await migrated(old)
    rows: list[Any] = old.connection.execute("SELECT answer IS NOT NULL FROM request_answers").fetchall()
    assert rows == [(kept,)]


def insert_record(
    connection: psycopg.Connection, of: str, name: str, *, owner: Owner | None = None, active: bool = True
) -> PlanRecord:
    """A record `source/id` of this golden record, which is there already, and its place in a plan."""
    draft = replace(contact(name), owner=owner)
    connection.execute(
        "INSERT INTO records (source, source_record_id, kind, state, golden_id, version, revision,"
        " create_time, update_time, draft) VALUES (%s, %s, 'CONTACT', %s, %s, 1, 1, now(), now(), %s)",
        [
            draft.key.source,
            draft.key.source_record_id,
            "ACTIVE" if active else "DELETED",
            of,
            encode_text(draft),
        ],
    )
    return PlanRecord(draft.key, 1)


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.97, "MATCH"), (0.96, "MATCH"), (0.5, "REVIEW"), (0.2, "NO_MATCH"), (None, None)],
)
async def test_what_proposals_are_filtered_by_is_filled(
    old: OldStore, probability: float | None, verdict: str | None
) -> None:
    """Verdicts by the shipped thresholds, sources of all records, owners of the active ones."""
    link = GoldenLink("a-a", "a-b", 1.0, probability) if probability is not None else None
    bare = pending("a", weakest_link=link, proposer="users/ben")
    insert(old.connection, bare)
    records = (
        insert_record(old.connection, "a-a", "erp/1", owner=Owner("users/zoe", "sales", "queues/x")),
        insert_record(old.connection, "a-a", "crm/2", owner=Owner(queue="queues/north")),
        insert_record(old.connection, "a-b", "desk/3", owner=Owner("users/gone"), active=False),
        insert_record(old.connection, "a-b", "desk/4"),
    )
    first, second = bare.plan.members
    members = (replace(first, records=records[:2]), replace(second, records=records[2:]))
    old.connection.execute(
        "UPDATE proposals SET body = body || %s::jsonb",
        [encode_text({"plan": replace(bare.plan, members=members)})],
    )
    async with open_store(await migrated(old, pending("b", state=ProposalState.REJECTED))) as store:
        found = await store.read(lambda tx: tx.proposal("a"))
        assert found is not None
        assert found.verdict == verdict
        assert (found.sources, found.owners) == (
            ("crm", "desk", "erp"),
            ("queues/north", "users/zoe"),
        )
        facets = ("verdict", "source", "owner")
        counts = await store.read(lambda tx: tx.count_proposals(Page(), facets))
        assert counts.total == 2
        assert counts.facets == {
            "verdict": {verdict: 1} if verdict else {},
            "source": {"crm": 1, "desk": 1, "erp": 1},
            "owner": {"queues/north": 1, "users/zoe": 1},
        }
        owned = Page(
            (Condition("owner", Operator.EQUALS, "users/zoe"),),
            waiting_for=WaitingFor("users/ann", ("sales",)),
        )
        assert await listed(store, owned) == ["a"]

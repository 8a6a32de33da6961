"""Each check of the invariants sees the one thing that is wrong, in a store where all else is right."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import psycopg
import pytest
import redis

from dedup_service.domain.plan import FieldChoice
from dedup_service.domain.records import Child, ChildKind, Owner
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.distinguishing import DistinctionSide
from tests.merge_desk import DIRECTORY, POLICY, contact, key, mastered, open_office, principal, request
from tests.trust.checks.stored import StoreReader
from tests.trust.invariants import Watch, broken_invariants, watch

# What is done to the store in SQL, by what it must break. The last word of a merge is at the end of `story`.
TAMPERINGS = {
    "A-1 a merge without its change": "UPDATE changes SET type = 'UNDONE' WHERE type = 'MERGED'",
    "A-1 a merge without its audit entry": "DELETE FROM audit_entries WHERE action = 'ExecuteMergeProposal'",
    "A-1 a merge of another proposal state":
        "UPDATE proposals SET state = 'WITHDRAWN' WHERE state = 'EXECUTED'",
    "A-1 a redirect of no merge":
        "UPDATE golden_records SET merge_id = 'other' WHERE state = 'MERGED'",
    "A-1 an answer for what was not done":
        "INSERT INTO request_answers SELECT 'users/ann', 'r', 'ExecuteMergeProposal', 'd',"
        " convert_to('{\"merge_id\": \"lost\", \"revision\": 3}', 'UTF8'), '{}', now()",
    "A-1 a count that is one too many": "UPDATE proposal_groups SET count = count + 1",
    "A-1 an owner who is counted twice": "UPDATE proposal_group_owners SET count = count + 1",
    "B-1 a lost record": "DELETE FROM records WHERE source_record_id = 'alone'",
    "B-1 a record in two minds": "UPDATE records SET golden_id = (SELECT golden_id FROM golden_records"
        " WHERE state = 'MERGED' LIMIT 1) WHERE source_record_id = 'alone'",
    "B-1 a deleted record that is active": "UPDATE records SET state = 'ACTIVE' WHERE state = 'DELETED'",
    "B-2 a circle": "UPDATE golden_records g SET successor_id = x.golden_id, state = 'MERGED'"
        " FROM merges m JOIN merged_golden_records x USING (merge_id)"
        " WHERE g.golden_id = m.survivor_id AND m.state = 'EXECUTED'",
    "B-2 a way that ends": "UPDATE golden_records SET successor_id = 'nowhere' WHERE state = 'MERGED'",
    "B-3 a record that is merged away twice":
        "DROP INDEX merged_once; INSERT INTO merged_golden_records"
        " SELECT golden_id, 'second', true FROM merged_golden_records WHERE standing",
    "B-3 two open proposals of the same members":
        "DROP INDEX proposals_open_members; UPDATE proposals SET golden_ids = '{a,b}',"
        " state = 'PENDING', end_time = NULL WHERE state IN ('PENDING', 'EXECUTED')",
    "B-3 a proposal on an older version":
        "UPDATE golden_records SET version = version + 1 WHERE golden_id IN"
        " (SELECT unnest(golden_ids) FROM proposals WHERE state = 'PENDING')",
    "B-6 a value that nobody told of": "UPDATE records SET draft = jsonb_set(draft, '{values,email}',"
        " '\"else@example.com\"') WHERE source_record_id = 'alone'",
    "C-1 a vote on another plan": "UPDATE votes SET plan_hash = 'other'",
    "C-1 a merge of another plan": "UPDATE merges SET body ="
        " jsonb_set(body, '{before,0,version}', '77') WHERE state = 'EXECUTED'",
    "C-2 a merge of the master without finance":
        "UPDATE votes SET function = 'sales' WHERE function = 'finance'",
    "C-3 a vote of the proposer": "UPDATE proposals SET proposer = (SELECT principal FROM votes v"
        " WHERE v.proposal_id = proposals.proposal_id LIMIT 1) WHERE state = 'EXECUTED'",
    "C-4 a lost vote": "DELETE FROM votes WHERE decision = 'REJECT'",
    "C-4 a vote that was turned round": "UPDATE votes SET decision = 'APPROVE' WHERE decision = 'REJECT'",
    "C-4 a proposal nobody is asked about": "DELETE FROM waiting_proposals",
    "C-5 a merge that too few approved": "UPDATE proposals SET body = body || '{\"decision\": null}';"
        " DELETE FROM votes",
    "E-1 a gap": "UPDATE changes SET ordinal = ordinal + 7 WHERE type = 'MERGED'",
    "E-1 a change of no entry": "UPDATE changes SET revision = revision + 1000 WHERE type = 'MERGED'",
    "E-2 a child that no reader knows": "UPDATE records SET draft = jsonb_set(draft, '{children}', '[]')"
        " WHERE source_record_id = 'left'",
    "E-2 a golden record that no reader knows":
        "INSERT INTO golden_records SELECT 'new', kind, 'DELETED', 1, 1, now() FROM golden_records LIMIT 1",
    "E-3 an entry that was edited": "UPDATE audit_entries SET actor = 'users/ben' WHERE revision = 2",
    "E-3 two entries that were swapped": "UPDATE audit_entries SET hash = previous_hash WHERE revision = 2",
    "E-3 the last entry is gone": "DELETE FROM audit_entries WHERE revision ="
        " (SELECT max(revision) FROM audit_entries); UPDATE ledger_head SET revision = revision - 1",
    "E-3 a payload that was edited": "UPDATE changes SET payload = payload || ' ' WHERE type = 'MERGED'",
    "E-3 a payload that is gone": "UPDATE changes SET payload = NULL, salt = NULL WHERE type = 'MERGED'",
}  # fmt: skip


async def story(database_url: str, redis_url: str) -> None:
    """Something of everything: merges standing, undone and erased from, votes for and against, an index."""
    async with open_office(database_url, redis_url) as office:
        child = Child(ChildKind.CASE, "c-1", owner="users/carla", open=True)
        left = replace(contact("left", email="ada@example.com", family_name="Lovelace"), children=(child,))
        owned = replace(contact("alone"), owner=Owner("users/ann", "sales"))
        one, other, alone = await office.put(left, contact("desk/right"), owned)
        await office.put(contact("shop/gone"), contact("erased"), contact("desk/voted"))
        first = await office.merge(one, other, field_choices=(FieldChoice("email", key("desk/right")),))
        await office.undo(first)
        await office.merge(one, other)
        books = await office.put(mastered("m1"), mastered("m2", customer_number="C-m1"))
        await office.execute(await office.approved(*books, voters=("fiona",)), by="fiona")
        gone = (await office.record("shop/gone")).golden_id
        refused = await office.propose(alone, gone)
        await office.vote(refused, "ann", VoteDecision.REJECT)
        voted = (await office.record("desk/voted")).golden_id
        await office.propose(alone, voted)
        await office.desk.distinguishing.create(
            request("CreateDistinction"),
            DistinctionSide(records=(key("left"),)),
            DistinctionSide(records=(key("alone"),)),
            "apart",
            principal("services/matcher"),
        )
        await office.delete("shop/gone")
        await office.erase("erased")
        head = await office.store.read(lambda tx: tx.head_revision())
        assert await office.follower.wait_applied(head, 10)


def test_a_right_store_breaks_nothing(database_url: str, redis_url: str) -> None:
    """What the service itself has written holds, and the oracle had merges to judge."""

    async def look() -> tuple[list[str], int]:
        await story(database_url, redis_url)
        async with watch(database_url, redis_url) as watched:
            return await watched.broken(), watched.oracle.judged

    assert asyncio.run(look()) == ([], 2)
    assert asyncio.run(broken_invariants(database_url, redis_url)) == []


def test_each_tampering_with_the_store_is_seen(database_url: str, redis_url: str) -> None:
    """One thing wrong at a time, by whoever can write to PostgreSQL."""

    async def look() -> dict[str, list[str]]:
        await story(database_url, redis_url)
        unseen = {}
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await connection.execute("SET timezone = 'UTC'")
            for name, tampering in TAMPERINGS.items():
                async with connection.transaction(force_rollback=True):
                    await connection.execute("SET LOCAL session_replication_role = replica")
                    await connection.execute(tampering.encode())
                    found = await Watch(StoreReader(connection), None, POLICY, DIRECTORY).broken()
                if not any(problem.startswith(name[:3]) for problem in found):
                    unseen[name] = found
        return unseen

    assert asyncio.run(look()) == {}


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("D-1", "SREM {root}:k:{key} 1"),
        ("D-1", "DEL {root}:p:1"),
        ("D-2", "SADD {root}:k:{key} 77"),
        ("D-2", "SET {root}:p:77 C"),
        ("D-6", "APPEND {root}:p:1 x"),
        ("D-6", "HINCRBY {{dedup}}:meta keys 1"),
        ("D-1", "HSET {{dedup}}:meta store_id other"),
        ("D-3", "HSET {{dedup}}:meta applied_revision 0"),
        ("D-3", "FLUSHALL"),
    ],
)
def test_each_tampering_with_the_index_is_seen(
    database_url: str, redis_url: str, line: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thing wrong at a time, by whoever can write to the index."""
    monkeypatch.setattr("tests.trust.invariants.CATCH_UP_SECONDS", 0.2)

    async def write() -> None:
        async with open_office(database_url, redis_url) as office:
            await office.put(contact("a", email="ada@example.com"), contact("b", email="ada@example.com"))
            assert await office.follower.wait_applied(1, 10)

    asyncio.run(write())
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        epoch = client.hget("{dedup}:meta", "epoch")
        root = f"{{dedup}}:{epoch}"
        shared = next(client.scan_iter(match=f"{root}:k:*")).removeprefix(f"{root}:k:")
        words = (word.format(root=root, key=shared) for word in command.split())
        client.execute_command(*words)
    found = asyncio.run(broken_invariants(database_url, redis_url))
    assert any(problem.startswith(line) for problem in found), found
    # As from the beginning, and what was not touched holds.
    assert all(problem.startswith(("D-1", "D-2", "D-3", "D-6")) for problem in found), found


def test_what_is_changed_between_two_looks_is_seen(database_url: str, redis_url: str) -> None:
    """A companion that reads only what is new sees a row that was edited, and one that is gone."""

    async def look(tampering: str, watched: Watch) -> list[str]:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            await connection.execute(tampering.encode())
        return await watched.broken()

    async def looks() -> list[list[str]]:
        await story(database_url, redis_url)
        watching: AbstractAsyncContextManager[Watch] = watch(database_url, redis_url)
        async with watching as watched:
            return [
                await watched.broken(),
                await look("UPDATE changes SET digest = 'x' WHERE revision = 1 AND ordinal = 0", watched),
                await look("DELETE FROM votes WHERE decision = 'REJECT'", watched),
            ]

    before, edited, deleted = asyncio.run(looks())
    assert before == []
    assert any(problem.startswith("E-3") for problem in edited)
    assert any(problem.startswith("C-4") for problem in deleted)

"""After an erasure no value of the person is left anywhere, and the chain still verifies (E-4)."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import psycopg
import redis

from dedup_service.domain.plan import FieldChoice
from dedup_service.domain.records import Amount, Child, ChildKind, Fact, Owner, RecordDraft
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.distinguishing import DistinctionSide
from dedup_service.workflows.following import Position
from dedup_service.workflows.proposing import ProposalDraft
from dedup_service.workflows.record_writes import RecordWrite
from dedup_service.workflows.undoing import UndoRequest
from tests.merge_desk import EVERYTHING, JANUARY, Office, contact, key, principal, request

# Each part of the person's data holds this word or this number, so that one scan finds any that is left.
WORD = "zyxwv"
NUMBER = "98765432101"


def person(name: str = "p") -> RecordDraft:
    return replace(
        contact(
            name,
            given_name=f"{WORD}ina",
            family_name=WORD,
            email=f"{WORD}@{WORD}.example",
            phone=f"+41{NUMBER}",
            street=f"{WORD}street 1",
            city=WORD,
            postal_code=NUMBER,
            tax_id=f"{WORD}{NUMBER}",
        ),
        owner=Owner(f"users/{WORD}", "sales", WORD),
        facts=(
            Fact("disqualified_reason", text=f"{WORD} said no"),
            Fact("yearly_revenue", amount=Amount("EUR", Decimal(NUMBER))),
        ),
        children=(
            Child(ChildKind.CASE, f"{WORD}-1", WORD, open=True, amount=Amount("EUR", Decimal(NUMBER))),
        ),
        source_update_time=JANUARY,
    )


def in_database(url: str) -> Iterator[str]:
    """Every place of the database, table and column, in which the person's data stands."""
    with psycopg.connect(url, autocommit=True) as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        ).fetchall()
        assert len(columns) > 50
        for table, column, kind in columns:
            text = "encode({}, 'escape')" if kind == "bytea" else "{}::text"
            query = f"SELECT count(*) FROM {table} WHERE " + " OR ".join(
                f"{text.format(column)} ILIKE '%{part}%'" for part in (WORD, NUMBER)
            )
            row = connection.execute(query.encode()).fetchone()
            if row != (0,):
                yield f"{table}.{column}"


def in_index(url: str) -> Iterator[str]:
    """Every key of the index that names the person or holds something of her."""
    with redis.Redis.from_url(url) as client:
        for name in client.scan_iter(count=1000):
            kind = client.type(name)
            dumped = {
                b"string": lambda n=name: client.get(n),
                b"hash": lambda n=name: client.hgetall(n),
                b"set": lambda n=name: client.smembers(n),
                b"zset": lambda n=name: client.zrange(n, 0, -1),
                b"list": lambda n=name: client.lrange(n, 0, -1),
            }[kind]()
            if any(part in (repr(name) + repr(dumped)).lower() for part in (WORD, NUMBER)):
                yield repr(name)


async def busy_life(office: Office) -> None:
    """The person is written, matched, proposed, talked about, merged, undone, told apart and acknowledged."""
    ann = principal("ann")
    write = RecordWrite(person())
    await office.desk.records.write(request("UpdateRecord", request_id="w", digest="w"), write)
    p, a, b = (await office.record("p")).golden_id, *await office.put(contact("a"), contact("b"))
    draft = ProposalDraft((p, a), survivor_id=a, comment=f"is {WORD} a?")
    how = request("CreateMergeProposal", request_id="c", digest="c")
    rejected = await office.desk.proposing.create(how, draft, principal("services/matcher"))
    for voter in ("ann", "carla"):
        await office.vote(rejected, voter, VoteDecision.REJECT, comment=f"no, {WORD} lives elsewhere")
    merge = await office.merge(a, p, field_choices=(FieldChoice("email", key("p")),), comment=f"{WORD}!")
    await office.put(replace(person(), owner=None), contact("a", email="new@x.example"))
    second = await office.merge(b, a)
    await office.undo(second)
    wanted = UndoRequest(merge.merge_id, merge.etag, f"{WORD} is somebody else", create_distinction=True)
    await office.desk.undoing.undo(request("UndoMerge", "users/ann", "u", "u"), wanted, ann)
    sides = DistinctionSide(records=(key("p"),)), DistinctionSide(records=(key("b"),))
    await office.desk.distinguishing.create(
        request("CreateDistinction", "users/ann", "d", "d"), sides[0], sides[1], f"not {WORD}", ann
    )
    changes = await office.desk.following.changes(Position(), EVERYTHING)
    for change in changes.changes:
        how = request("AcknowledgeChange", "services/importer", f"{change.name}", "k")
        await office.desk.following.acknowledge(how, change.revision, change.ordinal, "crm")


async def test_nothing_is_left_after_an_erasure(office: Office, database_url: str, redis_url: str) -> None:
    """No column of any table and no key of the index holds anything of her, and the chain verifies."""
    await busy_life(office)
    await office.store.read(lambda tx: tx.head_revision())
    assert set(in_database(database_url)) >= {
        "records.draft",
        "changes.payload",
        "request_answers.answer",
        "votes.comment",
        "proposals.body",
        "merges.body",
        "distinctions.body",
    }
    assert await office.follower.wait_applied(await office.store.read(lambda tx: tx.head_revision()), 5)
    assert list(in_index(redis_url))
    await office.erase("p")
    assert await office.follower.wait_applied(await office.store.read(lambda tx: tx.head_revision()), 5)
    assert list(in_database(database_url)) == []
    assert list(in_index(redis_url)) == []
    verified = await office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert verified.holds, verified


async def test_nothing_is_left_of_one_erased_while_merged(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Erased as a member of a merged golden record, she is gone and the others stay."""
    p, a, b = await office.put(person(), contact("a"), contact("b"))
    told = await office.propose(p, b, comment=f"{WORD}?")
    for voter in ("ann", "carla"):
        await office.vote(told, voter, VoteDecision.REJECT, comment=WORD)
    await office.merge(a, p)
    await office.merge(b, a)
    await office.erase("p")
    assert await office.follower.wait_applied(await office.store.read(lambda tx: tx.head_revision()), 5)
    assert list(in_database(database_url)) == []
    assert list(in_index(redis_url)) == []
    assert {r.name for r in (await office.golden(p)).golden.active_members} == {
        "sources/crm/records/a",
        "sources/crm/records/b",
    }


async def test_two_erased_one_after_the_other_leave_nothing(office: Office, database_url: str) -> None:
    """The change that tells of the first erasure shows the second person, and loses her with her erasure."""
    other, p = await office.put(contact("a"), person())
    await office.merge(other, p)
    await office.erase("a")
    assert "changes.payload" in set(in_database(database_url)), "she is still there"
    await office.erase("p")
    assert list(in_database(database_url)) == []
    assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds


async def test_one_deleted_first_leaves_nothing_in_the_plans_that_she_left(
    office: Office, database_url: str
) -> None:
    """A proposal that went on without her after her deletion forgets what was said of her."""
    p, a, b = await office.put(person(), contact("a"), contact("b"))
    await office.vote(await office.propose(p, a, b, comment=WORD), "ann", comment=f"not {WORD}")
    await office.delete("p")
    await office.erase("p")
    assert list(in_database(database_url)) == []


async def test_others_keep_their_values_and_comments(office: Office, database_url: str) -> None:
    """An erasure touches only what may speak of the erased: another's record and votes stay as they are."""
    one, other = await office.put(contact("x"), contact("y"))
    await office.put(person("q"), person())
    kept = await office.vote(await office.propose(one, other), "ann", comment="the same desk")
    before = await office.record("q")
    await office.erase("p")
    assert await office.record("q") == before
    assert (await office.proposal(kept)).votes[0].comment == "the same desk"
    assert "records.draft" in set(in_database(database_url))

"""The audit chain shows any edit, deletion, swap or truncation of entries and changes (E-3)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import LiteralString

import psycopg
import pytest

from dedup_service.domain.audit import GENESIS_HASH, AuditEntry, AuditVerification, change_digest
from dedup_service.store.ledger import digest_of_changes
from dedup_service.workflows.pages import Page
from tests.merge_desk import Office, contact


async def history(office: Office) -> None:
    """Seven revisions: records, a proposal, a vote, a merge, and an erasure beside it."""
    a, b, *_ = await office.put(*(contact(n) for n in ("a", "b", "c")))
    await office.put(contact("c", email="new@x.example"))
    await office.merge(a, b)
    await office.erase("c")
    await office.put(contact("d"))


async def verified(office: Office, head_revision: int = 0, head_hash: str = "") -> AuditVerification:
    return await office.store.read(lambda tx: tx.verify_audit(head_revision, head_hash))


async def tamper(url: str, *statements: LiteralString) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor = await connection.execute(statement)
            assert cursor.rowcount > 0, statement


async def test_an_untouched_chain_holds(office: Office) -> None:
    """What the desk writes verifies, at each head it ever published."""
    assert (await verified(office)).holds
    heads = []
    for name in "xyz":
        await office.put(contact(name))
        found = await verified(office)
        heads.append((found.head_revision, found.head_hash))
    await history(office)
    for head in heads:
        assert (await verified(office, *head)).holds
    found = await verified(office)
    assert found.entry_count == found.head_revision


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'users/mallory' WHERE revision = 3",
        "UPDATE audit_entries SET action = 'Other' WHERE revision = 3",
        "UPDATE audit_entries SET targets = '{}' WHERE revision = 3",
        "UPDATE audit_entries SET detail = 'other' WHERE revision = 3",
        "UPDATE audit_entries SET time = time + interval '1 us' WHERE revision = 3",
        "UPDATE audit_entries SET hash = previous_hash WHERE revision = 3",
        "UPDATE audit_entries SET previous_hash = hash WHERE revision = 3",
        "UPDATE audit_entries SET changes_digest = hash WHERE revision = 3",
        "DELETE FROM audit_entries WHERE revision = 1",
        "DELETE FROM audit_entries WHERE revision = 3",
        "DELETE FROM audit_entries WHERE revision = (SELECT max(revision) FROM audit_entries)",
        "UPDATE changes SET payload = payload || ' ' WHERE revision = 7",
        "UPDATE changes SET payload = NULL, salt = NULL WHERE revision = 1 AND ordinal = 0",
        "UPDATE changes SET payload = NULL WHERE revision = 4",
        "UPDATE changes SET salt = NULL WHERE revision = 4",
        "UPDATE changes SET digest = md5(digest) WHERE revision = 3",
        "UPDATE changes SET record = 'sources/crm/records/z' WHERE revision = 7",
        "UPDATE changes SET record_nos = '{}' WHERE revision = 7",
        "UPDATE changes SET type = 'UNDONE' WHERE revision = 3",
        "UPDATE changes SET time = time + interval '1 us' WHERE revision = 7",
        "UPDATE changes SET subjects = '{}' WHERE revision = 2",
        "DELETE FROM changes WHERE revision = 5",
        "DELETE FROM changes WHERE revision = 1 AND ordinal = 1",
        "DELETE FROM changes WHERE revision = 1 AND ordinal = 2",
        "UPDATE changes SET ordinal = 10 - ordinal WHERE revision = 1",
        "UPDATE changes SET revision = 100 WHERE revision = 7",
        "UPDATE ledger_head SET revision = revision + 1",
        "UPDATE ledger_head SET hash = md5(hash)",
    ],
)
async def test_any_edit_shows(office: Office, database_url: str, statement: LiteralString) -> None:
    """An edited, deleted or moved entry or change breaks the chain, and the revision is told."""
    await history(office)
    assert (await verified(office)).holds
    await tamper(database_url, statement)
    found = await verified(office)
    assert not found.holds
    assert found.explanation
    assert found.broken_revision > 0


async def test_a_forged_entry_with_a_hash_of_its_own_shows(office: Office, database_url: str) -> None:
    """An entry rewritten together with its hash no longer is the one that the next entry follows."""
    await history(office)
    entry = (await office.store.read(lambda tx: tx.list_audit(Page()))).items[2]
    forged = replace(entry, actor="users/mallory")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE audit_entries SET actor = %s, hash = %s WHERE revision = %s",
            [forged.actor, forged.computed_hash(), forged.revision],
        )
    found = await verified(office)
    assert (found.holds, found.broken_revision) == (False, forged.revision + 1)


async def entries_of(office: Office) -> list[AuditEntry]:
    """All entries, oldest first."""
    listed = await office.store.read(lambda tx: tx.list_audit(Page(size=100)))
    return sorted(listed.items, key=lambda entry: entry.revision)


async def write_anew(url: str, entries: Sequence[AuditEntry]) -> None:
    """Put these entries in the place of those of their revisions, as somebody who owns the database may."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for entry in entries:
            await connection.execute(
                "UPDATE audit_entries SET time = %s, actor = %s, action = %s, targets = %s, detail = %s,"
                " changes_digest = %s, previous_hash = %s, hash = %s WHERE revision = %s",
                [
                    *(entry.time, entry.actor, entry.action, list(entry.targets), entry.detail),
                    *(entry.changes_digest, entry.previous_hash, entry.hash, entry.revision),
                ],
            )


async def test_a_forged_entry_that_the_next_one_is_made_to_follow_shows(
    office: Office, database_url: str
) -> None:
    """The link of the next entry is under its hash: it cannot be bent to an entry forged before it."""
    await history(office)
    entries = await entries_of(office)
    forged = replace(entries[2], actor="users/mallory")
    forged = replace(forged, hash=forged.computed_hash())
    await write_anew(database_url, [forged, replace(entries[3], previous_hash=forged.hash)])
    found = await verified(office)
    assert (found.holds, found.broken_revision) == (False, forged.revision + 1)


async def test_a_chain_made_anew_from_a_forged_entry_on_has_another_head(
    office: Office, database_url: str
) -> None:
    """Who hashes everything after a forgery again gets a chain that holds, but not one with the old head."""
    await history(office)
    published = await verified(office)
    entries = await entries_of(office)
    entries[2] = replace(entries[2], actor="users/mallory")
    previous = GENESIS_HASH
    for place, entry in enumerate(entries):
        linked = replace(entry, previous_hash=previous)
        entries[place] = replace(linked, hash=linked.computed_hash())
        previous = entries[place].hash
    await write_anew(database_url, entries)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE ledger_head SET hash = %s", [previous])
    assert (await verified(office)).holds
    found = await verified(office, published.head_revision, published.head_hash)
    assert (found.holds, found.broken_revision) == (False, published.head_revision)


async def test_a_forged_change_with_digests_of_its_own_shows(office: Office, database_url: str) -> None:
    """A payload that is replaced together with its digest, and the entry's digest of it, is not what the
    entry's hash stands for.
    """
    await history(office)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT salt, payload FROM changes WHERE revision = 7 AND ordinal = 0"
        )
        [(salt, payload)] = await cursor.fetchall()
        forged = payload.replace(b"d@example.com", b"x@example.com")
        assert forged != payload
        await connection.execute(
            "UPDATE changes SET payload = %s, digest = %s WHERE revision = 7 AND ordinal = 0",
            [forged, change_digest(salt, forged)],
        )
        cursor = await connection.execute(
            "SELECT type, record, record_nos, subjects, digest FROM changes WHERE revision = 7"
            " ORDER BY ordinal"
        )
        await connection.execute(
            "UPDATE audit_entries SET changes_digest = %s WHERE revision = 7",
            [digest_of_changes(await cursor.fetchall())],
        )
    found = await verified(office)
    assert (found.holds, found.broken_revision) == (False, 7)
    assert "content" in found.explanation


async def test_swapped_entries_show(office: Office, database_url: str) -> None:
    """Two entries that change places break the chain, with their changes or without."""
    await history(office)
    swap: list[LiteralString] = [
        "UPDATE audit_entries SET revision = 100 WHERE revision = 3",
        "UPDATE audit_entries SET revision = 3 WHERE revision = 4",
        "UPDATE audit_entries SET revision = 4 WHERE revision = 100",
    ]
    await tamper(database_url, *swap)
    assert not (await verified(office)).holds
    await tamper(database_url, *swap)
    assert (await verified(office)).holds
    await tamper(database_url, *swap, *(statement.replace("audit_entries", "changes") for statement in swap))
    assert not (await verified(office)).holds


async def test_a_forged_erasure_of_a_change_shows(office: Office, database_url: str) -> None:
    """A payload taken out shows also when the change is made to name somebody who was erased."""
    await history(office)
    await tamper(
        database_url,
        "UPDATE changes SET payload = NULL, salt = NULL, subjects = subjects || '{sources/crm/records/c}'"
        " WHERE revision = 1 AND record = 'sources/crm/records/a'",
    )
    assert not (await verified(office)).holds


async def test_a_payload_taken_out_after_the_erasure_shows(office: Office, database_url: str) -> None:
    """An erasure excuses what was written before it, and nothing after it."""
    a, b, *_ = await office.put(*(contact(n) for n in "abc"))
    await office.merge(a, b)
    await office.erase("a")
    c = (await office.record("c")).golden_id
    await office.merge(a, c)
    assert (await verified(office)).holds
    await tamper(
        database_url,
        "UPDATE changes SET payload = NULL, salt = NULL WHERE type = 'MERGED' AND payload IS NOT NULL",
    )
    assert not (await verified(office)).holds


async def test_changes_put_behind_the_head_show(office: Office, database_url: str) -> None:
    """A change without an audit entry shows also when it stands after all others."""
    await history(office)
    await tamper(
        database_url,
        "INSERT INTO changes SELECT revision + 1, ordinal, time, type, record, record_nos, subjects, salt,"
        " payload, digest FROM changes WHERE revision = (SELECT max(revision) FROM changes)",
    )
    found = await verified(office)
    assert (found.holds, found.broken_revision) == (False, found.head_revision + 1)


async def test_a_truncation_shows_against_a_published_head(office: Office, database_url: str) -> None:
    """A tail cut off everywhere at once is invisible in itself and shows against a head published before."""
    await history(office)
    published = await verified(office)
    await tamper(
        database_url,
        "DELETE FROM changes WHERE revision > 6",
        "DELETE FROM audit_entries WHERE revision > 6",
        "UPDATE ledger_head SET revision = 6, hash = (SELECT hash FROM audit_entries WHERE revision = 6)",
    )
    assert (await verified(office)).holds
    assert not (await verified(office, published.head_revision, published.head_hash)).holds


async def test_a_rewritten_chain_shows_against_a_published_head(office: Office) -> None:
    """A chain that is whole in itself and not the published one is told apart by the head's hash."""
    await history(office)
    published = await verified(office)
    assert not (await verified(office, published.head_revision, "0" * 64)).holds
    assert not (await verified(office, 2, published.head_hash)).holds

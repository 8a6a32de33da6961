"""Attacks on what is remembered: the audit, what was erased, and what a log could be made to say."""

import asyncio
import hashlib
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import grpc
import psycopg
import pytest
import redis

from dedup_service.domain.audit import AuditVerification, PublishedHead
from dedup_service.store.ledger import audit_entry_of
from dedup_service.telemetry.logs import FIELDS
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import (
    EraseRecordRequest,
    GetRecordRequest,
    UpdateRecordRequest,
)
from tests.logged import everything_logged
from tests.merge_desk import Office, contact, open_office
from tests.privacy.somebody import NAME, NUMBER, WORD, somebody
from tests.rpc.api import ANN, IMPORTER, Api, by, refused, served


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """The desk on a database and an index of this test's own."""
    async with open_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def api(office: Office) -> AsyncIterator[Api]:
    """The desk, served."""
    async with served(office) as api:
        yield api


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Every line that any logger writes at any level, as a process of the service writes it."""
    with everything_logged("json") as stream:
        yield stream


async def history(office: Office) -> PublishedHead:
    """Some writes, a head that somebody keeps elsewhere, and some writes more."""
    await office.put(contact("a"))
    a, b = await office.put(contact("a", email="a2@x.example"), contact("b"))
    await office.merge(a, b)
    kept = await office.store.read(lambda tx: tx.audit_head())
    await office.put(contact("c"), contact("d"))
    await office.erase("c")
    await office.put(contact("e"))
    return kept


async def verified(office: Office, *known: PublishedHead) -> AuditVerification:
    return await office.store.read(lambda tx: tx.verify_audit(0, "", known))


async def rebuilt(url: str, after: int, edit: str = "") -> None:
    """Make the chain anew behind a revision, as somebody with the whole database can: every hash fits."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SET session_replication_role = replica")
        if edit:
            await connection.execute(edit.encode())
        rows = await (
            await connection.execute(
                "SELECT revision, time, actor, action, targets, detail, changes_digest, previous_hash, hash"
                " FROM audit_entries ORDER BY revision"
            )
        ).fetchall()
        previous = "0" * 64
        for entry in map(audit_entry_of, rows):
            if entry.revision > after:
                entry = replace(entry, previous_hash=previous)  # noqa: PLW2901  the entry as it is written back
                entry = replace(entry, hash=entry.computed_hash())  # noqa: PLW2901  the same
                await connection.execute(
                    "UPDATE audit_entries SET previous_hash = %s, hash = %s WHERE revision = %s",
                    [entry.previous_hash, entry.hash, entry.revision],
                )
            previous = entry.hash
        await connection.execute(
            "UPDATE ledger_head SET revision = (SELECT max(revision) FROM audit_entries), hash = %s",
            [previous],
        )


async def test_a_chain_made_anew_shows_against_a_head_kept_elsewhere(
    office: Office, database_url: str
) -> None:
    """An entry is edited and all hashes after it computed anew: in itself it holds, against the head not."""
    kept = await history(office)
    assert (await verified(office, kept)).holds
    await rebuilt(database_url, 2, "UPDATE audit_entries SET actor = 'users/mallory' WHERE revision = 3")
    assert (await verified(office)).holds, "nothing in the database shows it"
    found = await verified(office, kept)
    assert (found.holds, found.broken_revision) == (False, kept.revision)
    assert "published head" in found.explanation
    assert found.broken_time is not None


async def test_the_break_is_said_to_be_after_the_last_head_that_still_fits(
    office: Office, database_url: str
) -> None:
    """Of several heads the newest that the chain contains says up to where all is as it was."""
    await office.put(contact("x"))
    early = await office.store.read(lambda tx: tx.audit_head())
    await office.put(contact("y"))
    late = await history(office)
    await rebuilt(
        database_url,
        early.revision,
        f"UPDATE audit_entries SET detail = '' WHERE revision = {early.revision + 1}",
    )
    found = await verified(office, late, early)
    assert not found.holds
    assert found.confirmed_revision == early.revision
    assert found.broken_revision == late.revision


async def test_the_last_entries_cut_off_show_against_a_head_kept_elsewhere(
    office: Office, database_url: str
) -> None:
    """The newest writes are taken out with their changes, and the ledger set back."""
    await history(office)
    kept = await office.store.read(lambda tx: tx.audit_head())
    cut = (
        f"DELETE FROM changes WHERE revision = {kept.revision};"
        f"DELETE FROM audit_entries WHERE revision = {kept.revision}"
    )
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for statement in cut.split(";"):
            await connection.execute(statement.encode())
    await rebuilt(database_url, kept.revision)
    assert (await verified(office)).holds
    found = await verified(office, kept)
    assert (found.holds, found.explanation) == (False, "the chain ends before the published head")


async def test_an_entry_taken_out_and_the_rest_renumbered_shows(office: Office, database_url: str) -> None:
    """With all hashes computed anew it still is another chain than the one whose head was kept."""
    kept = await history(office)
    move = "UPDATE {} SET revision = -(revision - 1) WHERE revision > 2"
    back = "UPDATE {} SET revision = -revision WHERE revision < 0"
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM changes WHERE revision = 2")
        await connection.execute("DELETE FROM audit_entries WHERE revision = 2")
        for table in ("changes", "audit_entries", "erasure_certificates"):
            for statement in (move, back):
                await connection.execute(statement.format(table).encode())
    await rebuilt(database_url, 0)
    assert not (await verified(office, kept)).holds


async def test_a_certificate_that_was_altered_shows(office: Office, database_url: str) -> None:
    """Who erased, why and what cannot be changed afterwards: the chain has its digest."""
    await history(office)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            """UPDATE erasure_certificates SET body = body || '{"principal": "users/ann"}'"""
        )
    found = await verified(office)
    assert (found.holds, found.explanation) == (False, "its certificate is not the one that was given")


async def test_the_digest_of_an_erased_change_cannot_be_replaced(office: Office, database_url: str) -> None:
    """What was erased stays bound by what it was: another digest in its place shows."""
    await history(office)
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        cursor = await connection.execute(
            "UPDATE changes SET digest = %s WHERE payload IS NULL", [hashlib.sha256(b"harmless").hexdigest()]
        )
        assert cursor.rowcount > 0
    assert not (await verified(office)).holds


async def test_a_repeated_request_is_no_oracle_for_what_was_erased(api: Api) -> None:
    """After the erasure the right guess of what was sent and a wrong one are answered alike."""
    asked = UpdateRecordRequest(record=somebody(), allow_missing=True, request_id="the-same")
    await api.records.UpdateRecord(asked, metadata=IMPORTER)
    await api.office.erase("p")
    wrong = UpdateRecordRequest(record=somebody(), allow_missing=True, request_id="the-same")
    wrong.record.values["given_name"] = "Someone"
    answers = [await refused(api.records.UpdateRecord(each, metadata=IMPORTER)) for each in (asked, wrong)]
    assert answers[0].status == answers[1].status
    assert answers[0].code is grpc.StatusCode.FAILED_PRECONDITION


async def test_an_error_of_postgres_does_not_carry_the_row_into_the_log(
    api: Api, database_url: str, log: io.StringIO
) -> None:
    """A constraint quotes the whole row that it refuses; caller and log get an opaque id."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE records ADD CHECK (draft::text NOT LIKE '%zyxwv%')")
        with pytest.raises(psycopg.errors.CheckViolation, match=WORD):
            connection.execute(
                "INSERT INTO records (source, source_record_id, kind, state, golden_id, version, revision,"
                " create_time, update_time, draft) VALUES"
                """ ('crm', 'x', 'LEAD', 'ACTIVE', 'g', 1, 1, now(), now(), '{"values": {"x": "zyxwv"}}')"""
            )
    asked = UpdateRecordRequest(record=somebody(), allow_missing=True)
    refusal = await refused(api.records.UpdateRecord(asked, metadata=IMPORTER))
    assert refusal.code is grpc.StatusCode.INTERNAL
    assert refusal.info.metadata["incident_id"] in log.getvalue()
    assert "CheckViolation" in log.getvalue()
    for told in (str(refusal.status), log.getvalue()):
        assert WORD not in told.lower()
        assert NUMBER not in told


async def test_an_index_that_fails_tells_the_log_no_key(api: Api, redis_url: str, log: io.StringIO) -> None:
    """Redis answers errors while somebody is written and matched: no key, no value, no payload is told."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete("{dedup}:meta")
        client.set("{dedup}:meta", WORD)
    await api.put(somebody())
    await refused(api.matches.Match(MatchRequest(record=NAME), metadata=ANN))
    async with asyncio.timeout(20):
        while "index follower" not in log.getvalue():  # noqa: ASYNC110  a log sets no event
            await asyncio.sleep(0.02)
    assert WORD not in log.getvalue().lower()
    assert NUMBER not in log.getvalue()


async def test_a_caller_writes_nothing_into_the_log_by_their_name(api: Api, log: io.StringIO) -> None:
    """A principal that is not known is not told: the name of a call is anybody's text until it is checked."""
    asked = GetRecordRequest(name=NAME)
    refusal = await refused(api.records.GetRecord(asked, metadata=by(f"users/{WORD} at home")))
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
    assert '"code": "UNAUTHENTICATED"' in log.getvalue()
    assert WORD not in log.getvalue()


async def test_who_is_refused_is_told_with_where_they_came_from(api: Api, log: io.StringIO) -> None:
    """Attempts without a name, and of one who may not, can be followed to where they began; no others are."""
    await api.put(somebody())
    erasing = EraseRecordRequest(name=NAME, reason="asked for")
    await refused(api.records.EraseRecord(erasing, metadata=by("users/nobody")))
    await refused(api.records.EraseRecord(erasing, metadata=by("fiona")))
    await refused(api.records.EraseRecord(EraseRecordRequest(name="no name"), metadata=IMPORTER))
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [
        (each["code"], each["principal"], each.get("peer", "")[:14]) for each in lines if "method" in each
    ]
    assert told == [
        ("OK", "services/importer", ""),
        ("UNAUTHENTICATED", "", "ipv4:127.0.0.1"),
        ("PERMISSION_DENIED", "users/fiona", "ipv4:127.0.0.1"),
        ("INVALID_ARGUMENT", "services/importer", ""),
    ]


def test_a_field_that_nobody_declared_is_refused(log: io.StringIO) -> None:
    """A developer who logs the record by mistake logs its name as a field, and not a word of it."""
    logging.getLogger("dedup_service.some").warning("call", extra={"record": WORD, "code": "OK"})
    assert '"refused_fields": ["record"]' in log.getvalue()
    assert '"code": "OK"' in log.getvalue()
    assert WORD not in log.getvalue()
    assert "record" not in FIELDS


def test_what_a_library_puts_into_its_messages_stays_out(log: io.StringIO) -> None:
    """Neither the parts of a message, nor one that was put together before, nor the text of an exception."""
    other = logging.getLogger("psycopg.pool")
    other.warning("cannot connect as %s", WORD)
    other.error(f"row {WORD} is refused")
    try:
        int(WORD)
    except ValueError:
        other.exception("failed with %r", WORD)
    told = log.getvalue()
    assert WORD not in told
    assert "cannot connect as %s" in told
    assert "builtins.ValueError" in told

"""What a rebuild of the index reads: comparables as they were stored, or prepared anew where they must be."""

from collections.abc import Sequence
from dataclasses import replace

import psycopg

import scoring
from dedup_service.domain.matching import comparable_of, way_of_preparing
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.workflows.index_port import IndexEntry
from tests.merge_desk import Office, account, contact, key, lead, request

DRAFTS = (
    contact("a", given_name="Ann", family_name="Moss", email="ann@example.com", postal_code="8001"),
    lead("b", given_name="Bob", phone="+41 44 123 45 67"),
    account("c", company_name="Müller & Söhne GmbH", website="www.mueller.example"),
)


async def entries(office: Office) -> dict[int, IndexEntry]:
    async with PostgresLedgerSource(office.store).snapshot() as (_, batches):
        return {entry.record_no: entry async for batch in batches for entry in batch}


def stored(url: str) -> Sequence[tuple[bytes | None, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT comparable FROM records ORDER BY record_no").fetchall()


def changed(url: str, to: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE records SET comparable = {to}".encode())


async def test_what_was_prepared_once_is_taken(office: Office, database_url: str) -> None:
    """Each record has its comparable beside it, and a rebuild takes that: the index is the same as before."""
    await office.put(*DRAFTS)
    way = way_of_preparing()
    assert stored(database_url) == [(way + scoring.pack(comparable_of(draft)),) for draft in DRAFTS]
    assert [each.comparable for each in (await entries(office)).values()] == list(map(comparable_of, DRAFTS))
    other = scoring.Comparable(scoring.Entity.PERSON, given="somebody else")
    changed(database_url, f"'\\x{(way + scoring.pack(other)).hex()}'")
    assert {each.comparable for each in (await entries(office)).values()} == {other}


async def test_what_was_prepared_otherwise_is_prepared_anew(office: Office, database_url: str) -> None:
    """Comparables of another release, and records without any, are prepared from their values."""
    await office.put(*DRAFTS)
    expected = await entries(office)
    for older in ("'\\x0102030405060708' || comparable", "NULL", "''"):
        changed(database_url, older)
        assert await entries(office) == expected


async def test_a_write_renews_it_and_a_deletion_removes_it(office: Office, database_url: str) -> None:
    """The comparable goes with the values: updated, it is that of the new ones; deleted, there is none."""
    await office.put(DRAFTS[0])
    after = replace(DRAFTS[0], values=DRAFTS[0].values | {"email": "moss@example.com"})
    await office.put(after)
    [entry] = (await entries(office)).values()
    assert entry.comparable == comparable_of(after)
    await office.desk.records.delete(request("DeleteRecord"), key("a"), "")
    assert (stored(database_url), await entries(office)) == ([(None,)], {})


async def test_one_that_cannot_be_read_is_prepared_anew(office: Office, database_url: str) -> None:
    """A comparable that was cut short ends no rebuild."""
    await office.put(*DRAFTS)
    expected = await entries(office)
    changed(database_url, "substring(comparable FOR 20)")
    assert await entries(office) == expected


async def test_an_older_release_leaves_nothing_stale(office: Office, database_url: str) -> None:
    """A process that knows nothing of the column takes it away with the values that it changes or erases."""
    await office.put(*DRAFTS)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE records SET version = version + 1")
        assert all(one is not None for (one,) in stored(database_url))
        renamed = "jsonb_set(draft, '{values,given_name}', '\"Zoe\"')"
        connection.execute(f"UPDATE records SET draft = {renamed} WHERE kind <> 'ACCOUNT'".encode())
        connection.execute("UPDATE records SET state = 'DELETED' WHERE kind = 'ACCOUNT'")
    assert stored(database_url) == [(None,)] * 3
    assert {each.comparable.given for each in (await entries(office)).values()} == {"zoe"}

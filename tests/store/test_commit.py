"""What PostgreSQL refuses, at a statement or at the commit, is answered as such, and nobody has heard of the
write (A-1, A-2, A-4, E-1).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.workflows.index_port import IndexUpdate
from tests.canonical_dump import full_dump
from tests.merge_desk import POLICY, Office, contact, key, request

_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'no room'; END $$;
"""
_AT_THE_STATEMENT = "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {} EXECUTE FUNCTION refuse()"
# Deferred: it runs at the commit, when every statement of the write has succeeded.
_AT_THE_COMMIT = (
    "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {} DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION refuse()"
)
_POOL_SIZE = 8


@contextmanager
def no_room(database_url: str, table: str, *, at_the_commit: bool = False) -> Iterator[None]:
    """PostgreSQL has no room for what is written to a table, as long as the context lasts."""
    trigger = sql.SQL(_AT_THE_COMMIT if at_the_commit else _AT_THE_STATEMENT)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_REFUSE)
        connection.execute(trigger.format(sql.Identifier(table)))
        try:
            yield
        finally:
            connection.execute("DROP FUNCTION refuse CASCADE")


@pytest.fixture
async def told(office: Office) -> list[IndexUpdate]:
    """What the index is told of from now on."""
    updates: list[IndexUpdate] = []
    office.store.on_commit(updates.append)
    return updates


async def test_a_commit_that_fails_is_no_success_and_reaches_nobody(
    office: Office, database_url: str, told: list[IndexUpdate]
) -> None:
    await office.put(contact("before"))
    told.clear()
    wanted = request("IngestRecords", request_id="r-1", digest="d")
    with no_room(database_url, "audit_entries", at_the_commit=True):
        with pytest.raises(StoreUnavailable):
            await office.desk.records.write_batch(wanted, [contact("a")])
        assert told == []
        assert await office.store.read(lambda tx: tx.records([key("a")])) == {}
    # The same request happens now, as it has not happened before.
    result = await office.desk.records.write_batch(wanted, [contact("a")])
    assert result.created_count == 1
    assert len(told) == 1


@pytest.mark.parametrize(
    "table", ["golden_records", "records", "changes", "audit_entries", "request_answers", "ledger_head"]
)
async def test_a_write_that_finds_no_room_is_torn_nowhere(
    office: Office, database_url: str, told: list[IndexUpdate], table: str
) -> None:
    """Wherever room runs out nothing of the write is there, reads go on, and with room it happens."""
    await office.put(contact("before"))
    told.clear()
    before = await full_dump(office.store, POLICY)
    wanted = request("IngestRecords", request_id="r-1", digest="d")
    with no_room(database_url, table):
        with pytest.raises(StoreUnavailable, match="refuses writes"):
            await office.desk.records.write_batch(wanted, [contact("a")])
        assert await full_dump(office.store, POLICY) == before
    assert told == []
    assert (await office.desk.records.write_batch(wanted, [contact("a")])).created_count == 1
    assert len(told) == 1


async def test_writes_work_again_however_many_found_no_room(office: Office, database_url: str) -> None:
    """More refusals than there are connections use none of them up: writing needs no restart."""
    with no_room(database_url, "records"):
        for _ in range(_POOL_SIZE + 1):
            with pytest.raises(StoreUnavailable, match="refuses writes"):
                await office.put(contact("a"))
    await office.put(contact("a"))
    assert (await office.record("a")).version == 1

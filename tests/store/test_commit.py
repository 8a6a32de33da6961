"""A commit that PostgreSQL refuses is answered as such, and nobody has heard of the write (A-1, A-2, E-1)."""

import psycopg
import pytest

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.workflows.index_port import IndexUpdate
from tests.merge_desk import Office, contact, key, request

# Deferred: it runs at the commit, when every statement of the write has succeeded.
_REFUSE_AT_COMMIT = """
CREATE FUNCTION refuse_at_commit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'no room'; END $$;
CREATE CONSTRAINT TRIGGER refuse_at_commit AFTER INSERT ON audit_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_at_commit();
"""
_ALLOW_AGAIN = "DROP TRIGGER refuse_at_commit ON audit_entries; DROP FUNCTION refuse_at_commit"


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
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_REFUSE_AT_COMMIT)
    wanted = request("IngestRecords", request_id="r-1", digest="d")
    with pytest.raises(StoreUnavailable):
        await office.desk.records.write_batch(wanted, [contact("a")])
    assert told == []
    assert await office.store.read(lambda tx: tx.records([key("a")])) == {}

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(_ALLOW_AGAIN)
    # The same request happens now, as it has not happened before.
    result = await office.desk.records.write_batch(wanted, [contact("a")])
    assert result.created_count == 1
    assert len(told) == 1

"""What a decision reads it holds: whoever writes it meanwhile is waited for (B-3)."""

import asyncio

import psycopg
import pytest

from tests.merge_desk import Office, contact


async def until_waiting(connection: psycopg.AsyncConnection, count: int) -> None:
    """Return once so many sessions wait for a lock."""
    async with asyncio.timeout(20):
        while True:
            cursor = await connection.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            )
            row = await cursor.fetchone()
            assert row is not None
            if row[0] >= count:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_proposal_is_made_of_records_that_it_holds(
    office: Office, database_url: str, place: int
) -> None:
    """A record that is being written while a merge of it is proposed is in the plan as it becomes, be it the
    first to be locked, the survivor, or the last.
    """
    names = dict(zip(await office.put(*map(contact, "abc")), "abc", strict=True))
    # Ids are drawn at random, and locked in their order.
    locked = sorted(names)
    async with await psycopg.AsyncConnection.connect(database_url) as held:
        # The write has its record locked, and waits for the head of the ledger.
        await held.execute("SELECT 1 FROM ledger_head FOR UPDATE")
        writing = asyncio.create_task(office.write(contact(names[locked[place]], email="new@example.com")))
        await until_waiting(held, 1)
        proposing = asyncio.create_task(office.propose(*locked, survivor_id=locked[1]))
        await until_waiting(held, 2)
        await held.rollback()
    await writing
    proposal = await proposing
    versions = {m.golden_id: m.version for m in proposal.plan.members}
    now = {golden_id: (await office.golden(golden_id)).golden.row.version for golden_id in locked}
    assert versions == now
    assert await office.vote(proposal, "ann")

"""A call that is cancelled or cut off at any instant has happened wholly or not at all (A-1)."""

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.plan import FieldChoice
from tests.canonical_dump import full_dump
from tests.merge_desk import POLICY, Office, contact, key

Call = Callable[[], Awaitable[object]]


async def cancelled_after(call: Call, loop_turns: int) -> bool:
    """Run a call for so many turns of the event loop, then cancel it; whether it was cut off."""
    task = asyncio.ensure_future(call())
    for _ in range(loop_turns):
        await asyncio.sleep(0)
        if task.done():
            break
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


async def cut_off_at_many_points(office: Office, call: Call) -> None:
    """Cancel the call ever later until it goes through; each cancelled one must have left no trace at all."""
    before = await full_dump(office.store, POLICY)
    for turns in range(1, 10_000):
        cut = await cancelled_after(call, turns**2 // 8 + 1)
        after = await full_dump(office.store, POLICY)
        if after != before:
            assert after["head"] == before["head"] + 1, "all of one write, and nothing beside it"
            assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds
            return
        assert cut
    raise AssertionError("the call never went through")


async def test_a_cancelled_merge_leaves_nothing(office: Office) -> None:
    """Cancelled at many points, an execution leaves all of the merge or no trace of it."""
    a, b, c = await office.put(contact("a"), contact("b"), contact("c"))
    approved = await office.approved(a, b, survivor_id=a, field_choices=(FieldChoice("email", key("b")),))
    await office.propose(b, c)
    await cut_off_at_many_points(office, lambda: office.execute(approved))
    assert (await office.golden(b)).golden.golden_id == a
    proposal = await office.proposal(approved)
    assert (proposal.state, bool(proposal.merge_id)) == ("EXECUTED", True)


async def test_a_cancelled_undo_leaves_nothing(office: Office) -> None:
    """Cancelled at many points, an undo leaves all of it or no trace."""
    a, b = await office.put(contact("a"), contact("b"))
    merge = await office.merge(a, b)
    await cut_off_at_many_points(office, lambda: office.undo(merge, distinct=True))
    assert (await office.golden(b)).golden.golden_id == b


async def test_a_cancelled_batch_leaves_nothing(office: Office) -> None:
    """Cancelled at many points, a batch is written wholly or not at all."""
    drafts = [contact(str(n)) for n in range(20)]
    await cut_off_at_many_points(office, lambda: office.put(*drafts))
    assert len(await office.put(*drafts)) == 20


async def test_a_cancelled_call_frees_its_locks(office: Office) -> None:
    """After many cancelled calls the next one goes through at once, on any connection of the pool."""
    await office.put(contact("a"))
    for turns in range(60):
        await cancelled_after(lambda t=turns: office.put(contact("a", email=f"{t}@x.example")), turns)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    async with asyncio.timeout(5):
        await asyncio.gather(*(office.put(contact("a", email=f"last {n}@x.example")) for n in range(8)))


@pytest.mark.parametrize("waiting_for", ["LedgerHead", "GoldenRecord"])
async def test_a_cut_connection_leaves_nothing(office: Office, database_url: str, waiting_for: str) -> None:
    """When PostgreSQL drops the connection amid a merge nothing of it stands, and the next goes."""
    a, b = await office.put(contact("a"), contact("b"))
    approved = await office.approved(a, b)
    before = await full_dump(office.store, POLICY)
    table = {"LedgerHead": "ledger_head", "GoldenRecord": "golden_records"}[waiting_for]
    async with await psycopg.AsyncConnection.connect(database_url) as holder:
        await holder.execute(f"SELECT 1 FROM {table} FOR UPDATE")
        task = asyncio.create_task(office.execute(approved))
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as killer:
            waiting = True
            while waiting:
                killed = await killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
                )
                waiting = await killed.fetchone() is None
                await asyncio.sleep(0.01)
        with pytest.raises(StoreUnavailable):
            await task
        await holder.rollback()
    assert await full_dump(office.store, POLICY) == before
    assert await office.execute(approved)

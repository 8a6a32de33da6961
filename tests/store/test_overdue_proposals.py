"""Which proposals have run out of time: to be escalated, or to expire."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.store.postgres import PostgresStore
from tests.merge_desk import JANUARY
from tests.store.pending_proposals import decided, open_store, pending, store_proposals

DUE = JANUARY + timedelta(days=3)
EXPIRING = JANUARY + timedelta(days=5)
MOMENT = timedelta(microseconds=1)
ESCALATED = {"escalate_time": DUE, "escalated_to": ("users/mia",)}


async def overdue(store: PostgresStore, now: datetime, limit: int = 100) -> list[Proposal]:
    return await store.read(lambda tx: tx.overdue_proposals(now, limit))


@pytest.mark.parametrize(
    ("changes", "now", "late"),
    [
        ({}, DUE - MOMENT, False),
        ({}, DUE, True),
        (ESCALATED, DUE, False),
        (ESCALATED, EXPIRING - MOMENT, False),
        (ESCALATED, EXPIRING, True),
        ({"state": ProposalState.APPROVED}, EXPIRING, False),
        ({"state": ProposalState.EXPIRED}, EXPIRING, False),
        ({"decision": None}, JANUARY, True),
        (ESCALATED | {"decision": None}, EXPIRING + timedelta(days=9999), False),
    ],
)
async def test_when_a_proposal_is_overdue(
    database_url: str, changes: dict[str, Any], now: datetime, late: bool
) -> None:
    """A pending one is at its due time until it is escalated, and again when it expires; no other ever is."""
    async with open_store(database_url) as store:
        await store_proposals(store, pending("p", **changes))
        assert bool(await overdue(store, now)) is late


async def test_the_oldest_come_first(database_url: str) -> None:
    """So many as asked for, in the order in which they fell due, with their votes and bodies whole."""
    rows = [pending(f"p{n}", decision=decided(due_days=(n * 3) % 7)) for n in range(7)]
    async with open_store(database_url) as store:
        await store_proposals(store, *rows)
        assert await overdue(store, JANUARY + timedelta(days=5), limit=4) == [rows[n] for n in (0, 5, 3, 1)]

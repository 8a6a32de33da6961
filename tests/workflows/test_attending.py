"""What time does to leads is told once: a class that changes by itself, and a breach of attention (2.1, 2.2)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dedup_service.domain.attention import LeadClassChange, Unattended
from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import Fact, LeadClass, Owner, RecordDraft
from dedup_service.workflows.attending import Attended, Attending
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.replan import Replanning
from tests.merge_desk import Office, contact, lead, open_office, with_policy

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = datetime.now(UTC)
NOTHING = Attended()
TOLD = ChangeFilter(types=frozenset({ChangeType.LEAD_CLASS_CHANGED, ChangeType.LEAD_UNATTENDED}))
Servers = tuple[str, str]


@pytest.fixture
def servers(database_url: str, redis_url: str) -> Servers:
    """Where the desks of one test are opened."""
    return database_url, redis_url


def asked(ago: timedelta) -> Fact:
    return Fact("requested", time=NOW - ago)


def touched(ago: timedelta) -> Fact:
    return Fact("last_touched", time=NOW - ago)


def dead(ago: timedelta) -> Fact:
    return Fact("disqualified", time=NOW - ago)


def owned(draft: RecordDraft, principal: str) -> RecordDraft:
    return replace(draft, owner=Owner(principal, "sales", "inbound"))


async def told(office: Office) -> list[Change]:
    """The changes that told of leads so far."""
    return list((await office.desk.following.changes(Position(), TOLD, 10_000)).changes)


async def rows(office: Office) -> int:
    """How many leads the store keeps a state of."""
    async with office.store.snapshot() as reading:
        return len(await reading._rows("told_lead_classes", [list(range(1, 100))]))


async def test_a_live_lead_that_is_not_heard_of_becomes_a_name(office: Office) -> None:
    """After the dormant days one change says which class it was and is, with both reasons, and no more."""
    await office.put(lead("a", asked(HOUR)))
    assert await office.desk.attending.run(NOW + 179 * DAY) == Attended(unattended_count=1)
    assert await office.desk.attending.run(NOW + 180 * DAY) == Attended(class_count=1)
    assert await office.desk.attending.run(NOW + 181 * DAY) == NOTHING
    _, change = await told(office)
    day = f"{NOW - HOUR:%Y-%m-%d}"
    assert (change.draft.type, change.draft.record) == (
        ChangeType.LEAD_CLASS_CHANGED,
        "sources/crm/records/a",
    )
    assert change.draft.lead_class == LeadClassChange(
        LeadClass.LIVE, f"asked on {day}", LeadClass.NAME, f"last asked on {day}: dormant"
    )

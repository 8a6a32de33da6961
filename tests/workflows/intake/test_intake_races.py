"""What happens to a record between the look at it and the lock on it is seen by intake."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import psycopg

from dedup_service.domain.intake.answers import IntakeAction, IntakeAnswer, Result, Routed
from dedup_service.domain.records import Fact, RecordState
from tests.merge_desk import Office, lead
from tests.workflows.intake.intakes import entry, route, routed
from tests.workflows.intake.test_races import person

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def looked_up_before(
    database_url: str, write: Coroutine[Any, Any, object], intake: Coroutine[Any, Any, Routed | IntakeAnswer]
) -> Routed | IntakeAnswer:
    """What intake answers when it looked before a write and locks after it.

    Both wait for the locks of all golden records that are there, and are let go in the order that they came.
    """
    async with (
        await psycopg.AsyncConnection.connect(database_url) as holder,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as observer,
        asyncio.timeout(20),
    ):
        await holder.execute("SELECT 1 FROM golden_records FOR UPDATE")
        writing = asyncio.create_task(write)
        await _until_waiting(observer, 1)
        routing = asyncio.create_task(intake)
        await _until_waiting(observer, 2)
        await holder.rollback()
        await writing
        return await routing


async def _until_waiting(observer: psycopg.AsyncConnection[Any], count: int) -> None:
    """Return as soon as so many sessions wait for a lock."""
    while (await (await observer.execute(_WAITING)).fetchone()) != (count,):  # noqa: ASYNC110  the other side is a server
        await asyncio.sleep(0.01)


async def test_nobody_who_was_erased_meanwhile_is_written_again(office: Office, database_url: str) -> None:
    """The erased record stays without a value, and the caller is told that its name is taken (E-4)."""
    await office.put(lead("shop/1", **person(1)))
    again = entry("shop/1", **person(1), job_title="Baker")
    found = await looked_up_before(database_url, office.erase("shop/1"), routed(office, again))
    assert isinstance(found, Routed)
    stored = await office.record("shop/1")
    assert (stored.state, stored.draft.values) == (RecordState.ERASED, {})
    assert [_fields(result) for result in found.results] == [["record.name"]]


async def test_nobody_is_folded_into_a_record_that_is_another_s_meanwhile(
    office: Office, database_url: str
) -> None:
    """A record that was corrected to be somebody else takes up nothing of who it was."""
    await office.put(lead("shop/1", **person(1)))
    corrected = lead("shop/1", **person(2))
    handed_in = entry("shop/2", **person(1), job_title="Baker")
    answer = await looked_up_before(database_url, office.put(corrected), route(office, handed_in))
    assert isinstance(answer, IntakeAnswer)
    assert (answer.action, answer.record.name) == (IntakeAction.INSERT, "sources/shop/records/2")
    assert (await office.record("shop/1")).draft.values == person(2)


async def test_nothing_is_folded_that_contradicts_meanwhile(office: Office, database_url: str) -> None:
    """Whoever withdrew their consent a moment ago is not updated by a record that still has it."""
    given, withdrawn = (Fact("marketing_consent", flag=flag) for flag in (True, False))
    await office.put(lead("shop/1", given, **person(1)))
    handed_in = entry("shop/2", given, **person(1), job_title="Baker")
    withdrawing = office.put(lead("shop/1", withdrawn, **person(1)))
    answer = await looked_up_before(database_url, withdrawing, route(office, handed_in))
    assert isinstance(answer, IntakeAnswer)
    assert answer.action is IntakeAction.INSERT_WITH_PROPOSAL
    stored = (await office.record("shop/1")).draft
    assert (stored.facts, stored.values) == ((withdrawn,), person(1))


def _fields(result: Result) -> list[str]:
    return [violation.field for violation in result.violations]

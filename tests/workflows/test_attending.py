"""What time does to leads is told once: a class that changes by itself, and a breach (2.1, 2.2)."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dedup_service.domain.attention import LeadClassChange, Unattended
from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.records import Fact, LeadClass, Owner
from dedup_service.workflows.attending import Attended, Attending
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.following import ChangeFilter, Position
from dedup_service.workflows.pages import Page
from dedup_service.workflows.replan import Replanning
from tests.merge_desk import Office, contact, lead, open_office, with_policy

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOW = datetime.now(UTC)
NOTHING = Attended()
CLASS_CHANGED, UNATTENDED = ChangeType.LEAD_CLASS_CHANGED, ChangeType.LEAD_UNATTENDED
TOLD = ChangeFilter(types=frozenset({CLASS_CHANGED, UNATTENDED}))
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


async def told(office: Office) -> list[Change]:
    """The changes that told of leads so far."""
    return list((await office.desk.following.changes(Position(), TOLD, 10_000)).changes)


def of(changes: Iterable[Change]) -> list[tuple[ChangeType, str]]:
    """What these changes are, and of which leads, without the part that all names have in common."""
    return [(change.draft.type, change.draft.record.rpartition("/")[2]) for change in changes]


def in_pieces(office: Office, piece_size: int, most_pieces: int) -> Attending:
    """The same pass in smaller steps."""
    desk = office.desk
    return Attending(desk.store, desk.rules, Replanning(desk.assessment), piece_size, most_pieces)


async def test_a_live_lead_that_is_not_heard_of_becomes_a_name(office: Office) -> None:
    """After the dormant days one change says which class it was and is, with both reasons, and no more."""
    await office.put(lead("a", asked(HOUR)))
    assert await office.desk.attending.run(NOW + 179 * DAY) == Attended(unattended_count=1)
    assert await office.desk.attending.run(NOW + 180 * DAY) == Attended(class_count=1)
    assert await office.desk.attending.run(NOW + 181 * DAY) == NOTHING
    changes = await told(office)
    assert of(changes) == [(UNATTENDED, "a"), (CLASS_CHANGED, "a")]
    day = f"{NOW - HOUR:%Y-%m-%d}"
    assert changes[1].draft.lead_class == LeadClassChange(
        LeadClass.LIVE, f"asked on {day}", LeadClass.NAME, f"last asked on {day}: dormant"
    )


async def test_what_a_write_changed_is_not_told_again(office: Office) -> None:
    """A lead that was written dormant, dead or newly asked has the class of that write; no pass tells it."""
    await office.put(lead("a", asked(200 * DAY)), lead("b", asked(HOUR), dead(timedelta(0))), lead("c"))
    await office.put(lead("a", asked(HOUR)))
    assert await office.desk.attending.run(NOW) == NOTHING
    assert await told(office) == []


async def test_a_breach_is_told_once(office: Office) -> None:
    """With who answers for the lead, the last touch and when the service level ended."""
    await office.put(
        replace(
            lead("a", asked(90 * HOUR), touched(30 * HOUR)), owner=Owner("users/ann", "sales", "inbound")
        ),
        lead("fresh", asked(23 * HOUR)),
        lead("dormant", asked(200 * DAY)),
        lead("silent", touched(40 * HOUR)),
        lead("dead", asked(40 * HOUR), dead(HOUR)),
    )
    assert await office.desk.attending.run(NOW) == Attended(unattended_count=1)
    assert await office.desk.attending.run(NOW) == NOTHING
    [change] = await told(office)
    assert change.draft.unattended == Unattended(
        NOW - 30 * HOUR, NOW - 6 * HOUR, Owner("users/ann", "sales", "inbound")
    )
    assert change.draft.record == "sources/crm/records/a"


async def test_a_new_touch_makes_a_new_breach_possible(office: Office) -> None:
    """Told of one breach, touched again and left alone again, a lead is told of a second time."""
    await office.put(lead("a", asked(90 * HOUR)))
    await office.desk.attending.run(NOW)
    await office.put(lead("a", asked(90 * HOUR), touched(HOUR)))
    assert await office.desk.attending.run(NOW) == NOTHING
    assert await office.desk.attending.run(NOW + 22 * HOUR) == NOTHING
    assert await office.desk.attending.run(NOW + 24 * HOUR) == Attended(unattended_count=1)
    assert of(await told(office)) == [(UNATTENDED, "a")] * 2


async def test_another_write_is_no_touch(office: Office) -> None:
    """Correcting a lead's telephone does not attend to it, and tells nobody a second time."""
    await office.put(lead("a", asked(90 * HOUR)))
    await office.desk.attending.run(NOW)
    await office.put(lead("a", asked(90 * HOUR), email="a@x.example", phone="555-0100"))
    assert await office.desk.attending.run(NOW) == NOTHING
    assert len(await told(office)) == 1


async def test_an_appointment_to_come_is_no_touch(office: Office) -> None:
    """A last activity that was still to come when it was written counts as the time of that write."""
    await office.put(lead("a", asked(30 * HOUR), touched(-900 * DAY)))
    assert await office.desk.attending.run(NOW) == NOTHING
    assert await office.desk.attending.run(NOW + 25 * HOUR) == Attended(unattended_count=1)


async def test_a_person_touched_in_another_source_is_attended(office: Office) -> None:
    """One record of the golden record was touched: no breach of the other; an undo makes it one."""
    merge = await office.merge(
        *await office.put(lead("a", asked(40 * HOUR)), lead("desk/a", asked(40 * HOUR), touched(HOUR)))
    )
    assert await office.desk.attending.run(NOW) == NOTHING
    await office.undo(merge)
    assert await office.desk.attending.run(NOW) == Attended(unattended_count=1)
    assert [change.draft.record for change in await told(office)] == ["sources/crm/records/a"]


async def test_the_history_of_a_contact_is_no_breach(office: Office) -> None:
    """A lead that joined a contact waits for nobody, but its class still changes with time."""
    await office.merge(*await office.put(contact("c"), lead("a", asked(40 * HOUR))))
    assert await office.desk.attending.run(NOW) == NOTHING
    assert await office.desk.attending.run(NOW + 200 * DAY) == Attended(class_count=1)


async def test_a_longer_service_level_is_kept_at_once(servers: Servers) -> None:
    """The policy in force says how long a lead may wait."""
    async with open_office(*servers, with_policy(lead_service_level=48 * HOUR)) as office:
        await office.put(lead("a", asked(47 * HOUR)))
        assert await office.desk.attending.run(NOW) == NOTHING
        assert await office.desk.attending.run(NOW + 2 * HOUR) == Attended(unattended_count=1)


async def test_another_policy_changes_classes_both_ways(servers: Servers) -> None:
    """Fewer dormant days make LIVE leads NAMEs, more make them LIVE again; each is told in a change."""
    async with open_office(*servers) as office:
        await office.put(lead("a", asked(20 * HOUR)), lead("b", asked(40 * DAY)), lead("c", asked(400 * DAY)))
        await office.desk.attending.run(NOW)
    async with open_office(*servers, with_policy(lead_dormant_after=30 * DAY)) as stricter:
        assert await stricter.desk.attending.run(NOW) == Attended(class_count=1)
    async with open_office(*servers, with_policy(lead_dormant_after=500 * DAY)) as milder:
        # Nobody has touched the one that is LIVE again, nor was a breach of it ever told.
        assert await milder.desk.attending.run(NOW) == Attended(class_count=2, unattended_count=1)
        changes = [change for change in await told(milder) if change.draft.lead_class is not None]
        classes = [(c.draft.record[-1], c.draft.lead_class.after) for c in changes if c.draft.lead_class]
    assert classes == [("b", LeadClass.NAME), ("b", LeadClass.LIVE), ("c", LeadClass.LIVE)]


async def test_two_processes_at_once_tell_each_thing_once(servers: Servers) -> None:
    """Several passes over one store, in small pieces: every class and every breach has one change."""
    async with open_office(*servers) as one, open_office(*servers) as other:
        await one.put(*(lead(f"{number}", asked(40 * HOUR)) for number in range(40)))
        passes = [in_pieces(office, 7, 100) for office in (one, other, one, other)]
        for later in (timedelta(0), 200 * DAY):
            await asyncio.gather(*(each.run(NOW + later) for each in passes))
        names = [f"{number}" for number in range(40)]
        expected = [(kind, name) for kind in (CLASS_CHANGED, UNATTENDED) for name in names]
        assert sorted(of(await told(one))) == sorted(expected)


async def test_a_pass_that_is_broken_off_is_gone_on_with(office: Office) -> None:
    """What its committed pieces told stays told; the next one tells the rest, in the same order."""
    await office.put(*(lead(f"{number}", asked((90 - number) * HOUR)) for number in range(10)))
    assert await in_pieces(office, 3, 2).run(NOW) == Attended(unattended_count=6, more=True)
    assert await in_pieces(office, 3, 9).run(NOW) == Attended(unattended_count=4)
    assert of(await told(office)) == [(UNATTENDED, f"{number}") for number in range(10)]


async def test_a_killed_write_tells_nothing(office: Office, database_url: str) -> None:
    """A piece whose connection is lost before it commits leaves no change, and the next pass tells it."""
    await office.put(lead("a", asked(40 * HOUR)))
    async with await psycopg.AsyncConnection.connect(database_url) as holding:
        await holding.execute("LOCK TABLE changes IN EXCLUSIVE MODE")
        running = asyncio.create_task(office.desk.attending.run(NOW))
        await _kill_the_waiting(database_url)
        with pytest.raises(StoreUnavailable):
            await running
    assert await told(office) == []
    assert await office.desk.attending.run(NOW) == Attended(unattended_count=1)


async def _kill_the_waiting(database_url: str) -> None:
    """End the session that waits for a lock, as soon as there is one."""
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while not await (await connection.execute(query)).fetchall():  # noqa: ASYNC110  the other side is a server
            await asyncio.sleep(0.01)


async def test_leads_of_an_earlier_release_are_taken_up_in_pieces(office: Office, database_url: str) -> None:
    """What was written before there were states gets them without a word about classes; breaches are told."""
    await office.put(
        lead("live", asked(40 * HOUR)),
        lead("dormant", asked(300 * DAY)),
        contact("c"),
        lead("gone"),
        lead("name"),
    )
    await office.delete("gone")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("DELETE FROM lead_states")
        await connection.execute(
            "INSERT INTO lead_states_awaited (after_no, last_no) SELECT 0, max(record_no) FROM records"
        )
    page = await office.desk.lead_readings.unattended(Page())
    assert (page.complete, page.listed.items) == (False, ())
    # Written meanwhile: its state is there before the pass comes to it, and is left as it is.
    await office.put(lead("name", asked(30 * HOUR)))
    assert await in_pieces(office, 1, 2).run(NOW) == Attended(2, 0, 2, more=True)
    assert await in_pieces(office, 1, 9).run(NOW) == Attended(1)
    page = await office.desk.lead_readings.unattended(Page())
    assert (page.complete, len(page.listed.items)) == (True, 2)


async def test_an_erased_lead_leaves_nothing(office: Office, database_url: str) -> None:
    """Neither a row nor what was told of it; the chain still verifies, and no later pass speaks of it."""
    await office.put(
        replace(lead("a", asked(40 * HOUR)), owner=Owner("users/zoe")), lead("b", asked(40 * HOUR))
    )
    await office.desk.attending.run(NOW)
    assert await office.desk.attending.run(NOW + 200 * DAY) == Attended(class_count=2)
    await office.erase("a")
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        rows = await (await connection.execute("SELECT record_no, owner FROM lead_states")).fetchall()
        left = await (
            await connection.execute("SELECT count(*) FROM changes WHERE payload::text LIKE '%7a6f65%'")
        ).fetchall()
    assert (rows, left) == ([((await office.record("b")).record_no, "")], [(0,)])
    left_over = [(change.draft.record[-1], change.erased) for change in await told(office)]
    assert left_over == [("a", True), ("b", False)] * 2
    assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds
    assert await office.desk.attending.run(NOW + 400 * DAY) == NOTHING


async def test_a_class_change_decides_open_proposals_anew(office: Office) -> None:
    """Two LIVE leads that become NAMEs are marketing's alone: the proposal asks them, in the same write."""
    proposal = await office.propose(*await office.put(lead("a", asked(HOUR)), lead("b", asked(HOUR))))
    assert proposal.missing_functions == ("sales",)
    assert (await office.desk.attending.run(NOW + 181 * DAY)).class_count == 2
    now = await office.proposal(proposal)
    assert now.missing_functions == ("marketing",)
    assert {change.revision for change in await told(office) if change.draft.lead_class} == {now.revision}


async def test_the_service_attends_by_itself(office: Office) -> None:
    """Upkeep runs the pass: nobody has to ask for it."""
    await office.put(lead("a", asked(40 * HOUR)))
    upkeep = asyncio.create_task(office.desk.upkeep.run())
    try:
        async with asyncio.timeout(30):
            while not await told(office):  # noqa: ASYNC110  the other side is a server
                await asyncio.sleep(0.05)
    finally:
        await end_tasks([upkeep])
    assert of(await told(office)) == [(UNATTENDED, "a")]

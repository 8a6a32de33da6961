"""The store keeps the state of each active lead in the write that changes it, whatever that write is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.lead_states import lead_state
from dedup_service.domain.records import Fact, Owner, RecordKind
from dedup_service.workflows.ports import WriteTransaction, Written
from dedup_service.workflows.record_writes import RecordWrite
from tests.merge_desk import POLICY, Office, account, contact, lead, request

NOW = datetime.now(UTC)
COLUMNS = (
    "record_no",
    "owner",
    "function",
    "queue",
    "lead_class",
    "requested_time",
    "touch_time",
    "disqualified_time",
    "age_days",
    "reason",
    "reason_key",
    "step",
    "step_key",
    "lead_source",
    "lead_source_key",
)


async def kept(database_url: str) -> dict[int, tuple[Any, ...]]:
    """The rows by record number: the columns, then the source and whether it is history."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        query = f"SELECT {', '.join(COLUMNS)}, source, history FROM lead_states"
        rows = await (await connection.execute(query.encode())).fetchall()
    return {row[0]: tuple(row) for row in rows}


async def expected(office: Office) -> dict[int, tuple[Any, ...]]:
    """What the domain makes of the active leads as they are stored."""
    async with office.store.snapshot() as reading:
        records = (await reading.records_by_no(list(range(1, 200)))).values()
        goldens = await reading.goldens({record.golden_id for record in records})
    found = {}
    for record in records:
        if record.active and record.kind is RecordKind.LEAD:
            state = lead_state(record, POLICY, record.update_time)
            history = goldens[record.golden_id].kind is not RecordKind.LEAD
            columns = tuple(getattr(state, column) for column in COLUMNS)
            found[record.record_no] = (*columns, record.key.source, history)
    return found


def busy(name: str) -> Any:
    """A lead with all that a state is made of."""
    draft = lead(
        name,
        Fact("requested", time=NOW - timedelta(days=9)),
        Fact("last_touched", time=NOW - timedelta(days=1)),
        Fact("disqualified", time=NOW - timedelta(days=2)),
        Fact("disqualified_reason", text='Says "no", \\ and {more}'),
        Fact("disqualified_step", text="call"),
        email="a@x.example",
        lead_source="Messe Köln",
    )
    return replace(draft, owner=Owner("users/ann", "sales", "inbound"))


async def test_every_write_keeps_the_states_true(office: Office, database_url: str) -> None:
    """After each of all sorts of writes the rows are what the domain makes of the records."""
    a, b, c, d = await office.put(busy("a"), lead("desk/b"), contact("c"), account("d"))
    assert await kept(database_url) == await expected(office)
    await office.write(lead("a", Fact("requested", time=NOW)))
    assert await kept(database_url) == await expected(office)
    leads = await office.merge(a, b)
    into_contact = await office.merge(c, a)
    assert [row[-1] for row in (await kept(database_url)).values()] == [True, True]
    await office.put(busy("a"), lead("e"))
    assert await kept(database_url) == await expected(office)
    await office.undo(into_contact)
    await office.undo(leads)
    assert await kept(database_url) == await expected(office)
    await office.delete("a")
    assert len(await kept(database_url)) == 2
    await office.put(busy("a"))
    await office.erase("desk/b")
    assert await kept(database_url) == await expected(office)
    assert d


async def test_a_golden_record_that_becomes_a_contact_makes_its_leads_history(
    office: Office, database_url: str
) -> None:
    """As a conversion does; the way back makes them leads that are worked again."""
    (golden_id,) = await office.put(lead("a"))
    for kind in (RecordKind.CONTACT, RecordKind.LEAD):

        async def work(tx: WriteTransaction, kind: RecordKind = kind) -> Written[int]:
            row = (await tx.lock_goldens([golden_id]))[golden_id].row
            await tx.revision()
            await tx.update_goldens([replace(row, kind=kind)])
            return Written(0)

        await office.store.write(request("ConvertLead"), work, int)
        assert [row[-1] for row in (await kept(database_url)).values()] == [kind is RecordKind.CONTACT]
        assert await kept(database_url) == await expected(office)


async def test_what_was_written_meanwhile_is_left_as_it_is(office: Office, database_url: str) -> None:
    """A piece of an earlier release's leads that was read before a write or an erasure undoes neither."""
    await office.put(lead("a"), lead("b"), lead("c"))
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("DELETE FROM lead_states")
        await connection.execute("INSERT INTO lead_states_awaited (after_no, last_no) VALUES (0, 99)")
    awaited = await office.store.read(lambda tx: tx.awaited_leads(10))
    assert awaited is not None
    assert (awaited.after, awaited.upto, len(awaited.leads)) == (0, 99, 3)
    await office.put(busy("a"))
    await office.erase("b")

    async def work(tx: WriteTransaction) -> Written[bool]:
        await tx.revision()
        return Written(await tx.take_up_leads(awaited, [lead_state(r, POLICY, NOW) for r in awaited.leads]))

    assert await office.store.write(request("TakeUpLeads"), work, bool)
    assert await kept(database_url) == await expected(office)
    assert not await office.store.write(request("TakeUpLeads"), work, bool)
    assert await office.store.read(lambda tx: tx.awaited_leads(10)) is None


async def test_a_write_that_is_refused_or_only_tried_keeps_nothing(office: Office, database_url: str) -> None:
    """Whatever is rolled back leaves no state behind."""
    write = RecordWrite(busy("a"))
    await office.desk.records.write(request("UpdateRecord"), write, validate_only=True)
    with pytest.raises(InvalidInput):
        await office.write(replace(busy("b"), values={"colour": "red"}))
    assert await kept(database_url) == {}

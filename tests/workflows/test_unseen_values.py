"""Who writes a record whole leaves in it what they cannot see, whichever way the write came (domain 1.5)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from dedup_service.domain.records import RecordDraft, RecordKey
from dedup_service.workflows.record_writes import RecordWrite
from tests.merge_desk import Office, request
from tests.rpc.sight_world import HR_ID, MASKED, drafts, sight_office

ACCOUNT = RecordKey("hr", f"{HR_ID}a")
STORED = drafts()
FIRST, COMPANY = STORED["first"], STORED["account"]
Write = Callable[[Office, RecordDraft], Awaitable[object]]


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """A desk where ann reads four fields of nobody, and no record of `hr`."""
    async with sight_office(database_url, redis_url) as office:
        yield office


async def one(office: Office, draft: RecordDraft) -> object:
    return await office.desk.records.write(request("UpdateRecord", "users/ann"), RecordWrite(draft))


async def many(office: Office, draft: RecordDraft) -> object:
    writes = [RecordWrite(draft)]
    return await office.desk.records.write_many(request("BatchUpdateRecords", "users/ann"), writes)


async def batch(office: Office, draft: RecordDraft) -> object:
    return await office.desk.records.write_batch(request("IngestRecords", "users/ann"), [draft])


@pytest.mark.parametrize("write", [one, many, batch])
async def test_a_value_that_the_writer_cannot_see_is_neither_set_nor_blanked(
    office: Office, write: Write
) -> None:
    """Guessed, left out or blanked, it stays as it is; what they see is as they write it."""
    await office.put(FIRST)
    seen = {name: text for name, text in FIRST.values.items() if name not in MASKED}
    for given in ({}, dict.fromkeys(MASKED, ""), dict.fromkeys(MASKED, "17")):
        await write(office, replace(FIRST, values={**seen, **given, "city": f"Berlin {len(given)}"}))
        kept = (await office.record("1")).draft.values
        assert kept == {**FIRST.values, "city": f"Berlin {len(given)}"}


@pytest.mark.parametrize("write", [one, many, batch])
async def test_a_field_that_is_empty_stays_so(office: Office, write: Write) -> None:
    """Where there is no value, somebody who could not see one gives none either."""
    [name, *_] = MASKED
    without = {field: text for field, text in FIRST.values.items() if field != name}
    await office.put(replace(FIRST, values=without))
    await write(office, replace(FIRST, values={**without, name: "17", "city": "Berlin"}))
    assert (await office.record("1")).draft.values == {**without, "city": "Berlin"}


@pytest.mark.parametrize(
    "linked", [replace(FIRST, account=ACCOUNT), replace(COMPANY, parent=ACCOUNT)], ids=["account", "parent"]
)
async def test_a_link_that_the_writer_cannot_see_stays(office: Office, linked: RecordDraft) -> None:
    """The account of a source that they may not read is not unlinked by a draft that has none."""
    await office.put(STORED["hr account"], linked)
    values = {**linked.values, "city": "Berlin"}
    await one(office, replace(linked, account=None, parent=None, values=values))
    kept = (await office.record(linked.key)).draft
    assert (kept.account, kept.parent) == (linked.account, linked.parent)
    assert kept.values["city"] == "Berlin"

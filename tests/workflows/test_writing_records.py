"""Records are written one and many, under etags, with every bad row named."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import EtagMismatch, InvalidInput, LimitExceeded, NotFound, PermissionRefused
from dedup_service.domain.golden import GoldenState
from dedup_service.domain.records import Amount, Child, ChildKind, Fact, Owner, RecordDraft, RecordState
from dedup_service.workflows.following import Position
from dedup_service.workflows.record_writes import RecordWrite
from dedup_service.workflows.records import BatchResult
from tests.canonical_dump import full_dump
from tests.merge_desk import (
    EVERYTHING,
    JANUARY,
    POLICY,
    Office,
    account,
    contact,
    key,
    lead,
    mastered,
    principal,
    request,
)


async def batch(office: Office, *drafts: RecordDraft) -> BatchResult:
    return await office.desk.records.write_batch(request("IngestRecords"), drafts)


def full_draft() -> RecordDraft:
    """A draft that uses every part, with text that is easily lost."""
    return replace(
        contact(
            "tricky", full_name='Ann "O\'Neil" \\ \u202e\U0001f600 é e\u0301 {},\t\n', email=" Ann@X.example "
        ),
        owner=Owner("users/ann", "sales", "queue 1"),
        facts=(
            Fact("open_pipeline", amount=Amount("EUR", Decimal("1234.50"))),
            Fact("requested", time=JANUARY + timedelta(microseconds=1)),
            Fact("marketing_consent", flag=False),
        ),
        children=(
            Child(ChildKind.CASE, 'c,{1}"\\', "users/dev", open=True, amount=Amount("CHF", Decimal("0.10"))),
        ),
        account=key("erp/1"),
        source_update_time=JANUARY,
    )


async def test_a_batch_creates_updates_and_leaves_alone(office: Office) -> None:
    """A batch counts what it created, updated and found unchanged, under one revision."""
    first = await batch(office, contact("a"), contact("b"))
    assert (first.created_count, first.updated_count, first.unchanged_count, first.revision) == (2, 0, 0, 1)
    second = await batch(office, contact("a"), contact("b", email="new@x.example"), contact("c"))
    assert (second.created_count, second.updated_count, second.unchanged_count) == (1, 1, 1)
    assert second.revision == 2
    again = await batch(office, contact("a"), contact("c"))
    assert (again.unchanged_count, again.revision) == (2, 2)
    assert [(await office.record(n)).version for n in "abc"] == [1, 2, 1]


async def test_bad_rows_are_named_and_good_rows_written(office: Office) -> None:
    """Of a mixed batch the good rows are written and each bad one is named with all its reasons."""
    await office.put(contact("was-a-contact"), account("was-no-person"), contact("gone"))
    await office.erase("gone")
    result = await batch(
        office,
        contact("good"),
        contact("good", email="again@x.example"),
        contact("bad", email="\x00", shoe_size="43"),
        lead("was-a-contact"),
        account("was-no-person", person=True),
        contact("gone"),
        contact("fine"),
    )
    assert (result.created_count, result.updated_count) == (2, 0)
    assert [(r.index, [v.field for v in r.violations]) for r in result.rejected] == [
        (1, ["record.name"]),
        (2, ["record.values[email]", "record.values"]),
        (3, ["record.kind"]),
        (4, ["record.person_account"]),
        (5, ["record.name"]),
    ]
    assert (await office.record("good")).draft == contact("good")


async def test_everything_in_a_draft_comes_back_byte_for_byte(office: Office) -> None:
    """What was sent is what is read: text, decimals, times, quotes and marks (F-2)."""
    await office.put(mastered("1"), full_draft())
    stored = await office.record("tricky")
    assert stored.draft == full_draft()
    assert str(stored.draft.facts[0].amount) == str(full_draft().facts[0].amount)
    assert (await batch(office, full_draft())).unchanged_count == 1


async def test_a_batch_has_a_limit(office: Office) -> None:
    """501 records are refused before any work, 500 are written."""
    drafts = [contact(str(number)) for number in range(501)]
    with pytest.raises(LimitExceeded):
        await batch(office, *drafts)
    assert (await batch(office, *drafts[:500])).created_count == 500


async def test_an_etag_guards_what_the_caller_saw(office: Office) -> None:
    """A write or delete under an old etag is refused and says the version; under the right one it goes."""
    await office.put(contact("a"))
    seen = await office.record("a")
    changed = contact("a", email="new@x.example")
    updated = await office.write(changed, etag=seen.etag)
    assert updated.version == 2
    with pytest.raises(EtagMismatch, match="version 2"):
        await office.write(contact("a", email="newer@x.example"), etag=seen.etag)
    with pytest.raises(EtagMismatch, match="version 2"):
        await office.delete("a", seen.etag)
    assert (await office.delete("a", updated.etag)).state is RecordState.DELETED


async def test_a_write_under_an_etag_creates_nothing(office: Office) -> None:
    """A missing record is created only by a write that allows it and names no etag."""
    with pytest.raises(NotFound):
        await office.write(contact("a"), etag='"1"')
    with pytest.raises(NotFound):
        await office.write(contact("a"), allow_missing=False)
    assert (await office.write(contact("a"))).version == 1


async def test_a_mask_changes_only_what_it_names(office: Office) -> None:
    """Masked fields are replaced or removed, all others stay as they are."""
    await office.put(full_draft())
    given = contact("tricky", email="new@x.example", job_title="ignored")
    written = await office.write(given, update_mask=("values.email", "values.full_name", "owner"))
    assert written.draft == replace(full_draft(), values={"email": "new@x.example"}, owner=None)
    for path in ("key", "values.email.x.", "nonsense", "owner.queue", ""):
        with pytest.raises(InvalidInput):
            await office.write(given, update_mask=(path,))


async def test_validate_only_leaves_nothing(office: Office) -> None:
    """A checked write shows its result and changes nothing at all."""
    await office.put(contact("a"))
    before = await full_dump(office.store, POLICY)
    wanted = RecordWrite(contact("a", email="new@x.example"))
    shown = await office.desk.records.write(request("UpdateRecord"), wanted, validate_only=True)
    assert (shown.version, shown.draft.values) == (2, {"email": "new@x.example"})
    assert await full_dump(office.store, POLICY) == before


async def test_delete_and_revive(office: Office) -> None:
    """A deleted record keeps its golden record, which is DELETED until the source writes it again."""
    [golden_id] = await office.put(contact("a"))
    await office.delete("a")
    view = await office.golden(golden_id)
    assert (view.golden.row.state, view.values) == (GoldenState.DELETED, {})
    assert (await office.delete("a")).version == 2, "deleted twice is deleted once"
    await office.put(contact("a"))
    view = await office.golden(golden_id)
    assert view.golden.row.state is GoldenState.LIVE
    assert view.values["email"].value == "a@example.com"
    with pytest.raises(NotFound):
        await office.delete("never-written")


async def test_an_erased_record_stays_erased(office: Office) -> None:
    """After an erasure the id takes no values, and its golden record leads to erased."""
    [golden_id] = await office.put(contact("a"))
    with pytest.raises(InvalidInput, match="reason"):
        await office.erase("a", " ")
    erased = await office.erase("a")
    assert (erased.state, erased.draft.values) == (RecordState.ERASED, {})
    assert (await office.erase("a")).version == erased.version
    with pytest.raises(InvalidInput, match="erased"):
        await office.write(contact("a"))
    assert (await office.golden(golden_id)).golden.row.state is GoldenState.ERASED


async def test_each_write_tells_its_changes_with_images(office: Office) -> None:
    """Create, update and delete each tell one change with what was and what is."""
    await office.put(contact("a"))
    await office.put(contact("a", email="new@x.example"))
    await office.delete("a")
    changes = (await office.desk.following.changes(Position(), EVERYTHING)).changes
    told = [
        (c.draft.type, [i.values for i in c.draft.before], [(i.state, i.values) for i in c.draft.after])
        for c in changes
    ]
    old, new = {"email": "a@example.com"}, {"email": "new@x.example"}
    assert told == [
        (ChangeType.RECORD_CREATED, [], [(GoldenState.LIVE, old)]),
        (ChangeType.RECORD_UPDATED, [old], [(GoldenState.LIVE, new)]),
        (ChangeType.RECORD_DELETED, [new], [(GoldenState.DELETED, {})]),
    ]


async def test_the_same_new_record_written_at_once_is_one_record(office: Office) -> None:
    """Twenty writers of the same new records leave one record each, and none of them sees an error."""
    names = [str(n) for n in range(5)]
    orders = [names[shift:] + names[:shift] for shift in range(5)] * 4
    results = await asyncio.gather(
        *(
            batch(office, *(contact(n, email=f"{i}@x.example") for n in order))
            for i, order in enumerate(orders)
        )
    )
    assert sum(r.created_count for r in results) == 5
    assert sum(r.updated_count for r in results) == 95
    assert [(await office.record(n)).version for n in names] == [20] * 5


@pytest.mark.parametrize("who", ["ann", "carla", "services/matcher", "services/follower"])
async def test_only_those_of_a_source_write_its_records(office: Office, who: str) -> None:
    """Others could take a customer number away and merge without finance; nothing of their write is done."""
    await office.put(mastered("1"))
    before = await full_dump(office.store, POLICY)
    draft = replace(mastered("1"), values={"company_name": "Other"})
    asked = request("UpdateRecord", principal(who).name)
    for write in (
        office.desk.records.write(asked, RecordWrite(draft)),
        office.desk.records.delete(asked, draft.key, ""),
        office.desk.records.erase(asked, draft.key, "asked for"),
    ):
        with pytest.raises(PermissionRefused, match="erp"):
            await write
    with pytest.raises(PermissionRefused, match="erp"):
        await office.desk.records.write_batch(asked, [draft])
    assert await full_dump(office.store, POLICY) == before

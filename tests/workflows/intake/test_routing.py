"""What routing writes, keeps and refuses, beside the decisions of the table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.errors import IndexUnavailable, InvalidInput, LimitExceeded, PermissionRefused
from dedup_service.domain.intake.answers import IntakeAction
from dedup_service.domain.records import Child, ChildKind, Fact, Owner
from dedup_service.workflows.delegating import DelegationDraft
from dedup_service.workflows.intake.items import Entry
from dedup_service.workflows.pages import Page
from tests.merge_desk import Office, account, lead, principal, request
from tests.workflows.intake.intakes import entry, route, routed
from tests.workflows.intake.test_races import all_changes, person

GERMAN = {"country": "DE", "postal_code": "24143"}
QUELLBRUNN = {"company_name": "Quellbrunn Armaturen GmbH"}
ASKED = Fact("requested", time=datetime.now(UTC) - timedelta(hours=1))


async def test_the_change_of_a_fold_tells_what_was_offered_and_what_was_kept(office: Office) -> None:
    """Nothing that a caller offered is lost: what the record did not take is in the change."""
    await route(office, entry("shop/1", **person(1)))
    await route(office, entry("shop/2", **person(1) | {"phone": "+49 30 9990001", "job_title": "Baker"}))
    [fold] = [c.draft for c in await all_changes(office) if c.draft.type is ChangeType.INTAKE_FOLDED]
    assert fold.record == "sources/shop/records/1"
    [kept] = fold.folded
    assert (kept.field, kept.offered, kept.taken) == ("phone", "+49 30 9990001", False)
    assert fold.after[0].values["job_title"] == "Baker"


async def test_erasing_a_record_erases_what_folds_offered(office: Office) -> None:
    """The change of the fold stays in its place, without a value (E-4), and the chain still verifies."""
    await route(office, entry("shop/1", **person(1)))
    await route(office, entry("shop/2", **person(1) | {"phone": "+49 30 9990001"}))
    await office.erase("shop/1")
    folds = [c for c in await all_changes(office) if c.draft.type is ChangeType.INTAKE_FOLDED]
    assert [(change.erased, change.draft.folded) for change in folds] == [(True, ())]
    assert not any("9990001" in repr(change) for change in await all_changes(office))
    assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds


async def test_a_repeated_request_is_answered_again_and_happens_once(office: Office) -> None:
    """Same id, same content: the same answer, one record, no fold (A-3)."""
    asked = request("Route", request_id="7f0c", digest="d")
    first, second = [
        await office.desk.routing.route(asked, [entry("shop/-", **person(1))], principal("services/importer"))
        for _ in range(2)
    ]
    assert first == second
    types = [change.draft.type for change in await all_changes(office)]
    assert types == [ChangeType.RECORD_CREATED]


async def test_children_are_added_to_the_record_that_is_updated(office: Office) -> None:
    """An order that comes with a known customer hangs below their record afterwards."""
    await route(office, entry("shop/1", must_transact=True, **person(1)))
    again = entry("shop/2", must_transact=True, **person(1))
    order = (Child(ChildKind.ORDER, "1002", open=True),)
    again = replace(again, draft=replace(again.draft, children=order))
    answer = await route(office, again)
    assert answer.action is IntakeAction.UPDATE
    assert (await office.record("shop/1")).draft.children == order


async def test_the_turn_goes_round_and_past_whoever_is_away(office: Office) -> None:
    """Team dach is ann and ben in turn; while ann is away, every one is ben's."""
    people = [
        (await route(office, entry(f"shop/{n}", ASKED, **person(n), **GERMAN))).assigned.principal
        for n in range(4)
    ]
    assert people == ["users/ann", "users/ben", "users/ann", "users/ben"]
    end = datetime.now(UTC) + timedelta(days=1)
    draft = DelegationDraft("", (), None, end, "a day off")
    await office.desk.delegating.create(request("CreateDelegation", "users/ann"), draft, principal("ann"))
    away = [
        (await route(office, entry(f"shop/{n}", ASKED, **person(n), **GERMAN))).assigned.principal
        for n in range(4, 6)
    ]
    assert away == ["users/ben", "users/ben"]


def employee(number: int) -> Entry:
    """Somebody of a company that is named on a target list."""
    return entry(
        f"shop/{number}", ASKED, **person(number) | {"email": f"p{number}@quellbrunn.example"}, **QUELLBRUNN
    )


async def listed(office: Office, representative: str) -> None:
    """The company, as an account that somebody of sales represents."""
    known = account("crm/a1", person=False, website="https://quellbrunn.example", **QUELLBRUNN)
    owner = Owner(principal=representative, function="sales")
    await office.put(replace(known, owner=owner, facts=(Fact("named_account", text="top"),)))


async def test_nobody_goes_to_a_representative_who_is_away(office: Office) -> None:
    """While the representative of an account is absent, its people go where the territories say."""
    await listed(office, "users/ann")
    assert (await route(office, employee(1))).assigned.principal == "users/ann"
    end = datetime.now(UTC) + timedelta(days=1)
    draft = DelegationDraft("", (), None, end, "a day off")
    await office.desk.delegating.create(request("CreateDelegation", "users/ann"), draft, principal("ann"))
    assigned = (await route(office, employee(2))).assigned
    assert (assigned.principal, assigned.queue, assigned.rung) == ("", "general", "GENERAL_QUEUE")


async def test_nobody_goes_to_a_representative_who_has_left(office: Office) -> None:
    """An owner whom the company no longer knows works nothing."""
    await listed(office, "users/long-gone")
    assigned = (await route(office, employee(1))).assigned
    assert (assigned.principal, assigned.queue, assigned.rung) == ("", "general", "GENERAL_QUEUE")


async def test_a_batch_takes_turns_within_itself(office: Office) -> None:
    """Each choice counts for the next, and the next batch goes on where this one ended."""
    found = await routed(office, *(entry(f"shop/{n}", ASKED, **person(n), **GERMAN) for n in range(3)))
    given = [result.answer.assigned.principal for result in found.results if result.answer is not None]
    after = await route(office, entry("shop/9", ASKED, **person(9), **GERMAN))
    assert [*given, after.assigned.principal] == ["users/ann", "users/ben", "users/ann", "users/ben"]


async def test_by_load_goes_to_whoever_was_given_the_least(office: Office) -> None:
    """Team international shares out by what each was given; ann has more to do than the others."""
    for n in range(2):
        owner = entry(f"shop/own{n}", ASKED, **person(20 + n), country="US", region="California")
        assert (await route(office, owner)).assigned.principal == "users/ann"
    given = [
        (await route(office, entry(f"shop/{n}", ASKED, **person(n), country="IE"))).assigned.principal
        for n in range(4)
    ]
    assert sorted(given) == ["users/ben", "users/ben", "users/sara", "users/sara"]


async def test_an_intake_is_kept_without_any_value(office: Office) -> None:
    """What was decided can be listed: names and rules, and nothing of the person."""
    answer = await route(office, entry("shop/1", ASKED, **person(1), **GERMAN))
    [kept] = (await office.store.read(lambda tx: tx.list_intakes(Page()))).items
    assert kept.name == answer.intake_name
    assert (kept.assigned.principal, kept.assigned.rule) == ("users/ann", "dach")
    assert person(1)["email"] not in repr(kept)


async def test_a_stranger_whom_a_write_brought_in_meanwhile_is_found(office: Office) -> None:
    """A record that was ingested a moment ago is known, whether or not the index has it yet (D-3)."""
    await office.put(lead("new", **person(3)))
    answer = await route(office, entry("crm/other", **person(3)))
    assert answer.action is IntakeAction.UPDATE
    assert answer.record.name == "sources/crm/records/new"


async def test_without_the_index_only_business_at_once_goes_on(office: Office) -> None:
    """Whoever can wait is told to try again."""
    await office.index.close()
    with pytest.raises(IndexUnavailable):
        await route(office, entry("shop/1", **person(1)))


async def test_a_batch_needs_the_right_to_every_source(office: Office) -> None:
    """One source that is not the caller's refuses the whole batch, and nothing is written."""
    with pytest.raises(PermissionRefused):
        await routed(office, entry("shop/1", **person(1)), entry("crm/1", **person(2)), by="users/omar")
    assert await all_changes(office) == []


async def test_a_batch_has_its_limits(office: Office) -> None:
    """None and more than 500 records are refused before any work."""
    with pytest.raises(InvalidInput):
        await routed(office)
    with pytest.raises(LimitExceeded):
        await routed(office, *[entry("shop/1", **person(1))] * 501)


async def test_a_deleted_record_that_is_handed_in_again_is_there_again(office: Office) -> None:
    """Its source has it once more; an erased one stays erased, and says so."""
    await route(office, entry("shop/1", **person(1)))
    await office.delete("shop/1")
    assert (await route(office, entry("shop/1", **person(1)))).record.active
    await office.erase("shop/1")
    [result] = (await routed(office, entry("shop/1", **person(1)))).results
    assert [violation.field for violation in result.violations] == ["record.name"]

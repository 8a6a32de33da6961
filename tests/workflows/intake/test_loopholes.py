"""Ways around the rules that intake once left open: each stays shut."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dedup_service.domain.errors import StateNotAllowed
from dedup_service.domain.intake.answers import IntakeAction
from dedup_service.domain.records import Child, ChildKind, Fact, RecordDraft, RecordKind
from dedup_service.domain.validation import MAX_CHILDREN, draft_violations
from dedup_service.workflows.intake.items import Entry
from tests.canonical_dump import full_dump
from tests.merge_desk import POLICY, Office, account, key, lead, mastered
from tests.workflows.intake.intakes import entry, route, routed
from tests.workflows.intake.test_converting import GUNDA, convert
from tests.workflows.intake.test_races import person

ASKED = Fact("requested", time=datetime.now(UTC) - timedelta(hours=1))
FIRM = {
    "company_name": "Quellbrunn Armaturen GmbH",
    "website": "https://quellbrunn.example",
    "phone": "+49 40 5550177",
    "street": "Deichweg 4",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "DE",
}


def firm(name: str, *facts: Fact, **more: Any) -> Entry:
    """The same company as an account of ``source/id``."""
    return entry(name, *facts, **({"kind": RecordKind.ACCOUNT} | FIRM | more))


def somebody(name: str, *facts: Fact, **more: Any) -> Entry:
    """The same person as a lead of ``source/id``, or as what is said."""
    return entry(name, *facts, **(person(1) | more))


def drafted(handed_in: Entry, **changes: Any) -> Entry:
    """The entry with parts of its draft that are no values."""
    return replace(handed_in, draft=replace(handed_in.draft, **changes))


def flagged(name: str, flag: bool) -> Fact:
    return Fact(name, flag=flag)


def said(draft: RecordDraft) -> tuple[object, ...]:
    """What its source says of a record; its owner is intake's choice."""
    return draft.key, draft.kind, draft.values, draft.facts, draft.parent


async def refused(office: Office, *entries: Entry) -> list[str]:
    """The field paths of the last one's violations; what was stored before this batch is as it was."""
    before = await full_dump(office.store, POLICY) if len(entries) == 1 else None
    result = (await routed(office, *entries)).results[-1]
    assert result.answer is None
    if before is not None:
        assert await full_dump(office.store, POLICY) == before
    return [violation.field for violation in result.violations]


CONTRADICTIONS = {
    "two customer numbers": (firm("erp/1", customer_number="C-1"), firm("erp/2", customer_number="C-2")),
    "two tax ids": (firm("erp/1", tax_id="DE123456789"), firm("erp/2", tax_id="DE987654321")),
    "withdrawn consent": (
        somebody("shop/1", flagged("marketing_consent", True)),
        somebody("shop/2", flagged("marketing_consent", False)),
    ),
    "a legal hold that is told": (
        somebody("shop/1", flagged("legal_hold", False)),
        somebody("shop/2", flagged("legal_hold", True)),
    ),
    "a legal hold that stands": (somebody("shop/1", flagged("legal_hold", True)), somebody("shop/2")),
    "a subsidiary": (firm("crm/1"), drafted(firm("crm/2"), parent=key("crm/1"))),
}


@pytest.mark.parametrize("pair", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
async def test_what_contradicts_is_a_record_of_its_own(office: Office, pair: tuple[Entry, Entry]) -> None:
    """However alike: nothing is folded away that vetoes a merge or parts a hierarchy; people decide."""
    first, second = pair
    before = (await route(office, first)).record
    answer = await route(office, second)
    assert answer.action is IntakeAction.INSERT_WITH_PROPOSAL
    assert (await office.record(first.draft.key)) == before
    assert said(answer.record.draft) == said(second.draft)


@pytest.mark.parametrize("pair", CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
async def test_what_contradicts_within_a_batch_is_two_records(
    office: Office, pair: tuple[Entry, Entry]
) -> None:
    """The same when both come at once."""
    answers = [result.answer for result in (await routed(office, *pair)).results]
    assert [answer.record.key for answer in answers if answer] == [each.draft.key for each in pair]
    for each in pair:
        assert said((await office.record(each.draft.key)).draft) == said(each.draft)


async def test_no_other_source_writes_into_the_customer_master(office: Office) -> None:
    """An order updates the account; a customer number and what makes it known are told, and stay out."""
    await route(office, firm("erp/1"))
    order = firm(
        "shop/2",
        flagged("current_account", True),
        Fact("contracts", count=3),
        kind=None,
        must_transact=True,
        customer_number="X-9",
    )
    answer = await route(office, order)
    assert (answer.action, answer.record.name) == (IntakeAction.UPDATE, "sources/erp/records/1")
    stored = (await office.record("erp/1")).draft
    assert (stored.values, stored.facts) == (FIRM, ())
    kept = {(value.field, value.offered) for value in answer.folded if not value.taken}
    assert ("customer_number", "X-9") in kept
    assert {"fact.current_account", "fact.contracts"} <= {field for field, _ in kept}


async def test_a_lead_becomes_no_two_customers(office: Office) -> None:
    """Its account was deleted in the customer master, and may come back: no second one is made (C-2)."""
    [golden_id] = await office.put(lead("l1", **GUNDA))
    done = await convert(office, person_account=True, target=key("erp/1"))
    numbered = done.target.draft.values | {"customer_number": "C-1"}
    await office.put(replace(done.target.draft, values=numbered))
    await office.delete("erp/1")
    with pytest.raises(StateNotAllowed, match="the history of sources/erp/records/1"):
        await convert(office, person_account=True, target=key("erp/2"), insert_duplicate=True)
    golden = (await office.golden(golden_id)).golden
    assert [record.name for record in golden.members] == ["sources/crm/records/l1", "sources/erp/records/1"]


async def test_a_lead_becomes_no_two_contacts(office: Office) -> None:
    """A contact that was deleted may come back: a second conversion names it, and makes none."""
    [golden_id] = await office.put(lead("l1", **GUNDA))
    done = await convert(office)
    await office.delete(f"crm/{done.target.key.source_record_id}")
    with pytest.raises(StateNotAllowed, match=done.target.name):
        await convert(office, insert_duplicate=True)
    assert len((await office.golden(golden_id)).golden.members) == 2


async def test_a_lead_beside_a_deleted_account_becomes_no_contact(office: Office) -> None:
    """It was merged with the account: lead, contact and account in one golden record go together nowhere."""
    lead_id, account_id = await office.put(lead("l1", ASKED, **GUNDA), mastered("1", **FIRM))
    await office.merge(account_id, lead_id, voters=("ann", "fiona"))
    await office.delete("erp/1")
    with pytest.raises(StateNotAllowed, match="the history of sources/erp/records/1"):
        await convert(office)


async def test_undoing_a_merge_of_leads_tells_what_one_became_since(office: Office) -> None:
    """The contact stays with the survivor, and whoever undoes the merge is told its name."""
    one, other = await office.put(lead("la", ASKED, **person(1)), lead("lb", ASKED, **person(2)))
    merge = await office.merge(one, other)
    done = await convert(office, "lb", person_account=True)
    undone = await office.undo(merge)
    assert [conflict.record for conflict in undone.conflicts] == [done.target.key]
    assert done.target.name in {record.name for record in (await office.golden(one)).golden.members}


KINDS: Sequence[tuple[RecordKind | None, Entry]] = (
    (None, somebody("crm/2", kind=RecordKind.CONTACT, account=key("crm/a1"))),
    (RecordKind.CONTACT, somebody("crm/2", kind=RecordKind.ACCOUNT, person_account=True)),
)


@pytest.mark.parametrize(("known", "handed_in"), KINDS, ids=["contact into lead", "account into contact"])
async def test_a_record_is_kept_as_what_its_source_says(
    office: Office, known: RecordKind | None, handed_in: Entry
) -> None:
    """A contact is not folded into a lead, nor an account into a contact; what is stored can be stored."""
    await office.put(account("crm/a1", person=False, **FIRM))
    before = somebody("crm/1", kind=known)
    await route(office, before)
    answer = await route(office, handed_in)
    assert (answer.action, answer.record.kind) == (IntakeAction.INSERT_WITH_PROPOSAL, handed_in.draft.kind)
    assert answer.record.draft.account == handed_in.draft.account
    assert (await office.record("crm/1")).draft.values == before.draft.values
    assert_valid((await office.record("crm/1")).draft)


def assert_valid(draft: RecordDraft) -> None:
    assert draft_violations(draft, POLICY.functions) == []


def fields(prefix: str) -> dict[str, str]:
    return {f"custom.{prefix}{number}": "x" for number in range(150)}


def children(prefix: str) -> tuple[Child, ...]:
    return tuple(
        Child(ChildKind.ORDER, f"{prefix}{number}", open=True) for number in range(MAX_CHILDREN // 2 + 1)
    )


async def test_folds_pass_no_limit_of_a_record(office: Office) -> None:
    """Two within the limits are not one beyond them: every excess is named, nothing is written."""
    await route(office, drafted(somebody("shop/1", **fields("a")), children=children("a")))
    beyond = drafted(somebody("shop/2", **fields("b")), children=children("b"))
    assert await refused(office, beyond) == ["record.values", "record.children"]


async def test_a_lead_is_not_transacted_with_under_its_own_name(office: Office) -> None:
    """Business at once needs an account: the lead stays a lead, and the caller is told where to send it."""
    await route(office, somebody("shop/1"))
    assert await refused(office, somebody("shop/1", must_transact=True)) == ["record.name"]


async def test_a_lead_of_the_same_batch_is_not_transacted_with_either(office: Office) -> None:
    """The first of the two is written as if it had come alone."""
    assert await refused(office, somebody("shop/1"), somebody("shop/1", must_transact=True)) == [
        "record.name"
    ]
    assert (await office.record("shop/1")).kind is RecordKind.LEAD


async def test_no_account_is_its_own_parent(office: Office) -> None:
    """Nor where intake chose its kind, after the draft was looked at."""
    own = entry("shop/1", must_transact=True, company_name="Quellbrunn Armaturen GmbH")
    assert await refused(office, drafted(own, parent=key("shop/1"))) == ["record.parent"]


async def test_one_name_is_not_two_kinds_within_a_batch(office: Office) -> None:
    """The second is refused as it would be by itself, and leaves nothing on the first."""
    assert await refused(office, somebody("crm/1", kind=RecordKind.CONTACT), firm("crm/1")) == ["record.kind"]
    stored = (await office.record("crm/1")).draft
    assert (stored.kind, stored.values) == (RecordKind.CONTACT, person(1))

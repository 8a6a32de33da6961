"""A preview is the call: what it tells is what the same batch does, and what it refuses is refused."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from dedup_service.domain.intake.answers import IntakeAction, Routed
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.intake.items import Entry
from tests.merge_desk import Office, account, key
from tests.workflows.intake.intakes import entry, routed
from tests.workflows.intake.test_races import person

COMPANY = "Quellbrunn Armaturen GmbH"


def its_own_parent() -> Entry:
    """An account that intake makes of what was handed in, below itself."""
    one = entry("shop/1", must_transact=True, company_name=COMPANY)
    return replace(one, draft=replace(one.draft, parent=key("shop/1")))


BATCHES: dict[str, Sequence[Entry]] = {
    "two that are given ids": (entry("shop/-", **person(1)), entry("shop/-", **person(2))),
    "one of them twice": (entry("shop/-", **person(1)), entry("shop/-", **person(1))),
    "a contact beside a person account": (entry("shop/9", kind=RecordKind.CONTACT, **person(3)),),
    "two kinds of one name": (
        entry("shop/1", kind=RecordKind.CONTACT, **person(1)),
        entry("shop/1", kind=RecordKind.ACCOUNT, company_name=COMPANY),
    ),
    "its own parent": (its_own_parent(),),
    "a lead and business at once": (
        entry("shop/1", **person(1)),
        entry("shop/1", must_transact=True, **person(1)),
    ),
    "many who may be one": tuple(
        entry(
            f"shop/{number}",
            given_name=f"Mi{letter}a",
            family_name="Okonkwo",
            email=f"{letter}{number}@a{number}.example",
            street="Deichweg 4",
            city="Kiel",
            postal_code="24143",
            country="DE",
        )
        for number, letter in enumerate("abcdefghijkl")
    ),
}


def told(found: Routed) -> list[object]:
    """What a caller acts on; ids that are given anew each time are left out."""
    return [
        (
            answer.action,
            answer.step,
            answer.record.kind,
            answer.record.draft.values,
            answer.lead_class,
            answer.folded,
            answer.assigned,
            [duplicate.record for duplicate in answer.duplicates],
        )
        if (answer := result.answer) is not None
        else result.violations
        for result in found.results
    ]


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES.keys())
async def test_a_preview_tells_what_the_call_does(office: Office, batch: Sequence[Entry]) -> None:
    """Actions, kinds, values, folds, owners and violations, one by one."""
    await office.put(account("crm/a1", person=True, **person(3)))
    preview = await routed(office, *batch, by="users/omar", validate_only=True)
    done = await routed(office, *batch, by="users/omar")
    assert told(preview) == told(done)


async def test_two_that_are_given_ids_are_two_in_a_preview(office: Office) -> None:
    """They are not taken for one record that came twice, and are told no id, which nobody would be given."""
    preview = await routed(office, *BATCHES["two that are given ids"], validate_only=True)
    answers = [result.answer for result in preview.results]
    assert [answer.action for answer in answers if answer] == [IntakeAction.INSERT] * 2
    assert {answer.record.name for answer in answers if answer} == {"sources/shop/records/-"}

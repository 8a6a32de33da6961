"""Callers with the same people at the same moment make one record of each (domain 9)."""

import asyncio
from collections import Counter

import pytest

from dedup_service.domain.changes import Change, ChangeType
from dedup_service.domain.intake.answers import IntakeAction
from dedup_service.workflows.following import Position
from tests.merge_desk import EVERYTHING, Office
from tests.workflows.intake.intakes import entry, route, routed

FAMILIES = (
    *("Abendroth", "Birkhahn", "Czerny", "Dornbusch", "Eggersdorf"),
    *("Falkenrath", "Hollerbach", "Irrgang", "Jungnickel", "Quistorp"),
)
GIVEN = (
    *("Adelheid", "Bertram", "Cordula", "Dietlinde", "Eckhart"),
    *("Friederike", "Gundula", "Hartmut", "Ingeborg", "Joachim"),
)


def person(number: int) -> dict[str, str]:
    """The same person, whoever hands them in; only the id differs."""
    return {
        "given_name": GIVEN[number % 10],
        "family_name": f"{FAMILIES[number // 10 % 10]}{'mann' if number >= 100 else ''}",
        "email": f"person{number}@home-{number}.example",
        "phone": f"+49 30 {5550000 + number * 37}",
    }


async def all_changes(office: Office) -> list[Change]:
    """Every change from the first on."""
    changes: list[Change] = []
    position = Position()
    while (batch := await office.desk.following.changes(position, EVERYTHING, 500)).position != position:
        changes += batch.changes
        position = batch.position
    return changes


async def check_one_record_each(office: Office, callers: int, people: int) -> None:
    """So many callers route the same people, in the same order, each under ids of its own."""
    actions: Counter[IntakeAction] = Counter()

    async def call(caller: int) -> None:
        for number in range(people):
            handed_in = entry(f"shop/{caller}-{number}", **person(number))
            actions[(await route(office, handed_in)).action] += 1

    await asyncio.gather(*(call(caller) for caller in range(callers)))
    overview = await office.store.read(lambda tx: tx.overview())
    changes = await all_changes(office)
    types = Counter(change.draft.type for change in changes)
    assert sum(overview.records.values()) == people
    assert types[ChangeType.RECORD_CREATED] == people
    assert types[ChangeType.INTAKE_FOLDED] == callers * people - people == actions[IntakeAction.UPDATE]
    folded = {change.draft.intake for change in changes if change.draft.type is ChangeType.INTAKE_FOLDED}
    assert len(folded) == callers * people - people


@pytest.mark.proof
async def test_sixteen_callers_make_one_record_of_each_of_two_hundred_people(office: Office) -> None:
    """200 records exist afterwards, and the changes say which of 3,200 calls were folded."""
    await check_one_record_each(office, callers=16, people=200)


async def test_six_callers_make_one_record_of_each_person(office: Office) -> None:
    """The same with a few people."""
    await check_one_record_each(office, callers=6, people=12)


async def test_batches_at_once_make_one_record_of_each_person(office: Office) -> None:
    """Four batches of the same thirty people at the same moment: thirty records."""
    batches = [
        [entry(f"shop/{caller}-{number}", **person(number)) for number in range(30)] for caller in range(4)
    ]
    found = await asyncio.gather(*(routed(office, *batch) for batch in batches))
    actions = Counter(
        result.answer.action for batch in found for result in batch.results if result.answer is not None
    )
    assert actions == {IntakeAction.INSERT: 30, IntakeAction.UPDATE: 90}


async def test_a_batch_folds_the_same_person_within_itself(office: Office) -> None:
    """Ten of one person in a batch are one record, and nine intakes that were folded into it."""
    found = await routed(office, *(entry(f"shop/{number}", **person(1)) for number in range(10)))
    names = {result.answer.record.name for result in found.results if result.answer is not None}
    assert names == {"sources/shop/records/0"}

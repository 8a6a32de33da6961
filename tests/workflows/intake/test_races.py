"""Callers with the same people at the same moment make one record of each (domain 9)."""

import asyncio
from collections import Counter

from dedup_service.domain.changes import ChangeType
from dedup_service.domain.intake.answers import IntakeAction
from dedup_service.workflows.following import Position
from tests.merge_desk import EVERYTHING, Office
from tests.workflows.intake.intakes import entry, route

CALLERS = 16
PEOPLE = 200
FAMILIES = "Abendroth Birkhahn Czerny Dornbusch Eggersdorf Falkenrath Grünwald Hollerbach Irrgang Jungnickel".split()
GIVEN = "Adelheid Bertram Cordula Dietlinde Eckhart Friederike Gundula Hartmut Ingeborg Joachim".split()


def person(number: int, caller: int) -> dict[str, str]:
    """The same person, whoever hands them in; only the id differs."""
    return {
        "given_name": GIVEN[number % 10],
        "family_name": f"{FAMILIES[number // 10 % 10]}{'mann' if number >= 100 else ''}",
        "email": f"person{number}@home-{number}.example",
        "phone": f"+49 30 {5550000 + number * 37}",
    }


async def test_sixteen_callers_make_one_record_of_each_person(office: Office) -> None:
    """16 callers route the same 200 people at once: 200 records, and the changes say which calls were folded."""
    actions: Counter[IntakeAction] = Counter()

    async def call(caller: int) -> None:
        for number in range(PEOPLE):
            handed_in = entry(f"shop/{caller}-{number}", **person(number, caller))
            actions[(await route(office, handed_in)).action] += 1

    await asyncio.gather(*(call(caller) for caller in range(CALLERS)))
    overview = await office.store.read(lambda tx: tx.overview())
    changes, position = [], Position()
    while (batch := await office.desk.following.changes(position, EVERYTHING, 500)).position != position:
        changes += batch.changes
        position = batch.position
    types = Counter(change.draft.type for change in changes)
    people = PEOPLE
    assert sum(overview.records.values()) == people
    assert types[ChangeType.RECORD_CREATED] == people
    assert types[ChangeType.INTAKE_FOLDED] == CALLERS * PEOPLE - people == actions[IntakeAction.UPDATE]

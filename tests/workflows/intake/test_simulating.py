"""Whom past intakes would have gone to under other territories."""

import pytest

from dedup_service.company_files import policy_text
from dedup_service.domain.errors import InvalidInput
from tests.merge_desk import Office
from tests.workflows.intake.intakes import entry, route
from tests.workflows.intake.test_races import person
from tests.workflows.intake.test_routing import ASKED

SHIPPED = policy_text(None)
MUNICH = {"country": "DE", "postal_code": "80331"}
ELSEWHERE = (
    '{name: munich, countries: [DE], postal_codes: ["80-82", "85"], team: dach, partner: Isartal Systemhaus}'
)
TO_SARA = '{name: munich, countries: [DE], postal_codes: ["80-82", "85"], principal: users/sara}'


async def test_a_changed_rule_moves_what_it_takes_and_nothing_else(office: Office) -> None:
    """Two of three intakes would go to sara; the record and the rules are named, and nothing is written."""
    for number in range(2):
        await route(office, entry(f"shop/{number}", ASKED, **person(number), **MUNICH))
    await route(office, entry("shop/9", ASKED, **person(9), country="IE"))
    head = await office.store.read(lambda tx: tx.head_revision())
    assert ELSEWHERE in SHIPPED
    found = await office.desk.territory_simulating.simulate(SHIPPED.replace(ELSEWHERE, TO_SARA), 100)
    assert (found.replayed_count, found.differing_count, found.skipped_count) == (3, 2, 0)
    assert [each.record.source_record_id for each in found.differences] == ["1", "0"]
    assert {each.after.principal for each in found.differences} == {"users/sara"}
    assert found.before["team dach, partner Isartal Systemhaus"] == found.after["users/sara"] == 2
    assert await office.store.read(lambda tx: tx.head_revision()) == head


async def test_what_no_territory_decided_is_left_out(office: Office) -> None:
    """A name that waits in its queue, an update and an erased record are not replayed."""
    await route(office, entry("shop/1", **person(1), **MUNICH))
    await route(office, entry("shop/2", ASKED, **person(2), **MUNICH))
    await route(office, entry("shop/3", ASKED, **person(2), **MUNICH))
    await office.erase("shop/2")
    found = await office.desk.territory_simulating.simulate(SHIPPED, 100)
    assert (found.replayed_count, found.skipped_count) == (0, 2)


async def test_a_text_that_is_no_policy_is_refused_with_its_line(office: Office) -> None:
    """Every problem is told at its line."""
    with pytest.raises(InvalidInput, match=r"text:\d+: territories"):
        await office.desk.territory_simulating.simulate(SHIPPED.replace("team: dach,", "team: nobody,"), 100)

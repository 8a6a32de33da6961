"""What intake quoted of a record in its answers goes with the record (E-4)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.domain.errors import StateNotAllowed
from dedup_service.domain.records import Fact
from dedup_service.workflows.intake.conversions import ConversionRequest
from tests.merge_desk import Office, account, key, lead, principal, request
from tests.workflows.intake.intakes import entry
from tests.workflows.intake.test_converting import GUNDA
from tests.workflows.intake.test_races import person

QUOTE = "in hospital since Whitsun"
DEAD = (
    Fact("disqualified", time=datetime.now(UTC) - timedelta(days=9)),
    Fact("disqualified_reason", text=QUOTE),
)
ASKED = Fact("requested", time=datetime.now(UTC) - timedelta(hours=1))


async def check_answer_is_erased(office: Office, call: Callable[[], Awaitable[object]], quoted: str) -> None:
    """The same request has the same answer with its quote until the record that it is of is erased."""
    first = await call()
    assert QUOTE in repr(first)
    assert await call() == first
    await office.erase(quoted)
    with pytest.raises(StateNotAllowed, match="its answer was erased since") as refused:
        await call()
    assert QUOTE not in str(refused.value)


async def test_why_a_lead_died_goes_with_the_lead(office: Office) -> None:
    """A batch that warned of a dead lead is not answered with its reason once it is erased."""
    await office.put(lead("l1", *DEAD, **person(1)))
    asked = request("Route", "users/omar", request_id="1f0c", digest="d")
    back = entry("shop/9", ASKED, **person(1))
    await check_answer_is_erased(
        office, lambda: office.desk.routing.route(asked, [back], principal("omar")), "l1"
    )


async def test_the_same_holds_of_a_record_that_came_alone(office: Office) -> None:
    """Records that are routed together each keep whom their own answer quotes."""
    await office.put(lead("l1", *DEAD, **person(1)))
    asked = request("Route", "users/omar", request_id="1f0c", digest="d")
    back = entry("shop/9", **person(1))
    await check_answer_is_erased(
        office, lambda: office.desk.gathering.route(asked, back, principal("omar")), "l1"
    )


async def test_the_lists_that_an_account_is_on_go_with_the_account(office: Office) -> None:
    """What made an account known was said of its records."""
    known = account("crm/a1", company_name="Quellbrunn Armaturen GmbH", website="https://quellbrunn.example")
    await office.put(replace(known, facts=(Fact("named_account", text=QUOTE),)))
    asked = request("Route", "users/omar", request_id="1f0c", digest="d")
    employee = entry(
        "shop/9",
        given_name="Mina",
        family_name="Okonkwo",
        email="mina@quellbrunn.example",
        company_name="Quellbrunn Armaturen GmbH",
    )
    await check_answer_is_erased(
        office, lambda: office.desk.routing.route(asked, [employee], principal("omar")), "a1"
    )


async def test_a_conversion_quotes_no_longer_either(office: Office) -> None:
    """Its duplicates are warned of with the same words."""
    await office.put(lead("d1", *DEAD, **GUNDA), lead("l1", ASKED, **GUNDA))
    asked = request("ConvertLead", request_id="1f0c", digest="d")
    importer = principal("services/importer")
    await check_answer_is_erased(
        office,
        lambda: office.desk.converting.convert(asked, ConversionRequest(key("l1")), importer),
        "d1",
    )

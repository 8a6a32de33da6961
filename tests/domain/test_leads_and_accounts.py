"""Lead class and account state, computed with their reasons (domain 2.1, 4.3)."""

from datetime import datetime, timedelta

import pytest

from dedup_service.domain.leads import account_state, golden_lead_class, lead_class, reachable
from dedup_service.domain.records import AccountState, Fact, LeadClass, RecordState
from tests.domain.cases import NOW, golden, stored
from tests.merge_desk import POLICY, account, contact, lead, mastered

DAY = timedelta(days=1)


def requested(when: datetime) -> Fact:
    return Fact("requested", time=when)


def disqualified(when: datetime) -> Fact:
    return Fact("disqualified", time=when)


@pytest.mark.parametrize(
    ("facts", "expected", "why"),
    [
        ((), LeadClass.NAME, "has never asked"),
        ((requested(NOW - DAY),), LeadClass.LIVE, "asked on 2026-05-31"),
        ((requested(NOW - 180 * DAY),), LeadClass.LIVE, "asked on"),
        ((requested(NOW - 181 * DAY),), LeadClass.NAME, "dormant"),
        ((requested(NOW - 300 * DAY), requested(NOW - DAY)), LeadClass.LIVE, "2026-05-31"),
        ((disqualified(NOW - DAY),), LeadClass.DEAD, "no reason given"),
        ((disqualified(NOW - DAY), Fact("disqualified_reason", text="a test")), LeadClass.DEAD, "a test"),
        ((requested(NOW - 2 * DAY), disqualified(NOW - DAY)), LeadClass.DEAD, "disqualified on 2026-05-31"),
        ((requested(NOW - DAY), disqualified(NOW - DAY)), LeadClass.DEAD, "disqualified"),
        ((disqualified(NOW - 2 * DAY), requested(NOW - DAY)), LeadClass.LIVE, "asked on"),
        ((disqualified(NOW - 400 * DAY), requested(NOW - 300 * DAY)), LeadClass.NAME, "dormant"),
    ],
)
def test_the_class_follows_requests_and_disqualifications(
    facts: tuple[Fact, ...], expected: LeadClass, why: str
) -> None:
    """A lead is LIVE, NAME or DEAD by its facts, and the reason says which."""
    found, reason = lead_class(lead("a", *facts), POLICY, NOW)
    assert found is expected
    assert why in reason


@pytest.mark.parametrize(
    ("values", "usable"),
    [
        ({"email": "a@b.example"}, True),
        ({"secondary_email": "a@b.example"}, True),
        ({"email": "no address"}, False),
        ({"phone": "555-0100"}, True),
        ({"mobile_phone": "12345"}, False),
        ({"street": "1 Main St", "city": "Bern"}, True),
        ({"street": "1 Main St", "postal_code": "3000"}, True),
        ({"street": "1 Main St"}, False),
        ({"city": "Bern"}, False),
        ({"given_name": "Ann", "company_name": "Acme"}, False),
    ],
)
def test_a_lead_that_nobody_can_reach_is_dead(values: dict[str, str], usable: bool) -> None:
    """Without e-mail, phone or postal address a lead is DEAD, even when it has asked."""
    draft = lead("a", requested(NOW - DAY), **values)
    assert reachable(draft) is usable
    assert lead_class(draft, POLICY, NOW)[0] is (LeadClass.LIVE if usable else LeadClass.DEAD)


def test_a_golden_record_is_as_warm_as_its_warmest_lead() -> None:
    """The warmest active lead gives the class and is named."""
    members = golden("g", lead("cold", disqualified(NOW)), lead("warm", requested(NOW))).members
    found = golden_lead_class(members, POLICY, NOW)
    assert found is not None
    assert found[0] is LeadClass.LIVE
    assert "sources/crm/records/warm" in found[1]


def test_only_golden_records_of_leads_have_a_class() -> None:
    """A lead that is a contact's history gives the contact no lead class; deleted records give none."""
    assert golden_lead_class(golden("g", contact("c"), lead("l")).members, POLICY, NOW) is None
    assert golden_lead_class([stored(lead("l"), state=RecordState.DELETED)], POLICY, NOW) is None


def test_a_customer_number_counts_only_from_the_customer_master() -> None:
    """The same number is worth nothing from the CRM, and everything from the books (C-2)."""
    typed_in = account("crm/1", company_name="Acme", customer_number="C-1")
    assert account_state(golden("g", typed_in).members, POLICY) is AccountState.PROVISIONAL
    assert account_state(golden("g", mastered("1")).members, POLICY) is AccountState.MASTERED
    assert account_state(golden("g", typed_in, mastered("1")).members, POLICY) is AccountState.MASTERED


def test_a_master_record_without_a_number_is_provisional() -> None:
    """An empty or blank customer number does not make an account mastered, nor does a deleted record."""
    assert account_state([stored(account("erp/1"))], POLICY) is AccountState.PROVISIONAL
    assert account_state([stored(mastered("1", customer_number=" "))], POLICY) is AccountState.PROVISIONAL
    gone = stored(mastered("1"), state=RecordState.DELETED)
    assert account_state([gone, stored(account("a"))], POLICY) is AccountState.PROVISIONAL


def test_only_accounts_have_an_account_state() -> None:
    """A contact has none, whatever it carries."""
    assert account_state([stored(contact("erp/1", customer_number="C-1"))], POLICY) is None

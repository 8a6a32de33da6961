"""A small company's customers as its systems know them: one customer in four of them, a lead who is a
contact, a household, and a branch that is no duplicate.
"""

from datetime import UTC, datetime, timedelta

from google.type.money_pb2 import Money

from dedup_service.v1.core_pb2 import (
    CHILD_KIND_CASE,
    CHILD_KIND_INVOICE,
    CHILD_KIND_OPPORTUNITY,
    CHILD_KIND_ORDER,
    RECORD_KIND_ACCOUNT,
    RECORD_KIND_CONTACT,
    RECORD_KIND_LEAD,
    Child,
    Fact,
    Owner,
    RecordKind,
)
from dedup_service.v1.record_service_pb2 import Record

ERP = "sources/erp/records/100417"
CRM = "sources/crm/records/A-7731"
SHOP = "sources/shop/records/4512"
DESK = "sources/desk/records/org-88"
CUSTOMER = (CRM, DESK, ERP, SHOP)
BRANCH = "sources/crm/records/A-7732"
CONTACT = "sources/crm/records/C-2201"
LEAD = "sources/marketing/records/L-310"
HUSBAND = "sources/crm/records/C-2300"
WIFE = "sources/crm/records/C-2301"
GUEST = "sources/shop/records/guest-9"

_KIEL = {"city": "Kiel", "postal_code": "24103", "country": "DE"}
_HOME = {
    "street": "Birkenweg 3",
    "city": "Neumünster",
    "postal_code": "24534",
    "country": "DE",
    "phone": "+49 4321 555077",
}
_FIRST_DAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def _record(
    name: str, kind: RecordKind.ValueType, day: int, values: dict[str, str], *more: Fact | Child
) -> Record:
    record = Record(
        name=name,
        kind=kind,
        values=values,
        facts=[each for each in more if isinstance(each, Fact)],
        children=[each for each in more if isinstance(each, Child)],
    )
    record.source_update_time.FromDatetime(_FIRST_DAY + timedelta(days=day))
    return record


def _customer() -> list[Record]:
    crm = _record(
        CRM,
        RECORD_KIND_ACCOUNT,
        3,
        {
            "company_name": "Nordlicht Pumpen",
            "street": "Hafenstr. 12",
            "phone": "0431 5550120",
            "website": "nordlicht-pumpen.de",
            "email": "einkauf@nordlicht-pumpen.de",
            **_KIEL,
        },
        Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=40_000)),
        Child(kind=CHILD_KIND_OPPORTUNITY, child_id="O-1", owner="ann", open=True),
    )
    crm.owner.CopyFrom(Owner(principal="ann", function="sales"))
    erp = _record(
        ERP,
        RECORD_KIND_ACCOUNT,
        1,
        {
            "company_name": "Nordlicht Pumpen GmbH",
            "customer_number": "100417",
            "tax_id": "DE811234567",
            "street": "Hafenstraße 12",
            "phone": "+49 431 5550 120",
            "website": "https://www.nordlicht-pumpen.de",
            **_KIEL,
        },
        Fact(name="yearly_revenue", amount=Money(currency_code="EUR", units=1_400_000)),
        Child(kind=CHILD_KIND_INVOICE, child_id="R-2026-17", open=True),
        Child(kind=CHILD_KIND_INVOICE, child_id="R-2026-18"),
    )
    return [erp, crm]


def _customer_elsewhere() -> list[Record]:
    shop = _record(
        SHOP,
        RECORD_KIND_ACCOUNT,
        4,
        {
            "company_name": "NORDLICHT PUMPEN GMBH",
            "tax_id": "DE811234567",
            "street": "Hafenstrasse 12",
            "email": "einkauf@nordlicht-pumpen.de",
            **_KIEL,
        },
        Child(kind=CHILD_KIND_ORDER, child_id="W-881", open=True),
    )
    desk = _record(
        DESK,
        RECORD_KIND_ACCOUNT,
        2,
        {
            "company_name": "Nordlicht Pumpen GmbH",
            "phone": "+49 431 5550120",
            "website": "www.nordlicht-pumpen.de",
            "custom.tier": "gold",
            **_KIEL,
        },
        Child(kind=CHILD_KIND_CASE, child_id="T-5"),
    )
    return [shop, desk]


def _branch() -> Record:
    branch = _record(
        BRANCH,
        RECORD_KIND_ACCOUNT,
        3,
        {
            "company_name": "Nordlicht Pumpen GmbH Niederlassung Hamburg",
            "street": "Am Sandtorkai 40",
            "city": "Hamburg",
            "postal_code": "20457",
            "country": "DE",
            "phone": "+49 40 5550 990",
            "website": "https://www.nordlicht-pumpen.de",
        },
    )
    branch.parent = CRM
    return branch


def _people() -> list[Record]:
    person = {"given_name": "Hanna", "email": "h.lindqvist@nordlicht-pumpen.de", **_KIEL}
    contact = _record(
        CONTACT,
        RECORD_KIND_CONTACT,
        5,
        {**person, "family_name": "Lindqvist", "phone": "+49 431 5550 121", "job_title": "Einkaufsleiterin"},
    )
    contact.account = CRM
    lead = _record(
        LEAD,
        RECORD_KIND_LEAD,
        6,
        {
            **person,
            "family_name": "Lindquist",
            "mobile_phone": "+49 431 5550 121",
            "lead_source": "trade fair",
        },
    )
    family = {"family_name": "Albers", **_HOME}
    husband = {**family, "given_name": "Jonas", "email": "jonas@albers.example", "birth_date": "1979-04-02"}
    wife = {**family, "given_name": "Miriam", "email": "miriam@albers.example", "birth_date": "1981-11-19"}
    return [
        contact,
        lead,
        _record(HUSBAND, RECORD_KIND_CONTACT, 7, husband),
        _record(WIFE, RECORD_KIND_CONTACT, 7, wife),
        _record(GUEST, RECORD_KIND_CONTACT, 8, {"full_name": "Kim Tran", "email": "kim.tran@mail.example"}),
    ]


def books_and_crm() -> list[Record]:
    """What finance and sales know: the customer twice, its branch, and a record that no rule lets in."""
    nameless = _record("sources/crm/records/bad", RECORD_KIND_CONTACT, 1, {"shoe_size": "43"})
    return [*_customer(), _branch(), nameless]


def shop_desk_and_people() -> list[Record]:
    """What the web shop and the support desk know of the customer, and all the people."""
    return [*_customer_elsewhere(), *_people()]

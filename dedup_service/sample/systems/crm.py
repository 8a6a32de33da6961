"""The sales CRM: leads of every class, contacts with their account, accounts, and person accounts."""

import zlib
from datetime import datetime
from decimal import Decimal

from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    RecordKey,
    RecordKind,
)
from dedup_service.sample.builder import (
    MARKETING,
    PARTNERS,
    SALES,
    Extras,
    SampleBuilder,
    amount,
    count,
)
from dedup_service.sample.companies import Company
from dedup_service.sample.people import Person
from dedup_service.sample.profile import Values

DEAD_REASONS = (
    "no budget",
    "competitor",
    "left the company",
    "wrong number",
    "student project",
    "mail bounced",
)
LEAD_SOURCES = (
    "Web form",
    "Trade fair",
    "Referral",
    "Cold call",
    "Webinar",
    "Newsletter",
)
DEAD_STEPS = ("first call", "qualification", "offer")
TARGET_LISTS = ("Enterprise 100", "Logistics")
RESELLERS = ("Polar Channel Partners", "Meridian Resale", "Delta Integrators")
_CONTACT_FIELDS = ("email", "phone", "mobile_phone", "street", "postal_code")
_QUEUE = Owner(function="sales", queue="inside-sales")


def add_account(builder: SampleBuilder, company: Company) -> None:
    """A company's account, with its opportunities; some carry the customer number copied from finance."""
    dice, typist = builder.dice, builder.typists["crm"]
    script = typist.script(company.country)
    values = typist.address(company.address, script)
    values["company_name"] = typist.company_name(company, script)
    values["phone"] = typist.phone(company.switchboard)
    if dice.chance(0.7):
        values["website"] = company.website
    if dice.chance(0.4):
        values["industry"] = company.industry
    if dice.chance(0.2):
        values["tax_id"] = company.tax_id
    if builder.accounts_of("erp", company.entity) and dice.chance(0.4):
        values["customer_number"] = company.customer_number
    owner, facts = dice.pick(SALES), list[Fact]()
    if dice.chance(0.06):
        owner = PARTNERS
        facts.append(Fact("partner_of_record", text=dice.pick(RESELLERS)))
    if dice.chance(0.01):
        facts.append(Fact("legal_hold", flag=True))
    opportunities, pipeline = _opportunities(builder, company.country.currency, owner, 0.45)
    contracts = dice.between(1, 3) if dice.chance(0.15) else 0
    parents = builder.accounts_of("crm", company.parent.entity) if company.parent else []
    extras = Extras(
        owner=owner,
        facts=(*facts, *pipeline, *count("contracts", contracts), *_standing(company)),
        children=opportunities + builder.children(ChildKind.CONTRACT, contracts, owner),
        parent=parents[0] if parents else None,
    )
    key = builder.key("crm", "A-")
    builder.add(
        key,
        RecordKind.ACCOUNT,
        company.entity,
        typist.finish(values),
        builder.ago(1, 900),
        extras,
    )
    builder.remember_account("crm", company.entity, key)


def _standing(company: Company) -> list[Fact]:
    """What sales knows of a company that intake asks for: its size, a target list, whether it is government.

    Taken from the company's name, not from the dice, so that nothing else of the sample depends on it.
    """
    number = zlib.crc32(company.entity.encode())
    facts = [Fact("employees", count=number % 2000 + 1)]
    if number % 17 == 0:
        facts.append(Fact("named_account", text=TARGET_LISTS[number % len(TARGET_LISTS)]))
    if number % 11 == 0:
        facts.append(Fact("current_account", flag=True))
    if number % 29 == 0:
        facts.append(Fact("government", flag=True))
    return facts


def add_contact(builder: SampleBuilder, person: Person, company: Company, account: RecordKey) -> None:
    """A qualified person at an account, with the switchboard's number or a mobile one."""
    dice, typist = builder.dice, builder.typists["crm"]
    time, script = builder.ago(1, 900), typist.script(person.country)
    values = typist.name(person, script, time)
    values["job_title"] = person.job_title
    values["email"] = typist.email(person.work_email)
    if dice.chance(0.6):
        values["phone"] = typist.phone(company.switchboard)
    if dice.chance(0.4):
        values["mobile_phone"] = typist.phone(person.mobile)
    if dice.chance(0.3):
        values["company_name"] = typist.company_name(company, script)
    if dice.chance(0.5):
        values.update(typist.address(company.address, script))
    owner = dice.pick(SALES)
    opportunities, pipeline = _opportunities(builder, person.country.currency, owner, 0.12)
    extras = Extras(owner=owner, facts=pipeline, children=opportunities, account=account)
    key = builder.key("crm", "C-")
    builder.add(key, RecordKind.CONTACT, person.entity, typist.finish(values), time, extras)


def add_person_account(builder: SampleBuilder, person: Person) -> None:
    """A consumer who buys as an individual."""
    dice, typist = builder.dice, builder.typists["crm"]
    time, script = builder.ago(1, 900), typist.script(person.country)
    values = typist.name(person, script, time)
    values.update(typist.home(person, script, time))
    values["email"] = typist.email(person.email)
    values["birth_date"] = typist.birth_date(person.birth_date)
    if dice.chance(0.6):
        values["mobile_phone"] = typist.phone(person.mobile)
    if dice.chance(0.4):
        values["phone"] = typist.phone(person.home_phone)
    owner = dice.pick(SALES)
    opportunities, pipeline = _opportunities(builder, person.country.currency, owner, 0.5)
    extras = Extras(person_account=True, owner=owner, facts=pipeline, children=opportunities)
    key = builder.key("crm", "P-")
    builder.add(key, RecordKind.ACCOUNT, person.entity, typist.finish(values), time, extras)


def add_lead(builder: SampleBuilder, person: Person) -> None:
    """Somebody who asked, never asked, or was given up."""
    dice, typist = builder.dice, builder.typists["crm"]
    time, script = builder.ago(1, 900), typist.script(person.country)
    values = typist.name(person, script, time)
    company = person.employer
    if company is not None:
        values["company_name"] = typist.company_name(company, script)
        values["job_title"] = person.job_title
        values["email"] = typist.email(person.work_email if dice.chance(0.85) else company.mailbox)
        values["phone"] = typist.phone(company.switchboard)
        values["city"] = company.address.city.name.text(script)
    else:
        values.update(typist.home(person, script, time))
        values["email"] = typist.email(person.email)
        values["mobile_phone"] = typist.phone(person.mobile)
    values["country"] = person.country.code
    values["lead_source"] = dice.pick(LEAD_SOURCES)
    _add_lead(builder, person.entity, values, time)


def add_company_lead(builder: SampleBuilder, company: Company) -> None:
    """A company that wrote from its shared mailbox and named nobody."""
    dice, typist = builder.dice, builder.typists["crm"]
    script = typist.script(company.country)
    values = typist.address(company.address, script)
    values["company_name"] = typist.company_name(company, script)
    values["email"] = company.mailbox
    values["phone"] = typist.phone(company.switchboard)
    values["lead_source"] = dice.pick(LEAD_SOURCES)
    _add_lead(builder, company.entity, values, builder.ago(1, 700))


def _add_lead(builder: SampleBuilder, entity: str, values: Values, time: datetime) -> None:
    facts, owner, reachable = _lead_history(builder)
    if not reachable:
        for name in _CONTACT_FIELDS:
            values.pop(name, None)
    values = builder.typists["crm"].finish(values)
    builder.add(
        builder.key("crm", "L-"),
        RecordKind.LEAD,
        entity,
        values,
        time,
        Extras(owner=owner, facts=facts),
    )


def _lead_history(builder: SampleBuilder) -> tuple[tuple[Fact, ...], Owner, bool]:
    """What happened to a lead, who has it, and whether anybody can be reached."""
    dice = builder.dice
    fate = dice.span(0, 1)
    if fate < 0.28:
        asked = Fact("requested", time=builder.ago(0.2, 150))
        facts = [asked] if dice.chance(0.3) else [asked, Fact("last_touched", time=builder.ago(0.01, 6))]
        if dice.chance(0.12):  # given up once, and asked again since
            facts.insert(0, Fact("disqualified", time=builder.ago(300, 500)))
            facts.insert(1, Fact("disqualified_reason", text=dice.pick(DEAD_REASONS)))
        return tuple(facts), dice.pick((*SALES, _QUEUE)), True
    if fate < 0.70:
        dormant = (Fact("requested", time=builder.ago(200, 900)),) if dice.chance(0.4) else ()
        return dormant, MARKETING, True
    if fate < 0.90:
        requested, given_up = builder.ago(120, 700), builder.ago(5, 110)
        reason = dice.pick(DEAD_REASONS)
        gone = (
            Fact("requested", time=requested),
            Fact("disqualified", time=given_up),
            Fact("disqualified_reason", text=reason),
            Fact("disqualified_step", text=DEAD_STEPS[len(reason) % len(DEAD_STEPS)]),
        )
        return gone, dice.pick(SALES), True
    return (), dice.pick(SALES), False


def _opportunities(
    builder: SampleBuilder, currency: str, owner: Owner, probability: float
) -> tuple[tuple[Child, ...], tuple[Fact, ...]]:
    """Open opportunities, and the two facts that sum them up."""
    dice = builder.dice
    if not dice.chance(probability):
        return (), ()
    children, total = [], 0
    for _ in range(dice.between(1, 3)):
        units = dice.between(5, 900) * 100
        total += units
        number = builder.number("opportunity")
        worth = Amount(currency, Decimal(units))
        children.append(
            Child(
                ChildKind.OPPORTUNITY,
                f"opportunity-{number}",
                owner.principal,
                True,
                worth,
            )
        )
    facts = count("open_opportunities", len(children)) + amount("open_pipeline", currency, total)
    return tuple(children), facts

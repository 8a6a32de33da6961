"""The support desk: contacts and accounts with open cases, taken down on the telephone."""

from dedup_service.domain.records import ChildKind, RecordKind
from dedup_service.sample.builder import SUPPORT, Extras, SampleBuilder, count
from dedup_service.sample.companies import Company
from dedup_service.sample.people import Person


def add_account(builder: SampleBuilder, company: Company) -> None:
    """A company that has called: little more than a name, a number and a mailbox."""
    dice, typist = builder.dice, builder.typists["desk"]
    script = typist.script(company.country)
    values = {
        "company_name": typist.company_name(company, script),
        "phone": typist.phone(company.switchboard),
        "country": company.country.code,
    }
    if dice.chance(0.6):
        values["email"] = company.mailbox
    if dice.chance(0.6):
        values.update(typist.address(company.address, script))
    if dice.chance(0.25):
        values["customer_number"] = company.customer_number
    owner = dice.pick(SUPPORT)
    cases = dice.between(1, 4) if dice.chance(0.4) else 0
    parents = builder.accounts_of("desk", company.parent.entity) if company.parent else []
    extras = Extras(
        owner=owner,
        facts=count("open_cases", cases),
        children=builder.children(ChildKind.CASE, cases, owner),
        parent=parents[0] if parents else None,
    )
    key = builder.key("desk", "org-")
    values = typist.finish(values)
    builder.add(key, RecordKind.ACCOUNT, company.entity, values, builder.ago(1, 700), extras)
    builder.remember_account("desk", company.entity, key)


def add_contact(builder: SampleBuilder, person: Person) -> None:
    """Somebody who called or wrote, perhaps from the mailbox that the whole company shares."""
    dice, typist = builder.dice, builder.typists["desk"]
    time, script = builder.ago(1, 700), typist.script(person.country)
    values = typist.name(person, script, time, full=dice.chance(0.3))
    company = person.employer
    accounts = builder.accounts_of("desk", company.entity) if company else []
    if company is not None:
        values["email"] = company.mailbox if dice.chance(0.15) else typist.email(person.work_email)
        values["phone"] = typist.phone(company.switchboard if dice.chance(0.6) else person.mobile)
    else:
        values["email"] = typist.email(person.email)
        values["phone"] = typist.phone(person.mobile if dice.chance(0.6) else person.home_phone)
        if dice.chance(0.3):
            values.update(typist.home(person, script, time))
    values["country"] = person.country.code
    owner = dice.pick(SUPPORT)
    cases = dice.between(1, 3) if dice.chance(0.35) else 0
    extras = Extras(
        owner=owner,
        facts=count("open_cases", cases),
        children=builder.children(ChildKind.CASE, cases, owner),
        account=dice.pick(accounts) if accounts else None,
    )
    values = typist.finish(values, keep=("phone",))
    builder.add(
        builder.key("desk", "req-"),
        RecordKind.CONTACT,
        person.entity,
        values,
        time,
        extras,
    )

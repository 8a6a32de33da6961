"""Marketing automation: bought lists of names that nobody has talked to, and the campaigns they are in."""

from datetime import datetime

from dedup_service.domain.records import Child, ChildKind, Fact, RecordKind
from dedup_service.sample.builder import MARKETING, Extras, SampleBuilder, count
from dedup_service.sample.companies import Company
from dedup_service.sample.people import Person
from dedup_service.sample.profile import Values

LISTS = (
    "Bought list: decision makers",
    "Bought list: households",
    "Bought list: trade directory",
)
CAMPAIGNS = (
    "campaign-spring",
    "campaign-newsletter",
    "campaign-fair",
    "campaign-winback",
)
PLACEHOLDER_TITLES = ("n/a", "asdf", "-", "unknown")
PLACEHOLDER_PHONE = "555-0100"


def add_lead(builder: SampleBuilder, person: Person) -> None:
    """One line of a bought list about a person."""
    dice, typist = builder.dice, builder.typists["marketing"]
    time, script = builder.ago(20, 900), typist.script(person.country)
    values = typist.name(person, script, time, full=dice.chance(0.12))
    company = person.employer
    if company is not None:
        values["company_name"] = typist.company_name(company, script)
        values["job_title"] = dice.pick(PLACEHOLDER_TITLES) if dice.chance(0.03) else person.job_title
        values["email"] = typist.email(person.work_email if dice.chance(0.9) else person.email)
        if dice.chance(0.4):
            values["phone"] = typist.phone(company.switchboard)
        if dice.chance(0.6):
            values.update(typist.address(company.address, script))
    else:
        values["email"] = typist.email(person.email)
        values.update(typist.home(person, script, time))
        if dice.chance(0.4):
            values["mobile_phone"] = typist.phone(person.mobile)
        if dice.chance(0.30):
            values["birth_date"] = typist.birth_date(person.birth_date)
    if dice.chance(0.01):
        values["phone"] = PLACEHOLDER_PHONE
    _add(builder, person.entity, values, time)


def add_company_lead(builder: SampleBuilder, company: Company) -> None:
    """One line of a trade directory about a company."""
    typist = builder.typists["marketing"]
    script = typist.script(company.country)
    values = typist.address(company.address, script)
    values["company_name"] = typist.company_name(company, script)
    values["email"] = company.mailbox
    values["phone"] = typist.phone(company.switchboard)
    _add(builder, company.entity, values, builder.ago(20, 900))


def _add(builder: SampleBuilder, entity: str, values: Values, time: datetime) -> None:
    dice, typist = builder.dice, builder.typists["marketing"]
    values["lead_source"] = dice.pick(LISTS)
    names = CAMPAIGNS[: dice.between(1, 3)] if dice.chance(0.4) else ()
    facts = count("active_campaigns", len(names))
    if dice.chance(0.5):
        facts += (Fact("marketing_consent", flag=dice.chance(0.8)),)
    children = tuple(Child(ChildKind.CAMPAIGN, name, "users/mia", True) for name in names)
    extras = Extras(owner=MARKETING, facts=facts, children=children)
    builder.add(
        builder.key("marketing", "m-"),
        RecordKind.LEAD,
        entity,
        typist.finish(values),
        time,
        extras,
    )

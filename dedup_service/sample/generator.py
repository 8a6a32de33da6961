"""Who is in which system: draws the companies and people and enters them everywhere they left a trace.

Companies come first, each into all systems, so that every `account` and `parent` refers to an earlier record.
"""

from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.records import RecordDraft, RecordKey
from dedup_service.sample.builder import SampleBuilder
from dedup_service.sample.companies import Company, CompanyRegister
from dedup_service.sample.dice import Dice
from dedup_service.sample.people import Person, Population
from dedup_service.sample.systems import crm, desk, erp, marketing, shop
from dedup_service.sample.words import countries

DEFAULT_PEOPLE = 2900
DEFAULT_COMPANIES = 600


@dataclass(frozen=True, slots=True)
class Sample:
    """Records as five systems hold them, and beside them the entity that each stands for.

    An entity is a person or a company; a person and the company that employs them are two.
    """

    records: list[RecordDraft]
    truth: dict[RecordKey, str]


def generate(
    seed: int = 7,
    people: int = DEFAULT_PEOPLE,
    companies: int = DEFAULT_COMPANIES,
    *,
    now: datetime,
) -> Sample:
    """The sample of this seed: the same for the same arguments, on every machine and hash seed.

    People and companies count entities; a record is made about 1.7 times for each of them.
    All times are relative to `now`, which must be aware.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    dice = Dice(seed)
    builder = SampleBuilder(dice, now)
    employers = _add_companies(builder, companies)
    population = Population(dice, countries(), now)
    added = 0
    while added < people:
        if employers and dice.chance(0.7):
            group = [population.draw_employee(dice.skewed(employers))]
        else:
            group = population.draw_household()
        for person in group[: people - added]:
            _add_person(builder, person)
            added += 1
    return Sample(builder.records, builder.truth)


def _add_companies(builder: SampleBuilder, companies: int) -> list[Company]:
    register = CompanyRegister(builder.dice, countries())
    employers: list[Company] = []
    while len(employers) < companies:
        for company in register.draw_group()[: companies - len(employers)]:
            _add_company(builder, company)
            employers.append(company)
    return employers


def _add_company(builder: SampleBuilder, company: Company) -> None:
    dice = builder.dice
    before = len(builder.records)
    if dice.chance(0.55):
        erp.add_account(builder, company, company.customer_number)
        if dice.chance(0.05):  # entered twice: the two mastered accounts that only finance may join
            erp.add_account(builder, company, erp.second_number(company))
    if dice.chance(0.75):
        crm.add_account(builder, company)
        if dice.chance(0.08):
            crm.add_account(builder, company)
    if dice.chance(0.35):
        desk.add_account(builder, company)
    if dice.chance(0.15):
        shop.add_account(builder, company)
    if dice.chance(0.06):
        crm.add_company_lead(builder, company)
    if len(builder.records) == before or dice.chance(0.08):
        marketing.add_company_lead(builder, company)


def _add_person(builder: SampleBuilder, person: Person) -> None:
    before = len(builder.records)
    if person.employer is not None:
        _add_employee(builder, person, person.employer)
    else:
        _add_consumer(builder, person)
    if len(builder.records) == before:
        marketing.add_lead(builder, person)


def _add_employee(builder: SampleBuilder, person: Person, company: Company) -> None:
    dice = builder.dice
    accounts = builder.accounts_of("crm", company.entity)
    if accounts and dice.chance(0.40):
        crm.add_contact(builder, person, company, dice.pick(accounts))
        if dice.chance(0.06):
            crm.add_contact(builder, person, company, dice.pick(accounts))
    if builder.accounts_of("desk", company.entity) and dice.chance(0.5):
        desk.add_contact(builder, person)
    if dice.chance(0.25):
        crm.add_lead(builder, person)
    if dice.chance(0.60):
        marketing.add_lead(builder, person)
        if dice.chance(0.10):  # on two lists
            marketing.add_lead(builder, person)
    if dice.chance(0.03):
        shop.add_person_account(builder, person)


def _add_consumer(builder: SampleBuilder, person: Person) -> None:
    dice = builder.dice
    if dice.chance(0.30):
        crm.add_person_account(builder, person)
        if dice.chance(0.04):
            crm.add_person_account(builder, person)
    if dice.chance(0.22):
        crm.add_lead(builder, person)
    if dice.chance(0.45):
        shop.add_person_account(builder, person)
        if dice.chance(0.12):  # ordered again as a guest
            shop.add_person_account(builder, person)
    if dice.chance(0.12):
        desk.add_contact(builder, person)
    if dice.chance(0.45):
        marketing.add_lead(builder, person)
        if dice.chance(0.06):
            marketing.add_lead(builder, person)

"""The web shop: accounts that an order made by itself at three in the morning, before finance knew them."""

from datetime import datetime

from dedup_service.domain.records import ChildKind, RecordKind
from dedup_service.sample.builder import OPERATIONS, Extras, SampleBuilder, count
from dedup_service.sample.companies import Company
from dedup_service.sample.people import Person
from dedup_service.sample.profile import Values


def add_account(builder: SampleBuilder, company: Company) -> None:
    """A provisional account of a company: it never carries a customer number."""
    typist = builder.typists["shop"]
    script = typist.script(company.country)
    values = typist.address(company.address, script)
    values["company_name"] = typist.company_name(company, script)
    values["email"] = company.mailbox
    values["phone"] = typist.phone(company.switchboard)
    if builder.dice.chance(0.3):
        values["tax_id"] = company.tax_id
    _add(
        builder,
        "b2b-",
        company.entity,
        values,
        builder.at_night(1, 700),
        person_account=False,
    )


def add_person_account(builder: SampleBuilder, person: Person) -> None:
    """A consumer's account, made at the checkout from one name field."""
    dice, typist = builder.dice, builder.typists["shop"]
    time, script = builder.at_night(1, 700), typist.script(person.country)
    values = typist.name(person, script, time, full=dice.chance(0.6))
    values.update(typist.home(person, script, time))
    values["email"] = typist.email(person.email)
    if dice.chance(0.7):
        values["mobile_phone"] = typist.phone(person.mobile)
    if dice.chance(0.75):
        values["birth_date"] = typist.birth_date(person.birth_date)
    _add(builder, "cust-", person.entity, values, time, person_account=True)


def _add(
    builder: SampleBuilder,
    prefix: str,
    entity: str,
    values: Values,
    time: datetime,
    person_account: bool,
) -> None:
    dice = builder.dice
    orders = dice.between(1, 3) if dice.chance(0.4) else 0
    extras = Extras(
        person_account=person_account,
        owner=OPERATIONS,
        facts=count("orders_in_fulfilment", orders),
        children=builder.children(ChildKind.ORDER, orders, OPERATIONS),
    )
    values = builder.typists["shop"].finish(values, keep=("email",))
    builder.add(builder.key("shop", prefix), RecordKind.ACCOUNT, entity, values, time, extras)

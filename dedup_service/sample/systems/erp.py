"""The customer master of finance: the accounts that have a customer number and get invoices."""

from dedup_service.domain.records import ChildKind, Fact, RecordKey, RecordKind
from dedup_service.sample.builder import FINANCE, Extras, SampleBuilder, amount, count
from dedup_service.sample.companies import Company


def add_account(builder: SampleBuilder, company: Company, customer_number: str) -> None:
    """A mastered account, written in the registered form of the name and often in capitals."""
    dice, typist = builder.dice, builder.typists["erp"]
    script = typist.script(company.country)
    values = typist.address(company.address, script)
    values["company_name"] = company.title(script, 0 if dice.chance(0.8) else dice.between(1, 2))
    values["customer_number"] = customer_number
    values["tax_id"] = company.tax_id
    if dice.chance(0.5):
        values["registration_number"] = company.registration
    if dice.chance(0.4):
        values["phone"] = typist.phone(company.switchboard)
    owner = dice.pick(FINANCE)
    currency = company.country.currency
    invoices = dice.between(1, 6) if dice.chance(0.35) else 0
    parents = builder.accounts_of("erp", company.parent.entity) if company.parent else []
    extras = Extras(
        owner=owner,
        facts=(
            *amount("yearly_revenue", currency, company.yearly_revenue),
            *count("open_invoices", invoices),
            Fact("legal_entity", text=f"{company.country.code}01"),
        ),
        children=builder.children(ChildKind.INVOICE, invoices, owner),
        parent=parents[0] if parents else None,
    )
    key = RecordKey("erp", customer_number)
    values = typist.finish(values, keep=("street", "postal_code"))
    builder.add(key, RecordKind.ACCOUNT, company.entity, values, builder.ago(1, 1200), extras)
    builder.remember_account("erp", company.entity, key)


def second_number(company: Company) -> str:
    """The customer number of a company that was entered twice."""
    return f"9{company.customer_number}"

"""From the values of a record to a comparable."""

from collections.abc import Mapping

from scoring.attributes.company_parts import CompanyName, other_company_names, parse_company_name
from scoring.attributes.date import normalise_date
from scoring.attributes.description import normalise_birth_place, normalise_industry, normalise_job_title
from scoring.attributes.email import is_shared_mailbox, normalise_email, own_domain, split_emails
from scoring.attributes.identifier import normalise_identifier
from scoring.attributes.person_name import PersonName, normalise_gender, parse_person_name
from scoring.attributes.phone import is_shared_line, normalise_phone, split_phones
from scoring.attributes.street import whole_address
from scoring.attributes.website import normalise_domain
from scoring.comparables import Comparable, Entity
from scoring.text import normalise

_MAX_OTHER_NAMES = 5
_MAX_IDENTIFIERS = 5


def prepare(values: Mapping[str, str], entity: Entity) -> Comparable:
    """The comparable of a record; fields that scoring does not know are ignored, values that say nothing
    dropped.
    """
    get = values.get
    address = whole_address(
        get("street", ""), get("city", ""), get("region", ""), get("postal_code", ""), get("country", "")
    )
    country = address.country
    own, shared = _emails(get("email", ""), get("secondary_email", ""))
    mobile = get("mobile_phone", "")
    phones, shared_phones = _phones(get("phone", ""), mobile, country)
    person = _person(values) if entity is Entity.PERSON else PersonName("", "", "", "", "")
    company = _company(values, entity)
    return Comparable(
        entity=entity,
        given=person.given,
        middle=person.middle,
        family=person.family,
        suffix=person.suffix,
        gender=person.gender or normalise_gender(get("gender", "")),
        birth_date=normalise_date(text, country) if (text := get("birth_date", "")) else "",
        emails=own,
        shared_emails=shared,
        phones=phones,
        shared_phones=shared_phones,
        house_number=address.house_number,
        street=address.street,
        unit=address.unit,
        postal_code=address.postal_code,
        city=address.city,
        country=country,
        company=company.core,
        company_marks=company.marks,
        legal_form=company.legal_form,
        domains=_domains(get("website", ""), own + shared) if entity is Entity.COMPANY else (),
        tax_id=normalise_identifier(get("tax_id", "")),
        registration_number=normalise_identifier(get("registration_number", "")),
        customer_number=normalise_identifier(get("customer_number", "")),
        mobiles=_mobiles(mobile, phones, country) if mobile and entity is Entity.PERSON else (),
        other_names=_other_names(get("other_name", ""), entity, get("company_name", "")),
        other_families=_other_names(get("maiden_name", ""), entity),
        birth_place=normalise_birth_place(text) if (text := get("birth_place", "")) else "",
        national_ids=_identifiers(get("national_id", "")),
        region=address.region,
        job_title=normalise_job_title(text) if (text := get("job_title", "")) else "",
        industry=normalise_industry(text) if (text := get("industry", "")) else "",
    )


def _person(values: Mapping[str, str]) -> PersonName:
    get = values.get
    return parse_person_name(
        get("given_name", ""),
        get("middle_name", ""),
        get("family_name", ""),
        get("full_name", "") or get("other_name", "").partition(";")[0],
        get("suffix", ""),
        get("title", ""),
    )


def _other_names(text: str, entity: Entity, company_name: str = "") -> tuple[str, ...]:
    """Names that a record gives beside its own, separated by semicolons: maiden, native, brand or former; of
    a company also those within its name ("trading as").
    """
    within = other_company_names(company_name) if entity is Entity.COMPANY and company_name else ()
    if not text:
        return tuple(sorted(within))
    names = text[:2048].split(";")[:_MAX_OTHER_NAMES]
    if entity is Entity.COMPANY:
        found = {*within, *(parse_company_name(name).core for name in names)}
    else:
        found = {normalise(name) for name in names}
    return tuple(sorted(found - {""}))


def _identifiers(text: str) -> tuple[str, ...]:
    """Several in one cell, such as passport and identity card, are separated by semicolons."""
    if not text:
        return ()
    found = {normalise_identifier(one) for one in text[:1024].split(";")[:_MAX_IDENTIFIERS]}
    return tuple(sorted(found - {""}))


def _company(values: Mapping[str, str], entity: Entity) -> CompanyName:
    name = values.get("company_name", "")
    if not name and entity is Entity.COMPANY:
        name = values.get("full_name", "")
    return parse_company_name(name)


def _emails(*texts: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own: set[str] = set()
    shared: set[str] = set()
    for text in (one for cell in texts if cell for one in split_emails(cell)):
        if email := normalise_email(text):
            (shared if is_shared_mailbox(email) else own).add(email)
    return tuple(sorted(own)), tuple(sorted(shared))


def _phones(phone: str, mobile: str, country: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    own: set[str] = set()
    shared: set[str] = set()
    for text in (one for cell in (phone, mobile) if cell for one in split_phones(cell)):
        if number := normalise_phone(text, country):
            (shared if is_shared_line(text, number) else own).add(number)
    return tuple(sorted(own)), tuple(sorted(shared))


def _mobiles(mobile: str, phones: tuple[str, ...], country: str) -> tuple[str, ...]:
    """The numbers that the record itself calls mobile, where they are no shared lines."""
    numbers = {normalise_phone(text, country) for text in split_phones(mobile)}
    return tuple(sorted(numbers.intersection(phones)))


def _domains(website: str, emails: tuple[str, ...]) -> tuple[str, ...]:
    found = {normalise_domain(website)} if website else set()
    found.update(normalise_domain(own_domain(email)) for email in emails)
    found.discard("")
    return tuple(sorted(found))

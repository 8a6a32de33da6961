"""From the values of a record to a comparable.

Fields that are read together make one part each, so that a record and a column of records are read alike.
"""

from collections.abc import Mapping

from scoring.attributes.company_parts import CompanyName, other_company_names, parse_company_name
from scoring.attributes.date import normalise_date
from scoring.attributes.description import normalise_birth_place, normalise_industry, normalise_job_title
from scoring.attributes.email import own_domain, read_addresses
from scoring.attributes.identifier import normalise_identifier
from scoring.attributes.person_name import PersonName, normalise_gender, parse_person_name
from scoring.attributes.phone import read_phones
from scoring.attributes.street import whole_address
from scoring.attributes.website import normalise_domain
from scoring.comparables import Comparable, Entity
from scoring.text import FEW_REMEMBERED, Remembered, normalise

Several = tuple[str, ...]

_MAX_OTHER_NAMES = 5
_MAX_IDENTIFIERS = 5
NOBODY = PersonName("", "", "", "", "")
NO_COMPANY = CompanyName("", (), "")
NOTHING: Several = ()
NO_EMAILS: tuple[Several, Several] = ((), ())
NO_NUMBERS: tuple[Several, Several, Several] = ((), (), ())

company_names = Remembered(parse_company_name)
birth_places = Remembered(normalise_birth_place, FEW_REMEMBERED)
job_titles = Remembered(normalise_job_title, FEW_REMEMBERED)
industries = Remembered(normalise_industry, FEW_REMEMBERED)


def prepare(values: Mapping[str, str], entity: Entity) -> Comparable:
    """The comparable of a record; fields that scoring does not know are ignored, values that say nothing
    dropped.
    """
    get = values.get
    is_person = entity is Entity.PERSON
    house_number, street, unit, postal_code, city, region, country = whole_address(
        get("street", ""), get("city", ""), get("region", ""), get("postal_code", ""), get("country", "")
    )
    own, shared = read_emails(get("email", ""), get("secondary_email", ""))
    phones, shared_phones, mobiles = read_numbers(get("phone", ""), get("mobile_phone", ""), country)
    other_name = get("other_name", "")
    person = NOBODY
    if is_person:
        full_name = read_full_name(get("full_name", ""), other_name)
        person = parse_person_name(
            get("given_name", ""),
            get("middle_name", ""),
            get("family_name", ""),
            full_name,
            get("suffix", ""),
            get("title", ""),
        )
    company_name = get("company_name", "")
    name = company_name if company_name or is_person else get("full_name", "")
    company = company_names[name] if name else NO_COMPANY
    return Comparable(
        entity=entity,
        given=person.given,
        middle=person.middle,
        family=person.family,
        suffix=person.suffix,
        gender=person.gender or normalise_gender(get("gender", "")),
        birth_date=read_birth_date(get("birth_date", ""), country),
        emails=own,
        shared_emails=shared,
        phones=phones,
        shared_phones=shared_phones,
        house_number=house_number,
        street=street,
        unit=unit,
        postal_code=postal_code,
        city=city,
        country=country,
        company=company.core,
        company_marks=company.marks,
        legal_form=company.legal_form,
        domains=() if is_person else read_domains(get("website", ""), (own, shared)),
        tax_id=normalise_identifier(get("tax_id", "")),
        registration_number=normalise_identifier(get("registration_number", "")),
        customer_number=normalise_identifier(get("customer_number", "")),
        mobiles=mobiles if is_person else (),
        other_names=read_other_names(other_name, entity, company_name),
        other_families=read_other_names(get("maiden_name", ""), entity),
        birth_place=birth_places[text] if (text := get("birth_place", "")) else "",
        national_ids=read_identifiers(get("national_id", "")),
        region=region,
        job_title=job_titles[text] if (text := get("job_title", "")) else "",
        industry=industries[text] if (text := get("industry", "")) else "",
    )


def read_full_name(full_name: str, other_name: str) -> str:
    """The whole name to take apart: where none is given, the first of the other names."""
    return full_name or other_name.partition(";")[0]


def read_birth_date(text: str, country: str) -> str:
    return _birth_dates[text, country] if text else ""


def read_emails(email: str, secondary_email: str) -> tuple[Several, Several]:
    """The addresses of one person, and those of mailboxes that several people share."""
    if email and secondary_email:
        found = read_addresses(email) + read_addresses(secondary_email)
    elif cell := email or secondary_email:
        found = read_addresses(cell)
    else:
        return NO_EMAILS
    return _by_owner(found)


def read_numbers(phone: str, mobile_phone: str, country: str) -> tuple[Several, Several, Several]:
    """The telephone numbers of one person, those that several people share, and of the former those that the
    record itself calls mobile.
    """
    if not mobile_phone:
        if not phone:
            return NO_NUMBERS
        own, shared = _by_owner(read_phones(phone, country))
        return own, shared, ()
    mobiles = read_phones(mobile_phone, country)
    own, shared = _by_owner(read_phones(phone, country) + mobiles if phone else mobiles)
    return own, shared, _several([number for number, _ in mobiles if number in own])


def _by_owner(found: list[tuple[str, bool]]) -> tuple[Several, Several]:
    """Values of one person alone, and those that are shared."""
    if len(found) == 1:
        value, is_shared = found[0]
        return ((), (value,)) if is_shared else ((value,), ())
    own = [value for value, is_shared in found if not is_shared]
    return _several(own), _several([value for value, is_shared in found if is_shared])


def read_domains(website: str, emails: tuple[Several, Several]) -> Several:
    """The domains of a website and of a company's own mail."""
    found = [_mail_domains[email.rpartition("@")[2]] for email in emails[0] + emails[1]]
    if website:
        found.append(_websites[website])
    return _several([domain for domain in found if domain])


def read_other_names(text: str, entity: Entity, company_name: str = "") -> Several:
    """Names that a record gives beside its own, separated by semicolons: maiden, native, brand or former; of
    a company also those within its name ("trading as").
    """
    within = other_company_names(company_name) if company_name and entity is Entity.COMPANY else ()
    if not text:
        return tuple(sorted(within))
    names = text[:2048].split(";")[:_MAX_OTHER_NAMES]
    if entity is Entity.COMPANY:
        found = {*within, *(parse_company_name(name).core for name in names)}
    else:
        found = {normalise(name) for name in names}
    return tuple(sorted(found - {""}))


def read_identifiers(text: str) -> Several:
    """Several in one cell, such as passport and identity card, are separated by semicolons."""
    if not text:
        return ()
    found = {normalise_identifier(one) for one in text[:1024].split(";")[:_MAX_IDENTIFIERS]}
    return tuple(sorted(found - {""}))


def _several(found: list[str]) -> Several:
    return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)


def _read_date(given: tuple[str, str]) -> str:
    return normalise_date(*given)


_websites = Remembered(normalise_domain, FEW_REMEMBERED)
_mail_domains: Remembered[str, str] = Remembered(lambda domain: normalise_domain(own_domain(domain)))
_birth_dates = Remembered(_read_date)

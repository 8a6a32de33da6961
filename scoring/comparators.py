"""Which comparisons there are for people and companies, in the order in which they are made and explained."""

from collections.abc import Callable
from typing import NamedTuple

from scoring.attributes.address import compare_place, compare_street
from scoring.attributes.company_name import (
    compare_company_name,
    compare_employer,
    compare_legal_form,
    compare_marks,
)
from scoring.attributes.date import compare_birth_date
from scoring.attributes.description import compare_birth_place, compare_industry, compare_job_title
from scoring.attributes.email import compare_email
from scoring.attributes.identifier import (
    compare_customer_number,
    compare_national_id,
    compare_registration_number,
    compare_tax_id,
)
from scoring.attributes.person_name import (
    compare_family,
    compare_gender,
    compare_given,
    compare_middle,
    compare_suffix,
)
from scoring.attributes.phone import compare_phone
from scoring.attributes.website import compare_domains
from scoring.comparables import Comparable, Entity
from scoring.findings import Finding

Compare = Callable[[Comparable, Comparable], Finding | None]


class Comparator(NamedTuple):
    """One comparison: its function, its levels from most to least agreement, and what it looks at.

    `reads` names the fields of a comparable that the function may read; two records with the same values in
    them compare alike with any third, which batch work relies on. At the first `common_levels` levels two
    records share a value that goes by people or country, as names and places do.
    """

    name: str
    compare: Compare
    levels: tuple[str, ...]
    reads: tuple[str, ...]
    common_levels: int = 0


_STREET = ("exact", "close", "other_unit", "other_number", "different")
_PLACE = ("postal_code", "close_code", "city", "city_other_code", "different")
_EMAIL = ("exact", "close", "same_local", "shared_mailbox", "same_domain", "different", "numbered")
_PHONE = ("exact", "national", "close", "switchboard", "different")
_IDENTIFIER = ("same", "close", "different")
_SAME_OR_DIFFERENT = ("same", "different")
_WHOLE_NAME = ("given", "middle", "family", "other_names")
_LINE = ("house_number", "street", "unit")
_AREA = ("postal_code", "city", "country")
_MAIL = ("emails", "shared_emails")
_COMPANY = ("company", "company_marks")
_IDENTIFIERS = (
    Comparator("tax_id", compare_tax_id, _IDENTIFIER, ("tax_id",)),
    Comparator("registration_number", compare_registration_number, _IDENTIFIER, ("registration_number",)),
    Comparator("customer_number", compare_customer_number, _IDENTIFIER, ("customer_number",)),
)

PERSON_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "given_name",
        compare_given,
        ("exact", "swapped", "nickname", "close", "initial", "similar", "different"),
        _WHOLE_NAME,
        common_levels=4,
    ),
    Comparator("middle_name", compare_middle, ("exact", "close", "different"), ("middle",)),
    Comparator("suffix", compare_suffix, ("same", "one_sided", "different"), ("suffix", "given")),
    Comparator("gender", compare_gender, _SAME_OR_DIFFERENT, ("gender",)),
    Comparator(
        "birth_date",
        compare_birth_date,
        ("exact", "swapped", "close", "weak", "near", "year", "same_year", "other", "different"),
        ("birth_date",),
    ),
    Comparator(
        "family_name",
        compare_family,
        ("exact", "swapped", "part", "close", "similar", "different"),
        (*_WHOLE_NAME, "other_families"),
        common_levels=4,
    ),
    Comparator("birth_place", compare_birth_place, ("exact", "close", "different"), ("birth_place",)),
    Comparator("email", compare_email, _EMAIL, _MAIL),
    Comparator("phone", compare_phone, ("mobile", *_PHONE), ("phones", "shared_phones", "mobiles")),
    Comparator("street", compare_street, _STREET, _LINE),
    Comparator("place", compare_place, _PLACE, _AREA, common_levels=4),
    Comparator("employer", compare_employer, ("same", "alike", "different"), _COMPANY),
    Comparator("job_title", compare_job_title, ("exact", "close", "different"), ("job_title",)),
    Comparator("national_id", compare_national_id, _IDENTIFIER, ("national_ids",)),
    *_IDENTIFIERS,
)

COMPANY_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "company_name",
        compare_company_name,
        ("exact", "same_words", "close", "subset", "acronym", "partial", "different"),
        (*_COMPANY, "other_names"),
    ),
    Comparator("branch", compare_marks, ("same", "place", "one_sided", "different"), (*_COMPANY, "city")),
    Comparator("legal_form", compare_legal_form, _SAME_OR_DIFFERENT, ("legal_form",)),
    Comparator("website", compare_domains, ("exact", "same_name", "different"), ("domains",)),
    Comparator("email", compare_email, _EMAIL, _MAIL),
    Comparator("phone", compare_phone, _PHONE, ("phones", "shared_phones", "mobiles")),
    Comparator("street", compare_street, _STREET, _LINE),
    Comparator("place", compare_place, _PLACE, _AREA),
    Comparator("industry", compare_industry, ("exact", "different"), ("industry",)),
    *_IDENTIFIERS,
)


def comparators(entity: Entity) -> tuple[Comparator, ...]:
    """The comparisons made between two records of an entity."""
    return PERSON_COMPARATORS if entity is Entity.PERSON else COMPANY_COMPARATORS

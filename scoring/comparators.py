"""Which comparisons there are for people and companies, in the order in which they are made and explained."""

from collections.abc import Callable
from typing import NamedTuple

from scoring.attributes.address import compare_address
from scoring.attributes.company_name import (
    compare_company_name,
    compare_employer,
    compare_legal_form,
    compare_marks,
)
from scoring.attributes.date import compare_birth_date
from scoring.attributes.email import compare_email
from scoring.attributes.identifier import compare_customer_number, compare_registration_number, compare_tax_id
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
_NONE: frozenset[str] = frozenset()


class Comparator(NamedTuple):
    """One comparison: its function, its levels from most to least agreement, and how it depends on others."""

    name: str
    compare: Compare
    levels: tuple[str, ...]
    # Its positive weights count towards the limit of what a name by itself may say.
    is_name: bool = False
    # What the members of one household, or the companies of one group, have in common.
    is_shareable: bool = False
    # A number that an authority or ledger gave, which no limit holds down.
    is_identifier: bool = False
    # Levels that say who, within a household or group, is meant.
    naming: frozenset[str] = _NONE
    # Levels that say it only where the two sides also have a personal identifier in common.
    naming_with_personal: frozenset[str] = _NONE
    # Levels that say: these are two people of one household or employer, or two companies of one group.
    telling_apart: frozenset[str] = _NONE
    # How many personal identifiers in common outweigh that; 0 where none do.
    outweighed_by: int = 0
    # Levels that one person, or one company, has alone.
    personal: frozenset[str] = _NONE
    # Levels that namesakes reach as well, so that they count as names.
    of_namesakes: frozenset[str] = _NONE
    # Levels that colleagues reach because they have one employer.
    of_colleagues: frozenset[str] = _NONE
    # Levels that say, of one given name, that it is borne by two people, unless they have a personal
    # identifier in common: the name by marriage of one person has her birth date or mailbox with it.
    other_bearer: frozenset[str] = _NONE
    # Levels two of which, in different comparisons, say that the two sides are not reached in one place.
    contradicting: frozenset[str] = _NONE
    # Levels that say so alone.
    refuting: frozenset[str] = _NONE


_SAME_OR_DIFFERENT = ("same", "different")
_SAME = frozenset(("same",))
_EXACT = frozenset(("exact",))
_DIFFERENT = frozenset(("different",))
_ELSEWHERE = frozenset(("other_street", "elsewhere", "different"))
_CITY = frozenset(("city", "elsewhere"))
_ADDRESS = (
    "exact",
    "close",
    "street",
    "postal_code",
    "other_unit",
    "other_street",
    "city",
    "elsewhere",
    "different",
)
_EMAIL = ("exact", "close", "same_local", "shared_mailbox", "same_domain", "different", "numbered")
_PHONE = ("exact", "national", "close", "switchboard", "different")
_IDENTIFIERS = (
    Comparator("tax_id", compare_tax_id, _SAME_OR_DIFFERENT, is_identifier=True, personal=_SAME),
    Comparator(
        "registration_number",
        compare_registration_number,
        _SAME_OR_DIFFERENT,
        is_identifier=True,
        personal=_SAME,
    ),
    Comparator("customer_number", compare_customer_number, _SAME_OR_DIFFERENT, is_identifier=True),
)

PERSON_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "given_name",
        compare_given,
        ("exact", "swapped", "nickname", "close", "initial", "similar", "different"),
        is_name=True,
        naming=frozenset(("exact", "swapped", "nickname", "close")),
        naming_with_personal=frozenset(("similar",)),
        telling_apart=_DIFFERENT,
        outweighed_by=2,
    ),
    Comparator("middle_name", compare_middle, ("exact", "close", "different"), is_name=True),
    Comparator(
        "suffix",
        compare_suffix,
        ("same", "one_sided", "different"),
        is_name=True,
        telling_apart=_DIFFERENT,
        refuting=frozenset(("one_sided",)),
    ),
    Comparator("gender", compare_gender, _SAME_OR_DIFFERENT, is_name=True),
    Comparator(
        "birth_date",
        compare_birth_date,
        ("exact", "swapped", "close", "weak", "near", "year", "same_year", "other", "different"),
        telling_apart=_DIFFERENT,
        personal=_EXACT,
    ),
    Comparator(
        "family_name",
        compare_family,
        ("exact", "swapped", "part", "close", "similar", "different"),
        is_name=True,
        is_shareable=True,
        other_bearer=frozenset(("similar", "different")),
    ),
    Comparator(
        "email",
        compare_email,
        _EMAIL,
        is_shareable=True,
        personal=_EXACT,
        of_namesakes=frozenset(("same_local",)),
        contradicting=frozenset(("same_local", "different", "numbered")),
        telling_apart=frozenset(("numbered",)),
        of_colleagues=frozenset(("shared_mailbox", "same_domain")),
    ),
    Comparator(
        "phone",
        compare_phone,
        ("mobile", *_PHONE),
        is_shareable=True,
        personal=frozenset(("mobile",)),
        contradicting=_DIFFERENT,
    ),
    Comparator(
        "address",
        compare_address,
        _ADDRESS,
        is_shareable=True,
        of_namesakes=_CITY,
    ),
    Comparator(
        "employer",
        compare_employer,
        ("same", "alike", "different"),
        is_shareable=True,
        of_colleagues=frozenset(("same", "alike")),
    ),
    *_IDENTIFIERS,
)

COMPANY_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "company_name",
        compare_company_name,
        ("exact", "same_words", "close", "subset", "acronym", "partial", "different"),
        is_name=True,
        naming=frozenset(("exact", "same_words", "close", "subset", "acronym")),
        telling_apart=_DIFFERENT,
    ),
    Comparator(
        "branch",
        compare_marks,
        ("same", "place", "one_sided", "different"),
        is_name=True,
        telling_apart=frozenset(("place", "one_sided", "different")),
        refuting=frozenset(("one_sided", "different")),
    ),
    Comparator("legal_form", compare_legal_form, _SAME_OR_DIFFERENT, is_name=True, telling_apart=_DIFFERENT),
    Comparator(
        "website",
        compare_domains,
        ("exact", "same_name", "different"),
        is_shareable=True,
        telling_apart=_DIFFERENT,
        contradicting=_DIFFERENT,
    ),
    Comparator("email", compare_email, _EMAIL, is_shareable=True),
    Comparator("phone", compare_phone, _PHONE, is_shareable=True, contradicting=_DIFFERENT),
    Comparator(
        "address",
        compare_address,
        _ADDRESS,
        is_shareable=True,
        telling_apart=_ELSEWHERE,
        of_namesakes=_CITY | _ELSEWHERE,
        refuting=_ELSEWHERE,
    ),
    *_IDENTIFIERS,
)


def comparators(entity: Entity) -> tuple[Comparator, ...]:
    """The comparisons made between two records of an entity."""
    return PERSON_COMPARATORS if entity is Entity.PERSON else COMPANY_COMPARATORS

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


class Comparator(NamedTuple):
    """One comparison: its function, and its levels from most to least agreement."""

    name: str
    compare: Compare
    levels: tuple[str, ...]
    # Its positive weights count towards the limit of what a name by itself may say.
    is_name: bool = False
    # Levels that say: these are two people of one household, or two companies of one group.
    telling_apart: frozenset[str] = frozenset()
    # What the members of one household, or the companies of one group, have in common.
    is_shareable: bool = False
    # Levels that say who, within a household or group, is meant; the first comparison alone has them.
    naming: frozenset[str] = frozenset()


_SAME_OR_DIFFERENT = ("same", "different")
_ADDRESS = ("exact", "close", "street", "postal_code", "other_unit", "city", "other_street", "different")
_EMAIL = ("exact", "close", "same_local", "shared_mailbox", "same_domain", "different")
_PHONE = ("exact", "national", "close", "switchboard", "different")
_IDENTIFIERS = (
    Comparator("tax_id", compare_tax_id, _SAME_OR_DIFFERENT),
    Comparator("registration_number", compare_registration_number, _SAME_OR_DIFFERENT),
    Comparator("customer_number", compare_customer_number, _SAME_OR_DIFFERENT),
)

PERSON_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "given_name",
        compare_given,
        ("exact", "swapped", "nickname", "close", "initial", "similar", "different"),
        True,
        frozenset(("different",)),
        naming=frozenset(("exact", "swapped", "nickname", "close")),
    ),
    Comparator("middle_name", compare_middle, ("exact", "close", "different"), True),
    Comparator("suffix", compare_suffix, _SAME_OR_DIFFERENT, True, frozenset(("different",))),
    Comparator("gender", compare_gender, _SAME_OR_DIFFERENT, True),
    Comparator(
        "birth_date",
        compare_birth_date,
        ("exact", "swapped", "close", "weak", "near", "year", "same_year", "other", "different"),
        False,
        frozenset(("different",)),
    ),
    Comparator(
        "family_name",
        compare_family,
        ("exact", "swapped", "part", "close", "similar", "different"),
        True,
        is_shareable=True,
    ),
    Comparator("email", compare_email, _EMAIL, is_shareable=True),
    Comparator("phone", compare_phone, _PHONE, is_shareable=True),
    Comparator("address", compare_address, _ADDRESS, is_shareable=True),
    Comparator("employer", compare_employer, ("same", "alike", "different"), is_shareable=True),
    *_IDENTIFIERS,
)

COMPANY_COMPARATORS: tuple[Comparator, ...] = (
    Comparator(
        "company_name",
        compare_company_name,
        ("exact", "same_words", "close", "subset", "acronym", "partial", "different"),
        True,
        frozenset(("different",)),
        naming=frozenset(("exact", "same_words", "close", "subset", "acronym")),
    ),
    Comparator(
        "branch", compare_marks, ("one_sided", "different"), True, frozenset(("one_sided", "different"))
    ),
    Comparator("legal_form", compare_legal_form, _SAME_OR_DIFFERENT, True, frozenset(("different",))),
    Comparator("website", compare_domains, ("exact", "same_name", "different"), is_shareable=True),
    Comparator("email", compare_email, _EMAIL, is_shareable=True),
    Comparator("phone", compare_phone, _PHONE, is_shareable=True),
    Comparator(
        "address",
        compare_address,
        _ADDRESS,
        telling_apart=frozenset(("other_street", "different")),
        is_shareable=True,
    ),
    *_IDENTIFIERS,
)


def comparators(entity: Entity) -> tuple[Comparator, ...]:
    """The comparisons made between two records of an entity."""
    return PERSON_COMPARATORS if entity is Entity.PERSON else COMPANY_COMPARATORS

"""How fields are put together: in which part of the comparison, and with which others they survive."""

from collections.abc import Iterable

from dedup_service.console.texts.differences import Reading
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.names import FIELDS

_READINGS = {
    "email": Reading.EXACT,
    "secondary_email": Reading.EXACT,
    "website": Reading.EXACT,
    "phone": Reading.PHONE,
    "mobile_phone": Reading.PHONE,
}
# Fields of one group come from one record together; a choice is made for the whole group.
GROUPS = {
    "person_name": ("given_name", "middle_name", "family_name", "full_name", "suffix"),
    "address": ("street", "postal_code", "city", "region", "country"),
}
SECTIONS = (
    (_("Names"), ("title", *GROUPS["person_name"], "maiden_name", "other_name")),
    (_("Company"), ("company_name", "job_title", "industry")),
    (_("Contact"), ("email", "secondary_email", "phone", "mobile_phone", "website")),
    (_("Address"), GROUPS["address"]),
    (_("Identifiers"), ("customer_number", "tax_id", "registration_number", "national_id")),
)
OTHER = _("Other")


def reading_of(field: str) -> Reading:
    """How two values of a field are compared: in most, punctuation and accents are ways to write the same."""
    return _READINGS.get(field, Reading.TEXT)


def unit_of(field: str) -> str:
    """The group with which a field survives, or the field itself: what a choice is made for."""
    return next((group for group, fields in GROUPS.items() if field in fields), field)


def sections_of(fields: Iterable[str]) -> list[tuple[str, list[str]]]:
    """The fields by the parts of the comparison, in their order; what has no part of its own comes last."""
    left = set(fields)
    found: list[tuple[str, list[str]]] = []
    for title, names in SECTIONS:
        present = [name for name in names if name in left]
        left.difference_update(present)
        if present:
            found.append((title, present))
    known = [name for name in FIELDS if name in left]
    other = known + sorted(left.difference(known))
    return [*found, (OTHER, other)] if other else found

"""What numbers alone say of many pairs at once: which values are missing, equal or surely different.

A screen never says anything but what the comparator would; where it cannot tell, the level stays OPEN.
"""

from collections.abc import Mapping

from scoring.comparators import Comparator
from scoring.resolution.company_screens import (
    look_at_branch,
    look_at_company,
    look_at_employer,
    look_at_website,
)
from scoring.resolution.contact_screens import look_at_email, look_at_phone
from scoring.resolution.fields import Fields
from scoring.resolution.looks import Look, Positions, Screen, has_any, known
from scoring.resolution.name_screens import look_at_family, look_at_given, look_at_suffix
from scoring.resolution.place_screens import look_at_place, look_at_street


def look_at(comparator: Comparator, fields: Fields, left: Positions, right: Positions) -> Look | None:
    """What numbers say of the pairs under this comparator; None where it finds nothing in any pair."""
    if not any(map(fields.has, comparator.reads)):
        return None
    screen = _SCREENS.get(comparator.name)
    if screen is not None:
        return screen(fields, left, right, comparator.levels)
    return Look(known(has_any(fields, comparator.reads), left, right))


_SCREENS: Mapping[str, Screen] = {
    "given_name": look_at_given,
    "family_name": look_at_family,
    "suffix": look_at_suffix,
    "email": look_at_email,
    "phone": look_at_phone,
    "street": look_at_street,
    "place": look_at_place,
    "website": look_at_website,
    "company_name": look_at_company,
    "employer": look_at_employer,
    "branch": look_at_branch,
}

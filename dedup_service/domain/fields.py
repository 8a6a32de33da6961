"""The fields a record may carry, and the limits that act before any work (F-2).

One table, so that a field is added in one place: API, import, scoring and survivorship read it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_FIELDS = 200
MAX_NAME_CODE_POINTS = 512
MAX_VALUE_CODE_POINTS = 4096
# Identifiers are looked up through an index, which takes no more than 2,700 bytes.
MAX_IDENTIFIER_CODE_POINTS = 200
CUSTOM_FIELD = re.compile(r"custom\.[a-z][a-z0-9_]{0,62}")


class FieldType(StrEnum):
    """What a field holds; it decides the limit and how scoring normalises it."""

    NAME = "NAME"
    TEXT = "TEXT"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    DATE = "DATE"
    COUNTRY = "COUNTRY"
    URL = "URL"
    IDENTIFIER = "IDENTIFIER"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: its type and, where fields only make sense together, its group (domain 8.1)."""

    name: str
    type: FieldType
    group: str = ""


_SPECS = (
    FieldSpec("title", FieldType.TEXT),
    FieldSpec("given_name", FieldType.NAME, "person_name"),
    FieldSpec("middle_name", FieldType.NAME, "person_name"),
    FieldSpec("family_name", FieldType.NAME, "person_name"),
    FieldSpec("full_name", FieldType.NAME, "person_name"),
    FieldSpec("suffix", FieldType.TEXT, "person_name"),
    FieldSpec("maiden_name", FieldType.NAME),
    FieldSpec("other_name", FieldType.NAME),
    FieldSpec("gender", FieldType.TEXT),
    FieldSpec("birth_date", FieldType.DATE),
    FieldSpec("birth_place", FieldType.TEXT),
    FieldSpec("job_title", FieldType.TEXT),
    FieldSpec("company_name", FieldType.NAME),
    FieldSpec("email", FieldType.EMAIL),
    FieldSpec("secondary_email", FieldType.EMAIL),
    FieldSpec("phone", FieldType.PHONE),
    FieldSpec("mobile_phone", FieldType.PHONE),
    FieldSpec("website", FieldType.URL),
    FieldSpec("street", FieldType.TEXT, "address"),
    FieldSpec("city", FieldType.TEXT, "address"),
    FieldSpec("region", FieldType.TEXT, "address"),
    FieldSpec("postal_code", FieldType.TEXT, "address"),
    FieldSpec("country", FieldType.COUNTRY, "address"),
    FieldSpec("national_id", FieldType.IDENTIFIER),
    FieldSpec("tax_id", FieldType.IDENTIFIER),
    FieldSpec("registration_number", FieldType.IDENTIFIER),
    FieldSpec("customer_number", FieldType.IDENTIFIER),
    FieldSpec("industry", FieldType.TEXT),
    FieldSpec("lead_source", FieldType.TEXT),
)

FIELDS: dict[str, FieldSpec] = {spec.name: spec for spec in _SPECS}


def is_known_field(name: str) -> bool:
    """Whether a record may carry a field of this name."""
    return name in FIELDS or CUSTOM_FIELD.fullmatch(name) is not None


def max_code_points(name: str) -> int:
    """The longest value that the field takes, in Unicode code points."""
    spec = FIELDS.get(name)
    if spec is not None and spec.type is FieldType.NAME:
        return MAX_NAME_CODE_POINTS
    if spec is not None and spec.type is FieldType.IDENTIFIER:
        return MAX_IDENTIFIER_CODE_POINTS
    return MAX_VALUE_CODE_POINTS


def group_of(name: str) -> str:
    """The group whose fields survive together, or the field's own name."""
    spec = FIELDS.get(name)
    return (spec.group if spec else "") or name

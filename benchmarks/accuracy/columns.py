"""Which column of each set becomes which of our fields, and how its dates are written.

A column that is not listed is not read: truth and strata (`cluster_id`, `hardness`, `case_group`,
`quality`), the name of the source, and what a CRM has no field for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from scoring.comparables import Entity

# Two digits for a year of birth: nobody in these sets was born after this one.
LATEST_BIRTH_YEAR = 26


@dataclass(frozen=True, slots=True)
class Columns:
    """How the rows of one set are read.

    `fields` gives a column the field it becomes; columns of one field are joined by `joint` in the order
    given. `companies` does the same for rows of companies where they have other columns. `entity_column`
    says per row what it describes, `person` being the value for a person.
    """

    entity: Entity
    fields: Mapping[str, str]
    companies: Mapping[str, str] | None = None
    entity_column: str = ""
    person: str = ""
    joints: Mapping[str, str] | None = None

    def entity_of(self, row: Mapping[str, str]) -> Entity:
        if not self.entity_column:
            return self.entity
        return Entity.PERSON if row[self.entity_column] == self.person else Entity.COMPANY

    def values_of(self, row: Mapping[str, str], entity: Entity) -> dict[str, str]:
        """The fields of a row, without the empty ones."""
        fields = self.companies if self.companies is not None and entity is Entity.COMPANY else self.fields
        found: dict[str, list[str]] = {}
        for column, name in fields.items():
            if value := row[column].strip():
                found.setdefault(name, []).append(iso_date(value) if name == "birth_date" else value)
        joints = self.joints or {}
        return {name: joints.get(name, " ").join(values) for name, values in found.items()}


_SENZING_PLACE = {
    "addr_full": "street",
    "addr_line1": "street",
    "addr_city": "city",
    "addr_state": "region",
    "addr_postal_code": "postal_code",
    "addr_country": "country",
    "phone_number": "phone",
    "email_address": "email",
}

SETS: Mapping[str, Columns] = {
    "senzing_truthset": Columns(
        Entity.PERSON,
        {
            "primary_name_full": "full_name",
            "primary_name_first": "given_name",
            "primary_name_middle": "middle_name",
            "primary_name_last": "family_name",
            "native_name_full": "other_name",
            "gender": "gender",
            "date_of_birth": "birth_date",
            "passport_number": "national_id",
            "drivers_license_number": "national_id",
            "national_id_number": "national_id",
            "ssn_number": "tax_id",
            "employer": "company_name",
            **_SENZING_PLACE,
        },
        companies={
            "primary_name_org": "company_name",
            "secondary_name_org": "other_name",
            "native_name_full": "other_name",
            "national_id_number": "registration_number",
            "lei_number": "registration_number",
            "tax_id_number": "tax_id",
            **_SENZING_PLACE,
        },
        entity_column="record_type",
        person="PERSON",
        joints={"national_id": ";", "other_name": ";", "registration_number": ";"},
    ),
    "splink_fake_1000": Columns(
        Entity.PERSON,
        {
            "first_name": "given_name",
            "surname": "family_name",
            "dob": "birth_date",
            "city": "city",
            "email": "email",
        },
    ),
    "splink_historical_50k": Columns(
        Entity.PERSON,
        {
            "full_name": "full_name",
            "first_name": "given_name",
            "surname": "family_name",
            "dob": "birth_date",
            "birth_place": "birth_place",
            "postcode_fake": "postal_code",
            "gender": "gender",
            "occupation": "job_title",
        },
    ),
    "uganda_client_registry": Columns(
        Entity.PERSON,
        {
            "given_name": "given_name",
            "surname": "family_name",
            "date_of_birth": "birth_date",
            "sex": "gender",
            "phone_number": "phone",
        },
    ),
    "cdc_recordlinker_cases": Columns(
        Entity.PERSON,
        {
            "first": "given_name",
            "last": "family_name",
            "suffix": "suffix",
            "maiden": "maiden_name",
            "birthdate": "birth_date",
            "gender": "gender",
            "address": "street",
            "city": "city",
            "state": "region",
            "zip": "postal_code",
            "ssn": "tax_id",
        },
    ),
    # The later columns of this file are shifted upstream (an e-mail column that holds dates), so that only
    # those stand here that hold what they say: the four that its own example compares, and no others.
    "chicago_early_childhood": Columns(
        Entity.COMPANY,
        {"site_name": "company_name", "address": "street", "zip": "postal_code", "phone": "phone"},
    ),
    "goldenmatch_orgs_hard": Columns(
        Entity.COMPANY,
        {
            "org_name": "company_name",
            "street": "street",
            "city": "city",
            "postcode": "postal_code",
            "website": "website",
            "phone": "phone",
            "industry": "industry",
        },
    ),
    "wikidata_companies": Columns(Entity.COMPANY, {"name": "company_name"}),
    # A vessel or an organisation has a name of the kind that companies have.
    "nomenklatura_name_bench": Columns(
        Entity.PERSON,
        {"name": "full_name"},
        companies={"name": "company_name"},
        entity_column="schema",
        person="Person",
    ),
}

FEBRL = Columns(
    Entity.PERSON,
    {
        "given_name": "given_name",
        "surname": "family_name",
        "street_number": "street",
        "address_1": "street",
        "address_2": "street",
        "suburb": "city",
        "postcode": "postal_code",
        "state": "region",
        "date_of_birth": "birth_date",
    },
)

_FORMATS = ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y", "%d-%b-%y", "%d-%b-%Y", "%b %d %Y", "%Y%m%d")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def iso_date(text: str) -> str:
    """The date as YYYY-MM-DD where it is one, month first where both are possible; else as it stands.

    Every contestant reads the same dates: none of them is measured on guessing a format.
    """
    if _ISO.fullmatch(text):
        return text
    for form in _FORMATS:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        return _of_this_century_or_last(found, form).isoformat()
    return text


def _of_this_century_or_last(found: date, form: str) -> date:
    if "%y" not in form:
        return found
    century = 2000 if found.year % 100 <= LATEST_BIRTH_YEAR else 1900
    return found.replace(year=century + found.year % 100)

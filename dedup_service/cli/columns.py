"""Which column of a CSV file is which part of a record.

A column is known by the name of a field, by the names that `python -m dedup_service.sample --csv` writes,
or by what common CRMs call it; case, spaces and punctuation do not matter there.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS, is_known_field

ID = "source_record_id"
LINKS = ("owner", "owner_function", "queue", "account", "parent", "person_account", "source_update_time")

_ALIASES = {
    ID: "id recordid externalid sourcerecordid",
    "given_name": "firstname givenname forename",
    "middle_name": "middlename",
    "family_name": "lastname familyname surname",
    "full_name": "fullname contactname displayname",
    "title": "salutation",
    "suffix": "suffix",
    "birth_date": "birthdate birthday dateofbirth dob",
    "job_title": "title jobtitle position",
    "company_name": "accountname company companyname organization organisation organizationname",
    "email": "email emailaddress primaryemail workemail",
    "secondary_email": "secondaryemail otheremail email2 emailaddress2",
    "phone": "phone phonenumber telephone businessphone workphone phone1",
    "mobile_phone": "mobilephone mobile mobilenumber cellphone cell",
    "website": "website websiteurl url web homepage domain",
    "street": "billingstreet mailingstreet street streetaddress address address1 addressline1 addressstreet",
    "city": "billingcity mailingcity city town addresscity",
    "region": "billingstate mailingstate billingstateprovince region state stateprovince province county",
    "postal_code": "postalcode billingpostalcode mailingpostalcode zip zipcode postcode billingzip",
    "country": "country countrycode billingcountry mailingcountry billingcountrycode mailingcountrycode",
    "tax_id": "taxid taxnumber vat vatid vatnumber ein",
    "registration_number": "registrationnumber companynumber companyregistrationnumber",
    "customer_number": "customernumber customerid accountnumber debtornumber",
    "industry": "industry sector",
    "lead_source": "leadsource originalsource",
    "owner": "ownerid owner",
    "parent": "parentid parentaccountid parentaccount",
    "source_update_time": "lastmodifieddate systemmodstamp updatedat modifiedon lastmodified",
    "person_account": "ispersonaccount personaccount",
}
_BY_ALIAS = {alias: target for target, names in _ALIASES.items() for alias in names.split()}


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Which column (by place) gives which part of a record, and the columns that give nothing."""

    targets: dict[str, int]
    left_out: tuple[str, ...]
    width: int


def plan_columns(header: Sequence[str], kind: str, mapping: Iterable[str]) -> ColumnPlan:
    """Decide what each column is; `mapping` are words COLUMN=FIELD that come before everything else.

    Raises:
        typer.BadParameter: a mapping that names no column or no field, or no column with the ids.
    """
    chosen = _chosen(header, mapping)
    targets = {target: place for place, target in chosen.items() if target}
    left_out = []
    for place, column in enumerate(header):
        if place in chosen:
            continue
        target = _target_of(column, kind)
        if target and target not in targets:
            targets[target] = place
        else:
            left_out.append(column)
    if ID not in targets:
        raise typer.BadParameter(
            f"no column holds the ids of the records; name it with --map COLUMN={ID}. "
            f"The columns are {', '.join(header)}",
            param_hint="FILE.csv",
        )
    return ColumnPlan(targets, tuple(left_out), len(header))


def _chosen(header: Sequence[str], mapping: Iterable[str]) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for text in mapping:
        column, equals, target = text.partition("=")
        if not equals or column not in header:
            raise typer.BadParameter(
                f"{text}: write COLUMN=FIELD; the columns are {', '.join(header)}", param_hint="--map"
            )
        if target and not _is_target(target):
            known = ", ".join((ID, *FIELDS, *LINKS, "fact.NAME", "custom.NAME"))
            raise typer.BadParameter(f"{target} is no field; take one of {known}", param_hint="--map")
        if target and target in chosen.values():
            raise typer.BadParameter(f"{target} is mapped twice", param_hint="--map")
        chosen[header.index(column)] = target
    return chosen


def _is_target(name: str) -> bool:
    fact = name.removeprefix("fact.")
    return name == ID or name in LINKS or is_known_field(name) or (fact != name and fact in FACTS)


def _target_of(column: str, kind: str) -> str:
    if _is_target(column):
        return column
    plain = re.sub(r"[^a-z0-9]", "", column.lower())
    if plain == f"{kind.lower()}id":
        return ID
    if plain == "accountid" and kind == "CONTACT":
        return "account"
    if plain == "name":
        return "company_name" if kind == "ACCOUNT" else "full_name"
    return _BY_ALIAS.get(plain, "")

"""Many records prepared at once, column by column, with what `prepare` makes of each.

A field that no record has costs nothing, and neither the records nor their values are looked at one by one
where a column is read in one go.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from typing import TypeVar

from scoring.attributes.company_parts import CompanyName
from scoring.attributes.identifier import normalise_identifier
from scoring.attributes.person_parts import PersonName, normalise_gender, parse_person_name
from scoring.attributes.street import NOWHERE, Parts, whole_address
from scoring.comparables import Comparable, Entity
from scoring.preparation import (
    NO_COMPANY,
    NO_EMAILS,
    NO_NUMBERS,
    NOBODY,
    NOTHING,
    Several,
    birth_places,
    company_names,
    industries,
    job_titles,
    read_birth_date,
    read_domains,
    read_emails,
    read_full_name,
    read_identifiers,
    read_numbers,
    read_other_names,
)

_Value = TypeVar("_Value")
_Column = Sequence[str]
_NOWHERE: Parts = NOWHERE
# What a record says, in the order in which `_comparables` takes it apart.
_Said = tuple[
    PersonName, str, str, tuple[Several, Several], tuple[Several, Several, Several], Parts, CompanyName,
    Several, str, str, str, Several, Several, str, Several, str, str,
]  # fmt: skip


def prepare_many(columns: Mapping[str, _Column], entities: Entity | Sequence[Entity]) -> list[Comparable]:
    """The comparables of records given as columns of values by field, all of one length; "" is missing.

    `entities` is what all records describe, or what each of them does. Equal, record by record, to what
    `prepare` makes of them one by one; raises ValueError where lengths differ.
    """
    sizes = {len(column) for column in columns.values()}
    kinds = {entities} if isinstance(entities, Entity) else set(entities)
    if not isinstance(entities, Entity):
        sizes.add(len(entities))
    if len(sizes) > 1:
        raise ValueError("columns of different lengths")
    size = max(sizes, default=0)
    if isinstance(entities, Entity) or len(kinds) <= 1:
        return [one for kind in kinds for one in _prepare(columns, kind, size)]
    prepared = {}
    for kind in kinds:
        places = [at for at, entity in enumerate(entities) if entity is kind]
        own = {field: [column[at] for at in places] for field, column in columns.items()}
        prepared[kind] = iter(_prepare(own, kind, len(places)))
    return [next(prepared[entity]) for entity in entities]


class _Columns:
    """The columns of records of one kind, of which a field that no record has is left out."""

    def __init__(self, columns: Mapping[str, _Column], size: int) -> None:
        self._columns = {field: column for field, column in columns.items() if any(column)}
        self.size = size

    def __contains__(self, field: str) -> bool:
        return field in self._columns

    def of(self, field: str) -> Iterable[str]:
        return self._columns.get(field) or repeat("", self.size)

    def read(
        self, read: Callable[..., _Value], nothing: _Value, *fields: str | Iterable[object]
    ) -> Iterable[_Value]:
        """What `read` makes of the values of some fields, and of what was read before; `nothing` where no
        record has any of the fields.
        """
        if not any(isinstance(field, str) and field in self._columns for field in fields):
            return repeat(nothing, self.size)
        return map(read, *(self.of(field) if isinstance(field, str) else field for field in fields))


def _prepare(columns: Mapping[str, _Column], entity: Entity, size: int) -> list[Comparable]:
    with _uncollected():
        return _comparables(_said(columns, entity, size), entity)


def _said(columns: Mapping[str, _Column], entity: Entity, size: int) -> Iterable[_Said]:
    given = _Columns(columns, size)
    read = given.read
    is_person = entity is Entity.PERSON
    addresses = list(read(whole_address, _NOWHERE, "street", "city", "region", "postal_code", "country"))
    countries = [address[-1] for address in addresses]
    kinds = repeat(entity)
    emails = list(read(read_emails, NO_EMAILS, "email", "secondary_email"))
    return zip(
        _people(given) if is_person else repeat(NOBODY, size),
        read(normalise_gender, "", "gender"),
        read(read_birth_date, "", "birth_date", countries),
        emails,
        read(read_numbers, NO_NUMBERS, "phone", "mobile_phone", countries),
        addresses,
        _companies(given, entity),
        repeat(NOTHING, size) if is_person else map(read_domains, given.of("website"), emails),
        read(normalise_identifier, "", "tax_id"),
        read(normalise_identifier, "", "registration_number"),
        read(normalise_identifier, "", "customer_number"),
        read(read_other_names, NOTHING, "other_name", kinds, *(() if is_person else ("company_name",))),
        read(read_other_names, NOTHING, "maiden_name", kinds),
        read(birth_places.__getitem__, "", "birth_place"),
        read(read_identifiers, NOTHING, "national_id"),
        read(job_titles.__getitem__, "", "job_title"),
        read(industries.__getitem__, "", "industry"),
        strict=True,
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that is made here refers to itself, and looking for such garbage costs a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _people(given: _Columns) -> Iterable[PersonName]:
    fulls = given.of("full_name")
    if "other_name" in given:
        fulls = given.read(read_full_name, "", "full_name", "other_name")
    given_names, middles, families = map(given.of, ("given_name", "middle_name", "family_name"))
    return map(
        parse_person_name, given_names, middles, families, fulls, given.of("suffix"), given.of("title")
    )


def _companies(given: _Columns, entity: Entity) -> Iterable[CompanyName]:
    if entity is Entity.COMPANY and "full_name" in given:
        names = zip(given.of("company_name"), given.of("full_name"), strict=True)
        return [company_names[own or full] for own, full in names]
    return given.read(company_names.__getitem__, NO_COMPANY, "company_name")


def _comparables(said: Iterable[_Said], entity: Entity) -> list[Comparable]:
    is_person = entity is Entity.PERSON
    return [
        Comparable(
            entity, given, middle, family, suffix, gender or own_gender, birth_date, emails, shared_emails,
            phones, shared_phones, house_number, street, unit, postal_code, city, country, core, marks,
            legal_form, domains, tax_id, registration_number, customer_number, mobiles if is_person else (),
            other_names, other_families, birth_place, national_ids, region, job_title, industry,
        )
        for (
            (given, middle, family, suffix, gender), own_gender, birth_date, (emails, shared_emails),
            (phones, shared_phones, mobiles),
            (house_number, street, unit, postal_code, city, region, country),
            (core, marks, legal_form), domains, tax_id, registration_number, customer_number, other_names,
            other_families, birth_place, national_ids, job_title, industry,
        ) in said
    ]  # fmt: skip

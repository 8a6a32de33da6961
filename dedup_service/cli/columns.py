"""Which column of a CSV file is which part of a record.

Columns of values are known by the names that `scoring.columns` knows, as for `dedup evaluate`. Columns of
links, facts and custom fields go by the names that `python -m dedup_service.sample --csv` writes, links also
by what common CRMs call them; case, spaces and punctuation do not matter there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import typer

from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS, is_known_field
from scoring import Entity
from scoring.column_fields import FieldColumns
from scoring.columns import ColumnError, Ignored, columns_of, recognise, split_mapping

ID = "source_record_id"
LINKS = ("owner", "owner_function", "queue", "account", "parent", "person_account", "source_update_time")
WHO = (
    *("given_name", "family_name", "full_name", "maiden_name", "other_name", "company_name"),
    *("email", "secondary_email", "phone", "mobile_phone", "website"),
    *("national_id", "tax_id", "registration_number", "customer_number"),
)
"""Fields that say who a record is: one without any of them finds nobody, and is found by nobody."""

_TARGETS = (ID, *FIELDS, *LINKS, "fact.NAME", "custom.NAME")
_LEFT_OUT = "the mapping leaves it out"
_LINK_NAMES = {
    "owner": "ownerid owner",
    "parent": "parentid parentaccountid parentaccount",
    "source_update_time": "lastmodifieddate systemmodstamp updatedat modifiedon lastmodified",
    "person_account": "ispersonaccount personaccount",
}
_LINK_OF = {name: link for link, names in _LINK_NAMES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Which columns give which part of a record: the id and the values, and by one column each the links,
    facts and custom fields; and the columns that give nothing, with why.
    """

    header: tuple[str, ...]
    record_id: str
    values: tuple[FieldColumns, ...]
    others: Mapping[str, str]
    left_out: tuple[Ignored, ...]

    @property
    def taken(self) -> list[tuple[str, str]]:
        """The columns, in words, and what they are."""
        values = [(one.words, one.field) for one in self.values]
        return [(self.record_id, ID), *values, *((column, target) for target, column in self.others.items())]

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        """What a row as long as the header says, by what it is; empty where it says nothing."""
        by_column = dict(zip(self.header, row, strict=True))
        values = {one.field: one.value(by_column) for one in self.values}
        others = {target: by_column[column] for target, column in self.others.items()}
        return {ID: by_column[self.record_id], **values, **others}


def entity_asked(text: str) -> Entity | None:
    """What all records are, as --entity says it; None where it does not.

    Raises:
        typer.BadParameter: it is neither of the two.
    """
    entity = text.upper()
    if entity and entity not in tuple(Entity):
        raise typer.BadParameter(f"{text} is none of person, company", param_hint="--entity")
    return Entity(entity) if entity else None


def plan_columns(header: Sequence[str], kind: str, mapping: Iterable[str]) -> ColumnPlan:
    """Decide what each column is; `mapping` are words COLUMN=FIELD that come before everything else.

    Raises:
        typer.BadParameter: a mapping that names no column or no field, no column with the ids, or none that
            says who a record is.
    """
    names = tuple(column.strip() or f"column {at}" for at, column in enumerate(header, 1))
    try:
        mapped, left_out = _mapped(names, mapping)
        others = _others(names, kind, mapped, left_out)
        rest = [name for name in names if name not in left_out and name not in others.values()]
        entity = Entity.COMPANY if kind == "ACCOUNT" else Entity.PERSON
        found = recognise(rest, entity, _overrides(rest, mapped, others), keep_all=True)
    except ColumnError as error:
        raise typer.BadParameter(str(error), param_hint="--map") from error
    columns = f"the columns are {', '.join(names)}"
    if not found.record_id:
        raise typer.BadParameter(
            f"no column holds the ids of the records; name it with --map COLUMN={ID}; {columns}",
            param_hint="FILE.csv",
        )
    if not any(one.field in WHO for one in found.fields):
        raise typer.BadParameter(
            "no column says who a record is, so that none would ever match: a name, an e-mail address, a "
            f"telephone or an identifier; name one with --map COLUMN=FIELD; {columns}",
            param_hint="FILE.csv",
        )
    ignored = (*found.ignored, *(Ignored(name, _LEFT_OUT) for name in left_out))
    return ColumnPlan(names, found.record_id, found.fields, others, ignored)


def _mapped(names: Sequence[str], mapping: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """The user's mappings by what the columns are to be, and the columns that are to be nothing."""
    mapped: dict[str, str] = {}
    left_out = []
    for text in mapping:
        target, written = split_mapping(text, names, _TARGETS, _is_target_or_nothing, column_first=True)
        if not target:
            left_out.append(written)
            continue
        if target in mapped:
            raise ColumnError(repr(text), f"{target} is mapped twice", "join columns with +: one+other=field")
        if target not in FIELDS and len(columns_of(written, names)) > 1:
            raise ColumnError(repr(text), f"{target} is one column", "name one")
        mapped[target] = written
    return mapped, left_out


def _others(
    names: Sequence[str], kind: str, mapped: Mapping[str, str], left_out: Sequence[str]
) -> dict[str, str]:
    """The column of each link, fact and custom field."""
    others = {target: column for target, column in mapped.items() if column and not _is_value(target)}
    used = {*left_out, *(column for written in mapped.values() for column in columns_of(written, names))}
    for name in names:
        target = name if _is_target(name) and not _is_value(name) else link_of(name, kind)
        if target and name not in used and target not in mapped:
            others.setdefault(target, name)
    return others


def _overrides(rest: Sequence[str], mapped: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    """The mappings of values as `recognise` takes them, with those that a name of our own decides."""
    said = {target: written for target, written in mapped.items() if _is_value(target)}
    own = (ID, "full_name") if "person_account" in others else (ID,)
    said |= {name: name for name in own if name in rest and name not in said}
    return [f"{'record_id' if target == ID else target}={written}" for target, written in said.items()]


def _is_target_or_nothing(name: str) -> bool:
    return not name or _is_target(name)


def _is_target(name: str) -> bool:
    fact = name.removeprefix("fact.")
    return name == ID or name in LINKS or is_known_field(name) or (fact != name and fact in FACTS)


def _is_value(target: str) -> bool:
    """Whether it is the id or a field that scoring knows."""
    return target == ID or target in FIELDS


def link_of(column: str, kind: str = "") -> str:
    """The link that common CRMs call by the name of this column; empty where it is none."""
    plain = re.sub(r"[^a-z0-9]", "", column.lower())
    if plain == "accountid" and kind == "CONTACT":
        return "account"
    return _LINK_OF.get(plain, "")

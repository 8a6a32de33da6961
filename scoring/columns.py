"""Which columns of a user's file are which field of a record.

Columns are known by their names alone, never by their values; what is not known is ignored and said to be,
and what the user says comes before everything else. Several columns of one field are joined ("a+b"), or the
first that holds something is taken ("a|b"); users write mappings in the same way.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scoring.column_fields import FIELDS, PERSON_FIELDS, FieldColumns, gather_fields, settle_names
from scoring.column_names import ColumnName, role_of
from scoring.comparables import Entity
from scoring.errors import ScoringError

ROLES = ("record_id", "record_type")
"""What a column may be beside a field."""

_PEOPLE = frozenset(
    ("person", "individual", "people", "human", "contact", "personaccount", "consumer", "naturalperson")
)
_COMPANIES = frozenset(
    (
        *("company", "organization", "organisation", "business", "account", "firm", "corporation"),
        *("legalentity", "publicbody", "businessaccount", "vendor", "supplier", "org"),
    )
)
_SAYS_PERSON = frozenset(
    (
        *("given_name", "middle_name", "family_name", "full_name", "maiden_name", "name.or_given"),
        *("birth_date", "birth_place", "gender"),
    )
)
_UNKNOWN = "no field goes by this name"
_SAID_TWICE = "another column of the same meaning is read"


class ColumnError(ScoringError):
    """Columns that cannot be read as asked: `where` names the column or mapping, `advice` says what to do."""

    reason = "INVALID_COLUMNS"

    def __init__(self, where: str, problem: str, advice: str) -> None:
        super().__init__(f"{where}: {problem}; {advice}")
        self.where = where
        self.problem = problem
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that is not compared, and why."""

    column: str
    why: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """What each column of a file is: every one is the `record_id`, the `record_type`, one of a field, or
    among the `ignored`. The two ids are empty where no column is one.

    `entity_why` says why records are taken for people or companies; it is empty where that was given.
    """

    entity: Entity
    entity_why: str
    record_id: str
    record_type: str
    fields: tuple[FieldColumns, ...]
    ignored: tuple[Ignored, ...]

    def values(self, row: Mapping[str, str]) -> dict[str, str]:
        """The fields of a row that hold something, for `prepare`."""
        found = ((one.field, one.value(row)) for one in self.fields)
        return {field: text for field, text in found if text}

    def entity_of(self, row: Mapping[str, str]) -> Entity:
        """What a row describes: what its record type says, where that is known, else what all are."""
        if not self.record_type:
            return self.entity
        said = "".join(filter(str.isalnum, (row.get(self.record_type) or "").casefold()))
        if said in _PEOPLE:
            return Entity.PERSON
        return Entity.COMPANY if said in _COMPANIES else self.entity


def recognise(
    header: Sequence[str],
    entity: Entity | None = None,
    overrides: Sequence[str] = (),
    *,
    keep_all: bool = False,
) -> Recognised:
    """What the columns of a file with this header are.

    Args:
        header: The names of the columns, as they stand in the file.
        entity: What all records describe. None: a column such as record_type says it of each row; rows of
            which it does not are people where a column names a person or a birth, else companies.
        overrides: Mappings "field=column", "field=one+other" (joined), "field=one|other" (the first that
            holds something) or "field=" (no column); the field may also be record_id or record_type. The
            column may stand first as well, where only one of the two readings makes sense.
        keep_all: Whether companies keep the fields of people too, which are stored but not compared.

    Raises:
        ColumnError: A column stands twice, a mapping names no field or no column, or no field is found.
    """
    for column in header:
        if header.count(column) > 1:
            raise ColumnError(repr(column), "two columns have this name", "give each a name of its own")
    chosen = _chosen(header, overrides)
    taken = {column for one in chosen.values() for column in one.columns}
    named = {column: name for column in header if column not in taken and (name := role_of(column))}
    roles = {name.role for name in named.values()} | {field for field, one in chosen.items() if one.columns}
    guessed, because = (entity, "") if entity else _guess(header, named, chosen)
    mixed = entity is None and "record_type" in roles
    named = settle_names(header, named, roles, guessed, mixed=mixed)
    ignored = {column: _UNKNOWN for column in header if column not in named and column not in taken}
    people = mixed or guessed is Entity.PERSON
    _set_aside(named, ignored, chosen, people=people, keep_all=keep_all)
    if entity is not None:
        ignored |= dict.fromkeys(_of_role(named, "record_type"), "what all records are was given")
    found, other_addresses = gather_fields(header, {c: n for c, n in named.items() if c not in ignored})
    fields = [one for one in found if one.field not in chosen]
    fields += [one for field, one in chosen.items() if one.columns and field not in ROLES]
    if not fields:
        raise ColumnError(
            "the header",
            "no column is known",
            f"say which is which, such as full_name=COLUMN; the columns are {', '.join(header)}",
        )
    record_id = _one_column("record_id", named, chosen, ignored)
    record_type = _one_column("record_type", named, chosen, ignored)
    read = {record_id, record_type, *(column for one in fields for column in one.columns)}
    reasons = dict.fromkeys(header, _SAID_TWICE) | ignored | other_addresses
    return Recognised(
        guessed,
        because,
        record_id,
        record_type,
        tuple(sorted(fields, key=lambda one: FIELDS.index(one.field))),
        tuple(Ignored(column, reasons[column]) for column in header if column not in read),
    )


def _guess(
    header: Sequence[str], named: Mapping[str, ColumnName], chosen: Mapping[str, FieldColumns]
) -> tuple[Entity, str]:
    for column in header:
        said = {named[column].role.partition(".")[0], named[column].role} if column in named else set()
        said |= {field for field, one in chosen.items() if column in one.columns}
        if said & _SAYS_PERSON:
            return Entity.PERSON, f"of the column {column}"
    return Entity.COMPANY, "no column names a person"


def _set_aside(
    named: Mapping[str, ColumnName],
    ignored: dict[str, str],
    chosen: Mapping[str, FieldColumns],
    *,
    people: bool,
    keep_all: bool,
) -> None:
    """Columns whose name is known, but which are not read; `people` says whether records may be of people."""
    for column, name in named.items():
        field = name.role.partition(".")[0]
        if name.role == "truth":
            ignored[column] = "a label: never compared"
        elif field in chosen and field not in ROLES:
            ignored[column] = f"not in the mapping given for {field}"
        elif field in PERSON_FIELDS and not (people or keep_all):
            ignored[column] = "companies are not compared by it"
        elif name.role == "record_id" and name.kind and people:
            ignored[column] = "an id, but not of the record itself"


def _one_column(
    role: str,
    named: Mapping[str, ColumnName],
    chosen: Mapping[str, FieldColumns],
    ignored: dict[str, str],
) -> str:
    found = sorted(
        (column for column in _of_role(named, role) if column not in ignored),
        key=lambda column: named[column].rank,
    )
    if role in chosen:
        found = [*chosen[role].columns, *found] if chosen[role].columns else ["", *found]
    ignored |= {column: f"{found[0] or 'none'} is the {role.replace('_', ' ')}" for column in found[1:]}
    return found[0] if found else ""


def _of_role(named: Mapping[str, ColumnName], role: str) -> list[str]:
    return [column for column, name in named.items() if name.role == role]


def _chosen(header: Sequence[str], overrides: Sequence[str]) -> dict[str, FieldColumns]:
    """The user's mappings by field; a field without columns is left out of the comparison."""
    chosen: dict[str, FieldColumns] = {}
    for text in overrides:
        field, written = split_mapping(text, header, (*FIELDS, *ROLES))
        if field in chosen:
            raise ColumnError(repr(text), f"{field} is mapped twice", "join columns with +: field=one+other")
        alternatives = tuple(tuple(_split(part, "+", header)) for part in _split(written, "|", header))
        if field in ROLES and (len(alternatives) > 1 or any(len(each) > 1 for each in alternatives)):
            raise ColumnError(repr(text), f"{field} is one column", "name one")
        chosen[field] = FieldColumns(field, alternatives)
    return chosen


def split_mapping(
    text: str,
    header: Sequence[str],
    fields: Sequence[str],
    is_field: Callable[[str], bool] | None = None,
    *,
    column_first: bool = False,
) -> tuple[str, str]:
    """The field and the columns of a mapping, whichever of the two stands first. Where both readings make
    sense, the columns do with `column_first`, else the field does. What is second may be empty.

    Args:
        text: The mapping as written: "field=one+other|third", or the same the other way round.
        header: The columns of the file.
        fields: The names that a field may have, as they are to be told.
        is_field: Whether a name is one of a field, where `fields` has not all; an empty name is one where
            a column may be left out.
        column_first: Whether the documented form is "column=field".

    Raises:
        ColumnError: There is no equals sign, or neither reading makes sense.
    """
    known = is_field or frozenset(fields).__contains__
    left, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not left:
        form = "column=field" if column_first else "field=column, or field=one+other"
        raise ColumnError(repr(text), "is no mapping", f"write {form}")
    readings = ((right, left), (left, right)) if column_first else ((left, right), (right, left))
    for field, written in readings:
        if known(field) and not _missing(written, header):
            return field, written
    # Of a mapping that makes no sense either way round, the half that does says what is wrong with the other.
    columns = [written for field, written in readings if field and known(field)]
    names = [field for field, written in readings if written and not _missing(written, header)]
    if columns or (column_first and not names):
        missing = _missing((columns or [left])[0], header)[0]
        raise ColumnError(repr(text), f"the file has no column {missing!r}", _nearest(missing, header))
    field = names[0] if names else left
    raise ColumnError(repr(text), f"{field!r} is no field", _nearest(field, fields))


def columns_of(written: str, header: Sequence[str]) -> list[str]:
    """The single columns that the column side of a mapping names, whether the file has them or not."""
    return [column for part in _split(written, "|", header) for column in _split(part, "+", header)]


def _missing(written: str, header: Sequence[str]) -> list[str]:
    return [column for column in columns_of(written, header) if column not in header]


def _split(written: str, mark: str, header: Sequence[str]) -> list[str]:
    """The parts between the marks; a column may have the mark in its own name."""
    if not written or written in header:
        return [written] if written else []
    return [part.strip() for part in written.split(mark)]


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    said = f"do you mean {near[0]!r}? " if near else ""
    return f"{said}there are {', '.join(known)}"

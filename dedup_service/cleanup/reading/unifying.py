"""Several files as one table: their columns one below the other where all have the same header, else brought
to the names of fields first, as far as they are known.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from scoring import Entity
from scoring.column_fields import FIELDS, FieldColumns
from scoring.columns import Ignored, Recognised

ToColumns = Callable[[pa.RecordBatch], list[pa.Array]]
_TYPE_WORDS = {Entity.PERSON: "person", Entity.COMPANY: "company"}


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns that say which system a record is of, who owns it, and when it was last written; empty
    where none does.
    """

    source: str = ""
    owner: str = ""
    update_time: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(filter(None, (self.source, self.owner, self.update_time)))


@dataclass(frozen=True, slots=True)
class ReadColumns:
    """What the columns of a table are: those of fields, and those of roles."""

    header: tuple[str, ...]
    recognised: Recognised
    roles: Roles


@dataclass(frozen=True, slots=True)
class Unified:
    """The columns of the one table, and for each input how its rows become rows of it."""

    columns: ReadColumns
    makers: tuple[ToColumns, ...]


def unify(inputs: Sequence[ReadColumns]) -> Unified:
    """The one table of these inputs."""
    first = inputs[0]
    if all(one == first for one in inputs):
        take = _taking(first.header)
        return Unified(first, (take,) * len(inputs))
    fields = [name for name in FIELDS if any(name in _fields(one) for one in inputs)]
    others = list(dict.fromkeys(name for one in inputs for name in _others(one) if name not in fields))
    roles = Roles(
        *(
            name if any(getattr(one.roles, role) for one in inputs) else ""
            for role, name in _ROLE_NAMES.items()
        )
    )
    names = _distinct(["record_id", "record_type", *roles.columns, *fields], others)
    ignored = {
        one.column: one.why for each in inputs for one in each.recognised.ignored if one.column in others
    }
    recognised = Recognised(
        entity=first.recognised.entity,
        entity_why="",
        record_id="record_id",
        record_type="record_type",
        fields=tuple(FieldColumns(field, ((field,),)) for field in fields),
        ignored=tuple(
            Ignored(column, ignored[column]) for column in names[-len(others) :] if column in ignored
        ),
    )
    makers = tuple(_converting(one, roles, fields, others) for one in inputs)
    return Unified(ReadColumns(tuple(names), recognised, roles), makers)


_ROLE_NAMES = {"source": "source", "owner": "owner", "update_time": "source_update_time"}


def _fields(one: ReadColumns) -> dict[str, FieldColumns]:
    return {field.field: field for field in one.recognised.fields}


def _others(one: ReadColumns) -> list[str]:
    """The columns that no field and no role reads."""
    read = {one.recognised.record_id, one.recognised.record_type, *one.roles.columns}
    read |= {column for field in one.recognised.fields for column in field.columns}
    return [column for column in one.header if column not in read]


def _distinct(own: Sequence[str], others: Iterable[str]) -> list[str]:
    """All names, those of others changed where they are taken."""
    names = list(own)
    for name in others:
        while name in names:
            name += " (other)"  # noqa: PLW2901 -- until it is free
        names.append(name)
    return names


def _taking(header: Sequence[str]) -> ToColumns:
    return lambda batch: [batch.column(name) for name in header]


def _converting(one: ReadColumns, roles: Roles, fields: Sequence[str], others: Sequence[str]) -> ToColumns:
    known = _fields(one)
    mine = _others(one)

    def convert(batch: pa.RecordBatch) -> list[pa.Array]:
        empty = pa.repeat(pa.scalar(""), batch.num_rows)

        def column(name: str) -> pa.Array:
            return batch.column(name) if name else empty

        wanted = [role for role, name in _ROLE_NAMES.items() if name in roles.columns]
        return [
            column(one.recognised.record_id),
            _types(one.recognised, batch),
            *(column(getattr(one.roles, role)) for role in wanted),
            *(field_values(batch, known[name]) if name in known else empty for name in fields),
            *(column(name if name in mine else "") for name in others),
        ]

    return convert


def _types(recognised: Recognised, batch: pa.RecordBatch) -> pa.Array:
    if not recognised.record_type:
        return pa.repeat(pa.scalar(_TYPE_WORDS[recognised.entity]), batch.num_rows)
    said = batch.column(recognised.record_type).dictionary_encode()
    words = [
        _TYPE_WORDS[recognised.entity_of({recognised.record_type: one})]
        for one in said.dictionary.to_pylist()
    ]
    return pa.array(words, pa.string()).take(said.indices)


def field_values(rows: pa.RecordBatch | pa.Table, field: FieldColumns) -> pa.Array:
    """The values of a field, as `FieldColumns.value` gives them row by row."""
    if len(field.columns) == 1:
        return pc.utf8_trim_whitespace(rows.column(field.columns[0]))
    columns = [rows.column(name).to_pylist() for name in field.columns]
    values = [field.value(dict(zip(field.columns, row, strict=True))) for row in zip(*columns, strict=True)]
    return pa.array(values, pa.string())

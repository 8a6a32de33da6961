"""From rows to comparables, with the numbers of their blocking keys."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import scoring
from dedup_service.cleanup.numbering import content_number, golden_number, record_number
from scoring.column_fields import FieldColumns
from scoring.columns import Recognised
from scoring.key_numbers import number_records
from scoring.resolution.preparing import prepare_many

ROWS_AT_ONCE = 16_384
PREPARED = (
    "number long, record_id string, golden long, golden_id string, content long, comparable binary,"
    " keys array<long>, is_changed boolean"
)
"""The columns of the stage; of files, every record is a golden record."""
_SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("record_id", pa.string()),
        ("golden", pa.int64()),
        ("golden_id", pa.string()),
        ("content", pa.int64()),
        ("comparable", pa.binary()),
        ("keys", pa.list_(pa.int64())),
        ("is_changed", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Preparing:
    """The work of preparing rows: columns of text where they were recognised, else record_id, golden_id and a
    packed comparable.
    """

    recognised: Recognised | None
    record_id: str = "record_id"

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The prepared records, in the order of the rows."""
        record_ids = rows.column(self.record_id).to_pylist()
        if self.recognised is None:
            packed = rows.column("comparable").to_pylist()
            comparables = [scoring.unpack(one) for one in packed]
            golden_ids = rows.column("golden_id").to_pylist()
            goldens = [golden_number(one) for one in golden_ids]
            is_changed = rows.column("is_changed").combine_chunks()
        else:
            comparables = prepare_many(_fields(rows, self.recognised), _entities(rows, self.recognised))
            packed = [scoring.pack(one) for one in comparables]
            golden_ids, goldens = record_ids, []
            is_changed = pa.repeat(pa.scalar(value=True), rows.num_rows)
        numbers = [record_number(at, one.entity) for at, one in zip(record_ids, comparables, strict=True)]
        keys = number_records(comparables)
        offsets = np.concatenate([[0], np.cumsum(keys.counts)]).astype(np.int32)
        columns = [
            pa.array(numbers, pa.int64()),
            pa.array(record_ids, pa.string()),
            pa.array(goldens or numbers, pa.int64()),
            pa.array(golden_ids, pa.string()),
            pa.array([content_number(one) for one in packed], pa.int64()),
            pa.array(packed, pa.binary()),
            pa.ListArray.from_arrays(pa.array(offsets), pa.array(keys.numbers)),
            is_changed,
        ]
        return pa.Table.from_arrays(columns, schema=_SCHEMA)


def _fields(rows: pa.Table, recognised: Recognised) -> dict[str, Sequence[str]]:
    """The values of each field, one a row."""
    return {one.field: _values(rows, one) for one in recognised.fields} or {"": [""] * rows.num_rows}


def _values(rows: pa.Table, field: FieldColumns) -> list[str]:
    if len(field.columns) == 1:
        text = pc.utf8_trim_whitespace(pc.fill_null(rows.column(field.columns[0]), ""))
        values: list[str] = text.to_pylist()
        return values
    columns = [rows.column(name).to_pylist() for name in field.columns]
    return [field.value(dict(zip(field.columns, row, strict=True))) for row in zip(*columns, strict=True)]


def _entities(rows: pa.Table, recognised: Recognised) -> scoring.Entity | list[scoring.Entity]:
    if not recognised.record_type:
        return recognised.entity
    said = rows.column(recognised.record_type).to_pylist()
    entity_of = {one: recognised.entity_of({recognised.record_type: one or ""}) for one in set(said)}
    return [entity_of[one] for one in said]

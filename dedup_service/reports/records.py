"""The records of a file, ready for comparing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup_service.reports.tables import Table, TableError, read_table
from scoring import Comparable, Entity, prepare
from scoring.columns import Recognised, recognise


@dataclass(frozen=True, slots=True)
class Records:
    """What a file holds: its table, what its columns are, and the id and comparable of each row."""

    table: Table
    columns: Recognised
    ids: list[str]
    comparables: list[Comparable]


def read_records(path: Path, entity: Entity | None, overrides: Sequence[str]) -> Records:
    """The records of a CSV file.

    Raises:
        TableError: The file is no table, or two records have one id.
        ColumnError: Its columns cannot be read as asked.
    """
    table = read_table(path)
    columns = recognise(table.header, entity, overrides)
    ids = table.column(columns.record_id) if columns.record_id else _row_numbers(table)
    _refuse_repeated(table, columns.record_id, ids)
    comparables = []
    for at in range(len(table.rows)):
        row = table.row(at)
        comparables.append(prepare(columns.values(row), columns.entity_of(row)))
    return Records(table, columns, ids, comparables)


def _row_numbers(table: Table) -> list[str]:
    return [str(at) for at in range(1, len(table.rows) + 1)]


def _refuse_repeated(table: Table, column: str, ids: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for at, record_id in enumerate(ids):
        if record_id in first:
            rows = f"rows {first[record_id] + 1} and {at + 1}"
            said = f"{rows} both have the id {record_id!r}" if record_id else f"{rows} have no id"
            raise TableError(
                f"{table.path}: {said} in the column {column}; say which column is the records' own id with "
                "--column record_id=COLUMN, or --column record_id= to number the rows"
            )
        first[record_id] = at

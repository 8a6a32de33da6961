"""Files as `dedup clean` reads them, without the command."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from dedup_service.cleanup.reading.csv_files import CsvFile
from dedup_service.cleanup.reading.gathering import Gathered, InputRows, PlannedInput, gather
from dedup_service.cleanup.reading.unifying import ReadColumns, Roles
from dedup_service.cleanup.workspace import Workspace
from dedup_service.reports.dialects import read_dialect
from scoring.columns import recognise


def csv_file(path: Path) -> CsvFile:
    """The file, and how it is written."""
    dialect = read_dialect(path)
    return CsvFile(path, dialect.encoding, dialect.delimiter, dialect.header, dialect.skipped_lines)


def planned(
    rows: InputRows, source: str = "crm", roles: Roles | None = None, columns: Sequence[str] = ()
) -> PlannedInput:
    """What is to be read of rows."""
    return PlannedInput(
        rows,
        source,
        ReadColumns(tuple(rows.header), recognise(rows.header, None, columns), roles or Roles()),
    )


def gathered(folder: Path, *inputs: PlannedInput) -> Gathered:
    """All of them, read into a workspace in the folder."""
    return gather(inputs, Workspace(folder / "work"), lambda _: None, lambda: False)


def rows_of(read: Gathered) -> list[dict[str, str]]:
    """The rows by the names of the user, with the id and the source."""
    table = pq.read_table(read.path)
    names = [*table.column_names[:3], *read.columns.header]
    names[:3] = ["(row)", "(id)", "(source)"]
    return [dict(row) for row in table.rename_columns(names).to_pylist()]

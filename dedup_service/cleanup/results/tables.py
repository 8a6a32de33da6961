"""Tables as files: CSV that no spreadsheet takes for formulas, or Parquet."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

_BOM = b"\xef\xbb\xbf"
# A spreadsheet takes a cell that begins so for a formula; the last four are the wide forms of the first.
_BEGINS_FORMULA = "^[=@\t\r\n\uff1d\uff20\uff0b\uff0d]"
# A sign before anything else than the digits and marks of a number, of which only a number can come.
_SIGN_BEFORE_WORDS = "(?s)^[+-].*[^0-9 ().,/+-]"
_SUSPECT = "^[=@+\\-\t\r\n\uff1d\uff20\uff0b\uff0d]"


class Format(StrEnum):
    """How tables are written."""

    CSV = "csv"
    PARQUET = "parquet"


class TableWriter(Protocol):
    """A file that tables of one schema are written to, one after the other."""

    def write_table(self, table: pa.Table, /) -> None:
        """Add the rows of a table."""
        ...


@contextmanager
def open_table(folder: Path, name: str, schema: pa.Schema, form: Format) -> Iterator[TableWriter]:
    """The file `name.csv` or `name.parquet` in a folder, until the end of the block."""
    path = folder / f"{name}.{form}"
    if form is Format.PARQUET:
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            yield writer
        return
    with path.open("wb") as file:
        # Excel takes a file for UTF-8 only by its first bytes.
        file.write(_BOM)
        names = plain(pa.chunked_array([schema.names], pa.string())).fill_null("").to_pylist()
        with pa_csv.CSVWriter(file, pa.schema(map(pa.Field.with_name, schema, names))) as writer:
            yield _PlainCells(writer, names)


class _PlainCells:
    """Writes CSV in which every cell is data, and so is every name of a column."""

    def __init__(self, writer: TableWriter, names: list[str]) -> None:
        self._writer = writer
        self._names = names

    def write_table(self, table: pa.Table) -> None:
        columns = [plain(one) if pa.types.is_string(one.type) else one for one in table.columns]
        self._writer.write_table(pa.Table.from_arrays(columns, names=self._names))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with an apostrophe before each cell that a spreadsheet would take for a formula, and null
    where nothing is, which CSV writes without quotes. Telephone numbers keep their plus sign.
    """
    filled = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    suspect = pc.match_substring_regex(filled, _SUSPECT)
    if not pc.any(suspect).as_py():
        return filled
    formula = pc.or_(
        pc.match_substring_regex(filled, _BEGINS_FORMULA),
        pc.match_substring_regex(filled, _SIGN_BEFORE_WORDS),
    )
    return pc.if_else(formula, pc.binary_join_element_wise("'", filled, ""), filled)

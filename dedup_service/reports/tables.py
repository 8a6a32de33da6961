"""Tables from files as people have them: any common encoding and delimiter, rows of uneven length."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dedup_service.reports.dialects import OLD_WINDOWS, TableError, decoded, dialect_of, lines_of

__all__ = ["Table", "TableError", "read_table"]


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file; every row is as long as the header. `notes` say what had to be mended."""

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    encoding: str
    delimiter: str
    notes: tuple[str, ...]

    def row(self, at: int) -> Mapping[str, str]:
        """One row by the names of its columns."""
        return dict(zip(self.header, self.rows[at], strict=True))

    def column(self, name: str) -> list[str]:
        """The cells of one column, without the spaces around them."""
        place = self.header.index(name)
        return [row[place].strip() for row in self.rows]


def read_table(path: Path) -> Table:
    """The table in a CSV file.

    Raises:
        TableError: The file is empty, holds something else than text, or has no row below its header.
    """
    text, encoding = decoded(path, path.read_bytes())
    lines = lines_of(text)
    dialect = dialect_of(path, lines, encoding)
    below = csv.reader(lines[dialect.skipped_lines :], delimiter=dialect.delimiter)
    try:
        cells = [row for row in below if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise TableError(f"{path}: is no CSV ({error}); save it as CSV with UTF-8") from error
    if len(cells) < 2:
        raise TableError(f"{path}: has no row below its header; the first line names the columns")
    rows, notes = _evened(cells[1:], len(dialect.header))
    if encoding == OLD_WINDOWS:
        notes.append("is not UTF-8; read as Windows-1252")
    return Table(path, dialect.header, rows, encoding, dialect.delimiter, tuple(notes))


def _evened(rows: Sequence[list[str]], width: int) -> tuple[list[list[str]], list[str]]:
    short = sum(len(row) < width for row in rows)
    long = sum(len(row) > width for row in rows)
    notes = []
    if short:
        notes.append(f"{short:,} rows are shorter than the header; what is missing is empty")
    if long:
        notes.append(f"{long:,} rows are longer than the header; what is beyond is left out")
    return [[*row, *[""] * (width - len(row))][:width] for row in rows], notes

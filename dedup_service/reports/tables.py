"""Tables from files as people have them: any common encoding and delimiter, rows of uneven length."""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = ("<", "{", "[{")
_LARGEST_CELL = 1_000_000
_SAMPLE_LINES = 50


class TableError(Exception):
    """A file that is no table; the text names it and says what to do."""


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
    text, encoding = _text(path)
    # Lines as csv has them: splitlines() would cut cells at the separators of typesetting, too.
    lines = list(io.StringIO(text, newline=""))
    if text.lstrip().startswith(_OTHER_FORMATS):
        raise TableError(f"{path}: is HTML, XML or JSON, and no CSV; save it as CSV with UTF-8")
    # Excel writes this line so that it reads its own files anywhere.
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
        delimiter = lines.pop(0).strip()[-1]
    else:
        delimiter = ""
    csv.field_size_limit(_LARGEST_CELL)
    try:
        delimiter = delimiter or _delimiter(lines[:_SAMPLE_LINES])
        cells = [row for row in csv.reader(lines, delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise TableError(f"{path}: is no CSV ({error}); save it as CSV with UTF-8") from error
    if len(cells) < 2:
        raise TableError(f"{path}: has no row below its header; the first line names the columns")
    header = tuple(name.strip() or f"column {at}" for at, name in enumerate(cells[0], 1))
    rows, notes = _evened(cells[1:], len(header))
    if encoding == "cp1252":
        notes.append("is not UTF-8; read as Windows-1252")
    return Table(path, header, rows, encoding, delimiter, tuple(notes))


def _text(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, errors="replace"), encoding
    if b"\x00" in data[:4096]:
        raise TableError(f"{path}: is no text; save it as CSV with UTF-8")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


def _delimiter(lines: Sequence[str]) -> str:
    """The one by which most rows are as wide as the header, of several the one that makes most columns."""

    def fits(mark: str) -> tuple[bool, float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        width = widths[0] if widths else 0
        return width > 1, widths.count(width) / max(len(widths), 1), width

    return max(DELIMITERS, key=fits)


def _evened(rows: Sequence[list[str]], width: int) -> tuple[list[list[str]], list[str]]:
    short = sum(len(row) < width for row in rows)
    long = sum(len(row) > width for row in rows)
    notes = []
    if short:
        notes.append(f"{short:,} rows are shorter than the header; what is missing is empty")
    if long:
        notes.append(f"{long:,} rows are longer than the header; what is beyond is left out")
    return [[*row, *[""] * (width - len(row))][:width] for row in rows], notes

"""How a CSV file is written, seen from its beginning: encoding, delimiter, and where its header stands."""

import codecs
import csv
import io
from collections.abc import Sequence
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
_SAMPLE_BYTES = 1 << 20
# Spreadsheets and packed files begin so.
_ARCHIVE = (b"PK\x03\x04", b"\x1f\x8b")
_BYTES_FOR_A_NUL = 20
OLD_WINDOWS = "cp1252"
"""What a file is taken for that is no UTF-8 and does not say what it is."""


class TableError(Exception):
    """A file that is no table; the text names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. `skipped_lines` stand before the header, of which `header` are the cells; the
    encoding is one that the beginning of the file can be read with.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skipped_lines: int


def read_dialect(path: Path, encoding: str = "") -> Dialect:
    """The dialect of a file, of which the first megabyte is read.

    Raises:
        TableError: The file is empty, holds something else than text, or cannot be read as `encoding`.
    """
    with path.open("rb") as file:
        data = file.read(_SAMPLE_BYTES)
    if not data.strip():
        raise TableError(f"{path}: is empty; the first line names the columns, and rows stand below it")
    if data.startswith(_ARCHIVE):
        raise TableError(f"{path}: is no text; save it as CSV with UTF-8")
    if data.count(b"\x00") <= 1 + len(data) // _BYTES_FOR_A_NUL:
        # A text with a byte that is none: whoever reads all of it names the line.
        data = data.replace(b"\x00", b"")
    text, codec = decoded(path, data, encoding, is_whole=len(data) < _SAMPLE_BYTES)
    return dialect_of(path, lines_of(text), codec)


def dialect_of(path: Path, lines: Sequence[str], encoding: str) -> Dialect:
    """The dialect of a file with these first lines.

    Raises:
        TableError: There is no line with anything in it, or the file is none of CSV.
    """
    if next((line for line in lines if line.strip()), "").lstrip().startswith(_OTHER_FORMATS):
        raise TableError(f"{path}: is HTML, XML or JSON, and no CSV; save it as CSV with UTF-8")
    skipped, delimiter = 0, ""
    # Excel writes this line so that it reads its own files anywhere.
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == len("sep=;"):
        skipped, delimiter = 1, lines[0].strip()[-1]
    csv.field_size_limit(_LARGEST_CELL)
    try:
        delimiter = delimiter or delimiter_of(lines[:_SAMPLE_LINES])
        while skipped < len(lines) and not lines[skipped].strip(f" \r\n{delimiter}"):
            skipped += 1
        header = next(csv.reader(lines[skipped:], delimiter=delimiter), [])
    except csv.Error as error:
        raise TableError(f"{path}: is no CSV ({error}); save it as CSV with UTF-8") from error
    if not header:
        raise TableError(f"{path}: has no row below its header; the first line names the columns")
    return Dialect(encoding, delimiter, named(header), skipped)


def named(header: Sequence[str]) -> tuple[str, ...]:
    """The names of columns; one without a name is called by its place."""
    return tuple(name.strip() or f"column {at}" for at, name in enumerate(header, 1))


def lines_of(text: str) -> list[str]:
    """Lines as csv has them: splitlines() would cut cells at the separators of typesetting, too."""
    return list(io.StringIO(text, newline=""))


def decoded(path: Path, data: bytes, encoding: str = "", *, is_whole: bool = True) -> tuple[str, str]:
    """The text of a file or of its beginning, and its encoding, which is told from the bytes if not given.

    Raises:
        TableError: It is no text, or not of that encoding.
    """
    if encoding:
        try:
            return codecs.getincrementaldecoder(encoding)().decode(data, is_whole), encoding
        except UnicodeError as error:
            raise TableError(f"{path}: is not {encoding}; say its encoding with --encoding") from error
    for bom, codec in _BOMS:
        if data.startswith(bom):
            return data.decode(codec, errors="replace"), codec
    if b"\x00" in data[:4096]:
        raise TableError(f"{path}: is no text; save it as CSV with UTF-8")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, is_whole), "utf-8"
    except UnicodeDecodeError:
        return data.decode(OLD_WINDOWS, errors="replace"), OLD_WINDOWS


def delimiter_of(lines: Sequence[str]) -> str:
    """The one by which most rows are as wide as the header, of several the one that makes most columns."""

    def fits(mark: str) -> tuple[bool, float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=mark) if row]
        width = widths[0] if widths else 0
        return width > 1, widths.count(width) / max(len(widths), 1), width

    return max(DELIMITERS, key=fits)

"""Rows of a CSV file, read block by block into columns of text; or the lines that stop it.

pyarrow reads the rows. It does not say on which line a broken row begins: once it refuses one, the file is
read again row by row to name the line.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.scanning import LARGEST_CELL, Scan, not_text, scan_file

BLOCK_BYTES = 8 << 20
_LINES_NAMED = 5
_NEVER_ENDS = "begins a cell with a quote that never ends"
_TOO_LONG = f"holds a cell of more than {LARGEST_CELL:,} letters: is a quote missing?"


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file, and how it is written: `skipped_lines` stand before the header."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skipped_lines: int = 0
    is_encoding_given: bool = False

    @property
    def where(self) -> str:
        """The file as it is named in errors."""
        return str(self.path)

    def scanned(self) -> Scan:
        """What can be told without making rows of it; the encoding is settled here.

        Raises:
            InputError: A line holds a NUL byte, or bytes that are not of the encoding; or a quote never ends.
        """
        scan = scan_file(self.path, self.encoding, is_given=self.is_encoding_given)
        if scan.has_odd_quotes:
            # pyarrow takes the rest of the file for the cell that such a quote begins.
            for line, problem in _problems(self, scan.encoding):
                if problem in (_NEVER_ENDS, _TOO_LONG):
                    raise _on_line(self, line, problem)
        return scan

    def batches(self, encoding: str) -> Iterator[pa.RecordBatch]:
        """The rows below the header, as columns of text without nulls.

        Raises:
            InputError: A row is broken: more or fewer columns than the header, or a quote that never ends.
        """
        try:
            yield from self._reader(encoding)
        except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeError) as error:
            raise _broken(self, encoding, error) from error

    def _reader(self, encoding: str) -> pa_csv.CSVStreamingReader:
        def skip_blank(row: pa_csv.InvalidRow) -> str:
            return "error" if row.text.strip(f"\ufeff \t\r\n\x1a{self.delimiter}") else "skip"

        return pa_csv.open_csv(
            self.path,
            read_options=pa_csv.ReadOptions(
                column_names=list(self.header),
                skip_rows=self.skipped_lines,
                skip_rows_after_names=1,
                block_size=BLOCK_BYTES,
                encoding="utf-8" if encoding == "utf-8-sig" else encoding,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip_blank
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.header, pa.string()), strings_can_be_null=False
            ),
        )


def _broken(file: CsvFile, encoding: str, error: Exception) -> InputError:
    """The error of the lines that cannot be read."""
    problems = _problems(file, encoding)
    first = next(problems, None)
    if first is None:
        said = str(error).split(". If this", maxsplit=1)[0]
        return InputError(file.where, f"cannot be read ({said})", "save it as CSV with UTF-8")
    line, problem = first
    more = list(islice(problems, _LINES_NAMED))
    others = ", ".join(f"{each:,}" for each, _ in more[: _LINES_NAMED - 1])
    if others:
        problem += f" (line {others}{' and more' if len(more) == _LINES_NAMED else ''}: broken as well)"
    return _on_line(file, line, problem)


def _on_line(file: CsvFile, line: int, problem: str) -> InputError:
    return InputError(
        f"{file.where}, line {line:,}",
        problem,
        "correct it or take it out; a cell that holds the delimiter or a line break needs quotes around it",
    )


def _problems(file: CsvFile, encoding: str) -> Iterator[tuple[int, str]]:
    """The line that each broken row begins on, and what is wrong with it."""
    csv.field_size_limit(LARGEST_CELL)
    width = len(file.header)
    with file.path.open(encoding=encoding, errors="replace", newline="") as text:
        reader = csv.reader(islice(text, file.skipped_lines, None), delimiter=file.delimiter, strict=True)
        is_header = True
        while True:
            line = file.skipped_lines + reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, _words(error)
                continue
            if not is_header and len(cells) != width and any(cell.strip("\ufeff \x1a") for cell in cells):
                columns = f"{len(cells):,} column{'' if len(cells) == 1 else 's'}"
                yield line, f"has {columns}, the header has {width:,}"
            is_header = False


def _words(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end" in said:
        return _NEVER_ENDS
    if "field larger" in said:
        return _TOO_LONG
    return not_text() if "NUL" in said else f"is no CSV: {said}"

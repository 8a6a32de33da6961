"""Tables as CSV that no spreadsheet obeys, and as Parquet."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup_service.cleanup.results.tables import Format, open_table

WRITTEN = pa.table({"text": ["Ann", "", 'says "no"', "a\nb"], "count": pa.array([1, None, 3, 4], pa.int32())})


def write(folder: Path, table: pa.Table, form: Format = Format.CSV) -> Path:
    with open_table(folder, "x", table.schema, form) as writer:
        writer.write_table(table.slice(0, 2))
        writer.write_table(table.slice(2))
    return folder / f"x.{form}"


def test_csv_is_read_back_as_it_was(tmp_path: Path) -> None:
    """With the mark by which Excel knows UTF-8; nothing is an empty cell."""
    path = write(tmp_path, WRITTEN)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [["text", "count"], ["Ann", "1"], ["", ""], ['says "no"', "3"], ["a\nb", "4"]]


def test_parquet_is_read_back_as_it_was(tmp_path: Path) -> None:
    """To the last bit."""
    assert pq.read_table(write(tmp_path, WRITTEN, Format.PARQUET)).equals(WRITTEN)


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "- see below"),
        *("\uff1d1+1", "\uff20SUM(A1)", "\uff0bA1", "\uff0dA1", "+49 30 555\n=1"),
    ],
)
def test_what_a_spreadsheet_would_take_for_a_formula_is_text(tmp_path: Path, text: str) -> None:
    """An apostrophe stands before it; Parquet, which no spreadsheet obeys, keeps it as it is."""
    table = pa.table({"text": [text]})
    with write(tmp_path, table).open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == [f"'{text}"]
    assert pq.read_table(write(tmp_path, table, Format.PARQUET)).equals(table)


@pytest.mark.parametrize(
    "text", ["+49 30 555-0100", "+1 (212) 555-0100", "-5.25", "+4930", "a=b", " =", "'=1"]
)
def test_telephone_numbers_and_all_else_stay_as_they_are(tmp_path: Path, text: str) -> None:
    """A plus sign before digits alone can do no harm."""
    with write(tmp_path, pa.table({"text": [text]})).open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == [text]

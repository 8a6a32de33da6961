"""CSV files of every kind are read into rows of text, and broken ones are named by line."""

import csv
import io
from pathlib import Path
from typing import Literal

import pytest

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.csv_files import BLOCK_BYTES, CsvFile
from tests.cleanup.reading.inputs import csv_file, gathered, planned, rows_of

TEXT = 'id;surname;note\n1;Zoë;\n2;Jürgen;a "b" c\n'
PLAIN = b"id,surname\n1,Abel\n2,Bond\n"


def read(tmp_path: Path, content: bytes) -> list[dict[str, str]]:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    return rows_of(gathered(tmp_path, planned(csv_file(path))))


def refused(tmp_path: Path, content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_common_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with or without a mark, UTF-16, and what old Windows programs write."""
    rows = read(tmp_path, TEXT.encode(encoding))
    assert [row["surname"] for row in rows] == ["Zoë", "Jürgen"]
    assert [row["note"] for row in rows] == ["", 'a "b" c']
    assert list(rows[0]) == ["(row)", "(id)", "(source)", "id", "surname", "note"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_cells_are_those_of_the_csv_module(tmp_path: Path, delimiter: str, end: str) -> None:
    """Quotes, delimiters and line breaks within cells, short and long ones, with any delimiter and ending."""
    content = [["id", "surname", "note"], ["1", "O'Neil, Ann", 'says "no"'], ["2", "", "two\nlines; a|b\tc"]]
    text = io.StringIO(newline="")
    # The writer leaves a line break alone that is not its own.
    quoting: Literal[0, 1] = csv.QUOTE_ALL if end == "\r" else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(content)
    rows = read(tmp_path, text.getvalue().encode())
    assert [[row[name] for name in content[0]] for row in rows] == content[1:]


def test_a_file_of_several_blocks_is_read_whole(tmp_path: Path) -> None:
    """With cells that hold line breaks, on whichever side of a border they fall."""
    cell = "x" * 900 + "\n" + "y" * 90
    count = 3 * BLOCK_BYTES // len(cell)
    rows = read(
        tmp_path, b"id,note,surname\n" + b"".join(b'%d,"%s",A\n' % (at, cell.encode()) for at in range(count))
    )
    assert len(rows) == count
    assert {row["note"] for row in rows} == {cell}
    assert [row["(row)"] for row in rows] == [str(at) for at in range(count)]


def test_what_comes_before_the_header_is_left_out(tmp_path: Path) -> None:
    """The line that Excel writes for itself, and lines without anything."""
    assert [row["surname"] for row in read(tmp_path, b"sep=;\nid;surname\n1;Abel\n")] == ["Abel"]
    assert [row["surname"] for row in read(tmp_path, b"\n,,\nid,surname\n1,Abel\n")] == ["Abel"]


def test_blank_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    """Empty lines, lines of spaces, and rows of empty cells, as spreadsheets leave them at the end."""
    path = tmp_path / "people.csv"
    path.write_bytes(b"id,surname\n1,Abel\n\n,\n   \n2,Bond\n , \n\x1a")
    found = gathered(tmp_path, planned(csv_file(path)))
    assert [row["(id)"] for row in rows_of(found)] == ["1", "2"]
    assert (found.row_count, found.inputs[0].blank_count) == (2, 2)


def test_rows_are_numbered_where_no_column_is_an_id(tmp_path: Path) -> None:
    """From 1, as people count."""
    path = tmp_path / "people.csv"
    path.write_bytes(PLAIN)
    found = gathered(tmp_path, planned(csv_file(path), columns=["record_id="]))
    assert [row["(id)"] for row in rows_of(found)] == ["1", "2"]
    assert [row["(row)"] for row in rows_of(found)] == ["0", "1"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PLAIN + b"3,Cole,extra\n", "line 4: has 3 columns, the header has 2"),
        (
            b'id,surname\n1,"A\nB"\n2\n3,Cole\n4\n',
            "line 4: has 1 column, the header has 2 (line 6: broken as well)",
        ),
        (b'sep=,\nid,surname\n1,"Abel\n2,Bond\n', "line 3: begins a cell with a quote that never ends"),
        (PLAIN + b"3,Co\x00le\n", "line 4: holds a NUL byte"),
        ("id,surname\n1,Zoë\n2,Jürgen\n".encode() + b"3,Zo\xeb\n", "line 4: holds bytes that are not UTF-8"),
        (b"id,surname\n1,Zo\xeb\n2,\x81\n", "line 3: holds bytes that are not UTF-8 nor of Windows-1252"),
        (b"\xef\xbb\xbfid,surname\n1,Zo\xeb\n", "line 2: holds bytes that are not UTF-8"),
        (b"id,surname\n", "has no row below its header"),
        (b"id,surname\n,\n\n", "has no row below its header"),
        (PLAIN + b",Cole\n", "row 3: has no id in the column id"),
        (PLAIN + b"2 ,Cole\n1,D\n", "rows 1 and 4: have the same id '1' in the column id, and 1 more id"),
    ],
)
def test_what_is_broken_is_named_by_line_or_row(tmp_path: Path, content: bytes, said: str) -> None:
    """With the file, and what to do."""
    problem = refused(tmp_path, content)
    assert said in problem
    assert str(tmp_path / "people.csv") in problem
    assert "; " in problem


def test_a_quote_within_a_cell_is_a_letter(tmp_path: Path) -> None:
    """An inch, even where their number is odd."""
    assert [row["surname"] for row in read(tmp_path, b'id,surname\n1,pipe 5"\n2,Bond\n')] == [
        'pipe 5"',
        "Bond",
    ]


def test_the_encoding_that_was_given_is_obeyed(tmp_path: Path) -> None:
    """A file of another one is refused by line, and never read as something else."""
    path = tmp_path / "people.csv"
    path.write_bytes("id,surname\n1,Žižek\n".encode("cp1250"))
    given = CsvFile(path, "cp1250", ",", ("id", "surname"), is_encoding_given=True)
    assert [row["surname"] for row in rows_of(gathered(tmp_path, planned(given)))] == ["Žižek"]
    wrong = CsvFile(path, "utf-8", ",", ("id", "surname"), is_encoding_given=True)
    with pytest.raises(InputError, match=r"line 2: holds bytes that are not utf-8.*--encoding"):
        gathered(tmp_path, planned(wrong))


def test_columns_may_be_called_anything(tmp_path: Path) -> None:
    """Names that differ in case alone, and names with dots, quotes and our own words, stay apart."""
    rows = read(tmp_path, b"id,Email,email,a.`b`,row,c0\n1,x@a.example,y@a.example,q,r,s\n")
    assert rows[0]["Email"] == "x@a.example"
    assert [rows[0][name] for name in ("email", "a.`b`", "row", "c0")] == ["y@a.example", "q", "r", "s"]

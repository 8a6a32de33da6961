"""Parquet files are read as text, whatever their columns hold."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.parquet_files import open_parquet
from tests.cleanup.reading.inputs import gathered, planned, rows_of


def test_every_type_becomes_text(tmp_path: Path) -> None:
    """Whole numbers that pandas made floating point lose the point, so that telephones and ids stay what they
    are; null is empty; lists are left out.
    """
    table = pa.table(
        {
            "id": pa.array([1, 2]),
            "phone": pa.array([442071234567.0, None]),
            "share": pa.array([0.5, float("nan")]),
            "born": pa.array([date(1980, 2, 3), None]),
            "seen": pa.array([datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None]),
            "segment": pa.array(["a", None]).dictionary_encode(),
            "active": pa.array([True, None]),
            "tags": pa.array([["x"], []]),
            "photo": pa.array([b"x", None]),
        }
    )
    pq.write_table(table, tmp_path / "people.parquet")
    opened = open_parquet(tmp_path / "people.parquet")
    assert opened.left_out == ("tags", "photo")
    one, other = rows_of(gathered(tmp_path, planned(opened)))
    assert {name: one[name] for name in opened.header} == {
        "id": "1",
        "phone": "442071234567",
        "share": "0.5",
        "born": "1980-02-03",
        "seen": "2026-01-02 03:04:05.000000Z",
        "segment": "a",
        "active": "true",
    }
    assert [other[name] for name in opened.header] == ["2", "", "", "", "", "", ""]


def test_a_folder_of_parts_is_one_input(tmp_path: Path) -> None:
    """In the order of their names; a part of other columns is refused."""
    folder = tmp_path / "people"
    folder.mkdir()
    for at, surname in enumerate(("Abel", "Bond")):
        pq.write_table(pa.table({"id": [str(at)], "surname": [surname]}), folder / f"part-{at}.parquet")
    assert [row["surname"] for row in rows_of(gathered(tmp_path, planned(open_parquet(folder))))] == [
        "Abel",
        "Bond",
    ]
    pq.write_table(pa.table({"id": ["7"]}), folder / "part-2.parquet")
    with pytest.raises(InputError, match=r"part-2\.parquet: has no column 'surname'"):
        gathered(tmp_path, planned(open_parquet(folder)))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """At its end, which is read first, or in the middle, which is not."""
    path = tmp_path / "people.parquet"
    surnames = [f"name {at * 7919 % 100_003}" for at in range(100_000)]
    pq.write_table(pa.table({"id": [str(at) for at in range(100_000)], "surname": surnames}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"people\.parquet: is no Parquet file"):
        open_parquet(path)
    middle = len(whole) // 3
    path.write_bytes(whole[:middle] + bytes(10_000) + whole[middle + 10_000 :])
    with pytest.raises(InputError, match=r"people\.parquet: is damaged"):
        gathered(tmp_path, planned(open_parquet(path)))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(InputError, match="is a folder without a Parquet file"):
        open_parquet(tmp_path)


def _of_one_text(path: Path, text: str, rows: int) -> Path:
    """A file of some kilobytes that says one text many times."""
    said = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([text]))
    pq.write_table(pa.table({"id": [str(at) for at in range(rows)], "note": said}), path, compression="zstd")
    assert path.stat().st_size < 200_000
    return path


def test_a_text_that_is_said_often_is_unpacked_a_part_at_a_time(tmp_path: Path) -> None:
    """A dictionary makes 270 MB of a few kilobytes, of which 64 MB are in memory at a time."""
    file = open_parquet(_of_one_text(tmp_path / "often.parquet", "a" * 900_000, 300))
    sizes = [(batch.num_rows, batch.nbytes) for batch in file.batches("")]
    assert sum(rows for rows, _ in sizes) == 300
    assert max(size for _, size in sizes) <= 65 << 20


def test_a_text_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """As a cell of a CSV file is: the column is named, and nothing of it is unpacked."""
    file = open_parquet(_of_one_text(tmp_path / "long.parquet", "a" * 1_000_001, 60_000))
    with pytest.raises(InputError, match="more than 1,000,000 letters in its column 'note'"):
        next(file.batches(""))

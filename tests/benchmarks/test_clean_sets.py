"""The files that everybody cleans, and the truth beside them."""

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.clean import sets
from benchmarks.clean.sets import counts, kept, pieces
from scoring import Entity


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own for what is kept."""
    monkeypatch.setattr(sets, "KEPT", tmp_path)
    return tmp_path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_large_file_is_made_of_equal_pieces() -> None:
    """As few pieces as the bound allows, which differ by one record at most and leave none out."""
    assert pieces(7, most=10) == [7]
    assert pieces(10, most=10) == [10]
    assert pieces(11, most=4) == [4, 4, 3]


def test_four_of_five_records_are_people() -> None:
    """The shares of a set add up to its size."""
    assert counts(1_001) == {Entity.PERSON: 801, Entity.COMPANY: 200}


def test_a_set_has_its_records_numbered_and_a_label_for_each(place: Path) -> None:
    """The place of a record is in its id, and the files hold as much as was asked for."""
    one = kept(100)
    for path, (entity, count) in zip(one.files, counts(100).items(), strict=True):
        rows = rows_of(path)
        assert [row["record_id"] for row in rows] == [sets.record_id(at) for at in range(count)]
        assert len(one.truth(entity)) == count
    assert one.folder.parent == place


def test_no_column_is_empty_all_the_way_down(place: Path) -> None:
    """Columns of fields that no record has are left out, and so is the truth."""
    one = kept(200)
    assert one.folder.parent == place
    for path in one.files:
        rows = rows_of(path)
        assert all(any(row[name] for row in rows) for name in rows[0])
        assert not {"cluster_id", "stratum", "source"} & rows[0].keys()


def test_a_set_is_made_once(place: Path) -> None:
    """The second time the files are those of the first, and a half-made folder is made anew."""
    first = kept(50)
    begun = first.files[0].stat().st_mtime_ns
    assert kept(50).files[0].stat().st_mtime_ns == begun
    (first.folder / "whole").unlink()
    assert kept(50).files[0].stat().st_mtime_ns > begun
    assert len(list(place.iterdir())) == 1


def test_pieces_hold_people_of_their_own(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pieces of thirty records ids go on from one to the next, and no label is in two of them."""
    monkeypatch.setattr(sets, "MOST_AT_ONCE", 30)
    one = kept(100)
    assert one.folder.parent == place
    rows, labels = rows_of(one.files[0]), one.truth(Entity.PERSON)
    assert [row["record_id"] for row in rows] == [sets.record_id(at) for at in range(80)]
    first, second = (set(labels[at : at + 27].tolist()) for at in (0, 27))
    assert not first & second
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))

"""Several inputs become one table, and a workspace keeps what was read."""

from pathlib import Path

import pytest

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.phases import Progress, Stopped
from dedup_service.cleanup.reading.gathering import gather
from dedup_service.cleanup.reading.unifying import Roles, field_values
from dedup_service.cleanup.workspace import Workspace
from scoring import Entity
from tests.cleanup.reading.inputs import csv_file, gathered, planned, rows_of


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_files_of_one_header_keep_their_columns(tmp_path: Path) -> None:
    """One below the other; an id may stand once in each."""
    crm = write(tmp_path / "crm.csv", "Nr,Last Name", "1,Abel")
    shop = write(tmp_path / "shop.csv", "Nr,Last Name", "1,Bond", "2,Cole")
    said = ["record_id=Nr"]
    found = gathered(tmp_path, *(planned(csv_file(each), each.stem, columns=said) for each in (crm, shop)))
    assert [tuple(row.values()) for row in rows_of(found)] == [
        ("0", "1", "crm", "1", "Abel"),
        ("1", "1", "shop", "1", "Bond"),
        ("2", "2", "shop", "2", "Cole"),
    ]
    assert found.several_sources
    assert [one.row_count for one in found.inputs] == [1, 2]


def test_files_of_other_headers_are_brought_to_fields(tmp_path: Path) -> None:
    """With what each row is, and the columns that no field reads under their own names."""
    people = write(tmp_path / "people.csv", "id,First,Surname,colour", "p1,Ann,Abel,red")
    firms = write(
        tmp_path / "firms.csv", "key,Company Name,Street,No,colour", "f1,Abel Ltd,High Street,7,blue"
    )
    found = gathered(
        tmp_path,
        planned(csv_file(people), "people", columns=["given_name=First"]),
        planned(csv_file(firms), "firms", columns=["record_id=key", "street=Street+No"]),
    )
    one, other = rows_of(found)
    assert one["given_name"] == "Ann"
    assert one["family_name"] == "Abel"
    assert other["company_name"] == "Abel Ltd"
    assert other["street"] == "High Street 7"
    assert [row["colour"] for row in (one, other)] == ["red", "blue"]
    assert [row["record_id"] for row in (one, other)] == ["p1", "f1"]
    known = found.recognised
    assert known.entity_of({known.record_type: one["record_type"]}) is Entity.PERSON
    assert known.entity_of({known.record_type: other["record_type"]}) is Entity.COMPANY
    assert [ignored.column for ignored in found.columns.recognised.ignored] == ["colour"]


def test_a_column_of_sources_lets_an_id_stand_in_each(tmp_path: Path) -> None:
    """But not twice in one."""
    path = write(tmp_path / "all.csv", "id,system,surname", "1,crm,Abel", "1,erp,Bond")
    found = gathered(tmp_path, planned(csv_file(path), roles=Roles(source="system")))
    assert [row["(source)"] for row in rows_of(found)] == ["crm", "erp"]
    write(path, "id,system,surname", "1,crm,Abel", "1,crm,Bond")
    with pytest.raises(InputError, match="rows 1 and 2: have the same id '1'"):
        gathered(tmp_path, planned(csv_file(path), roles=Roles(source="system")))


def test_fields_of_several_columns_are_joined_as_scoring_does(tmp_path: Path) -> None:
    """Alternatives, parts with a space, and a date of year, month and day."""
    path = write(
        tmp_path / "x.csv",
        "id,surname,No,Street,by,bm,bd,mail1,mail2",
        "1,Abel,7,High Street,1980,2,3,,b@a.example",
        "2,Bond,,Mill Lane,1981,,4,a@a.example,c@a.example",
    )
    said = ["street=No+Street", "birth_date=by+bm+bd", "email=mail1|mail2"]
    plan = planned(csv_file(path), columns=said)
    [batch] = list(plan.rows.batches("utf-8"))
    rows = batch.to_pylist()
    for field in plan.columns.recognised.fields:
        assert field_values(batch, field).to_pylist() == [field.value(row) for row in rows]


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    """Unless the file, or how it is to be read, is another one."""
    path = write(tmp_path / "x.csv", "id,surname,town", "1,Abel,Rome")
    first = gathered(tmp_path, planned(csv_file(path)))
    before = first.path.stat().st_mtime_ns
    again = gathered(tmp_path, planned(csv_file(path)))
    assert (again, again.path.stat().st_mtime_ns) == (first, before)
    mapped = gathered(tmp_path, planned(csv_file(path), columns=["city="]))
    assert mapped.identity != first.identity
    write(path, "id,surname,town", "1,Abel,Oslo")
    changed = gathered(tmp_path, planned(csv_file(path)))
    assert changed.identity != first.identity
    assert rows_of(changed)[0]["town"] == "Oslo"


def test_reading_tells_how_far_it_is_and_stops(tmp_path: Path) -> None:
    """Without a mark that it was finished."""
    path = write(tmp_path / "x.csv", "id,surname", "1,Abel", "2,Bond")
    told: list[Progress] = []
    gather([planned(csv_file(path))], Workspace(tmp_path / "one"), told.append, lambda: False)
    assert (told[-1].done, told[-1].total) == (2, 3)
    with pytest.raises(Stopped):
        gather([planned(csv_file(path))], Workspace(tmp_path / "two"), told.append, lambda: True)
    assert not list((tmp_path / "two").rglob("finished.json"))

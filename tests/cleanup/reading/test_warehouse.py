"""A table that the engine knows is brought into the workspace, and read there as any Parquet file."""

from pathlib import Path

import pytest

from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.warehouse import export_table
from dedup_service.cleanup.workspace import Workspace
from tests.cleanup.reading.inputs import gathered, planned, rows_of

SCHEMA = "id int, surname string, `e-mail.work` string, score double, tags array<string>"
ROWS = [(1, "Abel", "a@a.example", 1.5, ["x"]), (2, None, "b@b.example", None, None)]


def test_a_table_is_read_as_text_under_its_own_names(engine: Engine, tmp_path: Path) -> None:
    """Whatever its columns hold and are called; lists are left out."""
    engine.session.createDataFrame(ROWS, SCHEMA).createOrReplaceTempView("leads")
    opened = export_table(engine, "leads", Workspace(tmp_path / "work"))
    assert (opened.where, opened.header) == ("leads", ("id", "surname", "e-mail.work", "score"))
    assert opened.left_out == ("tags",)
    rows = sorted(rows_of(gathered(tmp_path, planned(opened))), key=lambda row: row["id"])
    assert [list(row.values())[3:] for row in rows] == [
        ["1", "Abel", "a@a.example", "1.5"],
        ["2", "", "b@b.example", ""],
    ]


def test_a_run_that_goes_on_reads_what_it_read_first(engine: Engine, tmp_path: Path) -> None:
    """Though the table has changed since; another table is brought anew."""
    engine.session.createDataFrame(ROWS, SCHEMA).createOrReplaceTempView("leads")
    workspace = Workspace(tmp_path / "work")
    first = gathered(tmp_path, planned(export_table(engine, "leads", workspace)))
    engine.session.createDataFrame([*ROWS, (3, "Cole", "", 0.0, None)], SCHEMA).createOrReplaceTempView(
        "leads"
    )
    engine.session.createDataFrame(ROWS[:1], SCHEMA).createOrReplaceTempView("contacts")
    again = gathered(tmp_path, planned(export_table(engine, "leads", workspace)))
    assert (again.row_count, again.identity) == (2, first.identity)
    other = gathered(tmp_path, planned(export_table(engine, "contacts", workspace)))
    assert other.row_count == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere.leads", "the table nowhere.leads: cannot be read from"),
        ("missing", "look whether it is there, and whether you may read it"),
        ("leads; drop table leads", "is no name of a table; write catalog.schema.table"),
        ("", "is no name of a table"),
    ],
)
def test_a_table_that_is_none_is_refused(engine: Engine, tmp_path: Path, name: str, said: str) -> None:
    """With its name and what to do; nothing of it stands in the workspace."""
    with pytest.raises(InputError, match=said):
        export_table(engine, name, Workspace(tmp_path / "work"))
    assert not list((tmp_path / "work").iterdir())

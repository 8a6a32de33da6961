"""The sample as files, one for each source and kind."""

import csv
from datetime import UTC, datetime
from pathlib import Path

from dedup_service.sample import generate
from dedup_service.sample.__main__ import main

NOW = "2026-03-02T09:30:00+00:00"


def write(folder: Path) -> dict[str, list[dict[str, str]]]:
    assert main(["--csv", str(folder), "--people", "300", "--companies", "80", "--now", NOW]) == 0
    tables = {}
    for path in sorted(folder.iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.name] = list(csv.DictReader(file))
    return tables


def test_one_file_for_each_source_and_kind(tmp_path: Path) -> None:
    """Eight files hold each record of the sample once."""
    tables = write(tmp_path / "new" / "folder")
    assert list(tables) == [
        "crm-account.csv",
        "crm-contact.csv",
        "crm-lead.csv",
        "desk-account.csv",
        "desk-contact.csv",
        "erp-account.csv",
        "marketing-lead.csv",
        "shop-account.csv",
    ]
    sample = generate(people=300, companies=80, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    written = {(name.split("-")[0], row["source_record_id"]) for name, rows in tables.items() for row in rows}
    assert written == {(record.key.source, record.key.source_record_id) for record in sample.records}
    assert sum(len(rows) for rows in tables.values()) == len(sample.records)


def test_values_survive_the_file(tmp_path: Path) -> None:
    """Each field, owner and reference reads back as it was, whatever the script."""
    tables = write(tmp_path)
    sample = generate(people=300, companies=80, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    rows = {(name, row["source_record_id"]): row for name, table in tables.items() for row in table}
    for record in sample.records:
        row = rows[f"{record.key.source}-{record.kind.value.lower()}.csv", record.key.source_record_id]
        assert {name: row[name] for name in record.values} == record.values
        assert record.owner is not None
        assert row["owner_function"] == record.owner.function
        if record.account:
            assert row["account"] == record.account.source_record_id
        if record.parent:
            assert row["parent"] == record.parent.source_record_id

"""A CRM of people and companies with all that is hard for an engine: a key that thousands share, copies over
and over, pairs that must stay apart.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.hard_crm import generate
from dedup_service.cleanup import Comparables, RawRows
from scoring import Entity
from scoring.columns import recognise
from tests.cleanup.crm import comparable_of, comparables

SHARED_COUNT = 5000
COPY_COUNT = 14
_SWITCHBOARD = "+1 212 555 0100"
_PEOPLE, _COMPANIES = 5400, 1200

Row = dict[str, str]


def mixed_rows() -> list[Row]:
    """People, of whom 5,000 have one phone number and one stands there 14 times, and companies."""
    people = generate(Entity.PERSON, _PEOPLE, seed=1).records
    made = [{**row, "record_id": f"p-{row['record_id']}", "record_type": "person"} for row in people]
    for row in made[:SHARED_COUNT]:
        row["phone"] = _SWITCHBOARD
    made += [{**made[-1], "record_id": f"copy-{number}"} for number in range(1, COPY_COUNT)]
    companies = generate(Entity.COMPANY, _COMPANIES, seed=1).records
    return made + [
        {**row, "record_id": f"c-{row['record_id']}", "record_type": "company"} for row in companies
    ]


def table_of(rows: Sequence[Row]) -> pa.Table:
    """The rows as columns of text."""
    columns = sorted({name for row in rows for name in row})
    return pa.table({name: pa.array([row.get(name, "") for row in rows], pa.string()) for name in columns})


def file_of(folder: Path, rows: Sequence[Row]) -> RawRows:
    """The rows as a file."""
    path, table = folder / "mixed.parquet", table_of(rows)
    pq.write_table(table, path)
    return RawRows(path, recognise(table.column_names), "record_id", "mixed")


def store_of(folder: Path, rows: Sequence[Row], apart: Sequence[tuple[str, str]]) -> Comparables:
    """The rows as a store holds them: each fifth record is of one golden record with the one before it."""
    records = {
        row["record_id"]: comparable_of(
            {name: text for name, text in row.items() if name != "record_type"},
            Entity(row["record_type"].upper()),
        )
        for row in rows
    }
    ids = list(records)
    goldens = {ids[at]: golden_of(ids[at - 1]) for at in range(5, len(ids), 5)}
    return comparables(folder, records, goldens, apart)


def golden_of(record_id: str) -> str:
    """The golden id of a record that is one by itself."""
    return f"golden-{record_id}"

"""Records of a small CRM for the tests of cleaning, as rows and as comparables."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import scoring
from benchmarks.hard_crm import generate
from dedup_service.cleanup import Comparables, RawRows
from scoring import Comparable, Entity
from scoring.columns import recognise

COLUMNS = (
    *("record_id", "given_name", "middle_name", "family_name", "full_name", "birth_date", "company_name"),
    *("job_title", "email", "phone", "mobile_phone", "street", "city", "postal_code", "country", "tax_id"),
)


def rows(count: int, entity: Entity = Entity.PERSON, seed: int = 1) -> list[dict[str, str]]:
    """So many rows of people or companies, with their duplicates."""
    made = generate(entity, count, seed).records
    return [{name: row.get(name, "") for name in COLUMNS} for row in made]


def raw_rows(
    folder: Path, records: Sequence[dict[str, str]], entity: Entity = Entity.PERSON, identity: str = "rows"
) -> RawRows:
    """The rows as a source, in a Parquet file of the folder."""
    path = folder / "rows.parquet"
    pq.write_table(pa.table({name: [row[name] for row in records] for name in COLUMNS}), path)
    return RawRows(path, recognise(COLUMNS, entity), "record_id", identity)


def comparable_of(row: dict[str, str], entity: Entity = Entity.PERSON) -> Comparable:
    """What scoring makes of a row."""
    return scoring.prepare({name: text for name, text in row.items() if text and name != "record_id"}, entity)


def comparables(
    folder: Path,
    records: dict[str, Comparable],
    golden_ids: dict[str, str] | None = None,
    apart: Sequence[tuple[str, str]] = (),
    identity: str = "records",
    changed: Collection[str] | None = None,
) -> Comparables:
    """Prepared records as a source; each is a golden record of its own where nothing else is said."""
    path = folder / "comparables.parquet"
    goldens = golden_ids or {}
    table = pa.table(
        {
            "record_id": pa.array(list(records), pa.string()),
            "golden_id": pa.array([goldens.get(one, f"golden-{one}") for one in records], pa.string()),
            "comparable": pa.array([scoring.pack(one) for one in records.values()], pa.binary()),
            "is_changed": pa.array([changed is None or one in changed for one in records], pa.bool_()),
        }
    )
    pq.write_table(table, path)
    return Comparables(path, identity, apart)


def found_rows(folder: Path) -> list[dict[str, object]]:
    """The rows of what was found, sorted."""
    table = pq.read_table(folder)
    listed: list[dict[str, object]] = table.to_pylist()
    return sorted(listed, key=repr)


def clusters_of(folder: Path) -> set[frozenset[str]]:
    """The clusters that were found, as sets of golden ids."""
    members: dict[object, set[str]] = {}
    for row in found_rows(folder):
        members.setdefault(row["cluster"], set()).add(str(row["golden_id"]))
    return {frozenset(one) for one in members.values()}

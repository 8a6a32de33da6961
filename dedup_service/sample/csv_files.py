"""Writes a sample as CSV files, one for each source and kind, as an export of each system would look.

Beside a field's column stand ``source_record_id``, ``owner``, ``owner_function``, ``queue``, ``account``,
``parent``, ``person_account``, ``source_update_time`` and ``fact.NAME`` for each fact.
"""

import csv
from pathlib import Path

from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS
from dedup_service.domain.records import Fact, RecordDraft

_LINKS = (
    "owner",
    "owner_function",
    "queue",
    "account",
    "parent",
    "person_account",
    "source_update_time",
)


def write_csv(records: list[RecordDraft], folder: Path) -> list[Path]:
    """Write the files into the folder, making it where needed; the paths written, sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[dict[str, str]]] = {}
    for record in records:
        files.setdefault(f"{record.key.source}-{record.kind.value.lower()}.csv", []).append(_row(record))
    return [_write(folder / name, rows) for name, rows in sorted(files.items())]


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    used = {column for row in rows for column in row}
    order = ("source_record_id", *FIELDS, *_LINKS, *(f"fact.{name}" for name in FACTS))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [column for column in order if column in used], restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _row(record: RecordDraft) -> dict[str, str]:
    row = {"source_record_id": record.key.source_record_id, **record.values}
    if record.owner:
        row["owner"] = record.owner.principal
        row["owner_function"] = record.owner.function
        row["queue"] = record.owner.queue
    row["account"] = record.account.source_record_id if record.account else ""
    row["parent"] = record.parent.source_record_id if record.parent else ""
    row["person_account"] = "true" if record.person_account else ""
    row["source_update_time"] = record.source_update_time.isoformat() if record.source_update_time else ""
    row.update({f"fact.{fact.name}": _fact_text(fact) for fact in record.facts})
    return {column: value for column, value in row.items() if value}


def _fact_text(fact: Fact) -> str:
    if fact.amount is not None:
        return f"{fact.amount.units} {fact.amount.currency}"
    if fact.time is not None:
        return fact.time.isoformat()
    if fact.flag is not None:
        return "true" if fact.flag else "false"
    return fact.text if fact.text is not None else str(fact.count)

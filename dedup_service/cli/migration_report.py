"""What a migration did: counts by file, a line for each old record, and what was left out and why."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dedup_service.cli.output import Output
from dedup_service.cli.spreadsheet_cells import plain_cell
from dedup_service.cli.words import plural, shown
from dedup_service.v1.record_service_pb2 import Record

_RECORD_COLUMNS = (
    *("file", "line", "old_record", "action", "became", "golden_record", "merge_proposal", "assigned_to"),
    *("lead_class", "loaded_as", "left_out", "warnings"),
)


@dataclass(slots=True)
class OldRecord:
    """One record of the old system, and what became of it; `left_out` says why it is in no file to load."""

    what: str
    line: int
    name: str
    became: str = ""
    golden_record: str = ""
    action: str = ""
    proposal: str = ""
    assigned_to: str = ""
    lead_class: str = ""
    loaded_as: str = ""
    left_out: str = ""
    warnings: tuple[str, ...] = ()
    record: Record = field(default_factory=Record)


@dataclass(slots=True)
class FileCounts:
    """One file: rows read, and what became of them."""

    file: Path
    what: str
    columns_left_out: list[tuple[str, str]]
    read_count: int = 0
    rejected_count: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Migration:
    """All of it; `lost` counts values that the new system has no column for, by field."""

    dry_run: bool
    not_read: list[tuple[Path, str]]
    files: list[FileCounts] = field(default_factory=list)
    records: list[OldRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    loaded: dict[Path, int] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    @property
    def assigned(self) -> Counter[str]:
        """How many records each got to work on."""
        return Counter(each.assigned_to or "nobody" for each in self.records if each.action)

    @property
    def held_back(self) -> Counter[str]:
        """Why routed records are in no file to load."""
        return Counter(each.left_out for each in self.records if each.action and each.left_out)

    @property
    def rejected_count(self) -> int:
        return sum(each.rejected_count for each in self.files)


def show(out: Output, migration: Migration) -> None:
    """Tell a person what was done, or would be."""
    out.line("a trial: nothing is written" if migration.dry_run else "done", "bold")
    for heading, lines in _sections(migration):
        out.bullets(heading, lines)


def as_json(migration: Migration) -> dict[str, object]:
    """The counts, for a program."""
    return {
        "dry_run": migration.dry_run,
        "files": [
            {
                "file": str(each.file),
                "what": each.what,
                "rows": each.read_count,
                "actions": dict(each.actions),
                "left_out": dict(each.left_out),
                "rejected_count": each.rejected_count,
            }
            for each in migration.files
        ],
        "not_read": {str(file): why for file, why in migration.not_read},
        "assigned": dict(migration.assigned),
        "lead_classes": dict(_classes(migration)),
        "loaded": {str(file): count for file, count in migration.loaded.items()},
        "held_back": dict(migration.held_back),
        "values_without_column": dict(migration.lost),
        "notes": migration.notes,
    }


def write_report(folder: Path, migration: Migration) -> list[Path]:
    """The report to be read, and a line for each old record; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    report, records = folder / "migration.md", folder / "records.csv"
    title = "# Trial of a migration" if migration.dry_run else "# Migration"
    report.write_text("\n".join([title, "", *_markdown(migration), ""]), "utf-8")
    with records.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_RECORD_COLUMNS)
        writer.writerows(map(_plain, _cells(each)) for each in migration.records)
    return [report, records]


def _plain(cell: object) -> object:
    return plain_cell(cell) if isinstance(cell, str) else cell


def _cells(each: OldRecord) -> tuple[object, ...]:
    return (
        *(each.what, each.line, each.name, each.action, each.became, each.golden_record, each.proposal),
        *(each.assigned_to, each.lead_class, each.loaded_as, each.left_out, "; ".join(each.warnings)),
    )


def _classes(migration: Migration) -> Counter[str]:
    return Counter(each.lead_class for each in migration.records if each.lead_class)


def _markdown(migration: Migration) -> Iterator[str]:
    for heading, lines in _sections(migration):
        yield f"\n## {heading}\n"
        yield from (f"- {shown(line)}" for line in lines)


def _sections(migration: Migration) -> Iterator[tuple[str, list[str]]]:
    """What is told, under headings; those with nothing below them are left out."""
    read = [
        f"{each.file.name}, {each.what}: {plural(each.read_count, 'row')}; {_counts(each.actions)}"
        for each in migration.files
    ]
    sections = {
        "What was read": read,
        "What was left out, and why": list(_left_out(migration)),
        "Who works on it": _counted(migration.assigned, "record"),
        "Classes of the leads": _counted(_classes(migration), "lead"),
        "Files to load": [f"{file}: {plural(count, 'row')}" for file, count in migration.loaded.items()],
        "Held back from these files": _counted(migration.held_back, "record"),
        "Values that are in no file to load": _counted(migration.lost, "record"),
        "To be looked at": migration.notes,
    }
    yield from ((heading, lines) for heading, lines in sections.items() if lines)


def _left_out(migration: Migration) -> Iterator[str]:
    for file, why in migration.not_read:
        yield f"{file.name}: {why}"
    for each in migration.files:
        for why, count in each.left_out.items():
            yield f"{each.file.name}: {plural(count, 'row')}: {why}"
        if each.rejected_count:
            rejected = plural(each.rejected_count, "record")
            yield f"{each.file.name}: {rejected} rejected, with reasons in its rejects"
        reasons: dict[str, list[str]] = {}
        for column, why in each.columns_left_out:
            reasons.setdefault(why, []).append(column)
        for why, columns in reasons.items():
            yield f"{each.file.name}: the columns {', '.join(columns)}: {why}"


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counted.most_common()) or "no record"


def _counted(counted: Counter[str], noun: str) -> list[str]:
    return [f"{word}: {plural(count, noun)}" for word, count in counted.most_common()]

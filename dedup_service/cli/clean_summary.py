"""What `dedup clean` says at the end, and of the columns while it works."""

from pathlib import Path
from typing import Any

from dedup_service.cleanup.reading.gathering import Gathered
from dedup_service.cli.output import Output
from dedup_service.cli.words import plural, shown

_IGNORED_SHOWN = 12
_OPEN = (
    ("report.html", "what was found and how sure it is, with pictures: open it in a browser"),
    ("golden", "one row for each person or company"),
    ("clusters", "which records are one"),
    ("review", "pairs that only a person can decide, with the reasons"),
    ("clean.json", "every figure, and what makes the same result again"),
)


def say_columns(out: Output, gathered: Gathered) -> None:
    """What was read, and which columns are compared."""
    columns, known = gathered.columns, gathered.columns.recognised
    for one in gathered.inputs:
        notes = [f"read as {one.encoding}"] if one.encoding not in ("", "utf-8", "utf-8-sig") else []
        notes += [f"{plural(one.blank_count, 'blank row')} left out"] if one.blank_count else []
        said = f" ({'; '.join(notes)})" if notes else ""
        out.line(f"{shown(Path(one.name).name)}: {plural(one.row_count, 'record')}{said}", "bold")
    roles = {"record_id": known.record_id, "record_type": known.record_type}
    roles |= {"source": columns.roles.source, "owner": columns.roles.owner}
    roles |= {"update_time": columns.roles.update_time}
    rows = [(role, column) for role, column in roles.items() if column]
    rows += [(one.field, one.words) for one in known.fields]
    if not known.record_id:
        rows.insert(0, ("record_id", "(the rows are numbered)"))
    out.table(("field", "columns"), rows)
    reasons: dict[str, list[str]] = {}
    for ignored in known.ignored:
        if ignored.column not in columns.roles.columns:
            reasons.setdefault(ignored.why, []).append(ignored.column)
    out.bullets("not compared", (f"{_some(names)}: {why}" for why, names in reasons.items()))
    out.line()


def _some(names: list[str]) -> str:
    more = len(names) - _IGNORED_SHOWN
    return ", ".join(names[:_IGNORED_SHOWN]) + (f" and {more} more" if more > 0 else "")


def say_results(out: Output, figures: dict[str, Any], final: Path, form: str) -> None:
    """What was found, and what to open."""
    found, sure, held = figures["found"], figures["sureness"], figures["clusters_by_weakest_link"]
    records = figures["records"]["all"]
    out.line()
    out.line(
        f"{plural(records, 'record')} are {plural(found['golden_records'], 'golden record')}: "
        f"{plural(found['duplicates'], 'duplicate')} in {plural(found['clusters'], 'cluster')}",
        "bold",
    )
    lines = []
    if sure["match_pairs"]:
        lines.append(
            f"of {plural(sure['match_pairs'], 'MATCH pair')} the model expects "
            f"{sure['match_expected_precision']:.1%} to be right"
        )
    if held["below_match"]:
        lines.append(
            f"{plural(held['below_match'], 'cluster')} hang on a link below MATCH: "
            "weakest_link_probability says which"
        )
    if found["reviews"]:
        listed = found["reviews_listed"]
        more = f", the {listed:,} most likely of which are listed" if listed < found["reviews"] else ""
        lines.append(f"{plural(found['reviews'], 'pair')} for a person to look at{more}")
    for entity in figures["model"]["doubtful"]:
        what = "people" if entity == "PERSON" else "companies"
        lines.append(f"training on these {what} was doubtful; they are scored by the shipped model's matches")
    out.bullets("in short", lines)
    names = [(name if "." in name else f"{name}.{form}", what) for name, what in _OPEN]
    out.table(("file", "what it is"), [(str(final / name), what) for name, what in names])
    out.line(f"{figures['seconds']['all']:.1f} seconds", "dim")

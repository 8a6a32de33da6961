"""The rows as a table in benchmarks/README.md, and its figures as every benchmark tells them."""

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.accuracy.contestants import peer_versions
from benchmarks.clean.contestants import GOLDENMATCH, OURS, RECORDLINKAGE, SPLINK
from benchmarks.clean.figures import figures
from benchmarks.clean.rows import Row
from benchmarks.report import README, RESULTS, report
from scoring import Entity

NAME = "clean"
_MARK = f"{NAME}-rows"


def write(rows: Sequence[Row]) -> int:
    """Write results/clean.json with figures and rows, and both tables; 0 when every target is met."""
    status = report(NAME, figures(rows))
    path = RESULTS / f"{NAME}.json"
    content = json.loads(path.read_text("utf-8"))
    content["versions"] = {name: peer_versions()[name] for name in (SPLINK, RECORDLINKAGE, GOLDENMATCH)}
    content["rows"] = [msgspec.to_builtins(row) for row in rows]
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    write_marked(README, _MARK, table())
    return status


def table() -> str:
    """The rows of results/clean.json as a Markdown table, with what it was measured with below."""
    content = json.loads((RESULTS / f"{NAME}.json").read_text("utf-8"))
    rows = [msgspec.convert(row, Row) for row in content["rows"]]
    lines = [
        "| records | | seconds | CPU seconds | memory, MB | F1 of people | F1 of companies | runs | load |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
        "Versions: " + ", ".join(f"{name} {one}" for name, one in content["versions"].items()) + ".",
        f"Measured from {min(row.time for row in rows)} to {max(row.time for row in rows)}.",
    ]
    return "\n".join(lines) + "\n"


def screen_line(row: Row) -> str:
    """One row as a run goes on."""
    head = f"{row.record_count:>10,} {row.contestant:<14}"
    if row.failure:
        return f"{head} not finished: {row.failure}"
    people, companies = (_f1(row, entity) for entity in Entity)
    return (
        f"{head} {row.seconds:8.1f} s {row.cpu_seconds:8.1f} CPU s {row.peak_bytes / 1e6:8,.0f} MB"
        f"  people {people}  companies {companies}  load {row.load:.2f}"
    )


def write_marked(path: Path, mark: str, text: str) -> None:
    """Put a text between the marks of that name in a document that has them."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, found, rest = path.read_text("utf-8").partition(begin)
    if found:
        path.write_text(before + begin + text + end + rest.partition(end)[2], "utf-8")


def _line(row: Row) -> str:
    head = f"| {row.record_count:,} | {row.contestant} |"
    if row.failure:
        return f"{head} not finished: {row.failure} | | | | | {row.run_count} | {row.load:.2f} |"
    cells = [
        f"**{row.seconds:,.1f}**" if row.contestant == OURS else f"{row.seconds:,.1f}",
        f"{row.cpu_seconds:,.1f}",
        f"{row.peak_bytes / 1e6:,.0f}",
        *(_f1(row, entity) for entity in Entity),
        str(row.run_count),
        f"{row.load:.2f}",
    ]
    return f"{head} {' | '.join(cells)} |"


def _f1(row: Row, entity: Entity) -> str:
    best = row.best_f1.get(entity)
    return f"{row.f1[entity]:.3f}" + (f" / {best:.3f}" if best is not None else "")

"""`validate --csv`: every row of a file against the rules of data entry, before anything is imported."""

import csv
import itertools
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import Any

import typer

from dedup_service.cli.columns import ID, ColumnPlan, plan_columns
from dedup_service.cli.comparing import kind_of
from dedup_service.cli.csv_rows import Row, rows_of
from dedup_service.cli.form_checking import is_error
from dedup_service.cli.import_plan import opened
from dedup_service.cli.importing import codec_of, delimiter_of, header_of
from dedup_service.cli.output import Output
from dedup_service.cli.session import Session
from dedup_service.cli.words import plural, who, word
from dedup_service.client import ServiceError
from dedup_service.domain.fields import is_known_field
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import DataEntryFinding, ValidateRequest

# Calls under way: enough to keep the service busy, few enough to leave it room for others.
_AT_ONCE = 16
_SEVERITIES = ("ERROR", "WARNING", "SUGGESTION")


@dataclass(frozen=True, slots=True)
class RowsPlan:
    """A file of rows that can be read, and what its columns are; `kind` is empty for the rules of all."""

    file: Path
    kind: str
    columns: ColumnPlan
    has_ids: bool
    delimiter: str
    encoding: str


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row with its values and what is wrong with them; `refused` when it could not be looked at."""

    line: int
    values: dict[str, str]
    findings: tuple[DataEntryFinding, ...]
    refused: str = ""

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many findings of each severity, the worst first; a row that is refused is worse than any."""
        counted = Counter(word(each, "severity") for each in self.findings)
        errors, warnings, suggestions = (counted[severity] for severity in _SEVERITIES)
        return (errors + 1_000_000 if self.refused else errors, warnings, suggestions)


@dataclass(slots=True)
class Tally:
    """What was found in a file so far; `by_rule` counts by severity, rule and field."""

    row_count: int = 0
    clean_count: int = 0
    error_row_count: int = 0
    by_rule: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    worst: list[CheckedRow] = field(default_factory=list)


def plan_rows(file: Path, kind: str, mapping: Iterable[str], delimiter: str, encoding: str) -> RowsPlan:
    """Look at the header; a file needs no column of ids, since its lines are named.

    Raises:
        typer.BadParameter: an option that does not fit the file.
        CommandError: the file has no header that can be read.
    """
    if kind:
        kind_of(kind)
    delimiter, codec = delimiter_of(delimiter), codec_of(encoding)
    header = header_of(file, codec, delimiter)
    mapped = tuple(mapping)
    has_ids = ID in header or any(text.endswith(f"={ID}") for text in mapped)
    columns = plan_columns(header if has_ids else (*header, ID), kind.upper() or "CONTACT", mapped)
    return RowsPlan(file, kind, columns, has_ids, delimiter, codec)


def check(session: Session, plan: RowsPlan, worst_count: int) -> None:
    """Show what is wrong by rule, and the worst rows; exit code 1 when a row has an ERROR."""
    out = session.output
    tally = Tally()
    with opened(plan.file, plan.encoding) as text:
        rows = itertools.islice(rows_of(csv.reader(text, delimiter=plan.delimiter)), 1, None)
        for checked in _checked(session, plan, rows):
            if out.as_json and (checked.findings or checked.refused):
                out.json(_row_object(checked))
            _count(checked, tally, worst_count)
    if out.as_json:
        out.json(_summary_object(plan, tally))
    else:
        _show(out, plan, tally)
    if tally.error_row_count:
        raise typer.Exit(1)


def _checked(session: Session, plan: RowsPlan, rows: Iterable[Row]) -> Iterator[CheckedRow]:
    """The rows in their order, several asked about at a time."""
    under_way: deque[tuple[Row, dict[str, str], Any]] = deque()
    for row in rows:
        values, problems = _values(plan, row)
        call = None if problems else session.client.intake.Validate.future(_request(plan, values))
        under_way.append((row, values, "; ".join(problems) if problems else call))
        if len(under_way) == _AT_ONCE:
            yield _done(*under_way.popleft())
    while under_way:
        yield _done(*under_way.popleft())


def _done(row: Row, values: dict[str, str], told: Any) -> CheckedRow:
    """`told` is the call under way, or why there is none."""
    if isinstance(told, str):
        return CheckedRow(row.line, values, (), told)
    try:
        return CheckedRow(row.line, values, tuple(told.result().findings))
    except ServiceError as error:
        if error.reason != "INVALID_FIELD":
            raise
        said = "; ".join(f"{each.subject}: {each.description}" for each in error.violations)
        return CheckedRow(row.line, values, (), said or error.message)


def _values(plan: RowsPlan, row: Row) -> tuple[dict[str, str], Sequence[str]]:
    cells = row.cells if plan.has_ids else [*row.cells, str(row.line)]
    if row.problems:
        return {}, row.problems
    if len(cells) != len(plan.columns.header):
        own = len(plan.columns.header) - (0 if plan.has_ids else 1)
        return {}, (f"has {len(row.cells)} columns, the header has {own}",)
    said = plan.columns.cells(cells)
    return {name: value for name, value in said.items() if is_known_field(name) and value.strip()}, ()


def _request(plan: RowsPlan, values: dict[str, str]) -> ValidateRequest:
    return ValidateRequest(
        values=values, kind=kind_of(plan.kind) if plan.kind else RecordKind.RECORD_KIND_UNSPECIFIED
    )


def _count(checked: CheckedRow, tally: Tally, worst_count: int) -> None:
    tally.row_count += 1
    if not checked.findings and not checked.refused:
        tally.clean_count += 1
        return
    tally.error_row_count += bool(checked.refused) or any(map(is_error, checked.findings))
    if checked.refused:
        _count_one(tally, ("ERROR", "CANNOT_BE_READ", ""), checked.line, checked.refused)
    for each in checked.findings:
        field_name = each.field.removeprefix("values.")
        suggested = f" -> {each.suggested_value}" if each.suggested_value else ""
        value = checked.values.get(field_name, "")
        _count_one(
            tally, (word(each, "severity"), each.rule, field_name), checked.line, f"{value}{suggested}"
        )
    tally.worst = nsmallest(
        worst_count,
        [*tally.worst, checked],
        key=lambda row: (tuple(-count for count in row.counts), row.line),
    )


def _count_one(tally: Tally, rule: tuple[str, str, str], line: int, example: str) -> None:
    tally.by_rule[rule] += 1
    tally.examples.setdefault(rule, (line, example))


def _show(out: Output, plan: RowsPlan, tally: Tally) -> None:
    read = [(column, target) for column, target in plan.columns.taken if is_known_field(target)]
    words = [column if column == target else f"{column} -> {target}" for column, target in read]
    out.text(f"columns: {', '.join(words)}", hang=2)
    left_out = [one.column for one in plan.columns.left_out]
    if left_out:
        out.text(f"left out: {', '.join(left_out)}; --map COLUMN=FIELD says what a column is", hang=2)
    out.line(
        f"{plural(tally.row_count, 'row')} checked: {tally.clean_count:,} without a finding, "
        f"{tally.error_row_count:,} with errors",
        "bold",
    )
    out.table(
        ("severity", "rule", "field", "count", "line", "first value"),
        [
            (
                severity,
                rule,
                name,
                f"{count:,}",
                str(tally.examples[severity, rule, name][0]),
                _example(tally, key),
            )
            for key, count in _by_severity(tally.by_rule)
            for severity, rule, name in (key,)
        ],
        "by rule",
        right=("count", "line"),
    )
    out.table(
        ("line", "who", *(f"{severity.lower()}s" for severity in _SEVERITIES), "what"),
        [
            (
                str(row.line),
                who(row.values),
                *("" if row.refused else str(count) for count in row.counts),
                [row.refused] if row.refused else [each.message for each in row.findings],
            )
            for row in tally.worst
        ],
        "the worst rows",
        right=("line", *(f"{severity.lower()}s" for severity in _SEVERITIES)),
    )


def _example(tally: Tally, rule: tuple[str, str, str]) -> str:
    text = tally.examples[rule][1]
    return text if len(text) <= 60 else f"{text[:59]}…"


def _by_severity(by_rule: Counter[tuple[str, str, str]]) -> list[tuple[tuple[str, str, str], int]]:
    return sorted(by_rule.items(), key=lambda one: (_SEVERITIES.index(one[0][0]), -one[1], one[0]))


def _row_object(row: CheckedRow) -> dict[str, object]:
    findings = [
        {
            "severity": word(each, "severity"),
            "field": each.field,
            "rule": each.rule,
            "message": each.message,
            "suggested_value": each.suggested_value,
        }
        for each in row.findings
    ]
    return {"line": row.line, "refused": row.refused, "findings": findings}


def _summary_object(plan: RowsPlan, tally: Tally) -> dict[str, object]:
    by_rule = [
        {"severity": severity, "rule": rule, "field": name, "count": count}
        for (severity, rule, name), count in _by_severity(tally.by_rule)
    ]
    return {
        "file": str(plan.file),
        "row_count": tally.row_count,
        "clean_count": tally.clean_count,
        "error_row_count": tally.error_row_count,
        "by_rule": by_rule,
    }

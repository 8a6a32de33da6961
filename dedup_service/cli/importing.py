"""`import`: the rows of CSV files as records, with the rows that cannot be in a file of their own.

Each batch is written whole or not at all, and what is stored just so is left alone: an import that was cut
short is finished by running it again.
"""

import codecs
import csv
import difflib
import io
import itertools
import re
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dedup_service.cli.columns import plan_columns
from dedup_service.cli.comparing import kind_of
from dedup_service.cli.csv_rows import ReadRecord, RecordReader, Row, rows_of
from dedup_service.cli.import_plan import ColumnNotes, ImportPlan, opened
from dedup_service.cli.output import Output
from dedup_service.cli.policies import IN_FORCE
from dedup_service.cli.problems import CommandError, service_sentence
from dedup_service.cli.rejects import Rejects
from dedup_service.cli.routed_records import RoutedRecord, Router, action_word
from dedup_service.cli.session import Session
from dedup_service.cli.words import plural
from dedup_service.client import IngestedBatch, ServiceError
from dedup_service.company_files import parse_policy
from dedup_service.domain.records import SOURCE_PATTERN
from dedup_service.v1.policy_service_pb2 import GetPolicyRequest
from dedup_service.v1.record_service_pb2 import Record

_BATCH_PLACE = re.compile(r"^records\[\d+\]\.")


@dataclass(slots=True)
class Tally:
    """What has become of the rows so far."""

    written_count: int = 0
    unchanged_count: int = 0
    rejected_count: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    revision: str = ""
    sent: deque[tuple[Row, ...]] = field(default_factory=deque)


def plan_import(
    file: Path, kind: str, source: str, mapping: list[str], delimiter: str, encoding: str
) -> ImportPlan:
    """Look at the header and the options; nothing is sent.

    Raises:
        typer.BadParameter: an option that does not fit the file.
        CommandError: the file has no header that can be read.
    """
    if not SOURCE_PATTERN.fullmatch(source):
        raise typer.BadParameter("write lower-case letters, digits, - and _", param_hint="--source")
    delimiter, codec = delimiter_of(delimiter), codec_of(encoding)
    number = kind_of(kind)
    header = header_of(file, codec, delimiter)
    columns = plan_columns(header, kind.upper(), mapping)
    notes = ColumnNotes(
        columns.taken,
        [(one.column, one.why) for one in columns.left_out],
        "--map COLUMN=FIELD says what a column is",
    )
    reader = RecordReader(source, number, columns)
    return ImportPlan(file, source, reader, notes, header, delimiter, codec)


def delimiter_of(text: str) -> str:
    """The character between columns; raises typer.BadParameter."""
    delimiter = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(delimiter) != 1:
        raise typer.BadParameter("write one character, or tab", param_hint="--delimiter")
    return delimiter


def codec_of(encoding: str) -> str:
    """The codec that reads a file of this encoding; raises typer.BadParameter."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise typer.BadParameter(
            f"{encoding} is no encoding that is known", param_hint="--encoding"
        ) from None
    # A byte order mark would become part of the first column's name.
    return "utf-8-sig" if name == "utf-8" else name


def header_of(file: Path, codec: str, delimiter: str) -> tuple[str, ...]:
    """The first line of a file.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    with opened(file, codec) as text:
        try:
            header = next(csv.reader(text, delimiter=delimiter), [])
        except csv.Error as error:
            raise CommandError(f"{file} has no header that can be read: {error}") from None
    if not header:
        raise CommandError(f"{file} is empty: the first line must name the columns")
    return tuple(header)


def import_files(session: Session, plans: Sequence[ImportPlan], *, route: bool = False) -> None:
    """Write the rows of each file, one file after the other; exit code 1 when some were rejected.

    With `route`, intake is asked first who each is: a duplicate that is certain is updated and not written.
    """
    for source in dict.fromkeys(plan.source for plan in plans):
        warn_of_other_source(session, source)
    router = Router(session.client) if route else None
    rejected_counts = [_import_file(session, plan, router) for plan in plans]
    if any(rejected_counts):
        raise typer.Exit(1)


def _import_file(session: Session, plan: ImportPlan, router: Router | None) -> int:
    """Write the rows of a file; how many were rejected."""
    out = session.output
    if not out.as_json:
        if plan.what:
            out.heading(f"{plan.file}: {plan.what}, into {plan.source}")
        _say_columns(out, plan.columns)
    tally = Tally()
    plan.rejects_file.unlink(missing_ok=True)
    with opened(plan.file, plan.encoding) as text, progress(text, plan.file) as tick:
        try:
            with Rejects(plan) as rejects:
                read = _read(text, plan, tally, rejects)
                if router is None:
                    for done in session.client.ingest(_records(read, tally)):
                        _count(done, tally, rejects)
                        tick()
                else:
                    for routed in router.route(read):
                        _count_routed(routed, tally, rejects)
                        tick()
        except ServiceError as error:
            if error.unreachable and not tally.written_count + tally.unchanged_count:
                raise
            raise CommandError(
                f"stopped after {plural(tally.written_count, 'written row')}: {service_sentence(error)}. "
                "Run the same command again: what is written is left alone"
            ) from error
    _tell(session, plan, tally)
    return tally.rejected_count


def _say_columns(out: Output, columns: ColumnNotes) -> None:
    renamed = [f"{column} -> {target}" for column, target in columns.taken if column != target]
    named = [column for column, target in columns.taken if column == target]
    out.line(f"columns: {', '.join([*renamed, *named])}")
    reasons: dict[str, list[str]] = {}
    for column, why in columns.left_out:
        reasons.setdefault(why, []).append(column)
    for why, left_out in reasons.items():
        out.line(f"left out: {', '.join(left_out)}: {why}", "yellow")
    if reasons:
        out.line(columns.advice, "dim")


def warn_of_other_source(session: Session, source: str) -> None:
    """Say how a source is treated that the policy does not name: it is as often as not a slip."""
    found = session.client.policies.GetPolicy(GetPolicyRequest(name=IN_FORCE))
    policy = parse_policy(found.text)
    if source in policy.sources:
        return
    near = difflib.get_close_matches(source, policy.sources, n=1)
    other = policy.other_sources
    sys.stderr.write(
        f"dedup: warning: the policy names no source {source}{f', do you mean {near[0]}?' if near else ''}; "
        f"its records belong to {other.function} with a trust of {other.trust}, as those of all sources "
        f"that it does not name; it names {', '.join(policy.sources)}\n"
    )


def _read(text: IO[str], plan: ImportPlan, tally: Tally, rejects: Rejects) -> Iterator[ReadRecord]:
    """The good records in order; the others are counted and written down."""
    rows = rows_of(csv.reader(text, delimiter=plan.delimiter))
    for read in plan.reader.records(itertools.islice(rows, 1, None)):  # the first row is the header
        if read.left_out:
            tally.left_out[read.left_out] += len(read.rows)
        elif read.problems:
            tally.rejected_count += 1
            rejects.write(read.rows, read.problems)
        else:
            yield read


def _records(good: Iterable[ReadRecord], tally: Tally) -> Iterator[Record]:
    """The records; the rows of each wait in `tally.sent` for their answer."""
    for read in good:
        tally.sent.append(read.rows)
        yield read.record


def _count_routed(routed: RoutedRecord, tally: Tally, rejects: Rejects) -> None:
    if routed.answer is None:
        tally.rejected_count += 1
        rejects.write(routed.read.rows, routed.problems)
        return
    tally.written_count += 1
    tally.actions[action_word(routed.answer)] += 1
    tally.revision = routed.revision or tally.revision


def _count(done: IngestedBatch, tally: Tally, rejects: Rejects) -> None:
    rows = [tally.sent.popleft() for _ in done.records]
    answer = done.answer
    tally.written_count += answer.written_count
    tally.unchanged_count += answer.unchanged_count
    tally.rejected_count += len(answer.rejected)
    tally.revision = answer.revision.token or tally.revision
    for rejected in answer.rejected:
        violations = rejected.bad_request.field_violations
        # The place in the batch says nothing to somebody who sees the file.
        reasons = [f"{_BATCH_PLACE.sub('', each.field)}: {each.description}" for each in violations]
        rejects.write(rows[rejected.index], reasons)


@contextmanager
def progress(text: IO[str], file: Path) -> Iterator[Callable[[], None]]:
    """A bar on stderr where that is a terminal; by bytes read, because nobody has counted the rows."""
    console = Console(file=sys.stderr)
    shown = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(
        *shown, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(file.name, total=max(file.stat().st_size, 1))
        # TextIOWrapper gives no place of its own while it is iterated over.
        binary = text.buffer if isinstance(text, io.TextIOWrapper) else None
        yield lambda: progress.update(task, completed=binary.tell() if binary else 0)


def _tell(session: Session, plan: ImportPlan, tally: Tally) -> None:
    out = session.output
    if out.as_json:
        of_profile = {"file": str(plan.file), "what": plan.what, "left_out": dict(tally.left_out)}
        out.json(
            {
                **(of_profile if plan.what else {}),
                **({"actions": dict(tally.actions)} if tally.actions else {}),
                "written_count": tally.written_count,
                "unchanged_count": tally.unchanged_count,
                "rejected_count": tally.rejected_count,
                "rejects_file": str(plan.rejects_file) if tally.rejected_count else "",
                "revision": tally.revision,
            }
        )
        return
    noun = "record" if plan.what else "row"
    if tally.actions:
        actions = ", ".join(f"{count:,} {word}" for word, count in tally.actions.most_common())
        out.line(f"{plural(tally.written_count, noun)} routed: {actions}; {tally.rejected_count:,} rejected")
    else:
        out.line(
            f"{plural(tally.written_count, noun)} written, {tally.unchanged_count:,} stored just so already, "
            f"{tally.rejected_count:,} rejected"
        )
    for why, count in tally.left_out.items():
        out.line(f"{plural(count, 'row')} left out: {why}", "yellow")
    for note in plan.reader.notes():
        out.line(note, "yellow")
    if tally.rejected_count:
        out.line(f"rejected rows with their reasons: {plan.rejects_file}", "yellow")

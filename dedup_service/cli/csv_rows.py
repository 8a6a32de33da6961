"""Rows of a CSV file as records, or everything that is wrong with them; no row stops the file."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money

from dedup_service.cli.columns import ID, LINKS, ColumnPlan
from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.fields import max_code_points
from dedup_service.domain.records import SOURCE_RECORD_ID_PATTERN
from dedup_service.domain.validation import text_problem
from dedup_service.v1.core_pb2 import Fact, Owner, RecordKind
from dedup_service.v1.record_service_pb2 import Record

LARGEST_RECORD_BYTES = 900_000
_TRUE = ("true", "1", "yes", "y")
_FALSE = ("false", "0", "no", "n", "")
_NANOS = Decimal(10**9)
_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file: the line that it begins on, its cells, and why it cannot be read."""

    line: int
    cells: list[str]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """What some rows say together: a record, or `problems` that reject them, or why they are `left_out`."""

    rows: tuple[Row, ...]
    record: Record
    problems: tuple[str, ...] = ()
    left_out: str = ""


def size_problem(record: Record) -> str:
    """Why a record is too large to be sent, or an empty string."""
    size = record.ByteSize()
    if size <= LARGEST_RECORD_BYTES:
        return ""
    return f"has {size:,} bytes, at most {LARGEST_RECORD_BYTES:,} can be sent"


@dataclass(slots=True)
class RecordReader:
    """Makes records of one source and kind from rows."""

    source: str
    kind: RecordKind.ValueType
    columns: ColumnPlan
    lines_of_ids: dict[str, int] = field(default_factory=dict)

    def records(self, rows: Iterable[Row]) -> Iterator[ReadRecord]:
        """A record for each row, in their order."""
        for row in rows:
            record, problems = self.record(row)
            yield ReadRecord((row,), record, problems)

    def notes(self) -> tuple[str, ...]:
        """Nothing: all that is to be told of a file is told of its rows."""
        return ()

    def record(self, row: Row) -> tuple[Record, tuple[str, ...]]:
        """The record of a row, and everything that is wrong with it."""
        problems = list(row.problems)
        if not problems and len(row.cells) != len(self.columns.header):
            problems.append(f"has {len(row.cells)} columns, the header has {len(self.columns.header)}")
        record = Record(kind=self.kind)
        if problems:
            return record, tuple(problems)
        cells = self.columns.cells(row.cells)
        self._identify(record, cells.pop(ID), row.line, problems)
        for target, text in cells.items():
            if not text.strip():
                continue
            try:
                self._put(record, target, text)
            except ValueError as error:
                problems.append(f"{target}: {error}")
        if problem := size_problem(record):
            problems.append(problem)
        return record, tuple(problems)

    def _identify(self, record: Record, identity: str, line: int, problems: list[str]) -> None:
        identity = identity.strip()
        if not SOURCE_RECORD_ID_PATTERN.fullmatch(identity):
            problems.append(f"{ID}: must be 1 to 200 characters without space, / or control character")
        elif identity in self.lines_of_ids:
            problems.append(f"{ID}: stands on line {self.lines_of_ids[identity]} already")
        else:
            self.lines_of_ids[identity] = line
        record.name = self._name(identity)

    def _name(self, text: str) -> str:
        return text if text.startswith("sources/") else f"sources/{self.source}/records/{text}"

    def _put(self, record: Record, target: str, text: str) -> None:
        if target.startswith("fact."):
            record.facts.append(fact_of(target.removeprefix("fact."), text.strip()))
        elif target not in LINKS:
            if problem := text_problem(text, max_code_points(target)):
                raise ValueError(problem)
            record.values[target] = text
        elif target in ("account", "parent"):
            setattr(record, target, self._name(text.strip()))
        elif target == "person_account":
            record.person_account = flag_of(text)
        elif target == "source_update_time":
            record.source_update_time.CopyFrom(time_of(text))
        else:
            part = {"owner": "principal", "owner_function": "function", "queue": "queue"}[target]
            record.owner.MergeFrom(Owner(**{part: text.strip()}))


class LineCounting(Protocol):
    """A csv reader: rows, and the number of the last line read."""

    line_num: int

    def __next__(self) -> list[str]: ...


def rows_of(reader: LineCounting) -> Iterator[Row]:
    """The rows of a csv reader, those that it refuses too."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, [], (f"is no CSV: {error}",))
            continue
        if cells:
            yield Row(line, cells, tuple(_text_problems(cells)))


def _text_problems(cells: list[str]) -> Iterator[str]:
    if any("\x00" in cell for cell in cells):
        yield "holds a NUL character; remove it"
    if any("\udc80" <= c <= "\udcff" for cell in cells for c in cell):
        yield "holds bytes that are not of the file's encoding; save it as UTF-8, or say --encoding"


def fact_of(name: str, text: str) -> Fact:
    """A fact from its text: `2`, `1200.50 EUR`, `true`, an ISO 8601 time, or words."""
    kind = FACTS[name]
    if kind is FactType.COUNT:
        if not text.isdecimal():
            raise ValueError("write a whole number")
        return Fact(name=name, count=int(text))
    if kind is FactType.AMOUNT:
        return Fact(name=name, amount=money_of(text))
    if kind is FactType.FLAG:
        return Fact(name=name, flag=flag_of(text))
    return Fact(name=name, time=time_of(text)) if kind is FactType.TIME else Fact(name=name, text=text)


def money_of(text: str) -> Money:
    """An amount such as `1200.50 EUR`."""
    wrong = ValueError("write an amount and a currency, such as 1200.50 EUR")
    number, _, currency = text.partition(" ")
    try:
        amount = Decimal(number)
    except InvalidOperation:
        raise wrong from None
    # Before it is made whole: 1e999999999 would take all the memory that there is.
    if not amount.is_finite() or amount.adjusted() >= _MOST_DIGITS:
        raise wrong
    units = int(amount)
    nanos = int((amount - units) * _NANOS)
    if not currency.strip() or abs(units) >= 2**63:
        raise wrong
    return Money(currency_code=currency.strip(), units=units, nanos=nanos)


def time_of(text: str) -> Timestamp:
    """An ISO 8601 time; one without zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("write a time as 2026-01-31T12:00:00+00:00") from None
    stamp = Timestamp()
    stamp.FromDatetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return stamp


def flag_of(text: str) -> bool:
    """Yes or no, in the ways that exports write it."""
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError("write true or false")

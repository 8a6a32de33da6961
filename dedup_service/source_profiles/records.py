"""The records of one file: its rows in order, with those that become none and why."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dedup_service.domain.fields import CUSTOM_FIELD
from dedup_service.domain.records import ChildKind, RecordDraft
from dedup_service.source_profiles.columns import Cells, Columns, Header
from dedup_service.source_profiles.conversion import AccountNames, Converted, RowConverter
from dedup_service.source_profiles.folding import count_open, fold
from dedup_service.source_profiles.profile import ProfileObject, SourceProfile
from dedup_service.source_profiles.times import TimeFormats

_UNNAMED = "the profile does not name it"


class ReadRow(Protocol):
    """A row of a file: the line that it begins on, its cells, and why it cannot be read."""

    @property
    def line(self) -> int: ...
    @property
    def cells(self) -> Sequence[str]: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What became of some rows: a draft, or `problems` that reject them, or why they were `left_out`."""

    rows: tuple[ReadRow, ...]
    draft: RecordDraft | None
    problems: tuple[str, ...] = ()
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What the columns of a file become: by their words what they are, and by name why others are nothing."""

    taken: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Before:
    """The row before: its cells, the id of its record, and its line where it is rejected."""

    cells: Sequence[str] = ()
    identity: str = ""
    rejected_line: int = 0


@dataclass(slots=True)
class RecordFile:
    """A file whose header an object of a profile fits; `accounts` are those of all files of the import."""

    profile: SourceProfile
    rules: ProfileObject
    header: Header
    source: str
    times: TimeFormats
    accounts: AccountNames
    decimal_mark: str = ""
    accounts_not_found: set[str] = field(default_factory=set)
    _kept: Mapping[str, str] = field(init=False)
    _converter: RowConverter = field(init=False)
    _counted: Mapping[str, ChildKind] = field(init=False)

    def __post_init__(self) -> None:
        self.header.use(self.rules.columns_read())
        self._kept = _kept(self.header, self.rules)
        self._converter = RowConverter(
            self.rules.below(self.header),
            self.source,
            self.times,
            self.decimal_mark or self.profile.decimal_mark,
            {name: self.header.names.index(column) for column, name in self._kept.items()},
            self.accounts,
        )
        self._counted = _counted(self.rules)

    def columns(self) -> ColumnUse:
        """What each column becomes; columns that only decide something are not told."""
        taken = [
            (str(rule.columns), target)
            for target, rules in self.rules.rules()
            for rule in rules
            if rule.columns is not None and self.header.has(rule.columns)
        ]
        reasons = {
            name: why for columns, why in self.rules.left_out.items() for name in self._standing(columns)
        }
        left_out = [
            (name, reasons.get(name, _UNNAMED)) for name in self.header.unused if name not in self._kept
        ]
        return ColumnUse((*taken, *self._kept.items()), tuple(left_out))

    def _standing(self, columns: Columns) -> Iterator[str]:
        for joined in self.header.places(columns):
            yield from (self.header.names[place] for place in joined)

    def turned_day(self, rows: Iterable[ReadRow]) -> tuple[int, str] | None:
        """The first line and text that is a time only with day and month the other way round; None where
        there is none. One such text makes all others of the file doubtful, which could be read both ways.
        """
        turned = self.times.turned
        if turned == self.times:
            return None
        columns = tuple(self.rules.time_columns())
        known: set[str] = set()
        for row in rows:
            if row.problems or len(row.cells) != len(self.header.names):
                continue
            cells = Cells(self.header, row.cells)
            for text in {cells.text(each) for each in columns} - known:
                known.add(text)
                if text and not _reads(self.times, text) and _reads(turned, text):
                    return row.line, text
        return None

    def records(self, rows: Iterable[ReadRow]) -> Iterator[FileRecord]:
        """Every row once, in the order of the file; with `fold`, records come when all rows are read."""
        return self._folded(rows) if self.rules.fold else self._one_by_one(rows)

    def _one_by_one(self, rows: Iterable[ReadRow]) -> Iterator[FileRecord]:
        lines: dict[str, int] = {}
        for row in rows:
            converted = self._converted(row)
            draft = converted.draft
            if draft is None:
                yield FileRecord((row,), None, converted.problems, converted.left_out)
                continue
            line = lines.setdefault(draft.key.source_record_id, row.line)
            if line != row.line:
                yield FileRecord((row,), None, (f"source_record_id: stands on line {line} already",))
            else:
                yield self._finished((row,), draft)

    def _folded(self, rows: Iterable[ReadRow]) -> Iterator[FileRecord]:
        held: dict[str, list[tuple[ReadRow, RecordDraft]]] = {}
        before = _Before()
        for row in rows:
            goes_on = self._goes_on(row, before)
            if goes_on and before.rejected_line:
                why = f"goes on with line {before.rejected_line}, which is rejected"
                yield FileRecord((row,), None, (why,))
                continue
            converted = self._converted(row, before.identity if goes_on else "")
            draft = converted.draft
            if draft is None:
                yield FileRecord((row,), None, converted.problems, converted.left_out)
            else:
                held.setdefault(draft.key.source_record_id, []).append((row, draft))
            before = _Before(
                row.cells,
                draft.key.source_record_id if draft else "",
                row.line if converted.problems else 0,
            )
        for group in held.values():
            yield self._finished(tuple(row for row, _ in group), fold([draft for _, draft in group]))

    def _goes_on(self, row: ReadRow, before: "_Before") -> bool:
        """Whether a row goes on with the record that the row before began."""
        columns = self.rules.continued_by
        width = len(self.header.names)
        if columns is None or len(row.cells) != width or len(before.cells) != width:
            return False
        said = Cells(self.header, row.cells).text(columns)
        return said in ("", Cells(self.header, before.cells).text(columns))

    def _finished(self, rows: tuple[ReadRow, ...], draft: RecordDraft) -> FileRecord:
        finished = count_open(draft, self._counted)
        self.accounts.add(finished)
        return FileRecord(rows, finished)

    def _converted(self, row: ReadRow, identity: str = "") -> Converted:
        if row.problems:
            return Converted(problems=row.problems)
        if len(row.cells) != len(self.header.names):
            columns = f"has {len(row.cells)} columns, the header has {len(self.header.names)}"
            return Converted(problems=(columns,))
        converted = self._converter.convert(Cells(self.header, row.cells), identity)
        if converted.account_not_found and converted.draft is not None:
            self.accounts_not_found.add(converted.account_not_found)
        return converted


def _reads(times: TimeFormats, text: str) -> bool:
    try:
        times.read(text)
    except ValueError:
        return False
    return True


def _kept(header: Header, rules: ProfileObject) -> dict[str, str]:
    """The custom field of each column that the profile keeps without naming it."""
    reasoned = {name for columns in rules.left_out for name in columns.names}
    known = Header(tuple(reasoned))
    kept: dict[str, str] = {}
    for column in header.unused:
        pattern = next((each for each in rules.keep if _fits(column, each)), None)
        if pattern is None or header.names.count(column) > 1 or known.place(column) is not None:
            continue
        name = f"custom.{_custom_name(column, pattern)}"
        if CUSTOM_FIELD.fullmatch(name) and name not in (*kept.values(), *rules.fields):
            kept[column] = name
    return kept


def _fits(column: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(column.casefold(), pattern.casefold())


def _custom_name(column: str, pattern: str) -> str:
    """A name without the ending that makes a field a custom one in its own system."""
    plain = column.casefold().removesuffix(pattern.casefold().removeprefix("*"))
    plain = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return (plain if plain[:1].isalpha() else f"x_{plain}")[:63]


def _counted(rules: ProfileObject) -> dict[str, ChildKind]:
    return {
        name: rule.open_children
        for name, each in rules.facts.items()
        for rule in each
        if rule.open_children is not None
    }

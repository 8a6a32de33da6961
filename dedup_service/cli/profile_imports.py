"""`import --profile`: each file is recognised by its header, and read as its profile says.

Encoding and delimiter are found in the file unless the user says them: exports of the same system differ
with the language of the desk that made them.
"""

import codecs
import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dedup_service.cli.csv_rows import ReadRecord, Row, rows_of, size_problem
from dedup_service.cli.import_plan import ColumnNotes, ImportPlan, opened
from dedup_service.cli.problems import CommandError
from dedup_service.cli.record_messages import record_message
from dedup_service.cli.words import plural, shown
from dedup_service.domain.records import SOURCE_PATTERN
from dedup_service.source_profiles import (
    AccountNames,
    Header,
    NotRecognised,
    Recognised,
    RecordFile,
    SourceProfile,
    UnknownProfile,
    profile_named,
    recognise,
    shipped_profiles,
)
from dedup_service.v1.record_service_pb2 import Record

AUTO = "auto"
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DELIMITERS = (",", ";", "\t", "|")
_CHUNK_BYTES = 1 << 20
_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What the user says of the files; empty where they are to be looked at."""

    profile: str
    source: str = ""
    delimiter: str = ""
    encoding: str = ""
    date_formats: tuple[str, ...] = ()
    time_zone: str = ""
    decimal_mark: str = ""


@dataclass(slots=True)
class ProfileReader:
    """Makes messages of what a profile reads."""

    file: RecordFile

    def records(self, rows: Iterable[Row]) -> Iterator[ReadRecord]:
        """Every row once, in a record or on its way out."""
        for read in self.file.records(rows):
            of_file = tuple(Row(row.line, list(row.cells), row.problems) for row in read.rows)
            if read.draft is None:
                yield ReadRecord(of_file, Record(), read.problems, read.left_out)
                continue
            try:
                record = record_message(read.draft)
            except ValueError as error:  # a time before the year 1 in UTC, a number beyond 64 bits
                yield ReadRecord(of_file, Record(), (str(error),))
                continue
            problem = size_problem(record)
            yield ReadRecord(of_file, record, (problem,) if problem else ())

    def notes(self) -> Sequence[str]:
        """The accounts that contacts name and that are not among the files."""
        names = sorted(self.file.accounts_not_found)
        if not names:
            return ()
        shown = ", ".join(names[:_SHOWN_NAMES])
        more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
        unknown = plural(len(names), "account")
        where = "that contacts name and that no file of this import has once"
        return (f"{unknown} {where}: {shown}{more}; the contacts are written without their account",)


def plan_profile_imports(files: Sequence[Path], read_as: ReadAs) -> list[ImportPlan]:
    """Look at the headers, and put the files into the order in which references exist; nothing is sent.

    Raises:
        typer.BadParameter: an option that does not fit, or no such profile.
        CommandError: a file that cannot be read, or that fits no object of the profile.
        CompanyFileError: the file of the profile, with everything that is wrong in it.
    """
    check(read_as)
    profiles = profiles_named(read_as.profile)
    accounts = AccountNames()
    planned = [plan_file(file, profiles, read_as, accounts) for file in files]
    return [plan for _, plan in sorted(planned, key=lambda each: each[0])]


def check(read_as: ReadAs) -> None:
    """Refuse options that make no sense.

    Raises:
        typer.BadParameter: one does not.
    """
    if read_as.source and not SOURCE_PATTERN.fullmatch(read_as.source):
        raise typer.BadParameter("write lower-case letters, digits, - and _", param_hint="--source")
    if read_as.decimal_mark not in ("", ".", ","):
        raise typer.BadParameter("write . or ,", param_hint="--decimal-mark")
    if read_as.encoding:
        try:
            codecs.lookup(read_as.encoding)
        except LookupError:
            raise typer.BadParameter(
                f"{read_as.encoding} is no encoding that is known", param_hint="--encoding"
            ) from None


def profiles_named(word: str) -> Sequence[SourceProfile]:
    """The profile of this name or file, or all that are shipped.

    Raises:
        typer.BadParameter: there is no such profile.
        CompanyFileError: the file of the profile, with everything that is wrong in it.
    """
    if word == AUTO:
        return shipped_profiles()
    try:
        return (profile_named(word),)
    except UnknownProfile as error:
        raise typer.BadParameter(str(error), param_hint="--profile") from None


def plan_file(
    file: Path, profiles: Sequence[SourceProfile], read_as: ReadAs, accounts: AccountNames
) -> tuple[int, ImportPlan]:
    """What a file is, with its place in the order of files; `accounts` are those of the whole import.

    Raises:
        CommandError: it cannot be read, or fits no object of the profiles.
    """
    codec = codecs.lookup(read_as.encoding).name if read_as.encoding else encoding_of(file)
    codec = "utf-8-sig" if codec == "utf-8" else codec
    delimiter, names = _delimiter_and_header(file, codec, read_as.delimiter)
    header = Header(names)
    try:
        found = recognise(header, profiles)
    except NotRecognised as error:
        raise CommandError(f"{file}: {error}") from None
    source = read_as.source or found.profile.source
    record_file = _record_file(found, header, source, read_as, accounts)
    if header.repeated:
        raise CommandError(
            f"{file}: {' and '.join(sorted(header.repeated))} stands twice in the header: take one column out"
        )
    _check_days(file, codec, delimiter, record_file)
    columns = record_file.columns()
    notes = ColumnNotes(
        columns.taken, columns.left_out, f"dedup profiles show {found.profile.name} says what is read"
    )
    plan = ImportPlan(
        file, source, ProfileReader(record_file), notes, names, delimiter, codec, what=str(found)
    )
    return found.rules.rank, plan


def _check_days(file: Path, codec: str, delimiter: str, record_file: RecordFile) -> None:
    """Refuse a file whose days are written the other way round: most of them would be read wrong unseen."""
    with opened(file, codec) as text:
        rows = rows_of(csv.reader(text, delimiter=delimiter))
        found = record_file.turned_day(itertools.islice(rows, 1, None))  # the first row is the header
    if found is not None:
        line, said = found
        formats = " or ".join(record_file.times.turned.formats)
        raise CommandError(
            f"{file}: line {line} says {shown(said)}, which is a day only with day and month the other way "
            "round, so that no day of the file is certain; say how it writes them with --date-format, "
            f"such as {formats}"
        )


def _record_file(
    found: Recognised, header: Header, source: str, read_as: ReadAs, accounts: AccountNames
) -> RecordFile:
    try:
        times = found.profile.times.preferring(read_as.date_formats, read_as.time_zone)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(
            "is no time zone that is known, such as Europe/Berlin", param_hint="--time-zone"
        ) from None
    mark = read_as.decimal_mark
    return RecordFile(found.profile, found.rules, header, source, times, accounts, mark)


def encoding_of(file: Path) -> str:
    """What the bytes of a file are: by its mark, else UTF-8 where all of it is, else Windows' own."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as binary:
        beginning = binary.read(_CHUNK_BYTES)
        for mark, codec in _MARKS.items():
            if beginning.startswith(mark):
                return codec
        try:
            chunk = beginning
            while chunk:
                decoder.decode(chunk)
                chunk = binary.read(_CHUNK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter_and_header(file: Path, codec: str, said: str) -> tuple[str, tuple[str, ...]]:
    """The delimiter, which is the one that makes the most columns unless it is said, and the columns."""
    said = {"tab": "\t", "\\t": "\t"}.get(said, said)
    if len(said) > 1:
        raise typer.BadParameter("write one character, or tab", param_hint="--delimiter")
    headers = {each: _header(file, codec, each) for each in ((said,) if said else _DELIMITERS)}
    delimiter = max(headers, key=lambda each: len(headers[each]))
    names = headers[delimiter]
    if not names:
        raise CommandError(f"{file} is empty: the first line must name the columns")
    return delimiter, names


def _header(file: Path, codec: str, delimiter: str) -> tuple[str, ...]:
    with opened(file, codec) as text:
        try:
            return tuple(name.strip() for name in next(csv.reader(text, delimiter=delimiter), []))
        except csv.Error as error:
            raise CommandError(f"{file} has no header that can be read: {error}") from None

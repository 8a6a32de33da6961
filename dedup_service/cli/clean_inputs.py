"""What `dedup clean` reads: how each file is written, what its columns are, which source it is of."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dedup_service.cleanup.reading.csv_files import CsvFile
from dedup_service.cleanup.reading.gathering import InputRows, PlannedInput
from dedup_service.cleanup.reading.parquet_files import MAGIC, open_parquet
from dedup_service.cleanup.reading.unifying import ReadColumns, Roles
from dedup_service.cli.columns import link_of
from dedup_service.cli.problems import CommandError
from dedup_service.reports.dialects import named, read_dialect
from scoring import Entity
from scoring.column_fields import FIELDS
from scoring.columns import ROLES, ColumnError, Ignored, Recognised, recognise, split_mapping

_OWN_ROLES = ("source", "owner", "update_time")
_SOURCE_NAMES = frozenset(
    (
        *("source", "sourcesystem", "sourcename", "system", "systemname", "datasource", "originsystem"),
        *("quelle", "quellsystem", "herkunft", "fuente", "sistema", "origine"),
    )
)
_ROLE_OF_LINK = {"owner": "owner", "source_update_time": "update_time"}


@dataclass(frozen=True, slots=True)
class AskedColumns:
    """What was said of columns: what all records are, and mappings FIELD=COLUMN."""

    entity: Entity | None
    mappings: tuple[str, ...]


def plan_files(files: Sequence[Path], encoding: str, asked: AskedColumns) -> list[PlannedInput]:
    """What is to be read of each file.

    Raises:
        CommandError: two are the same file, or the columns of one are not clear.
        TableError, InputError: one is no table.
        typer.BadParameter: an encoding that is none, or a mapping that no file has the columns for.
    """
    seen: dict[Path, Path] = {}
    for file in files:
        if (other := seen.setdefault(file.resolve(), file)) is not file:
            raise CommandError(f"{file} is named twice (as {other}): every record would be its own duplicate")
    rows = [_opened(file, encoding) for file in files]
    sources = _distinct([file.resolve().stem for file in files])
    return plan_rows(rows, sources, asked)


def plan_rows(rows: Sequence[InputRows], sources: Sequence[str], asked: AskedColumns) -> list[PlannedInput]:
    """The same of anything with rows."""
    used = [_mappings_of(one.header, asked.mappings) for one in rows]
    for text in asked.mappings:
        if not any(text in mine for mine in used):
            try:
                split_mapping(text, rows[0].header, (*FIELDS, *ROLES, *_OWN_ROLES))
            except ColumnError as error:
                raise typer.BadParameter(str(error), param_hint="--column") from error
    return [
        PlannedInput(one, source, _columns(one, mine, asked.entity))
        for one, source, mine in zip(rows, sources, used, strict=True)
    ]


def _opened(file: Path, encoding: str) -> InputRows:
    if file.is_dir() or _begins(file) == MAGIC:
        return open_parquet(file)
    if encoding:
        try:
            encoding = codecs.lookup(encoding).name
        except LookupError as error:
            raise typer.BadParameter(f"{encoding} is no encoding", param_hint="--encoding") from error
    dialect = read_dialect(file, encoding)
    return CsvFile(
        file,
        dialect.encoding,
        dialect.delimiter,
        dialect.header,
        dialect.skipped_lines,
        is_encoding_given=bool(encoding),
    )


def _begins(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(MAGIC))


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, numbered where two are alike."""
    found: list[str] = []
    for name in names:
        number, distinct = 1, name
        while distinct in found:
            number += 1
            distinct = f"{name} {number}"
        found.append(distinct)
    return found


def _mappings_of(header: Sequence[str], mappings: Sequence[str]) -> list[str]:
    """Those that speak of columns of this file, or of none."""
    mine = []
    for text in mappings:
        try:
            split_mapping(text, header, (*FIELDS, *ROLES, *_OWN_ROLES))
        except ColumnError:
            continue
        mine.append(text)
    return mine


def _columns(rows: InputRows, mappings: Sequence[str], entity: Entity | None) -> ReadColumns:
    header = named(rows.header)
    said: dict[str, str] = {}
    rest = []
    for text in mappings:
        field, written = split_mapping(text, header, (*FIELDS, *ROLES, *_OWN_ROLES))
        if field in _OWN_ROLES:
            said[field] = written
        else:
            rest.append(text)
    try:
        known = recognise(header, entity, rest)
    except ColumnError as error:
        raise CommandError(f"{rows.where}: {error}; --column FIELD=COLUMN says it") from error
    left_out = getattr(rows, "left_out", ())
    roles = _roles(known, said)
    ignored = (*known.ignored, *(Ignored(name, "it holds lists, structures or bytes") for name in left_out))
    kept = Recognised(
        known.entity, known.entity_why, known.record_id, known.record_type, known.fields, ignored
    )
    return ReadColumns(header, kept, roles)


def _roles(known: Recognised, said: dict[str, str]) -> Roles:
    """The columns of roles: as they were said, else by their names, of those that nothing else reads."""
    found: dict[str, str] = {}
    for one in known.ignored:
        plain = "".join(filter(str.isalnum, one.column.casefold()))
        role = "source" if plain in _SOURCE_NAMES else _ROLE_OF_LINK.get(link_of(one.column), "")
        if role:
            found.setdefault(role, one.column)
    found |= said
    return Roles(*(found.get(role, "") for role in _OWN_ROLES))

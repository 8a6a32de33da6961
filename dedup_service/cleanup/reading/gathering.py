"""READ: the rows of all inputs as Parquet in the workspace, every cell of it text.

Engines take names of columns for the same that differ in case alone, and obey dots and quotes in them: the
columns have names of our own, and `Gathered` knows what the user calls them.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.phases import OnProgress, Phase, Progress, ShouldStop, Stopped
from dedup_service.cleanup.reading.identities import Identities
from dedup_service.cleanup.reading.scanning import Scan
from dedup_service.cleanup.reading.unifying import ReadColumns, ToColumns, Unified, unify
from dedup_service.cleanup.workspace import Workspace
from scoring.column_fields import FieldColumns
from scoring.columns import Recognised

ROW, RECORD_ID, SOURCE = "row", "record_id", "source"
"""The columns beside the user's: the number of the row, from 0, which tells records apart; and what the user
calls them.
"""
STAGE = "rows"
_FILE = "rows.parquet"
_GROUP_ROWS = 131_072
_LAYOUT = 1


class InputRows(Protocol):
    """A file or folder with rows."""

    @property
    def where(self) -> str: ...

    @property
    def header(self) -> tuple[str, ...]: ...

    def scanned(self) -> Scan: ...

    def batches(self, encoding: str, /) -> Iterator[pa.RecordBatch]: ...


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """What is to be read: rows, what their columns are, and their source where no column says it."""

    rows: InputRows
    source: str
    columns: ReadColumns


@dataclass(frozen=True, slots=True)
class ReadInput:
    """What was read of one input."""

    name: str
    source: str
    row_count: int
    blank_count: int
    encoding: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows of all inputs: `path` is Parquet with the columns `row`, `record_id`, `source`, and one for
    each name in `columns.header`, called `physical(at)`. `identity` is of the bytes and of how they were
    read.
    """

    path: Path
    columns: ReadColumns
    inputs: tuple[ReadInput, ...]
    identity: str

    @property
    def row_count(self) -> int:
        """The number of records."""
        return sum(one.row_count for one in self.inputs)

    @property
    def several_sources(self) -> bool:
        """Whether records may be of more than one source."""
        return len(self.inputs) > 1 or bool(self.columns.roles.source)

    def name_of(self, column: str) -> str:
        """What a column of the user is called in the Parquet file."""
        return physical(self.columns.header.index(column))

    @property
    def recognised(self) -> Recognised:
        """What the columns of the Parquet file are."""
        known = self.columns.recognised

        def renamed(field: FieldColumns) -> FieldColumns:
            return FieldColumns(
                field.field, tuple(tuple(map(self.name_of, joined)) for joined in field.alternatives)
            )

        return dataclasses.replace(
            known,
            record_id=ROW,
            record_type=self.name_of(known.record_type) if known.record_type else "",
            fields=tuple(map(renamed, known.fields)),
            ignored=(),
        )


def physical(at: int) -> str:
    """What the column at this place of the header is called in the Parquet file."""
    return f"c{at}"


def gather(
    inputs: Sequence[PlannedInput], workspace: Workspace, on_progress: OnProgress, should_stop: ShouldStop
) -> Gathered:
    """Read all inputs into the workspace, unless it has them from a run before.

    Raises:
        InputError: A row is broken, two records of a source have one id, or there are no rows.
        Stopped: `should_stop` said so.
    """
    scans = [_scanned(one, should_stop) for one in inputs]
    unified = unify([one.columns for one in inputs])
    made_from = _fingerprint(inputs, scans)
    path = workspace.stage(STAGE) / _FILE
    facts = workspace.finished(STAGE, made_from)
    if facts is None:
        folder = workspace.begin(STAGE)
        read = _Gathering(inputs, scans, unified, on_progress, should_stop).write(folder / _FILE)
        workspace.finish(STAGE, made_from, {"inputs": [dataclasses.asdict(one) for one in read]})
        return Gathered(path, unified.columns, tuple(read), made_from)
    said = facts["inputs"]
    assert isinstance(said, list), "as it was written above"
    found = Gathered(path, unified.columns, tuple(ReadInput(**one) for one in said), made_from)
    on_progress(Progress(Phase.READ, found.row_count, found.row_count))
    return found


def _scanned(one: PlannedInput, should_stop: ShouldStop) -> Scan:
    if should_stop():
        raise Stopped
    return one.rows.scanned()


def _fingerprint(inputs: Sequence[PlannedInput], scans: Sequence[Scan]) -> str:
    """A digest of all that the rows are made from."""
    said = [
        (one.rows.where, one.source, scan.sha256, scan.encoding, repr(one.columns), repr(one.rows))
        for one, scan in zip(inputs, scans, strict=True)
    ]
    return hashlib.sha256(json.dumps([_LAYOUT, said]).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class _Gathering:
    inputs: Sequence[PlannedInput]
    scans: Sequence[Scan]
    unified: Unified
    on_progress: OnProgress
    should_stop: ShouldStop
    done: int = 0

    def write(self, path: Path) -> list[ReadInput]:
        names = [ROW, RECORD_ID, SOURCE, *map(physical, range(len(self.unified.columns.header)))]
        schema = pa.schema([(name, pa.string()) for name in names])
        read = []
        # Few values repeat often enough for a dictionary to be worth the search for it.
        with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=[SOURCE]) as writer:
            for one, scan, maker in zip(self.inputs, self.scans, self.unified.makers, strict=True):
                read.append(self._write_one(writer, schema, one, scan, maker))
        if not self.done:
            raise InputError(
                self.inputs[0].rows.where, "has no row below its header", "the first line names the columns"
            )
        return read

    def _write_one(
        self, writer: pq.ParquetWriter, schema: pa.Schema, one: PlannedInput, scan: Scan, maker: ToColumns
    ) -> ReadInput:
        identities = Identities(one.rows.where, one.columns.recognised.record_id)
        blank_count, before = 0, self.done
        held: list[pa.RecordBatch] = []
        for whole in one.rows.batches(scan.encoding):
            batch = without_blank(whole)
            blank_count += whole.num_rows - batch.num_rows
            if not batch.num_rows:
                continue
            column = one.columns.roles.source
            sources = (
                pc.utf8_trim_whitespace(batch.column(column))
                if column
                else pa.repeat(pa.scalar(one.source), batch.num_rows)
            )
            record_ids = identities.of(batch, sources if column else None)
            rows = pa.array(np.arange(self.done, self.done + batch.num_rows)).cast(pa.string())
            held.append(pa.RecordBatch.from_arrays([rows, record_ids, sources, *maker(batch)], schema=schema))
            self.done += batch.num_rows
            if sum(each.num_rows for each in held) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(held))
                held = []
            self._tell()
        if held:
            writer.write_table(pa.Table.from_batches(held))
        identities.check()
        return ReadInput(
            one.rows.where, one.source, self.done - before, blank_count, scan.encoding, scan.sha256
        )

    def _tell(self) -> None:
        if self.should_stop():
            raise Stopped
        lines = sum(scan.line_count for scan in self.scans)
        self.on_progress(Progress(Phase.READ, self.done, max(lines, self.done)))


def without_blank(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of which a cell holds something."""
    blank: pa.Array | None = None
    for column in batch.columns:
        empty = pc.equal(pc.utf8_trim_whitespace(column), "")
        blank = empty if blank is None else pc.and_(blank, empty)
        # Of most batches the first column tells.
        if not pc.any(blank).as_py():
            return batch
    return batch if blank is None else batch.filter(pc.invert(blank))

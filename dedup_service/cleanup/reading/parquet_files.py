"""Rows of Parquet files, every column of them as text.

A file of some kilobytes can say a long text a million times, by a dictionary or by compression. It is read so
that never more than some rows of it are unpacked, and a cell that is longer than those of a CSV file may be
is refused.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.scanning import LARGEST_CELL, Scan

MAGIC = b"PAR1"
_ROWS = 65_536
_BLOCK_BYTES = 1 << 20
# Of the rows that are unpacked at a time.
_UNPACKED_BYTES = 64 << 20
_ADVICE = "write it again with the program that made it"


@dataclass(frozen=True, slots=True)
class ParquetFiles:
    """One Parquet file, or the parts that a program wrote into a folder. `left_out` are columns that hold
    lists or structures, which are no text. `names` and `name` say what columns and file are called elsewhere.
    """

    path: Path
    parts: tuple[Path, ...]
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    names: tuple[str, ...] = ()
    name: str = ""

    @property
    def where(self) -> str:
        """The file as it is named in errors."""
        return self.name or str(self.path)

    @property
    def header(self) -> tuple[str, ...]:
        """What the columns are called."""
        return self.names or self.columns

    def scanned(self) -> Scan:
        """The number of rows and the digest of all parts."""
        rows = sum(_opened(part).metadata.num_rows for part in self.parts)
        digest = hashlib.sha256()
        for part in self.parts:
            with part.open("rb") as file:
                for block in iter(partial(file.read, _BLOCK_BYTES), b""):
                    digest.update(block)
        return Scan("", rows, digest.hexdigest())

    def batches(self, _encoding: str) -> Iterator[pa.RecordBatch]:
        """All rows, as columns of text without nulls.

        Raises:
            InputError: A file is damaged, its columns are not those of the first, or a cell is too long.
        """
        for part in self.parts:
            file = _opened(part)
            missing = [name for name in self.columns if name not in file.schema_arrow.names]
            if missing:
                raise InputError(
                    str(part), f"has no column {missing[0]!r}", "every part needs the same columns"
                )
            try:
                for some in _packed(file, self.columns):
                    _check_cells(part, some)
                    for rows in _small_enough(some):
                        columns = [as_text(rows.column(name)) for name in self.columns]
                        yield pa.RecordBatch.from_arrays(columns, names=list(self.header))
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                raise InputError(str(part), f"is damaged ({_first(error)})", _ADVICE) from error


def open_parquet(path: Path) -> ParquetFiles:
    """The Parquet file of this path, or those in the folder of this path.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not parts:
        raise InputError(str(path), "is a folder without a Parquet file", "name one that ends in .parquet")
    schema = _opened(parts[0]).schema_arrow
    nested = [field.name for field in schema if pa.types.is_nested(field.type) or _is_bytes(field.type)]
    return ParquetFiles(
        path, tuple(parts), tuple(name for name in schema.names if name not in nested), tuple(nested)
    )


def _packed(file: pq.ParquetFile, columns: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Rows as they are kept, texts with their dictionaries; fewer at a time where they are long."""
    kept = frozenset(columns)
    for at in range(file.metadata.num_row_groups):
        group = file.metadata.row_group(at)
        chunks = [group.column(number) for number in range(group.num_columns)]
        size = sum(each.total_uncompressed_size for each in chunks if each.path_in_schema in kept)
        rows = max(1, min(_ROWS, _UNPACKED_BYTES * group.num_rows // max(size, 1)))
        yield from file.iter_batches(rows, row_groups=[at], columns=list(columns))


def _check_cells(part: Path, rows: pa.RecordBatch) -> None:
    """Refuse a text that is too long to be a value of anybody."""
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not _is_text(texts.type):
            continue
        longest = pc.max(pc.binary_length(texts)).as_py()
        if longest is not None and longest > LARGEST_CELL:
            problem = f"holds a cell of more than {LARGEST_CELL:,} letters in its column {name!r}"
            raise InputError(str(part), problem, "shorten it")


def _small_enough(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows in parts that are small when their texts are written out."""
    if rows.num_rows < 2 or sum(map(_written_out, rows.columns)) <= _UNPACKED_BYTES:
        yield rows
        return
    half = rows.num_rows // 2
    yield from _small_enough(rows.slice(0, half))
    yield from _small_enough(rows.slice(half))


def _written_out(column: pa.Array) -> int:
    """The bytes of a column whose dictionary, if it has one, was put in."""
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return int(column.nbytes)
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _opened(path: Path) -> pq.ParquetFile:
    try:
        schema = pq.read_schema(path)
        return pq.ParquetFile(path, read_dictionary=[field.name for field in schema if _is_text(field.type)])
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), f"is no Parquet file ({_first(error)})", _ADVICE) from error


def _first(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


def as_text(column: pa.Array) -> pa.Array:
    """A column as text; null is empty. Whole numbers kept as floating point, as pandas has them where a cell
    is missing, lose the point.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        column = _of_floats(column)
    if not pa.types.is_string(column.type):
        column = pc.cast(column, pa.string())
    return pc.fill_null(column, "")


def _of_floats(column: pa.Array) -> pa.Array:
    column = pc.if_else(pc.is_nan(column), None, column)
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))
    numbers = pc.cast(pc.cast(pc.if_else(whole, column, None), pa.int64(), safe=False), pa.string())
    return pc.coalesce(numbers, pc.cast(column, pa.string()))

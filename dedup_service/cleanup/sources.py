"""Where the records of a cleanup come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.work.preparing import Preparing
from scoring.columns import Recognised


@dataclass(frozen=True, slots=True)
class RawRows:
    """Rows as somebody keeps them: columns of text, some of them known.

    Attributes:
        rows: A DataFrame of the engine, or a Parquet file or folder that the engine can read; columns of
        other
            types than text are read as the engine writes them out.
        recognised: Which columns are which fields. record_id: The column that tells records apart; every row
        has another one. identity: Names the rows and the state they are in: a run that was killed goes on
        with what it has read
            of rows of the same identity, and throws away what it read of others.
    """

    rows: Path | DataFrame
    recognised: Recognised
    record_id: str
    identity: str


@dataclass(frozen=True, slots=True)
class Comparables:
    """Records that were prepared before: Parquet with the columns record_id and golden_id (text), comparable
    (`scoring.pack`) and is_changed (whether it is not as an earlier run saw it; true where nothing is known).
    Records of one golden record are one already; the pairs of golden ids in
    `apart` never will be. `identity` is as that of `RawRows`, and stands for `apart` too.
    """

    path: Path
    identity: str
    apart: Sequence[tuple[str, str]] = ()


RecordSource = RawRows | Comparables


def rows_of(engine: Engine, source: RecordSource) -> DataFrame:
    """The columns of a source that preparing reads, all of them text or packed comparables."""
    if isinstance(source, Comparables):
        return engine.read(str(source.path)).select("record_id", "golden_id", "comparable", "is_changed")
    rows = source.rows if isinstance(source.rows, DataFrame) else engine.read(str(source.rows))
    known = source.recognised
    read = [source.record_id, known.record_type, *(c for one in known.fields for c in one.columns)]
    return rows.select([F.col(f"`{name}`").cast("string") for name in dict.fromkeys(filter(None, read))])


def preparing_of(source: RecordSource) -> partial[Preparing]:
    """Makes the work that prepares the rows of a source."""
    if isinstance(source, RawRows):
        return partial(Preparing, source.recognised, source.record_id)
    return partial(Preparing, None)

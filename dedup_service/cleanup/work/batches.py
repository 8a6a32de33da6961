"""Rows as they come from the engine, and go back to it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

import pyarrow as pa

Batches = Iterator[pa.RecordBatch]


class Work(Protocol):
    """What is done to a table of rows; made once in each process."""

    def __call__(self, rows: pa.Table, /) -> pa.Table:
        """The rows that come out."""
        ...


def gathered(batches: Iterable[pa.RecordBatch], rows_at_once: int) -> Iterator[pa.Table]:
    """Tables of at least so many rows, but for the last; none where there is nothing."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            count += batch.num_rows
        if count >= rows_at_once:
            yield pa.Table.from_batches(held)
            held, count = [], 0
    if held:
        yield pa.Table.from_batches(held)

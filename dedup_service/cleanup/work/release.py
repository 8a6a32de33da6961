"""Which release of the work a process has."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

import scoring

RELEASE = "preparing string, blocking string"


def release() -> tuple[str, str]:
    """What tells two releases apart: how they prepare records, and which blocking keys they make."""
    return scoring.preparation_fingerprint().hex(), scoring.blocking_fingerprint()


def releases(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The release of the process that the engine calls, once for each batch of rows."""
    for _ in batches:
        preparing, blocking = release()
        yield pa.RecordBatch.from_pydict({"preparing": [preparing], "blocking": [blocking]})

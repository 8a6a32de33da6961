"""The ids of records as their owner calls them, and that no two records of one source have the same."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup_service.cleanup.errors import InputError

_APART = "\x1f"
_ADVICE = (
    "say which column is the records' own id with --column record_id=COLUMN, or --column record_id= to "
    "number the rows"
)


class Identities:
    """The ids of one input; its rows are numbered from 1 where no `column` holds them."""

    def __init__(self, where: str, column: str) -> None:
        self._where = where
        self._column = column
        self._seen: list[pa.Array] = []
        self._count = 0

    def of(self, batch: pa.RecordBatch, sources: pa.Array | None) -> pa.Array:
        """The ids of a batch. With `sources`, an id may stand once in each of them.

        Raises:
            InputError: A record has no id.
        """
        start = self._count
        self._count += batch.num_rows
        if not self._column:
            return pa.array(np.arange(start + 1, self._count + 1)).cast(pa.string())
        record_ids = pc.utf8_trim_whitespace(batch.column(self._column))
        at = pc.index(record_ids, pa.scalar("")).as_py()
        if at >= 0:
            raise InputError(
                f"{self._where}, row {start + at + 1:,}", f"has no id in the column {self._column}", _ADVICE
            )
        said = record_ids if sources is None else pc.binary_join_element_wise(sources, record_ids, _APART)
        self._seen.append(said)
        return record_ids

    def check(self) -> None:
        """Raises InputError where two records have one id."""
        if not self._column:
            return
        seen = pa.chunked_array(self._seen, pa.string())
        if pc.count_distinct(seen).as_py() == len(seen):
            return
        counts = pc.value_counts(seen)
        repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        first = repeated[0]
        rows = [at + 1 for at in pc.indices_nonzero(pc.equal(seen, first)).to_pylist()]
        more = f", and {len(repeated) - 1:,} more ids repeat" if len(repeated) > 1 else ""
        record_id = first.as_py().rpartition(_APART)[2]
        raise InputError(
            f"{self._where}, rows {rows[0]:,} and {rows[1]:,}",
            f"have the same id {record_id!r} in the column {self._column}{more}",
            _ADVICE,
        )

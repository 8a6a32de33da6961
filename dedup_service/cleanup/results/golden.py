"""Golden records of all rows, in the order of their first rows, and which rows they are made of.

Two passes over the rows, row group by row group. The first deals the members of clusters out to files by the
number of their cluster; each file is then brought together in memory. The second copies single records column
by column, and puts what was made of clusters in between. Memory holds one row group, or the members of some
clusters, and a few bytes for every row.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dedup_service.cleanup.reading.gathering import RECORD_ID, SOURCE
from dedup_service.cleanup.results.clusters import Clusters
from dedup_service.cleanup.results.layout import Layout
from dedup_service.cleanup.results.survivors import Survived, survive_clusters
from dedup_service.cleanup.results.tables import TableWriter

_CLUSTER, _FIRST_ROW = "cluster", "first row"
_WEAKEST = ("weakest_link_bits", "weakest_link_probability")
OnRows = Callable[[int], None]
OnGroup = Callable[[pa.Table, NDArray[np.int32]], None]
"""Told of some rows, and of the clusters that they are in."""


def members_schema(several_sources: bool) -> pa.Schema:
    """The columns of the file of clusters."""
    columns = [("cluster_id", pa.string()), ("record_id", pa.string())]
    columns += [("source", pa.string())] if several_sources else []
    columns += [("is_survivor", pa.string()), ("members", pa.int32())]
    return pa.schema([*columns, *((name, pa.float64()) for name in _WEAKEST)])


@dataclass(slots=True)
class Merged:
    """What merging changes: golden records, by column how many records before and after have a value, and in
    how many clusters members have different ones.
    """

    golden_count: int = 0
    filled_before: Counter[str] = field(default_factory=Counter)
    filled_after: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Merging:
    """The work: `folder` takes what is dealt out, and nothing of it is left there afterwards."""

    layout: Layout
    clusters: Clusters
    weakest_bits: NDArray[np.float64]
    weakest_probabilities: NDArray[np.float64]
    folder: Path
    clusters_at_once: int
    on_rows: OnRows
    on_group: OnGroup

    def write(self, golden: TableWriter, members: TableWriter) -> Merged:
        """Write the golden records of all rows, and the members of clusters."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        merged = Merged()
        parts = self._deal_out(merged)
        made = self.folder / "made.parquet"
        with pq.ParquetWriter(made, self._made_schema(), compression="lz4") as writer:
            for path in parts:
                with pa.OSFile(str(path)) as source:
                    rows = pa.ipc.open_stream(source).read_all()
                path.unlink()
                writer.write_table(self._bring_together(rows, members, merged))
        with pq.ParquetFile(made) as file:
            self._put_in_between(file, golden, merged)
        made.unlink()
        return merged

    def _batches(self) -> Iterator[tuple[int, pa.Table]]:
        """The row groups, each with the number of its first row."""
        with pq.ParquetFile(self.layout.gathered.path) as file:
            start = 0
            for at in range(file.num_row_groups):
                rows = file.read_row_group(at)
                yield start, rows
                start += rows.num_rows
                self.on_rows(rows.num_rows)

    def _deal_out(self, merged: Merged) -> list[Path]:
        count = -(-self.clusters.count // self.clusters_at_once)
        paths = [self.folder / f"members-{at}.arrow" for at in range(count)]
        with ExitStack() as stack:
            writers: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
            for start, rows in self._batches():
                for name in self.layout.physical:
                    merged.filled_before[name] += _count_filled(rows.column(name))
                cluster = self.clusters.cluster_of[start : start + rows.num_rows]
                self.on_group(rows, cluster)
                at = np.flatnonzero(cluster >= 0)
                dealt = rows.take(at).append_column(_CLUSTER, pa.array(cluster[at]))
                part = cluster[at] // self.clusters_at_once
                for each in np.unique(part).tolist():
                    if each not in writers:
                        sink = stack.enter_context(pa.OSFile(str(paths[each]), "wb"))
                        writers[each] = stack.enter_context(pa.ipc.new_stream(sink, dealt.schema))
                    writers[each].write_table(dealt.filter(pa.array(part == each)))
        return paths

    def _bring_together(self, rows: pa.Table, members: TableWriter, merged: Merged) -> pa.Table:
        """The golden records of some clusters; rows of one cluster are in the order of the files."""
        cluster = rows.column(_CLUSTER).to_numpy()
        order = np.argsort(cluster, kind="stable")
        rows, cluster = rows.take(order).combine_chunks(), cluster[order]
        starts = np.flatnonzero(np.r_[True, cluster[1:] != cluster[:-1]])
        layout, roles = self.layout, self.layout.gathered.columns.roles
        times = (
            rows.column(layout.gathered.name_of(roles.update_time)).to_pylist() if roles.update_time else None
        )
        survived = survive_clusters(rows, starts, layout.how, self._trusts(rows), times)
        for name, count in survived.conflicts.items():
            merged.conflicts[name] += count
        members.write_table(self._members(rows, cluster, survived))
        return self._golden(rows, cluster[starts], starts, survived)

    def _trusts(self, rows: pa.Table) -> NDArray[np.int64]:
        """Of several files the first is trusted most."""
        if self.layout.gathered.columns.roles.source:
            return np.zeros(rows.num_rows, np.int64)
        sources = [one.source for one in self.layout.gathered.inputs]
        places = pc.index_in(rows.column(SOURCE), pa.array(sources, pa.string())).to_numpy()
        trusts: NDArray[np.int64] = -places.astype(np.int64)
        return trusts

    def _members(self, rows: pa.Table, cluster: NDArray[np.int32], survived: Survived) -> pa.Table:
        survives = np.zeros(rows.num_rows, np.bool_)
        survives[survived.survivors] = True
        columns = [_cluster_ids(cluster), rows.column(RECORD_ID)]
        columns += [rows.column(SOURCE)] if self.layout.gathered.several_sources else []
        columns += [
            pc.if_else(pa.array(survives), "yes", ""),
            pa.array(self.clusters.sizes[cluster].astype(np.int32)),
            _known(self.weakest_bits[cluster]),
            _known(self.weakest_probabilities[cluster]),
        ]
        return pa.Table.from_arrays(columns, schema=members_schema(self.layout.gathered.several_sources))

    def _made_schema(self) -> pa.Schema:
        first = pa.field(_FIRST_ROW, pa.int64())
        return pa.schema([first, *self.layout.schema])

    def _golden(
        self, rows: pa.Table, cluster: NDArray[np.int32], starts: NDArray[np.int64], survived: Survived
    ) -> pa.Table:
        unit_of = {name: unit for unit, names in self.layout.how.units.items() for name in names}
        columns = []
        for name in self.layout.physical:
            origin = survived.survivors if name not in unit_of else survived.origins[unit_of[name]]
            taken = rows.column(name).take(pa.array(origin, mask=origin < 0))
            columns.append(pc.fill_null(taken, ""))
        arrays = [
            pa.array(self.clusters.first_rows[cluster]),
            _cluster_ids(cluster),
            pa.array(self.clusters.sizes[cluster].astype(np.int32)),
            _known(self.weakest_probabilities[cluster]),
            self._member_ids(rows, starts),
            *columns,
        ]
        return pa.Table.from_arrays(arrays, schema=self._made_schema())

    def _member_ids(self, rows: pa.Table, starts: NDArray[np.int64]) -> pa.Array:
        ids = rows.column(RECORD_ID)
        if self.layout.gathered.several_sources:
            ids = pc.binary_join_element_wise(rows.column(SOURCE), ids, "/")
        offsets = pa.array(np.append(starts, rows.num_rows).astype(np.int32))
        return pc.binary_join(pa.ListArray.from_arrays(offsets, ids.combine_chunks()), "; ")

    def _put_in_between(self, made: pq.ParquetFile, golden: TableWriter, merged: Merged) -> None:
        taking = _Taking(made)
        ends = np.searchsorted(self.clusters.first_rows, self._group_ends())
        for (start, rows), end in zip(self._batches(), ends.tolist(), strict=True):
            alone = np.flatnonzero(self.clusters.cluster_of[start : start + rows.num_rows] < 0)
            singles = rows.select(list(self.layout.physical)).take(alone)
            blank = pa.repeat(pa.scalar(""), len(alone))
            arrays = [
                pa.array(alone + start),
                blank,
                pa.array(np.ones(len(alone), np.int32)),
                pa.nulls(len(alone), pa.float64()),
                blank,
                *singles.columns,
            ]
            clustered = taking.until(end)
            both = pa.concat_tables([pa.Table.from_arrays(arrays, schema=self._made_schema()), clustered])
            both = both.take(np.argsort(both.column(_FIRST_ROW).to_numpy())).drop_columns(_FIRST_ROW)
            merged.golden_count += both.num_rows
            for physical, name in zip(self.layout.physical, self.layout.names, strict=True):
                merged.filled_after[physical] += _count_filled(both.column(name))
            golden.write_table(both)

    def _group_ends(self) -> NDArray[np.int64]:
        with pq.ParquetFile(self.layout.gathered.path) as file:
            groups = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
        return np.cumsum(groups)


class _Taking:
    """The rows of a Parquet file, taken from its beginning in parts of any size."""

    def __init__(self, file: pq.ParquetFile) -> None:
        self._batches = file.iter_batches()
        self._held = file.schema_arrow.empty_table()
        self._taken = 0

    def until(self, end: int) -> pa.Table:
        """The rows up to that one which were not taken yet."""
        count = end - self._taken
        while self._held.num_rows < count:
            self._held = pa.concat_tables([self._held, pa.Table.from_batches([next(self._batches)])])
        taken, self._held = self._held.slice(0, count), self._held.slice(count)
        self._taken = end
        return taken


def _count_filled(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.not_equal(column, "")).as_py() or 0)


def _cluster_ids(cluster: NDArray[np.int32]) -> pa.Array:
    """Clusters as people count them."""
    return pa.array(cluster + 1).cast(pa.string())


def _known(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.round(values, 6), mask=np.isnan(values))

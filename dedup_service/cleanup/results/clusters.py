"""Which rows are one: clusters of two or more, numbered by their first row."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dedup_service.cleanup.results.links import Rows, batches_of, row_numbers


@dataclass(frozen=True, slots=True)
class Clusters:
    """`cluster_of` is the number of each row's cluster, -1 where it is alone. `first_rows` and `sizes` are by
    cluster.
    """

    cluster_of: NDArray[np.int32]
    first_rows: Rows
    sizes: Rows

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return len(self.sizes)

    @property
    def member_count(self) -> int:
        """How many rows are in one."""
        return int(self.sizes.sum())


def read_clusters(folder: Path, row_count: int) -> Clusters:
    """The clusters of `Found.clusters`; 4 bytes a row, and 16 for each in a cluster while they are read."""
    labels: list[Rows] = [np.empty(0, np.int64)]
    rows: list[Rows] = [np.empty(0, np.int64)]
    for batch in batches_of(folder):
        labels.append(batch.column("cluster").to_numpy())
        rows.append(row_numbers(batch.column("golden_id")))
    label, row = np.concatenate(labels), np.concatenate(rows)
    order = np.argsort(row)
    row = row[order]
    _, first, number, sizes = np.unique(
        label[order], return_index=True, return_inverse=True, return_counts=True
    )
    by_first = np.argsort(first)
    rank = np.empty(len(by_first), np.int32)
    rank[by_first] = np.arange(len(by_first), dtype=np.int32)
    cluster_of = np.full(row_count, -1, np.int32)
    cluster_of[row] = rank[number]
    return Clusters(cluster_of, row[first[by_first]], sizes[by_first])

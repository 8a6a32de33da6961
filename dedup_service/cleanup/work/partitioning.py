"""Components of linked records divided into clusters."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from scoring.resolution.partition import partition_of_pairs

MEMBERS = "cluster long, number long"
_SCHEMA = pa.schema([("cluster", pa.int64()), ("number", pa.int64())])


@dataclass(frozen=True, slots=True)
class Partitioning:
    """The work of dividing components into clusters; the pairs of one component must come to it together.

    `apart` are pairs of numbers, the lower one first, that no cluster may hold both of.
    """

    max_members: int
    apart: frozenset[tuple[int, int]]

    def __call__(self, rows: pa.Table) -> pa.Table:
        """Cluster (the least number in it) and number, of clusters of two or more."""
        numbers, firsts = partition_of_pairs(
            rows.column("left").to_numpy(),
            rows.column("right").to_numpy(),
            rows.column("match_weight_bits").to_numpy(),
            not_a_match=self.apart,
            max_members=self.max_members,
        )
        _, place, sizes = np.unique(firsts, return_inverse=True, return_counts=True)
        several = sizes[place] > 1
        return pa.Table.from_arrays([pa.array(firsts[several]), pa.array(numbers[several])], schema=_SCHEMA)

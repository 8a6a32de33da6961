"""Components of linked records divided into clusters."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.resolution.partition import partition

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
        left, right = rows.column("left").to_numpy(), rows.column("right").to_numpy()
        numbers, position = np.unique(np.concatenate([left, right]), return_inverse=True)
        positions = position.astype(np.int32)
        labels = np.array(
            partition(
                len(numbers),
                positions[: len(left)],
                positions[len(left) :],
                rows.column("match_weight_bits").to_numpy(),
                not_a_match=self._apart(numbers),
                max_members=self.max_members,
            ),
            dtype=np.int64,
        )
        _, first_of, sizes = np.unique(labels, return_index=True, return_counts=True)
        several = sizes[labels] > 1
        columns = [pa.array(numbers[first_of][labels][several]), pa.array(numbers[several])]
        return pa.Table.from_arrays(columns, schema=_SCHEMA)

    def _apart(self, numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
        place = {number: at for at, number in enumerate(numbers.tolist())} if self.apart else {}
        return [(place[one], place[other]) for one, other in self.apart if one in place and other in place]

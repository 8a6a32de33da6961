"""The match weight of every candidate pair."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import scoring
from dedup_service.cleanup.model_bytes import ModelBytes
from dedup_service.cleanup.numbering import COMPANY_BIT
from scoring.resolution.partition import LEAST_BITS
from scoring.resolution.scorer import Scorer

PAIRS_AT_ONCE = 65_536
SCORED = "left long, right long, match_weight_bits double"
"""The columns of the stage; a weight of `LEAST_BITS` stands for any that is lower."""
_SCHEMA = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("match_weight_bits", pa.float64())])


@dataclass(frozen=True, slots=True)
class Weighing:
    """The work of weighing pairs as they come from `with_comparables`."""

    scorers: dict[scoring.Entity, Scorer]

    @classmethod
    def by(cls, model: ModelBytes) -> "Weighing":
        """The work with a model."""
        built = model.model()
        return cls({entity: Scorer(built.of(entity)) for entity in scoring.Entity})

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The pairs in the order of the rows, with their weights."""
        drawn = Drawn.of(rows)
        bits = np.empty(rows.num_rows)
        for entity, at, records, left, right in drawn.by_entity():
            bits[at] = np.maximum(self.scorers[entity].weigh(records, left, right, LEAST_BITS), LEAST_BITS)
        columns = [rows.column("left"), rows.column("right"), pa.array(bits)]
        return pa.Table.from_arrays(columns, schema=_SCHEMA)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pairs with their records: `numbers` of the records, each once, the packed comparable of each, and the
    positions among them of both sides of each pair.
    """

    numbers: NDArray[np.int64]
    packed: pa.ChunkedArray
    left: NDArray[np.int32]
    right: NDArray[np.int32]

    @classmethod
    def of(cls, rows: pa.Table) -> "Drawn":
        """The pairs of a table as `with_comparables` makes it."""
        both = np.concatenate([rows.column("left").to_numpy(), rows.column("right").to_numpy()])
        numbers, first, position = np.unique(both, return_index=True, return_inverse=True)
        sides = [*rows.column("left_comparable").chunks, *rows.column("right_comparable").chunks]
        packed = pa.chunked_array(sides, pa.binary()).take(pa.array(first))
        positions = position.astype(np.int32)
        return cls(numbers, packed, positions[: rows.num_rows], positions[rows.num_rows :])

    def by_entity(
        self,
    ) -> Iterator[
        tuple[
            scoring.Entity,
            NDArray[np.intp],
            list[scoring.Comparable],
            NDArray[np.int32],
            NDArray[np.int32],
        ]
    ]:
        """For each entity that occurs: which pairs are of it, its records, and the positions of both
        sides.
        """
        is_company = (self.numbers & COMPANY_BIT).astype(np.bool_)
        for entity in scoring.Entity:
            mine = np.flatnonzero(is_company == (entity is scoring.Entity.COMPANY))
            if not len(mine):
                continue
            place = np.zeros(len(self.numbers), dtype=np.int32)
            place[mine] = np.arange(len(mine), dtype=np.int32)
            records = [scoring.unpack(one) for one in self.packed.take(pa.array(mine)).to_pylist()]
            at = np.flatnonzero(is_company[self.left] == (entity is scoring.Entity.COMPANY))
            yield entity, at, records, place[self.left[at]], place[self.right[at]]

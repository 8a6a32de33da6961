"""Pairs under the names of their records, with their verdicts."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import scoring
from dedup_service.cleanup.work.batches import Batches
from scoring.resolution.weights import probabilities

NAMED = "left string, right string, match_weight_bits double, match_probability double, verdict string"


@dataclass(frozen=True, slots=True)
class Naming:
    """The work of naming pairs that are REVIEW at least: rows of two names and a match weight."""

    match_threshold: float

    def __call__(self, batches: Batches) -> Batches:
        """The pairs under their names, each with its verdict."""
        return map(self._named, batches)

    def _named(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        one, other, bits = batch.column(0), batch.column(1), batch.column(2)
        in_order = pc.less(one, other)
        chances = probabilities(bits.to_numpy())
        verdicts = np.where(chances >= self.match_threshold, scoring.Verdict.MATCH, scoring.Verdict.REVIEW)
        columns = [
            pc.if_else(in_order, one, other),
            pc.if_else(in_order, other, one),
            bits,
            pa.array(chances),
            pa.array(verdicts.tolist(), pa.string()),
        ]
        return pa.RecordBatch.from_arrays(
            columns, names=["left", "right", "match_weight_bits", "match_probability", "verdict"]
        )

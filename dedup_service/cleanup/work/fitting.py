"""A model fitted to a sample of records and of candidate pairs, of one entity."""

from dataclasses import dataclass

import msgspec
import pyarrow as pa

import scoring
from dedup_service.cleanup.model_bytes import ModelBytes
from dedup_service.cleanup.work.weighing import Drawn
from scoring.model_parameters import EntityParameters
from scoring.resolution.training import train_on_samples


@dataclass(frozen=True, slots=True)
class Fitting:
    """The work of fitting; of a sample of pairs with their comparables it makes one row.

    Attributes:
        model: What to fit.
        strangers: Packed comparables drawn at random.
        record_count: Of all records of the entity.
        candidate_count: Of all their candidate pairs.
        seed: Of what is drawn at random.
    """

    model: ModelBytes
    entity: scoring.Entity
    strangers: pa.ChunkedArray
    record_count: int
    candidate_count: int
    seed: int

    def __call__(self, rows: pa.Table) -> pa.Table:
        """One row: the parameters as JSON, whether they are doubtful, the MATCH threshold asked for."""
        drawn = Drawn.of(rows)
        fitted = train_on_samples(
            self.model.model().of(self.entity),
            [scoring.unpack(one) for one in self.strangers.to_pylist()],
            [scoring.unpack(one) for one in drawn.packed.to_pylist()],
            drawn.left,
            drawn.right,
            record_count=self.record_count,
            candidate_count=self.candidate_count,
            seed=self.seed,
        )
        return pa.table(
            {
                "parameters": [msgspec.json.encode(fitted.parameters)],
                "is_doubtful": [fitted.is_doubtful],
                "match_threshold": [fitted.match_threshold],
            }
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """What fitting one entity came to."""

    parameters: EntityParameters
    is_doubtful: bool
    match_threshold: float

    @classmethod
    def read(cls, rows: pa.Table) -> "Fitted":
        """What `Fitting` made."""
        row = rows.to_pylist()[0]
        parameters = msgspec.json.decode(row["parameters"], type=EntityParameters)
        return cls(parameters, row["is_doubtful"], row["match_threshold"])

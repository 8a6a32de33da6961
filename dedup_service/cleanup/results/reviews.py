"""The pairs that a person should look at, side by side, with the reasons in words.

The columns `left_id`, `right_id` and `label` are those of a truth file: once somebody has written 1 or 0 into
`label`, the file measures the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dedup_service.cleanup.reading.gathering import RECORD_ID, SOURCE, Gathered
from dedup_service.cleanup.reading.unifying import field_values
from dedup_service.cleanup.results.clusters import Clusters
from dedup_service.cleanup.results.links import Links, Rows
from scoring import Comparable, Entity, ScoringModel, score_pair
from scoring.resolution.preparing import prepare_many

_MOST_REASONS = 4
_LEAST_BITS = 0.5


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What is needed to put pairs side by side."""

    gathered: Gathered
    clusters: Clusters
    model: ScoringModel

    def table(self, links: Links, places: Rows) -> pa.Table:
        """The links at these places, in this order; fields that none of their records has are left out."""
        left, right = links.left[places], links.right[places]
        needed = np.unique(np.concatenate([left, right]))
        rows = self._rows(needed)
        at_left, at_right = np.searchsorted(needed, left), np.searchsorted(needed, right)
        values = {one.field: field_values(rows, one) for one in self.gathered.recognised.fields}
        comparables = self._comparables(rows, {name: one.to_pylist() for name, one in values.items()})
        pairs = zip(at_left.tolist(), at_right.tolist(), strict=True)
        reasons = [self._reasons(comparables[one], comparables[other]) for one, other in pairs]
        ids = rows.column(RECORD_ID)
        own = {
            "left_id": ids.take(at_left),
            "right_id": ids.take(at_right),
            "label": pa.repeat(pa.scalar(""), len(places)),
            "match_probability": pa.array(np.round(links.probabilities[places], 6)),
            "match_weight_bits": pa.array(np.round(links.weights_bits[places], 3)),
            "verdict": pa.array(np.where(links.is_match[places], "MATCH", "REVIEW").tolist(), pa.string()),
            "reasons": pa.array(reasons, pa.string()),
        }
        shown = {"source": rows.column(SOURCE)} if self.gathered.several_sources else {}
        shown["cluster"] = _cluster_words(self.clusters.cluster_of[needed])
        shown |= {name: one for name, one in values.items() if pc.any(pc.not_equal(one, "")).as_py()}
        sides = {
            f"{name}_{side}": one.take(at)
            for name, one in shown.items()
            for side, at in (("left", at_left), ("right", at_right))
        }
        return pa.table(own | sides)

    def _rows(self, needed: Rows) -> pa.Table:
        """The rows of these numbers, which ascend."""
        found = []
        with pq.ParquetFile(self.gathered.path) as file:
            start = 0
            for at in range(file.num_row_groups):
                count = file.metadata.row_group(at).num_rows
                mine = needed[np.searchsorted(needed, start) : np.searchsorted(needed, start + count)]
                if len(mine):
                    found.append(file.read_row_group(at).take(mine - start))
                start += count
            schema = file.schema_arrow
        return pa.concat_tables([schema.empty_table(), *found]).combine_chunks()

    def _comparables(self, rows: pa.Table, values: dict[str, Sequence[str]]) -> list[Comparable]:
        known = self.gathered.recognised
        entities: Entity | list[Entity] = known.entity
        if known.record_type:
            said = rows.column(known.record_type).to_pylist()
            of_word = {word: known.entity_of({known.record_type: word}) for word in set(said)}
            entities = [of_word[word] for word in said]
        return prepare_many(values, entities)

    def _reasons(self, left: Comparable, right: Comparable) -> str:
        """What speaks for the pair and against it, the weightiest first."""
        found = [
            one
            for one in score_pair(left, right, self.model).contributions
            if abs(one.weight_bits) >= _LEAST_BITS
        ]
        found.sort(key=lambda one: -abs(one.weight_bits))
        said = [f"{one.evidence} ({one.weight_bits:+.1f} bits)" for one in found[:_MOST_REASONS]]
        return "; ".join(said) or "next to nothing speaks for it or against it"


def _cluster_words(cluster: NDArray[np.int32]) -> pa.Array:
    return pa.array(cluster + 1, mask=cluster < 0).cast(pa.string()).fill_null("")

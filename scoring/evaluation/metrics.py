"""Precision, recall and F1 of pairs and clusters, and B-cubed.

Pairs of clusters are counted in the contingency table of the two clusterings, never one by one.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
"""One number a record: the cluster, or the true entity, that it belongs to."""
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int32]
"""Numbers of records, the one side of pairs."""

UNLABELLED = -1
"""The entity of a record of which the truth says nothing: no pair with it is counted."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """How many pairs are true, found, and both; shares of nothing are nan."""

    true: int
    found: int
    correct: int

    @property
    def precision(self) -> float:
        """The share of the found pairs that are true, 0 to 1."""
        return self.correct / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        """The share of the true pairs that are found, 0 to 1."""
        return self.correct / self.true if self.true else math.nan

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, 2 tp / (2 tp + fp + fn) (van Rijsbergen 1979)."""
        return 2 * self.correct / (self.true + self.found) if self.true + self.found else math.nan

    def __sub__(self, other: "PairCounts") -> "PairCounts":
        """The counts without those of a part."""
        return PairCounts(self.true - other.true, self.found - other.found, self.correct - other.correct)


@dataclass(frozen=True, slots=True)
class BCubed:
    """B-cubed precision and recall: means over records, so that large clusters do not drown small ones."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Contingency:
    """How many records each found cluster has in common with each true entity; empty cells are left out.

    `cluster`, `entity` and `size` are of the same length, one a cell; clusters and entities are numbered anew
    from 0.
    """

    cluster: Labels
    entity: Labels
    size: Labels
    cluster_sizes: Labels
    entity_sizes: Labels


def contingency(clusters: Labels, truth: Labels) -> Contingency:
    """The table of two clusterings of the same records, without those that the truth does not label."""
    known = truth != UNLABELLED
    _, cluster = np.unique(clusters[known], return_inverse=True)
    _, entity = np.unique(truth[known], return_inverse=True)
    entities = int(entity.max()) + 1 if entity.size else 1
    cells, size = np.unique(cluster.astype(np.int64) * entities + entity, return_counts=True)
    return Contingency(
        cells // entities,
        cells % entities,
        size.astype(np.int64),
        np.bincount(cluster).astype(np.int64),
        np.bincount(entity).astype(np.int64),
    )


def pairs_within(sizes: Labels) -> int:
    """How many pairs groups of these sizes hold."""
    return int((sizes * (sizes - 1) // 2).sum())


def cluster_pairs(clusters: Labels, truth: Labels) -> PairCounts:
    """The pairs inside clusters against the pairs inside entities (the pair counts of Rand 1971)."""
    table = contingency(clusters, truth)
    return PairCounts(
        pairs_within(table.entity_sizes), pairs_within(table.cluster_sizes), pairs_within(table.size)
    )


def b_cubed(clusters: Labels, truth: Labels) -> BCubed:
    """B-cubed over all labelled records, each of the same weight (Bagga and Baldwin 1998, *Entity-Based
    Cross-Document Coreferencing Using the Vector Space Model*).

    A record's precision is the share of its cluster that is of its entity, its recall the share of its entity
    that is in its cluster.
    """
    table = contingency(clusters, truth)
    records = int(table.size.sum())
    if not records:
        return BCubed(math.nan, math.nan)
    squares = table.size.astype(np.float64) ** 2
    return BCubed(
        float((squares / table.cluster_sizes[table.cluster]).sum()) / records,
        float((squares / table.entity_sizes[table.entity]).sum()) / records,
    )


def same_entity(left: Positions, right: Positions, truth: Labels) -> Mask:
    """Which pairs are of one labelled entity."""
    same: Mask = (truth[left] == truth[right]) & (truth[left] != UNLABELLED)
    return same


def both_labelled(left: Positions, right: Positions, truth: Labels) -> Mask:
    """Of which pairs the truth knows both records."""
    known: Mask = (truth[left] != UNLABELLED) & (truth[right] != UNLABELLED)
    return known


def link_pairs(left: Positions, right: Positions, truth: Labels) -> PairCounts:
    """Single links, as they are before clustering, against all pairs inside entities."""
    _, sizes = np.unique(truth[truth != UNLABELLED], return_counts=True)
    return PairCounts(
        pairs_within(sizes.astype(np.int64)),
        int(both_labelled(left, right, truth).sum()),
        int(same_entity(left, right, truth).sum()),
    )

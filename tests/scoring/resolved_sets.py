"""Labelled sets resolved once a run: what batch matching reaches on them."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np

from benchmarks.accuracy.datasets import load_febrl
from scoring import Entity, prepare
from scoring.resolution import Resolution, resolve
from tests.scoring.scored_records import LabelledRecords, generated


class Reached(NamedTuple):
    """Shares of pairs. f1 of clusters; precision and recall of the pairs at the verdict MATCH; recall of all
    candidates.
    """

    f1: float
    match_precision: float
    match_recall: float
    candidate_recall: float


class Resolved(NamedTuple):
    """A labelled set and what resolving it, with default settings, found."""

    labelled: LabelledRecords
    resolution: Resolution

    def reached(self) -> Reached:
        """The figures, counted over pairs of records."""
        found, truth = self.resolution, self.labelled.clusters
        labels = np.unique(truth, return_inverse=True)[1]
        true_count = pair_count(truth)
        both = pair_count(zip(found.clusters, truth, strict=True))
        f1 = 2 * both / (pair_count(found.clusters) + true_count)
        is_true = labels[found.left] == labels[found.right]
        is_match = found.probabilities >= found.model.match_threshold
        right = int((is_true & is_match).sum())
        return Reached(f1, right / int(is_match.sum()), right / true_count, int(is_true.sum()) / true_count)


@cache
def resolved_crm(entity: Entity) -> Resolved:
    """3,000 records of the hard CRM, of a seed used for nothing else."""
    labelled = generated(entity, 3000, seed=20261)
    return Resolved(labelled, resolve(labelled.comparables))


@cache
def resolved_febrl(number: int) -> Resolved:
    """A FEBRL set, without the identifier that would decide alone."""
    febrl = load_febrl(number)
    comparables = tuple(prepare(row, Entity.PERSON) for row in febrl.records)
    clusters = tuple(febrl.clusters[row["record_id"]] for row in febrl.records)
    return Resolved(LabelledRecords(comparables, clusters), resolve(comparables))


def pair_count(labels: Iterable[object]) -> int:
    """How many pairs have one label."""
    return sum(size * (size - 1) // 2 for size in Counter(labels).values())

"""Pairwise and B-cubed figures of clusters and of scored pairs, without ever listing all pairs.

True pairs are counted from a contingency table of clusters: sizes are enough. Records whose truth is not
known (UNLABELLED) are left out before anything is counted.
"""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree

from benchmarks.accuracy.labelled import UNLABELLED

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision, recall and their harmonic mean, each between 0 and 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """The figures of what scores at least this much."""

    threshold: float
    figures: Figures


class ScoredPairs(NamedTuple):
    """Pairs of record positions with their scores; a pair stands there once, in either order."""

    left: Ints
    right: Ints
    scores: Floats


def pair_count(labels: Ints) -> int:
    """How many pairs have the same label."""
    _, sizes = np.unique(labels, return_counts=True)
    return _pairs(sizes)


def largest(labels: Ints) -> int:
    """The size of the largest cluster."""
    return int(np.unique(labels, return_counts=True)[1].max()) if len(labels) else 0


def pairwise(truth: Ints, found: Ints) -> Figures:
    """Figures of the pairs that share a found cluster, against those that share a true one."""
    truth, found = _labelled(truth, found)
    return _figures(_pairs(_cell_sizes(truth, found)), pair_count(found), pair_count(truth))


def b_cubed(truth: Ints, found: Ints) -> Figures:
    """B-cubed: of each record's cluster, the share that is right (Bagga and Baldwin 1998), averaged."""
    truth, found = _labelled(truth, found)
    if not len(truth):
        return Figures(0.0, 0.0)
    precisions, recalls = b_cubed_of_records(truth, found)
    return Figures(float(precisions.mean()), float(recalls.mean()))


def b_cubed_of_records(truth: Ints, found: Ints) -> tuple[Floats, Floats]:
    """Of each record: the share of its found cluster that is right, and of its true one that was found."""
    _, true_at, true_sizes = np.unique(truth, return_inverse=True, return_counts=True)
    _, found_at, found_sizes = np.unique(found, return_inverse=True, return_counts=True)
    cells = true_at.astype(np.int64) * len(found_sizes) + found_at
    _, cell_at, sizes = np.unique(cells, return_inverse=True, return_counts=True)
    together = sizes[cell_at].astype(np.float64)
    return together / found_sizes[found_at], together / true_sizes[true_at]


def pairs_at(truth: Ints, pairs: ScoredPairs, threshold: float) -> Figures:
    """Figures of the pairs that score at least the threshold."""
    same, scores = _judged(truth, pairs)
    taken = scores >= threshold
    return _figures(int(same[taken].sum()), int(taken.sum()), pair_count(truth[truth != UNLABELLED]))


def best_pairs(truth: Ints, pairs: ScoredPairs) -> AtThreshold:
    """The threshold with the best F1 of the pairs themselves."""
    same, scores = _judged(truth, pairs)
    return _best_cut(same, scores, pair_count(truth[truth != UNLABELLED]))


def best_components(truth: Ints, pairs: ScoredPairs) -> AtThreshold:
    """The threshold with the best F1 of the connected components: the clusters of all links above it.

    The maximum spanning forest has the same components at every threshold as all pairs have, with at most
    one link a record; joining it best first gives every threshold in one pass.
    """
    total = pair_count(truth[truth != UNLABELLED])
    best = AtThreshold(1.0, Figures(0.0, 0.0))
    forest = _forest(len(truth), pairs)
    order = np.argsort(-forest.scores, kind="stable")
    ends = forest.scores[order]
    components = _Components(truth)
    for at, edge in enumerate(order):
        components.join(int(forest.left[edge]), int(forest.right[edge]))
        if at + 1 == len(order) or ends[at + 1] < ends[at]:
            figures = _figures(components.right_count, components.found_count, total)
            if figures.f1 > best.figures.f1:
                best = AtThreshold(float(ends[at]), figures)
    return best


def reached(truth: Ints, pairs: ScoredPairs) -> float:
    """The share of true pairs that were compared at all: the recall of blocking."""
    same, _ = _judged(truth, pairs)
    total = pair_count(truth[truth != UNLABELLED])
    return float(same.sum()) / total if total else 0.0


def labelled_at(same: Flags, scores: Floats, threshold: float) -> tuple[Figures, float]:
    """Of labelled pairs: the figures of those at the threshold or above, and the share judged rightly."""
    taken = scores >= threshold
    figures = _figures(int((same & taken).sum()), int(taken.sum()), int(same.sum()))
    return figures, float((taken == same).mean()) if len(same) else 0.0


def best_labelled(same: Flags, scores: Floats) -> tuple[AtThreshold, float]:
    """The best F1 of labelled pairs over all thresholds, and the best share judged rightly over them."""
    order = np.argsort(-scores, kind="stable")
    rights = np.concatenate([[0], np.cumsum(same[order])])
    taken = np.arange(len(same) + 1)
    edges = np.concatenate([[True], _ends(scores[order])])
    right = rights + ((~same).sum() - (taken - rights))
    return _best_cut(same, scores, int(same.sum())), float(right[edges].max() / max(len(same), 1))


def components_at(record_count: int, pairs: ScoredPairs, threshold: float) -> Ints:
    """The connected components of all pairs at the threshold or above, as a label a record."""
    taken = pairs.scores >= threshold
    forest = _forest(record_count, ScoredPairs(pairs.left[taken], pairs.right[taken], pairs.scores[taken]))
    components = _Components(np.zeros(record_count, dtype=np.int64))
    for left, right in zip(forest.left.tolist(), forest.right.tolist(), strict=True):
        components.join(left, right)
    return np.fromiter((components.root(at) for at in range(record_count)), np.int64, record_count)


class _Components:
    """Union-find that knows how many pairs its components hold, and how many of them are true."""

    def __init__(self, truth: Ints) -> None:
        self._parents = list(range(len(truth)))
        self._labels = [Counter({int(label): 1} if label != UNLABELLED else {}) for label in truth]
        self._sizes = [int(label != UNLABELLED) for label in truth]
        self.found_count = 0
        self.right_count = 0

    def root(self, at: int) -> int:
        parents = self._parents
        while parents[at] != at:
            parents[at] = parents[parents[at]]
            at = parents[at]
        return at

    def join(self, left: int, right: int) -> None:
        one, other = self.root(left), self.root(right)
        if one == other:
            return
        if len(self._labels[one]) < len(self._labels[other]):
            one, other = other, one
        kept, moved = self._labels[one], self._labels[other]
        self.found_count += self._sizes[one] * self._sizes[other]
        self.right_count += sum(count * kept[label] for label, count in moved.items() if label in kept)
        kept.update(moved)
        moved.clear()
        self._sizes[one] += self._sizes[other]
        self._parents[other] = one


def _forest(record_count: int, pairs: ScoredPairs) -> ScoredPairs:
    if not len(pairs.left):
        return pairs
    # Ranks in place of scores: a graph takes no link of weight zero, and only their order matters.
    values, ranks = np.unique(-pairs.scores, return_inverse=True)
    graph = coo_array((ranks + 1.0, (pairs.left, pairs.right)), shape=(record_count, record_count))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    at = tree.data.astype(np.int64) - 1
    return ScoredPairs(tree.row.astype(np.int64), tree.col.astype(np.int64), -values[at])


def _cell_sizes(truth: Ints, found: Ints) -> Ints:
    """How many records each cell of the contingency table holds, the empty ones left out."""
    _, true_at = np.unique(truth, return_inverse=True)
    _, found_at = np.unique(found, return_inverse=True)
    width = int(found_at.max()) + 1 if len(found_at) else 1
    sizes: Ints = np.unique(true_at.astype(np.int64) * width + found_at, return_counts=True)[1]
    return sizes


def _labelled(truth: Ints, found: Ints) -> tuple[Ints, Ints]:
    known = truth != UNLABELLED
    return truth[known], found[known]


def _judged(truth: Ints, pairs: ScoredPairs) -> tuple[Flags, Floats]:
    left, right = truth[pairs.left], truth[pairs.right]
    known = (left != UNLABELLED) & (right != UNLABELLED)
    return (left == right)[known], pairs.scores[known]


def _best_cut(same: Flags, scores: Floats, total: int) -> AtThreshold:
    if not len(scores) or not total:
        return AtThreshold(1.0, Figures(0.0, 0.0))
    order = np.argsort(-scores, kind="stable")
    rights = np.cumsum(same[order])
    taken = np.arange(1, len(order) + 1)
    # A threshold takes all pairs of one score or none.
    f1 = np.where(_ends(scores[order]), 2 * rights / (taken + total), -1.0)
    at = int(np.argmax(f1))
    return AtThreshold(float(scores[order[at]]), _figures(int(rights[at]), at + 1, total))


def _ends(descending: Floats) -> Flags:
    return (
        np.concatenate([descending[1:] < descending[:-1], [True]]) if len(descending) else np.zeros(0, bool)
    )


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _figures(right: int, found: int, total: int) -> Figures:
    return Figures(right / found if found else 0.0, right / total if total else 0.0)

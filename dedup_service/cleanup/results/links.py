"""Pairs that were found, and what they say of the clusters: all by row numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from scoring import Verdict

Rows = NDArray[np.int64]
Bits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Links:
    """Pairs for REVIEW and MATCH: row numbers, the lower one left, match weights in bits and probabilities,
    and whether they are MATCH.
    """

    left: Rows
    right: Rows
    weights_bits: Bits
    probabilities: Bits
    is_match: NDArray[np.bool_]


def read_links(folder: Path) -> Links:
    """The pairs of `Found.pairs`, 33 bytes each."""
    parts: list[list[NDArray[np.generic]]] = [[], [], [], [], []]
    for batch in batches_of(folder):
        columns = (
            row_numbers(batch.column("left")),
            row_numbers(batch.column("right")),
            batch.column("match_weight_bits").to_numpy(),
            batch.column("match_probability").to_numpy(),
            pc.equal(batch.column("verdict"), str(Verdict.MATCH)).to_numpy(zero_copy_only=False),
        )
        for part, column in zip(parts, columns, strict=True):
            part.append(column)
    kinds = (np.int64, np.int64, np.float64, np.float64, np.bool_)
    left, right, bits, chances, is_match = (
        np.concatenate([np.empty(0, kind), *part]) for kind, part in zip(kinds, parts, strict=True)
    )
    # Engines know row numbers as text, and write pairs in any order: from here on it is that of the rows.
    left, right = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((right, left))
    return Links(left[order], right[order], bits[order], chances[order], is_match[order].astype(np.bool_))


def batches_of(folder: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a Parquet file, or of all in a folder."""
    for path in sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches()


def row_numbers(column: pa.Array) -> Rows:
    """Row numbers from the text that they are in the engine."""
    numbers: Rows = pc.cast(column, pa.int64()).to_numpy(zero_copy_only=False)
    return numbers


def weakest_links(links: Links, cluster_of: NDArray[np.int32], sizes: Rows) -> Bits:
    """The weight of the weakest link of each cluster: the least in the strongest tree that holds all members;
    not a number where the links between them make no such tree.
    """
    weakest = np.full(len(sizes), np.nan)
    inside = (cluster_of[links.left] >= 0) & (cluster_of[links.left] == cluster_of[links.right])
    if not inside.any():
        return weakest
    left, right, bits = links.left[inside], links.right[inside], links.weights_bits[inside]
    members, position = np.unique(np.concatenate([left, right]), return_inverse=True)
    # Trees of the least sum are looked for, and a weight of 0 is none at all.
    costs = bits.max() - bits + 1.0
    shape = (len(members), len(members))
    graph = coo_matrix((costs, (position[: len(left)], position[len(left) :])), shape=shape)
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    cluster = cluster_of[members[tree.row]]
    dearest = np.zeros(len(sizes))
    np.maximum.at(dearest, cluster, tree.data)
    is_whole = np.bincount(cluster, minlength=len(sizes)) == sizes - 1
    weakest[is_whole] = bits.max() + 1.0 - dearest[is_whole]
    return weakest


def for_review(links: Links, cluster_of: NDArray[np.int32]) -> Rows:
    """The places of the links that a person should look at, the most likely first: the best one between each
    two golden records.
    """
    count = int(cluster_of.max(initial=-1)) + 1
    one, other = (
        np.where(cluster_of[side] >= 0, cluster_of[side], count + side) for side in (links.left, links.right)
    )
    apart = np.flatnonzero(one != other)
    low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
    bits = links.weights_bits[apart]
    order = np.lexsort((apart, -bits, high, low))
    low, high = low[order], high[order]
    is_best = (
        np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])] if len(order) else order.astype(bool)
    )
    best = apart[order[is_best]]
    return best[np.lexsort((best, -links.weights_bits[best]))]

"""Clusters of records from weighed pairs."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def partition(count, left, right, bits, threshold_bits: float = 0.0) -> list[int]:
    keep = bits >= threshold_bits
    graph = coo_matrix((np.ones(keep.sum()), (left[keep], right[keep])), shape=(count, count))
    return connected_components(graph, directed=False)[1].tolist()

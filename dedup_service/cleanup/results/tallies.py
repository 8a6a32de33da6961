"""Duplicates by what a column says: by source, by owner."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import coo_matrix


@dataclass(frozen=True, slots=True)
class Share:
    """What one value of the column has: records, those in clusters, clusters with two or more of its own, and
    clusters that it shares with other values.
    """

    name: str
    records: int
    records_in_clusters: int
    clusters_within: int
    clusters_shared: int


@dataclass(frozen=True, slots=True)
class Tallied:
    """The shares of all values, those with most records in clusters first; and of the first ones, in how many
    clusters each two of them meet (a value with itself: where it stands twice).
    """

    shares: tuple[Share, ...]
    meetings: tuple[tuple[int, ...], ...]


class Tally:
    """Counts a column while the rows go by; 8 bytes for each row in a cluster."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._code_of: dict[str, int] = {}
        self._codes: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
        self._clusters: list[NDArray[np.int32]] = [np.empty(0, np.int32)]

    def add(self, column: pa.ChunkedArray, cluster: NDArray[np.int32]) -> None:
        """Count some rows; `cluster` is -1 for those that are alone."""
        encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
        names: list[str] = encoded.dictionary.to_pylist()
        indices = encoded.indices.to_numpy(zero_copy_only=False)
        for name, count in zip(names, np.bincount(indices, minlength=len(names)).tolist(), strict=True):
            self._totals[name] += count
        codes = np.array([self._code_of.setdefault(name, len(self._code_of)) for name in names], np.int32)
        at = np.flatnonzero(cluster >= 0)
        self._codes.append(codes[indices[at]])
        self._clusters.append(cluster[at])

    def tallied(self, most_meetings: int) -> Tallied:
        """What was counted, with the meetings of so many values."""
        codes, clusters = np.concatenate(self._codes), np.concatenate(self._clusters)
        shape = (int(clusters.max(initial=-1)) + 1, len(self._code_of))
        counts = coo_matrix((np.ones(len(codes), np.int32), (clusters, codes)), shape=shape).tocsr()
        present = counts.copy()
        present.data = np.ones_like(present.data)
        twice = counts.copy()
        twice.data = (twice.data > 1).astype(np.int32)
        several = np.asarray(present.sum(axis=1)).ravel() > 1
        members, within, shared = (
            np.asarray(one.sum(axis=0)).ravel().tolist() for one in (counts, twice, present[several])
        )
        shares = [
            Share(name, self._totals[name], members[code], within[code], shared[code])
            for name, code in self._code_of.items()
        ]
        shares.sort(key=lambda one: (-one.records_in_clusters, -one.records, one.name))
        first = [self._code_of[one.name] for one in shares[:most_meetings]]
        chosen = present[:, first]
        meetings = (chosen.T @ chosen).toarray()
        np.fill_diagonal(meetings, [within[code] for code in first])
        return Tallied(tuple(shares), tuple(tuple(row) for row in meetings.tolist()))

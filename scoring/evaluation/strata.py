"""The same figures for parts of the records: a source, a country, a kind of difficulty.

A pair belongs to the strata of both of its records, so that a false link between two strata counts against
both; the pairs of a stratum are all pairs less those that lie wholly outside.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.evaluation.intervals import Intervals, UnitCounts, bootstrap, units_of_clusters
from scoring.evaluation.metrics import UNLABELLED, Labels, Mask, PairCounts, cluster_pairs

MOST_STRATA = 20
OTHERS = "(all others)"


@dataclass(frozen=True, slots=True)
class Stratum:
    """One stratum: how many of the records, or labelled pairs, it has, and how well they are matched."""

    name: str
    size: int
    counts: PairCounts
    intervals: Intervals


def named_strata(names: Sequence[str], most: int = MOST_STRATA) -> list[tuple[str, Mask]]:
    """The largest strata and which members each has; the others together, missing names as '(empty)'."""
    said = [name.strip() or "(empty)" for name in names]
    kept = [name for name, _ in sorted(Counter(said).items(), key=lambda each: (-each[1], each[0]))[:most]]
    place = {name: at for at, name in enumerate(kept)}
    of = np.array([place.get(name, len(kept)) for name in said], dtype=np.int64)
    found = [(name, of == at) for at, name in enumerate(kept)]
    return [*found, (OTHERS, of == len(kept))] if (of == len(kept)).any() else found


def cluster_strata(clusters: Labels, truth: Labels, names: Sequence[str], seed: int) -> list[Stratum]:
    """Pairs of clusters by stratum of their records."""
    whole = cluster_pairs(clusters, truth)
    found = []
    for name, members in named_strata(names):
        outside = np.where(members, UNLABELLED, truth)
        counts = whole - cluster_pairs(clusters, outside)
        if counts.true or counts.found:
            units = units_of_clusters(clusters, truth, without=~members)
            size = int((members & (truth != UNLABELLED)).sum())
            found.append(Stratum(name, size, counts, bootstrap(units, seed)))
    return found


def pair_strata(is_match: Mask, is_found: Mask, names: Sequence[str], seed: int) -> list[Stratum]:
    """Labelled pairs by a stratum of their own."""
    found = []
    for name, members in named_strata(names):
        true, said = is_match & members, is_found & members
        units = units_of_pairs(is_match[members], is_found[members])
        counts = PairCounts(int(true.sum()), int(said.sum()), int((true & said).sum()))
        found.append(Stratum(name, int(members.sum()), counts, bootstrap(units, seed)))
    return found


def units_of_pairs(is_match: Mask, is_found: Mask) -> UnitCounts:
    """Labelled pairs, each a unit of its own."""
    both = is_match & is_found
    return UnitCounts(is_match.astype(np.float64), is_found.astype(np.float64), both.astype(np.float64))

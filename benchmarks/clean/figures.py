"""What is judged of the rows: ours beside Splink at each size, its memory, and how right it is."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log

from benchmarks.clean.contestants import COMMAND, OURS, SPLINK, SPLINK_THIN
from benchmarks.clean.rows import Row
from benchmarks.report import Figure
from scoring import Entity

MILLION = 1_000_000
SIZES = (10_000, 100_000, MILLION)
MOST_SHARE = {10_000: 33.3, 100_000: 33.3, MILLION: 50.0}
"""Of Splink's time, in percent."""
MOST_SHARE_THIN = 100.0
MOST_MB = 1_500.0
LEAST_ABOVE = 6.0
"""Of the F1 of people above that of Splink, in percentage points."""

Rows = dict[tuple[int, str], Row]


def by_size(rows: Iterable[Row]) -> Rows:
    """The rows that have figures, by size and contestant."""
    return {(row.record_count, row.contestant): row for row in rows if not row.failure}


def figures(rows: Iterable[Row]) -> list[Figure]:
    """Every figure of the rows that are there, with its target where it has one."""
    known = by_size(rows)
    return [figure for size in sorted({size for size, _ in known}) for figure in _of_size(size, known)]


def _of_size(size: int, rows: Rows) -> Iterable[Figure]:
    ours = rows.get((size, OURS))
    if ours is None:
        return
    said = f"{size:,} records: "
    million = size == MILLION
    yield Figure(said + "seconds", ours.seconds, "s")
    yield Figure(said + "memory", ours.peak_bytes / 1e6, "MB", MOST_MB if million else None, at_least=False)
    if thick := rows.get((size, SPLINK)):
        share = 100 * ours.seconds / thick.seconds
        yield Figure(said + "of the time of Splink", share, "%", MOST_SHARE.get(size), at_least=False)
    if thin := rows.get((size, SPLINK_THIN)):
        share = 100 * ours.seconds / thin.seconds
        most = MOST_SHARE_THIN if million else None
        yield Figure(said + "of the time of Splink with u of 1e6 pairs", share, "%", most, at_least=False)
    if whole := rows.get((size, COMMAND)):
        yield Figure(said + "whole command, of the time of ours", 100 * whole.seconds / ours.seconds, "%")
    for entity, name in ((Entity.PERSON, "people"), (Entity.COMPANY, "companies")):
        yield Figure(f"{said}F1 of {name}", 100 * ours.f1[entity], "%")
        if peers := [row for row in (thick, thin) if row is not None]:
            above = 100 * (ours.f1[entity] - max(row.best_f1.get(entity, row.f1[entity]) for row in peers))
            least = LEAST_ABOVE if million and entity is Entity.PERSON else None
            yield Figure(f"{said}F1 of {name} above Splink at its best", above, "points", least)


def per_doubling(counts: Sequence[int], values: Sequence[float]) -> list[float]:
    """By how much a value is multiplied with twice the records, from each size to the next."""
    steps = zip(pairwise(counts), pairwise(values), strict=True)
    return [(after / before) ** (log(2) / log(more / few)) for (few, more), (before, after) in steps]

"""The pictures of a cleanup, as bars that the page draws itself: they fit any width and any light, and need
no library that draws. Every one has its figures as a table below it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dedup_service.reports.pictures import in_bits

Figures = Mapping[str, Any]
_SIZE_GROUPS = ((2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 10**9))
_AXIS_MARKS = 6


class Part(NamedTuple):
    """A stretch of a bar: its share of the longest in per cent, and how it looks (a class of the page)."""

    percent: float
    look: str


class Bar(NamedTuple):
    """One bar with its name and its figure in words."""

    name: str
    parts: tuple[Part, ...]
    figure: str


class Column(NamedTuple):
    """One upright bar of a histogram; `mark` stands below it, where anything does."""

    parts: tuple[Part, ...]
    mark: str
    title: str


class Cell(NamedTuple):
    """One cell of a table of shades: the figure, and the depth of its shade from 0 to 1."""

    figure: int
    depth: float
    is_itself: bool


def size_bars(figures: Figures) -> list[Bar]:
    """How many clusters have how many records."""
    sizes = {int(size): count for size, count in figures["cluster_sizes"].items()}
    counted = []
    for low, high in _SIZE_GROUPS:
        count = sum(each for size, each in sizes.items() if low <= size <= high)
        name = str(low) if low == high else f"{low} to {high}" if high < 10**9 else f"over {low - 1}"
        counted.append((name, count))
    while counted and not counted[-1][1]:
        counted.pop()
    return _plain_bars((f"{name} records", count) for name, count in counted)


def weight_columns(figures: Figures) -> list[Column]:
    """Pairs by match weight, those for REVIEW apart from MATCH."""
    weights = figures["weights"]
    rows = list(zip(weights["from_bits"], weights["review_pairs"], weights["match_pairs"], strict=True))
    longest = max((review + match for _, review, match in rows), default=0) or 1
    step = max(1, -(-len(rows) // _AXIS_MARKS))
    return [
        Column(
            (Part(100 * match / longest, "match"), Part(100 * review / longest, "review")),
            in_bits(low) if at % step == 0 else "",
            f"{in_bits(low)} to {in_bits(low + 1)} bits: {match + review:,} pairs",
        )
        for at, (low, review, match) in enumerate(rows)
    ]


def share_bars(shares: Sequence[Figures]) -> list[Bar]:
    """Records of each value, those in clusters first."""
    longest = max((one["records"] for one in shares), default=0) or 1
    return [
        Bar(
            one["name"] or "(none)",
            (
                Part(100 * one["records_in_clusters"] / longest, "match"),
                Part(100 * (one["records"] - one["records_in_clusters"]) / longest, "rest"),
            ),
            f"{one['records_in_clusters']:,} of {one['records']:,}, {_share(one):.0%}",
        )
        for one in shares
    ]


def _share(one: Figures) -> float:
    return float(one["records_in_clusters"] / one["records"]) if one["records"] else 0.0


def meeting_cells(meetings: Sequence[Sequence[int]]) -> list[list[Cell]]:
    """In how many clusters each two values meet."""
    most = max((count for row in meetings for count in row), default=0) or 1
    return [
        [Cell(count, round(count / most, 3), at == across) for across, count in enumerate(row)]
        for at, row in enumerate(meetings)
    ]


def merging_bars(figures: Figures) -> list[Bar]:
    """Records before and after."""
    before, after = figures["records"]["all"], figures["found"]["golden_records"]
    return _plain_bars((("records now", before), ("golden records", after)))


def conflict_bars(figures: Figures) -> list[Bar]:
    """In how many clusters the records disagree, by column, the most first."""
    rows = [(one["column"], one["clusters_in_conflict"]) for one in figures["merging"]]
    return _plain_bars(sorted((row for row in rows if row[1]), key=lambda row: (-row[1], row[0])))


def filled_rows(figures: Figures) -> Iterator[tuple[str, float, float]]:
    """Each column with the shares of records that have a value, before and after."""
    before, after = figures["records"]["all"] or 1, figures["found"]["golden_records"] or 1
    for one in figures["merging"]:
        if one["filled_before"]:
            yield one["column"], one["filled_before"] / before, one["filled_after"] / after


def filled_bars(figures: Figures) -> list[Bar]:
    """The same as bars: what was filled, and what merging adds."""
    return [
        Bar(
            name,
            (Part(100 * min(before, after), "match"), Part(100 * abs(after - before), "gain")),
            f"{before:.1%} to {after:.1%}",
        )
        for name, before, after in filled_rows(figures)
    ]


def _plain_bars(rows: Iterable[tuple[str, int]]) -> list[Bar]:
    counted = list(rows)
    longest = max((count for _, count in counted), default=0) or 1
    return [Bar(name, (Part(100 * count / longest, "match"),), f"{count:,}") for name, count in counted]

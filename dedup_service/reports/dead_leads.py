"""The picture of a study of dead leads: bars for one dimension, a table of shades with numbers for two."""

import textwrap
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dedup_service.domain.dead_leads import DeadLeadDimension, in_own_order
from dedup_service.reports.pictures import BLUE, GREEN, GREY, INK, blank, styled, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_BARS = 24
MOST_LINES = 20
MOST_COLUMNS = 8
_LABEL_CHARACTERS = 30
_COLUMN_CHARACTERS = 12
_LABEL_LINES = 2
_COLUMN_LINES = 3
_TITLE_CHARACTERS = 96
# The share of the deepest shade from which white can be read better than ink.
_LIGHT_FROM = 0.85


@dataclass(frozen=True, slots=True)
class StudiedRow:
    """One row of a study: a label for each dimension; `death_rate` is of all leads of its source."""

    labels: tuple[str, ...]
    dead_count: int
    returned_count: int
    death_rate: float | None = None


@dataclass(frozen=True, slots=True)
class StudyPicture:
    """What to draw: one or two dimensions, which leads were studied, and the rows in their order.

    `source` is empty for all sources, and `span` says the time in words where there is one.
    """

    dimensions: tuple[DeadLeadDimension, ...]
    source: str
    span: str
    totals: str
    day: date
    rows: tuple[StudiedRow, ...]


def study_svg(study: StudyPicture) -> str:
    """The picture, with title, totals and the day on which the leads were counted."""
    with styled("dead-leads"):
        figure = _bars(study) if len(study.dimensions) == 1 else _shades(study)
        return svg_of(figure, f"{_title(study)}, {study.day:%Y-%m-%d}. {study.totals}")


def _title(study: StudyPicture) -> str:
    names = " and ".join(dimension.lower().replace("_", " ") for dimension in study.dimensions)
    of = f" of {study.source}" if study.source else ""
    return f"Dead leads{of} by {names}{f', {study.span}' if study.span else ''}"


def _head(figure: "Figure", study: StudyPicture, left_out: str) -> None:
    below = f"{study.totals}. Counted on {study.day:%Y-%m-%d}.{f' {left_out}' if left_out else ''}"
    figure.suptitle(_plain(_title(study)), x=0.01, ha="left", fontsize=13, fontweight="bold", color=INK)
    figure.supxlabel(
        _plain("\n".join(textwrap.wrap(below, _TITLE_CHARACTERS))), x=0.01, ha="left", fontsize=9, color=INK
    )


def _bars(study: StudyPicture) -> "Figure":
    rows = study.rows[:MOST_BARS]
    figure, (axes,) = blank(1.5 + 0.4 * max(len(rows), 2))
    places = range(len(rows))
    dead = [row.dead_count for row in rows]
    returned = [row.returned_count for row in rows]
    axes.barh(places, dead, 0.68, color=BLUE, label="dead")
    if any(returned):
        # A pattern as well, so that nothing is said by colour alone.
        axes.barh(
            places,
            returned,
            0.68,
            left=dead,
            color="white",
            edgecolor=GREEN,
            hatch="////",
            label="came back to life",
        )
        axes.legend(loc="lower right", fontsize=9)
    widest = max((row.dead_count + row.returned_count for row in rows), default=1)
    all_dead = max(sum(row.dead_count for row in study.rows), 1)
    for place, row in zip(places, rows, strict=True):
        axes.text(
            row.dead_count + row.returned_count + widest * 0.012,
            place,
            _figures(row, all_dead),
            va="center",
            fontsize=9,
            color=INK,
        )
    axes.set_xlim(0, widest * 1.32)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.set_yticks(places, [_label(row.labels[0], _LABEL_CHARACTERS, _LABEL_LINES) for row in rows])
    axes.grid(axis="y", visible=False)
    _count_axis(axes)
    if not rows:
        axes.text(0.5, 0.5, "no lead fits", transform=axes.transAxes, ha="center", va="center", color=INK)
    _head(figure, study, _left_out(len(study.rows) - len(rows), "smaller row"))
    return figure


def _figures(row: StudiedRow, all_dead: int) -> str:
    said = f"{row.dead_count:,}, {row.dead_count / all_dead:.0%}"
    return said if row.death_rate is None else f"{said}; {row.death_rate:.0%} of its leads"


def _count_axis(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 -- a second to load, and only pictures need it

    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("leads")


def _shades(study: StudyPicture) -> "Figure":
    lines, columns = (_largest(study, at, most) for at, most in ((0, MOST_LINES), (1, MOST_COLUMNS)))
    counts = {row.labels: row.dead_count for row in study.rows}
    widest = max((counts.get((line, column), 0) for line in lines for column in columns), default=0) or 1
    figure, (axes,) = blank(2.0 + 0.42 * max(len(lines), 2))
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415 -- as above

    shades = LinearSegmentedColormap.from_list("blues", ["#FFFFFF", "#BFD9EA", BLUE])
    cells = [[counts.get((line, column), 0) for column in columns] for line in lines]
    if cells:
        axes.imshow(cells, cmap=shades, vmin=0, vmax=widest, aspect="auto")
    else:
        axes.text(0.5, 0.5, "no lead fits", transform=axes.transAxes, ha="center", va="center", color=INK)
    for at, line in enumerate(cells):
        for across, count in enumerate(line):
            # Dark on light and light on dark, so that each number can be read.
            colour = "white" if count > widest * _LIGHT_FROM else INK
            axes.text(across, at, f"{count:,}" if count else "·", ha="center", va="center", color=colour)
    axes.set_yticks(range(len(lines)), [_label(name, _LABEL_CHARACTERS, _LABEL_LINES) for name in lines])
    axes.set_xticks(
        range(len(columns)),
        [_label(name, _COLUMN_CHARACTERS, _COLUMN_LINES) for name in columns],
        fontsize=8.5,
    )
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[:].set_color(GREY)
    axes.spines[:].set_visible(True)
    drawn = {(line, column) for line in lines for column in columns}
    _head(figure, study, _left_out(sum(row.labels not in drawn for row in study.rows), "smaller row"))
    return figure


def _largest(study: StudyPicture, at: int, most: int) -> list[str]:
    """The labels of one dimension with the most dead leads, the most first or in an order of their own."""
    totals: dict[str, int] = {}
    for row in study.rows:
        totals[row.labels[at]] = totals.get(row.labels[at], 0) + row.dead_count
    found = sorted(totals, key=lambda name: (-totals[name], name))[:most]
    dimension = study.dimensions[at]
    return in_own_order(dimension, found) if dimension.ordered else found


def _left_out(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'} not drawn." if count else ""


def _label(text: str, characters: int, lines: int) -> str:
    """The text in at most so many lines, cut where it is longer."""
    wrapped = textwrap.wrap(text, characters) or [""]
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], f"{wrapped[lines - 1][: characters - 1].rstrip()}…"]
    return _plain("\n".join(wrapped))


def _plain(text: str) -> str:
    # A dollar would begin a formula. Escaped last, so that no line ends between it and its escape.
    return text.replace("$", r"\$")

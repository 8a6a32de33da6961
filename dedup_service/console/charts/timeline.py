"""What happened over time: what waits as an area, and below it on the same days what was done as lines.

They are two panels, as what waits is often a hundred times what is done on a day.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dedup_service.console.charts.axes import (
    LINE_HEIGHT,
    WIDE,
    grid_line,
    joined,
    label,
    picture,
    round_ticks,
    spread,
    text_width,
)

_TOP = 24
_HIGH = {True: 150, False: 110}
_BETWEEN = 46
_BOTTOM = 24
_GAP = 8


@dataclass(frozen=True, slots=True)
class Line:
    """Counts of one kind, one for each step of time; `kind` is the end of its class."""

    name: str
    kind: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines on one scale. The first of a `filled` panel has its area shaded."""

    title: str
    lines: tuple[Line, ...]
    filled: bool = False

    @property
    def most(self) -> int:
        return max(count for line in self.lines for count in line.counts)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a panel is drawn, in pixels, and what its scale reaches to."""

    left: float
    right: float
    top: float
    bottom: float
    steps: int
    most: int

    def x(self, step: int) -> float:
        return self.left + (self.right - self.left) * step / max(1, self.steps - 1)

    def y(self, count: float) -> float:
        return self.bottom - (self.bottom - self.top) * count / self.most


def timeline(
    width: int,
    panels: Sequence[Panel],
    steps: Sequence[tuple[int, str]],
    number: Callable[[float], str],
    title: str,
    description: str,
) -> Markup:
    """The panels below each other; `steps` are those that the axis of time names, by their places from 0."""
    wide = width >= WIDE
    ticks = [round_ticks(panel.most, 4 if wide else 3) for panel in panels]
    left = max(text_width(number(tick)) for each in ticks for tick in each) + _GAP
    names = max(text_width(line.name) for panel in panels for line in panel.lines)
    right = width - names - _GAP - 4
    count = len(panels[0].lines[0].counts)
    parts: list[Markup] = []
    top = float(_TOP)
    for panel, scale in zip(panels, ticks, strict=True):
        frame = Frame(left, right, top, top + _HIGH[wide], count, scale[-1])
        parts += [_ground(frame, scale, number), label(0, top - 11, panel.title, "ch-head")]
        parts += _lines(frame, panel)
        top = frame.bottom + _BETWEEN
    axis = _axis(frame, steps)
    return picture("timeline", width, frame.bottom + _BOTTOM, title, description, joined([*parts, axis]))


def _ground(frame: Frame, ticks: Sequence[int], number: Callable[[float], str]) -> Markup:
    return joined(
        [
            grid_line(frame.left, frame.right, frame.y(tick), is_base=tick == 0)
            + label(frame.left - _GAP, frame.y(tick) + 4, number(tick), "ch-tick", "end")
            for tick in ticks
        ]
    )


def _lines(frame: Frame, panel: Panel) -> list[Markup]:
    ends = [frame.y(line.counts[-1]) for line in panel.lines]
    places = spread(ends, LINE_HEIGHT, frame.top, frame.bottom)
    parts: list[Markup] = []
    for line, end, place in zip(panel.lines, ends, places, strict=True):
        points = [(round(frame.x(step), 1), round(frame.y(n), 1)) for step, n in enumerate(line.counts)]
        path = " ".join(f"{x},{y}" for x, y in points)
        if panel.filled and line is panel.lines[0]:
            base = round(frame.bottom, 1)
            parts.append(
                Markup('<polygon class="ch-area ch-area-{}" points="{},{} {} {},{}"/>').format(
                    line.kind, points[0][0], base, path, points[-1][0], base
                )
            )
        parts += [
            Markup('<polyline class="ch-line ch-line-{}" points="{}"/>').format(line.kind, path),
            Markup('<circle class="ch-dot ch-dot-{}" cx="{}" cy="{}" r="3"/>').format(
                line.kind, round(frame.x(frame.steps - 1), 1), round(end, 1)
            ),
            label(frame.right + _GAP, place + 4, line.name, f"ch-name ch-name-{line.kind}"),
        ]
    return parts


def _axis(frame: Frame, steps: Sequence[tuple[int, str]]) -> Markup:
    """The names of the last step, and of those before it that do not lie upon the one after."""
    parts: list[Markup] = []
    free_to = float("inf")
    for step, name in reversed(steps):
        half = text_width(name) / 2
        middle = max(frame.x(step), half)
        if middle + half <= free_to:
            parts.append(label(middle, frame.bottom + 18, name, "ch-tick", "middle"))
            free_to = middle - half - _GAP
    return joined(parts)

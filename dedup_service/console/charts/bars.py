"""Bars that lie below each other, each with its name above it and what it comes to: read like a list."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dedup_service.console.charts.axes import fitted, joined, label, picture, text_width

_ROW_HEIGHT = 42
_BAR_HEIGHT = 12
_KEY_ROW_HEIGHT = 22
_SWATCH = 12
_GAP = 8
# What is there at all can be seen.
_LEAST_WIDTH = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of segments, one of each kind in the order of the key; `note` says what it comes to.

    With `whole` the bar is part of a track that long, on a scale of its own.
    """

    name: str
    note: str
    segments: tuple[float, ...]
    url: str = ""
    whole: float = 0.0

    @property
    def length(self) -> float:
        return sum(self.segments)


def bars(
    chart: str,
    width: int,
    rows: Sequence[Bar],
    title: str,
    description: str,
    kinds: Sequence[str] = ("only",),
    key: Sequence[str] = (),
) -> Markup:
    """The bars on one scale from 0; `kinds` are the ends of the classes of their segments.

    `key` names the segments; it is left out where there is one.
    """
    names, top = _key(width, kinds, key)
    most = max((row.length for row in rows), default=0.0) or 1.0
    drawn = [
        _bar(width, top + place * _ROW_HEIGHT, row, width / (row.whole or most), kinds)
        for place, row in enumerate(rows)
    ]
    return picture(chart, width, top + len(rows) * _ROW_HEIGHT, title, description, joined([names, *drawn]))


def _bar(width: int, top: float, row: Bar, scale: float, kinds: Sequence[str]) -> Markup:
    room = width - text_width(row.note) - 2 * _GAP
    name = label(0, top + 14, fitted(row.name, room), "ch-name")
    if row.url:
        name = Markup('<a href="{}">{}</a>').format(row.url, name)
    parts = [name, label(width, top + 14, row.note, "ch-note", "end")]
    if row.whole:
        parts.append(_segment("track", 0, top + 20, width))
    x = 0.0
    for kind, part in zip(kinds, row.segments, strict=True):
        if part > 0:
            long = max(_LEAST_WIDTH, part * scale)
            parts.append(_segment(kind, x, top + 20, min(long, width - x)))
            x += long
    return joined(parts)


def _segment(kind: str, x: float, y: float, width: float) -> Markup:
    return Markup('<rect class="ch-bar ch-bar-{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
        kind, round(x, 1), round(y, 1), round(width, 1), _BAR_HEIGHT
    )


def _key(width: int, kinds: Sequence[str], key: Sequence[str]) -> tuple[Markup, float]:
    """What the segments are, in as many lines as it takes; and where the bars begin below it."""
    parts: list[Markup] = []
    x, y = 0.0, 0.0
    for kind, name in zip(kinds, key, strict=False):
        long = _SWATCH + 6 + text_width(name)
        if x and x + long > width:
            x, y = 0.0, y + _KEY_ROW_HEIGHT
        parts.append(
            Markup('<rect class="ch-bar ch-bar-{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
                kind, round(x, 1), round(y + 2, 1), _SWATCH, _SWATCH
            )
        )
        parts.append(label(x + _SWATCH + 6, y + 12, name, "ch-tick"))
        x += long + 2 * _GAP
    return joined(parts), y + _KEY_ROW_HEIGHT + _GAP if parts else 0.0

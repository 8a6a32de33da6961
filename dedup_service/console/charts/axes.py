"""What the pictures of counts share: round ticks, the frame with title and description, and room for text.

A picture is drawn for one width in pixels, with text at its own size. A page shows the wide or the narrow
one by the room that there is, so that nothing is scaled until nobody can read it.
"""

import math
import unicodedata
from collections.abc import Sequence

from markupsafe import Markup

WIDE = 520
NARROW = 300
# How wide bold characters of 12 pixels are in a wide typeface: narrow, broad, of two columns, and others.
_NARROW_CHARACTERS = frozenset("iljtfrI.,:;'|!()[]- ")
_BROAD_CHARACTERS = frozenset("mwMWOQ@%")
_WIDTHS = (5.0, 13.4, 13.0, 8.2)
LINE_HEIGHT = 15


def round_ticks(most: float, wanted: int = 4) -> tuple[int, ...]:
    """Whole numbers from 0 to at least `most`, in steps of 1, 2 or 5 times a power of ten."""
    if most <= 0:
        return (0, 1)
    rough = most / wanted
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    whole = max(1, round(step))
    return tuple(whole * number for number in range(math.ceil(most / whole) + 1))


def text_width(text: str) -> float:
    """About how wide a text is, in pixels."""
    return sum(map(_character_width, text))


def _character_width(character: str) -> float:
    narrow, broad, double, other = _WIDTHS
    if character in _NARROW_CHARACTERS:
        return narrow
    if character in _BROAD_CHARACTERS:
        return broad
    return double if unicodedata.east_asian_width(character) in {"W", "F"} else other


def fitted(text: str, width: float) -> str:
    """The text, cut with an ellipsis where it would be wider."""
    if text_width(text) <= width:
        return text
    room = width - text_width("…")
    taken = 0.0
    for place, character in enumerate(text):
        taken += _character_width(character)
        if taken > room:
            return f"{text[:place].rstrip()}…"
    return text


def spread(places: Sequence[float], apart: float, lowest: float, highest: float) -> list[float]:
    """The places moved as little as need be so that each two of them lie `apart`, in their order.

    They stay between `lowest` and `highest` as long as there is room for all.
    """
    order = sorted(range(len(places)), key=lambda number: places[number])
    moved = list(places)
    for before, number in zip([None, *order[:-1]], order, strict=True):
        least = lowest if before is None else moved[before] + apart
        moved[number] = max(places[number], least)
    limit = highest
    for number in reversed(order):
        moved[number] = min(moved[number], limit)
        limit = moved[number] - apart
    return moved


def picture(name: str, width: int, height: float, title: str, description: str, body: Markup) -> Markup:
    """The picture as an SVG element with a title and a description; `name` is its own on the page."""
    return Markup(
        '<svg class="ch ch-{0}" viewBox="0 0 {1} {2}" width="{1}" height="{2}" role="{7}"'
        ' aria-labelledby="{3}-title {3}-text"><title id="{3}-title">{4}</title>'
        '<desc id="{3}-text">{5}</desc>{6}</svg>'
    ).format(
        "wide" if width >= WIDE else "narrow",
        width,
        round(height),
        f"{name}-{width}",
        title,
        description,
        body,
        # What an image holds is hidden from those who do not see it; links must not be.
        "group" if "<a " in body else "img",
    )


def label(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> Markup:
    """A line of text; `kind` is a class."""
    return Markup('<text class="ch-text {}" x="{}" y="{}" text-anchor="{}">{}</text>').format(
        kind, round(x, 1), round(y, 1), anchor, text
    )


def grid_line(x1: float, x2: float, y: float, *, is_base: bool = False) -> Markup:
    """A line across, the lowest of them heavier."""
    return Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
        "ch-base" if is_base else "ch-grid", round(x1, 1), round(x2, 1), round(y, 1), round(y, 1)
    )


def joined(parts: Sequence[Markup]) -> Markup:
    """The parts one after another."""
    return Markup("").join(parts)

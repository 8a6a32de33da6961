"""How often people agreed, bin by bin, and what the model said: where it is right the dots lie on the line.

The bins stand side by side with one width each. By their probabilities nearly all that is ever proposed would
lie upon one another, at the right end.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dedup_service.console.charts.axes import WIDE, grid_line, joined, label, picture, text_width

# Of a normal distribution, two sided: 95 %.
_DEVIATIONS = 1.96
_LEFT = 46
_TOP = 26
_GAP = 8
_DOT = (3.5, 9.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin: its bounds, the mean of what the model said, and how many were decided and agreed to."""

    lowest: float
    highest: float
    mean: float
    decided_count: int
    agreed_count: int

    @property
    def share(self) -> float:
        return self.agreed_count / self.decided_count


@dataclass(frozen=True, slots=True)
class Words:
    """What the upright axis, the axis below, the counts and the line of the model are called."""

    upright: str
    below: str
    count: str
    model: str


def likely_share(agreed: int, decided: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 %, by Wilson's interval; `decided` is above 0."""
    share, z = agreed / decided, _DEVIATIONS
    ground = 1 + z * z / decided
    middle = (share + z * z / (2 * decided)) / ground
    half = z * math.sqrt(share * (1 - share) / decided + z * z / (4 * decided * decided)) / ground
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration(
    width: int,
    bins: Sequence[Bin | None],
    edges: Sequence[float],
    number: Callable[[float], str],
    words: Words,
    title: str,
    description: str,
) -> Markup:
    """The bins between the `edges`, None where nothing was decided; below each, how many were."""
    high = 220 if width >= WIDE else 190
    bottom = _TOP + high
    step = (width - _LEFT - 14) / len(bins)

    def y(share: float) -> float:
        return bottom - high * share

    def x(place: float) -> float:
        return _LEFT + step * place

    grid = [
        grid_line(_LEFT, width - 14, y(share), is_base=share == 0)
        + label(_LEFT - _GAP, y(share) + 4, number(100 * share), "ch-tick", "end")
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    marks = [
        label(x(place), bottom + 17, _edge(edge), "ch-tick", "middle") for place, edge in enumerate(edges)
    ]
    filled = [(x(place + 0.5), each) for place, each in enumerate(bins) if each is not None]
    line = Markup('<polyline class="ch-line ch-line-model" points="{}"/>').format(
        " ".join(f"{round(middle, 1)},{round(y(each.mean), 1)}" for middle, each in filled)
    )
    most = max(each.decided_count for _, each in filled)
    dots = [_dot(middle, each, most, y) for middle, each in filled]
    widest = max(text_width(number(each.decided_count)) for _, each in filled)
    # Where they have no room beside each other, every second or third, the last one among them.
    stride = math.ceil((widest + 4) / step)
    counts = [
        label(middle, bottom + 36, number(each.decided_count), "ch-count", "middle")
        for middle, each in filled[(len(filled) - 1) % stride :: stride]
    ]
    texts = [
        label(0, 12, words.upright, "ch-head"),
        label(width - 14, 12, words.model, "ch-name ch-name-model", "end"),
        _sample(width - 14 - text_width(words.model) - _GAP),
        label(0, bottom + 36, words.count, "ch-tick"),
        label(width - 14, bottom + 56, words.below, "ch-head", "end"),
    ]
    drawn = joined([*grid, *marks, line, *dots, *counts, *texts])
    return picture("calibration", width, bottom + 62, title, description, drawn)


def _edge(edge: float) -> str:
    return f"{100 * edge:g}"


def _dot(middle: float, each: Bin, most: int, y: Callable[[float], float]) -> Markup:
    low, high = likely_share(each.agreed_count, each.decided_count)
    radius = _DOT[0] + (_DOT[1] - _DOT[0]) * math.sqrt(each.decided_count / most)
    return Markup(
        '<line class="ch-likely" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<circle class="ch-dot ch-dot-agreed" cx="{0}" cy="{3}" r="{4}"/>'
    ).format(round(middle, 1), round(y(high), 1), round(y(low), 1), round(y(each.share), 1), round(radius, 1))


def _sample(right: float) -> Markup:
    """A piece of the line of the model, beside its name."""
    return Markup('<line class="ch-line ch-line-model" x1="{}" x2="{}" y1="8" y2="8"/>').format(
        round(right - 22, 1), round(right, 1)
    )

"""How often people agreed, bin by bin, against what the model said: where it is right the dots lie on the line.

The bins stand side by side with one width each. By their probabilities nearly all that is ever proposed would lie
upon one another, at the right end.
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
_DOT = (4.0, 11.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin: its bounds, the mean of what the model said, and how many of those decided people agreed to."""

    lowest: float
    highest: float
    mean: float
    decided_count: int
    agreed_count: int

    @property
    def share(self) -> float:
        return self.agreed_count / self.decided_count


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
    percent: Callable[[float], str],
    number: Callable[[float], str],
    words: tuple[str, str, str],
    title: str,
    description: str,
) -> Markup:
    """The bins between the `edges`, None where nothing was decided.

    `words` name the upright axis, the axis below, and the line of the model.
    """
    high = 220 if width >= WIDE else 190
    bottom = _TOP + high
    step = (width - _LEFT - 14) / len(bins)

    def y(share: float) -> float:
        return bottom - high * share

    def x(place: float) -> float:
        return _LEFT + step * place

    grid = [
        grid_line(_LEFT, width - 14, y(share), is_base=share == 0)
        + label(_LEFT - _GAP, y(share) + 4, percent(share), "ch-tick", "end")
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
    dots = [_dot(middle, each, most, y, number, step) for middle, each in filled]
    upright, below, model = words
    texts = [
        label(0, 12, upright, "ch-head"),
        label(width - 14, bottom + 36, below, "ch-head", "end"),
        _model_name(filled, model, y, width),
    ]
    return picture(
        "calibration", width, bottom + 44, title, description, joined([*grid, *marks, line, *dots, *texts])
    )


def _edge(edge: float) -> str:
    return f"{100 * edge:g}"


def _dot(
    middle: float,
    each: Bin,
    most: int,
    y: Callable[[float], float],
    number: Callable[[float], str],
    step: float,
) -> Markup:
    low, high = likely_share(each.agreed_count, each.decided_count)
    radius = _DOT[0] + (_DOT[1] - _DOT[0]) * math.sqrt(each.decided_count / most)
    count = number(each.decided_count)
    # Above the dot where there is room, else below it.
    above = y(each.share) - radius - 6
    place = above if above > _TOP - 4 else y(each.share) + radius + 14
    return joined(
        [
            Markup('<line class="ch-likely" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                round(middle, 1), round(y(high), 1), round(y(low), 1)
            ),
            Markup('<circle class="ch-dot ch-dot-agreed" cx="{}" cy="{}" r="{}"/>').format(
                round(middle, 1), round(y(each.share), 1), round(radius, 1)
            ),
            label(middle, place, count, "ch-count", "middle")
            if text_width(count) <= step + _GAP
            else Markup(""),
        ]
    )


def _model_name(
    filled: Sequence[tuple[float, Bin]], name: str, y: Callable[[float], float], width: int
) -> Markup:
    """The name of the line, below its first point, where it is lowest and most room is left."""
    middle, first = filled[0]
    at = min(max(middle, _LEFT + 4), width - 14 - text_width(name))
    return label(at, min(y(first.mean) + 20, y(0) - 6), name, "ch-name ch-name-model")

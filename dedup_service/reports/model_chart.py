"""The picture of a model: how often true pairs, and strangers, reach each level."""

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

from dedup_service.reports.pictures import BLUE, GREY, ORANGE, blank, in_bits, styled, svg_of
from scoring import Comparable, Entity, ScoringModel
from scoring.model_parameters import LevelParameters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_INCHES = 0.24
_LEAST = 1e-7


def used_comparisons(model: ScoringModel, comparables: Collection[Comparable], entity: Entity) -> list[str]:
    """The comparisons that some of these records have all values for, in the order of the model."""
    mine = [one for one in comparables if one.entity is entity]
    # What a comparison needs it knows itself: with all of it a record is at least like itself.
    return [
        comparison.comparator.name
        for comparison in model.of(entity).comparisons
        if any(comparison.comparator.compare(one, one) is not None for one in mine)
    ]


def model_chart(model: ScoringModel, entity: Entity, shown: Collection[str]) -> str:
    """Every level of the comparisons to be shown as a line from u to m, on an axis of powers of ten: the
    longer, the more it weighs.
    """
    rows: list[tuple[str, LevelParameters | None]] = []
    for comparison in model.of(entity).parameters.comparisons:
        if comparison.name in shown:
            rows.append((comparison.name, None))
            rows += [(comparison.name, level) for level in comparison.levels]
    with styled(f"model-{entity}"):
        figure, (axes,) = blank(1.6 + _ROW_INCHES * len(rows))
        axes.set_xscale("log", base=10)
        axes.set_xlim(_LEAST, 1.6)
        place = axes.get_yaxis_transform()
        for at, (comparison_name, level) in enumerate(rows):
            if level is not None:
                _draw(axes, at, level)
                continue
            axes.text(-0.01, at, comparison_name, transform=place, ha="right", va="center", fontweight="bold")
        axes.text(1.01, -1.0, "bits", transform=place, fontsize=9, fontweight="bold", va="center")
        axes.set_yticks([])
        axes.set_ylim(len(rows) - 0.3, -1.5)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("probability of reaching the level.  * of a common value it weighs less")
        axes.set_title("What each level weighs: from strangers (u) to true pairs (m)")
        axes.plot([], [], "o", color=BLUE, label="m: among true pairs")
        axes.plot([], [], "o", color="white", markeredgecolor=ORANGE, label="u: among strangers")
        axes.legend(loc="upper left", ncols=2, fontsize=9)
        return svg_of(figure, "m and u probabilities of all levels")


def _draw(axes: "Axes", at: int, level: LevelParameters) -> None:
    m, u = max(level.m, _LEAST), max(level.u, _LEAST)
    bits = math.log2(level.m / level.u)
    axes.plot([u, m], [at, at], color=BLUE if bits >= 0 else ORANGE, linewidth=1.8, alpha=0.6)
    axes.plot(m, at, "o", color=BLUE, markersize=5)
    axes.plot(u, at, "o", color="white", markeredgecolor=ORANGE, markersize=5)
    place = axes.get_yaxis_transform()
    varies = " *" if level.term_frequency else ""
    axes.text(-0.01, at, level.name, transform=place, ha="right", va="center", fontsize=9)
    axes.text(
        1.01, at, in_bits(bits) + varies, transform=place, ha="left", va="center", fontsize=9, color=GREY
    )

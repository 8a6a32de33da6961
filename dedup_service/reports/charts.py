"""The pictures of an evaluation: what the scores say, and whether it is so."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dedup_service.reports.evaluation import Evaluation
from dedup_service.reports.pictures import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    as_percent,
    blank,
    in_bits,
    mark_thresholds,
    styled,
    svg_of,
)
from scoring.evaluation.calibration import Bin
from scoring.evaluation.curves import Threshold

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDEST_BITS = 60.0
_CURVE_POINTS = 400


def weight_histogram(evaluation: Evaluation) -> str:
    """Scored pairs by match weight: true ones above, false ones below, each to a scale of its own."""
    scored = evaluation.scored
    bits = scored.weights_bits.clip(-_WIDEST_BITS, _WIDEST_BITS)
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 -- a second to load, and only pictures need it

    edges = np.arange(math.floor(bits.min(initial=0)), math.ceil(bits.max(initial=1)) + 1)
    with styled("weights"):
        figure, (above, below) = blank(4.6, rows=2)
        for axes, mask, colour, name in (
            (above, scored.is_match, BLUE, "true pairs"),
            (below, ~scored.is_match, ORANGE, "false pairs"),
        ):
            axes.hist(bits[mask], edges.tolist(), color=colour, edgecolor="white", linewidth=0.4)
            axes.set_ylabel(f"{name}\n({int(mask.sum()):,} in all)")
            axes.set_xlim(edges[0], edges[-1])
            mark_thresholds(axes, evaluation.match_bits, evaluation.review_bits, words=axes is above)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
            axes.yaxis.set_major_formatter("{x:,.0f}")
        # Room for the words above the bars.
        above.set_ylim(0, above.get_ylim()[1] * 1.3)
        below.invert_yaxis()
        below.set_xlabel("match weight in bits: each doubles the odds of a match")
        above.tick_params(labelbottom=False)
        above.set_title("How far the match weight tells true pairs from false ones")
        return svg_of(figure, "Histogram of match weights of true and of false pairs")


def precision_recall_chart(evaluation: Evaluation) -> str:
    """Precision over recall for every threshold, with the verdicts and the best threshold."""
    curve = evaluation.curve.thinned(_CURVE_POINTS)
    with styled("precision-recall"):
        figure, (axes,) = blank(4.4)
        axes.plot(curve.recall, curve.precision, color=BLUE, drawstyle="steps-pre")
        match, review, best = evaluation.match_bits, evaluation.review_bits, evaluation.curve.best()
        points = (
            (evaluation.curve.at_weight(match), f"MATCH, from {in_bits(match)} bits", "o", BLUE),
            (evaluation.curve.at_weight(review), f"REVIEW, from {in_bits(review)} bits", "s", GREEN),
            (best, f"best F1, from {in_bits(best.weight_bits)} bits" if best else "", "*", ORANGE),
        )
        size = {"o": 9, "s": 8, "*": 18}
        for point, name, marker, colour in points:
            if point is not None:
                axes.plot(
                    point.recall,
                    point.precision,
                    marker,
                    color=colour,
                    markersize=size[marker],
                    markeredgecolor="white",
                    # Where points fall together the larger lies below the smaller, and all are seen.
                    zorder=5 - size[marker] / 10,
                    label=_words(name, point),
                )
        axes.axvline(evaluation.blocking.recall, color=GREY, linestyle="--", linewidth=1.2)
        axes.plot([], [], color=GREY, linestyle="--", linewidth=1.2, label="most that blocking lets through")
        # Good results lie in one corner: the axes begin where there is something to see.
        seen = [share for point, *_ in points if point for share in (point.precision, point.recall)]
        low = max(0.0, math.floor(10 * (min(seen, default=0.0) - 0.15)) / 10)
        axes.set(xlim=(low, 1 + 0.02 * (1 - low)), ylim=(low, 1 + 0.03 * (1 - low)))
        axes.set_xlabel("recall: share of the true pairs that are found")
        axes.set_ylabel("precision: share of the found pairs that are true")
        as_percent(axes, "x")
        as_percent(axes, "y")
        axes.set_title("Precision and recall of single links at every threshold")
        axes.legend(loc="lower left", fontsize=9)
        return svg_of(figure, "Precision over recall")


def calibration_chart(evaluation: Evaluation) -> str:
    """The share of true pairs against what the model says, by probability and by weight."""
    found = evaluation.calibration
    with styled("calibration"):
        figure, (by_probability, by_weight) = blank(4.3, columns=2)
        by_probability.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="as promised")
        _observed(by_probability, found.bins, [one.predicted for one in found.bins])
        by_probability.set(xlim=(-0.02, 1.02), xlabel="match probability that the model says")
        as_percent(by_probability, "x")
        by_probability.set_title("Does 95 % mean 95 of 100?")
        centres = [_centre(one) for one in found.by_weight]
        low, high = min(centres, default=-10.0) - 1, max(centres, default=10.0) + 1
        bits = np.linspace(low, high, 300)
        by_weight.plot(
            bits, 1 / (1 + np.exp2(-bits)), color=GREY, linestyle="--", linewidth=1.2, label="as promised"
        )
        _observed(by_weight, found.by_weight, centres)
        by_weight.set(xlim=(low, high), xlabel="match weight in bits")
        by_weight.set_title("The same by match weight")
        for axes in (by_probability, by_weight):
            axes.set_ylim(-0.02, 1.02)
            as_percent(axes, "y")
        by_probability.set_ylabel("share of true pairs")
        # Beside the points there is no place that no interval may run through.
        figure.legend(
            *by_probability.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9
        )
        return svg_of(figure, "Observed share of true pairs over the predicted probability")


def unlinkables_chart(evaluation: Evaluation) -> str:
    """The share of records that cannot even match themselves, by threshold."""
    curve = evaluation.unlinkables
    with styled("unlinkables"):
        figure, (axes,) = blank(3.4)
        axes.fill_between(curve.thresholds_bits, curve.shares, step="post", color=BLUE, alpha=0.15)
        axes.step(curve.thresholds_bits, curve.shares, where="post", color=BLUE)
        mark_thresholds(axes, evaluation.match_bits, evaluation.review_bits)
        share = curve.below(evaluation.match_bits)
        axes.set(ylim=(0, 1.03), xlabel="threshold: least match weight in bits", ylabel="unlinkable records")
        axes.set_xlim(min(curve.thresholds_bits[0], evaluation.review_bits - 4), curve.thresholds_bits[-1])
        as_percent(axes, "y")
        axes.set_title(f"Records that hold too little to match even themselves: {share:.1%} at MATCH")
        return svg_of(figure, "Share of unlinkable records by threshold")


def cluster_sizes_chart(found: Sequence[int], true: Sequence[int]) -> str:
    """The share of records in clusters of each size; the truth beside it where it is known."""
    groups = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 10), (11, 20), (21, 50), (51, 10**9))
    with styled("clusters"):
        figure, (axes,) = blank(3.4)
        both = (
            [("found", found, BLUE, ""), ("true", true, PALE, "///")]
            if true
            else [("found", found, BLUE, "")]
        )
        for at, (name, sizes, colour, hatch) in enumerate(both):
            records = np.array(sizes, np.float64)
            shares = [
                float(records[(records >= low) & (records <= high)].sum() / max(records.sum(), 1))
                for low, high in groups
            ]
            places = np.arange(len(groups)) + (at - (len(both) - 1) / 2) * 0.4
            bars = axes.bar(places, shares, 0.4, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.6)
            axes.bar_label(bars, [f"{share:.0%}" if share >= 0.005 else "" for share in shares], fontsize=8)
            largest = int(records.max(initial=0))
            bars.set_label(f"{name}: {len(sizes):,} clusters, the largest of {largest:,}")
        names = [str(low) if low == high else f"{low} to {high}" for low, high in groups[:-1]] + ["over 50"]
        axes.set_xticks(range(len(groups)), names)
        axes.grid(axis="x", visible=False)
        axes.set(xlabel="records in a cluster", ylabel="share of the records")
        axes.margins(y=0.12)
        as_percent(axes, "y")
        axes.set_title("How large clusters are")
        axes.legend(fontsize=9)
        return svg_of(figure, "Share of records by cluster size")


def strata_chart(evaluation: Evaluation, column: str) -> str:
    """Precision and recall of each stratum with their intervals."""
    strata = evaluation.strata
    with styled("strata"):
        figure, (axes,) = blank(1.3 + 0.42 * len(strata))
        for name, colour, marker, shift in (("precision", BLUE, "o", -0.13), ("recall", ORANGE, "s", 0.13)):
            for at, stratum in enumerate(strata):
                share = getattr(stratum.counts, name)
                interval = getattr(stratum.intervals, name)
                label = name if at == 0 else None
                axes.plot([interval.low, interval.high], [at + shift] * 2, color=colour, linewidth=1.6)
                axes.plot(share, at + shift, marker, color=colour, markersize=6, label=label)
        axes.set_yticks(range(len(strata)), [f"{_cut(one.name)}  ({one.size:,})" for one in strata])
        axes.set_ylim(len(strata) - 0.5, -0.5)
        axes.set_xlim(-0.02, 1.02)
        as_percent(axes, "x")
        axes.set_xlabel("share, with the interval that holds 95 of 100")
        axes.set_title(f"By {_cut(column)}; how many there are in brackets")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, fontsize=9)
        return svg_of(figure, "Precision and recall by stratum")


def _observed(axes: "Axes", bins: Sequence[Bin], places: Sequence[float]) -> None:
    shares = [one.observed for one in bins]
    low = [max(0.0, one.observed - one.interval.low) for one in bins]
    high = [max(0.0, one.interval.high - one.observed) for one in bins]
    axes.errorbar(
        places,
        shares,
        yerr=(low, high),
        fmt="o",
        color=BLUE,
        ecolor=BLUE,
        elinewidth=1.2,
        capsize=3,
        label="observed, with 95 % interval",
    )


def _centre(one: Bin) -> float:
    """The middle of a bin of weights; a bin without end is drawn one bit beyond its bound."""
    if math.isinf(one.low):
        return 0.0 if math.isinf(one.high) else one.high - 1
    return one.low + 1 if math.isinf(one.high) else (one.low + one.high) / 2


def _words(name: str, point: Threshold) -> str:
    return f"{name}: precision {point.precision:.1%}, recall {point.recall:.1%}, F1 {point.f1:.3f}"


def _cut(text: str, most: int = 28) -> str:
    # A dollar would begin a formula.
    text = text.replace("$", r"\$")
    return text if len(text) <= most else f"{text[: most - 1]}…"

"""The waterfall of one score: from the prior, contribution by contribution, to the match weight."""

import math
import textwrap
from typing import TYPE_CHECKING, NamedTuple

from dedup_service.reports.pictures import BLUE, GREY, INK, ORANGE, PALE, blank, in_bits, styled, svg_of
from scoring import PairScore, shipped_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW_INCHES = 0.56
_WIDEST_EVIDENCE = 52
LEAST_SHOWN_BITS = 0.05
"""What weighs less is written as 0.0."""
_NARROWEST_TEXT = 60
_BAR_WIDTH = 24


class Thresholds(NamedTuple):
    """The least match weights of the verdicts, in bits."""

    review_bits: float
    match_bits: float


class Step(NamedTuple):
    """One line of a waterfall, in bits: what it adds, and the total so far. The prior has no level, nor have
    steps that are told as one.
    """

    comparison: str
    level: str
    evidence: str
    weight_bits: float
    total_bits: float

    @property
    def name(self) -> str:
        """The comparison with its level."""
        return f"{self.comparison}: {self.level}" if self.level else self.comparison


def shipped_thresholds() -> Thresholds:
    """The thresholds of the shipped model."""
    model = shipped_model()
    return Thresholds(*(math.log2(p / (1 - p)) for p in (model.review_threshold, model.match_threshold)))


def waterfall_svg(score: PairScore, title: str, thresholds: Thresholds | None = None) -> str:
    """The score as a picture: a bar for the prior and for each contribution, with its evidence in words, the
    total below, and the verdicts behind. `thresholds` are those of the shipped model if not given.
    """
    limits = thresholds or shipped_thresholds()
    steps = waterfall_steps(score)
    ends = [step.total_bits for step in steps] + [step.total_bits - step.weight_bits for step in steps]
    low, high = min(*ends, limits.review_bits, 0.0), max(*ends, limits.match_bits, 0.0)
    # Room for the numbers beside the outermost bars.
    margin = 0.1 * (high - low) + 1.0
    with styled("waterfall"):
        figure, (axes,) = blank(1.5 + _ROW_INCHES * (len(steps) + 1))
        axes.set(xlim=(low - margin, high + margin), ylim=(len(steps) + 0.6, -1.2))
        _shade_verdicts(axes, limits)
        for at, step in enumerate(steps):
            _draw(axes, at, step, is_last=at == len(steps) - 1)
            _write_reason(axes, at, step)
        _draw_total(axes, len(steps), score)
        axes.set_xlabel("match weight in bits: each doubles the odds of a match")
        axes.set_yticks([])
        axes.grid(axis="y", visible=False)
        figure.suptitle(_plain(title), x=0.01, ha="left", fontsize=11.5, fontweight="bold")
        said = f"{score.verdict}: match weight {in_bits(score.match_weight_bits)} bits"
        return svg_of(figure, f"{title}. {said}")


def waterfall_text(score: PairScore, width: int) -> str:
    """The same as lines of at most `width` letters, 60 at least: bits, total, bar, and the evidence."""
    width = max(width, _NARROWEST_TEXT)
    steps = waterfall_steps(score)
    widest = max(1.0, *(abs(step.weight_bits) for step in steps))
    name_width = min(max(len(step.name) for step in steps), 28)
    lines = []
    for step in steps:
        bar = "#" * max(1, round(abs(step.weight_bits) / widest * _BAR_WIDTH)) if step.weight_bits else ""
        mark = "+" if step.weight_bits >= 0 else "-"
        lines.append(
            f"{textwrap.shorten(step.name, name_width, placeholder='...'):<{name_width}} "
            f"{_signed(step.weight_bits):>7} {_signed(step.total_bits):>7} {bar.replace('#', mark)}"[
                :width
            ].rstrip()
        )
        indent = " " * 4
        lines += textwrap.wrap(step.evidence, width, initial_indent=indent, subsequent_indent=indent)
    lines.append(f"{_total(score)}, probability {score.match_probability:.4f}")
    return "\n".join(lines)


def _signed(bits: float) -> str:
    """With its sign, in plain letters; never -0.0."""
    return f"{round(bits, 1) + 0.0:+.1f}"


def waterfall_steps(score: PairScore) -> list[Step]:
    """The prior, then each contribution in its order; those that change next to nothing are one, the last."""
    small = [one for one in score.contributions if abs(one.weight_bits) < LEAST_SHOWN_BITS]
    if len(small) < 2:
        small = []
    steps = [Step("prior", "", "before anything is compared", score.prior_bits, score.prior_bits)]
    for one in score.contributions:
        if one not in small:
            total = steps[-1].total_bits + one.weight_bits
            steps.append(Step(one.comparison, one.level, one.evidence, one.weight_bits, total))
    if small:
        names = ", ".join(one.comparison for one in small)
        bits = sum(one.weight_bits for one in small)
        total = steps[-1].total_bits + bits
        steps.append(Step(f"{len(small)} that change little", "", names, bits, total))
    return steps


def _shade_verdicts(axes: "Axes", limits: Thresholds) -> None:
    low, high = axes.get_xlim()
    for begin, end, name, shade in (
        (low, limits.review_bits, "NO_MATCH", "#F4F4F4"),
        (limits.review_bits, limits.match_bits, "REVIEW", "#E8EDF0"),
        (limits.match_bits, high, "MATCH", "#DCEAF4"),
    ):
        axes.axvspan(begin, end, color=shade, linewidth=0, zorder=0)
        axes.text((begin + end) / 2, -0.75, name, ha="center", va="center", fontsize=8.5, color=GREY)
    for bits in limits:
        axes.axvline(bits, color=GREY, linewidth=0.8, zorder=0.5)
        axes.text(bits, -1.25, in_bits(bits), ha="center", va="bottom", fontsize=8.5, color=GREY)


def _write_reason(axes: "Axes", at: int, step: Step) -> None:
    """The name of a step, and its evidence below, left of the bars."""
    place = axes.get_yaxis_transform()
    evidence = _plain("\n".join(textwrap.wrap(step.evidence, _WIDEST_EVIDENCE)[:2]))
    axes.annotate(
        _plain(step.name),
        (0, at),
        xycoords=place,
        xytext=(-6, 5 if evidence else 0),
        textcoords="offset points",
        ha="right",
        va="center" if not evidence else "bottom",
        fontsize=9.5,
        fontweight="bold",
    )
    axes.annotate(
        evidence,
        (0, at),
        xycoords=place,
        xytext=(-6, 4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8.5,
        color=INK,
    )


def _plain(text: str) -> str:
    """Words as they are: a dollar would begin a formula."""
    return text.replace("$", r"\$")


def _draw(axes: "Axes", at: int, step: Step, *, is_last: bool) -> None:
    begin = step.total_bits - step.weight_bits if at else 0.0
    colour = GREY if not at else BLUE if step.weight_bits >= 0 else ORANGE
    axes.barh(at, step.total_bits - begin, left=begin, height=0.5, color=colour)
    axes.plot([step.total_bits] * 2, [at, at + 1 - (0.25 if is_last else 0)], color=INK, linewidth=0.8)
    _write_bits(axes, at, step.weight_bits, begin, step.total_bits)


def _draw_total(axes: "Axes", at: int, score: PairScore) -> None:
    axes.barh(at, score.match_weight_bits, height=0.5, color=INK)
    axes.axhline(at - 0.5, color=PALE, linewidth=0.8)
    _write_reason(axes, at, Step(_total(score), "", "", 0.0, 0.0))
    _write_bits(axes, at, score.match_weight_bits, 0.0, score.match_weight_bits)


def _write_bits(axes: "Axes", at: int, bits: float, begin: float, end: float) -> None:
    to_right = end >= begin
    axes.annotate(
        in_bits(bits),
        (end, at),
        xytext=(5 if to_right else -5, 0),
        textcoords="offset points",
        ha="left" if to_right else "right",
        va="center",
        fontsize=9,
    )


def _total(score: PairScore) -> str:
    return f"{score.verdict}: {in_bits(score.match_weight_bits)} bits"

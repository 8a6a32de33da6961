"""The waterfall of one score as a column of bars, one a row of a table.

A single picture could not let the evidence wrap on a telephone. Each row draws its own bar on the scale that
all share, and the verdicts' shades and the thresholds run through all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

# Room beside the outermost bars, as a share of what is drawn.
MARGIN = 0.04
# What is drawn thinner than this nobody sees, in percent of the width.
LEAST_WIDTH_PERCENT = 0.4
# Room that the name of a verdict takes.
_NAME_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least match weights of the verdicts REVIEW and MATCH, in bits."""

    review_bits: float
    match_bits: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Match weights from `low_bits` to `high_bits` as percent of the width."""

    low_bits: float
    high_bits: float
    thresholds: Thresholds | None

    def percent(self, bits: float) -> float:
        """How far from the left, 0 to 100."""
        share = (bits - self.low_bits) / (self.high_bits - self.low_bits)
        return round(100 * min(1.0, max(0.0, share)), 2)


def scale_of(totals_bits: Iterable[float], thresholds: Thresholds | None) -> Scale:
    """The scale on which every running total, zero and the thresholds have their place."""
    limits = (thresholds.review_bits, thresholds.match_bits) if thresholds else ()
    ends = [0.0, *totals_bits, *limits]
    low, high = min(ends), max(ends)
    margin = MARGIN * (high - low) or 1.0
    return Scale(low - margin, high + margin, thresholds)


def bar(scale: Scale, begin_bits: float, end_bits: float, kind: str = "") -> Markup:
    """One row: from the total before to the total after, and a line down to the next row.

    `kind` is `prior` or `total` for the first and last row; others are for or against by their direction.
    """
    direction = kind or ("for" if end_bits >= begin_bits else "against")
    left, right = sorted((scale.percent(begin_bits), scale.percent(end_bits)))
    width = max(LEAST_WIDTH_PERCENT, round(right - left, 2))
    at = scale.percent(end_bits)
    link = (
        ""
        if kind == "total"
        else Markup('<line class="wf-link" x1="{0}%" x2="{0}%" y1="75%" y2="100%"/>').format(at)
    )
    came = (
        ""
        if kind == "prior"
        else Markup('<line class="wf-link" x1="{0}%" x2="{0}%" y1="0" y2="25%"/>').format(
            scale.percent(end_bits if kind == "total" else begin_bits)
        )
    )
    return Markup(
        '<svg class="wf" aria-hidden="true" focusable="false">{}'
        '{}{}<rect class="wf-{}" x="{}%" width="{}%" y="25%" height="50%" rx="2"/></svg>'
    ).format(_ground(scale), came, link, direction, left, width)


def axis(scale: Scale, review: str, match: str) -> Markup:
    """The head of the column: the names of the verdicts at the thresholds where they begin."""
    if scale.thresholds is None:
        return Markup("")
    review_at = scale.percent(scale.thresholds.review_bits)
    match_at = scale.percent(scale.thresholds.match_bits)
    # A name that would stand outside is written inwards from the edge.
    if 100 - match_at < _NAME_PERCENT:
        return Markup(
            '<svg class="wf wf-axis" aria-hidden="true" focusable="false">{}'
            '<text class="wf-name" x="{}%" dx="-4" y="62%" text-anchor="end">{} · {}</text></svg>'
        ).format(_ground(scale), review_at, review, match)
    return Markup(
        '<svg class="wf wf-axis" aria-hidden="true" focusable="false">{}'
        '<text class="wf-name" x="{}%" dx="-4" y="62%" text-anchor="end">{}</text>'
        '<text class="wf-name" x="{}%" dx="4" y="62%">{}</text></svg>'
    ).format(_ground(scale), match_at if match_at - review_at > 12 else review_at, review, match_at, match)


def _ground(scale: Scale) -> Markup:
    zero = Markup('<line class="wf-zero" x1="{0}%" x2="{0}%" y1="0" y2="100%"/>').format(scale.percent(0.0))
    if scale.thresholds is None:
        return zero
    review_at = scale.percent(scale.thresholds.review_bits)
    match_at = scale.percent(scale.thresholds.match_bits)
    return Markup(
        '<rect class="wf-review" x="{0}%" width="{1}%" y="0" height="100%"/>'
        '<rect class="wf-match" x="{2}%" width="{3}%" y="0" height="100%"/>{4}'
    ).format(review_at, round(match_at - review_at, 2), match_at, round(100 - match_at, 2), zero)

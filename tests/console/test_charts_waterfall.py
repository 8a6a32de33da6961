"""Bars of a waterfall: where they begin and end, and that every row has the same scale."""

import re
from xml.etree import ElementTree as ET

import pytest

from dedup_service.console.charts.waterfall import Scale, Thresholds, axis, bar, scale_of

LIMITS = Thresholds(review_bits=-1.6, match_bits=4.6)


def bar_of(scale: Scale, begin: float, end: float, kind: str = "") -> tuple[str, float, float]:
    """The class of the bar, and its left and right end in percent."""
    drawn = ET.fromstring(bar(scale, begin, end, kind))
    found = [
        each for each in drawn if each.get("class") not in {"wf-review", "wf-match"} and each.tag == "rect"
    ]
    (rect,) = found
    left, width = (float((rect.get(name) or "").rstrip("%")) for name in ("x", "width"))
    return rect.get("class") or "", left, left + width


def test_everything_has_its_place_on_the_scale() -> None:
    """Totals, zero and both thresholds are within the picture, and none at its very edge."""
    scale = scale_of([-14.0, 20.0], LIMITS)
    places = [scale.percent(bits) for bits in (-14.0, -1.6, 0.0, 4.6, 20.0)]
    assert places == sorted(places)
    assert places[0] > 0
    assert places[-1] < 100


def test_a_bar_goes_from_the_total_before_to_the_total_after() -> None:
    """For a match it is drawn to the right, against it to the left, with another class."""
    scale = Scale(-10.0, 10.0, None)
    assert bar_of(scale, -5.0, 5.0) == ("wf-for", 25.0, 75.0)
    assert bar_of(scale, 5.0, -5.0) == ("wf-against", 25.0, 75.0)
    assert bar_of(scale, 0.0, 5.0, "total") == ("wf-total", 50.0, 75.0)


def test_a_step_that_changes_next_to_nothing_can_be_seen() -> None:
    """A bar is never thinner than what anybody sees."""
    scale = Scale(-10.0, 10.0, None)
    _, left, right = bar_of(scale, 1.0, 1.0)
    assert right - left > 0.3


def test_a_scale_without_any_length_is_one_too() -> None:
    """A score of nothing but zeros is drawn, and divides nothing by zero."""
    scale = scale_of([0.0], None)
    assert 0 < scale.percent(0.0) < 100


@pytest.mark.parametrize("match_bits", [4.6, 19.9])
def test_the_names_of_the_verdicts_are_inert_and_within(match_bits: float) -> None:
    """What stands in a name cannot become markup, wherever the threshold lies."""
    drawn = axis(scale_of([20.0], Thresholds(-1.6, match_bits)), "<Review>", "<Match>")
    text = "".join(ET.fromstring(drawn).itertext())
    assert "<Review>" in text
    assert "<Match>" in text


def test_no_picture_styles_itself() -> None:
    """The content security policy forbids styles in attributes; colours come by classes."""
    scale = scale_of([-14.0, 20.0], LIMITS)
    drawn = bar(scale, 0.0, 3.0) + axis(scale, "Review", "Match")
    assert not re.search(r"\s(style|on\w+)=", drawn)

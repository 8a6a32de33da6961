"""The pictures of counts: round ticks, text that fits, and nothing outside of the frame."""

import re
from xml.etree import ElementTree as ET

import pytest

from dedup_service.console.charts.axes import NARROW, WIDE, fitted, round_ticks, spread, text_width
from dedup_service.console.charts.bars import Bar, bars
from dedup_service.console.charts.calibration import Bin, Words, calibration, likely_share
from dedup_service.console.charts.timeline import Line, Panel, timeline
from dedup_service.console.charts.zones import zones

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("agreed", "probability", "count", "the model")


def tree(markup: str) -> ET.Element:
    """The picture as elements; markup that is not well formed fails."""
    # As plain text: markup would escape what is put into it.
    named = str.replace(markup, "<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1)
    return ET.fromstring(named)


def texts(markup: str) -> list[str]:
    return [each.text or "" for each in tree(markup).iter(f"{SVG}text")]


def plain(value: float) -> str:
    return f"{value:,.0f}"


def a_timeline(width: int, *counts: int) -> str:
    panel = Panel("waiting", (Line("waiting", "waiting", counts),), filled=True)
    return timeline(width, [panel], [(0, "May 1"), (len(counts) - 1, "May 9")], plain, "title", "text")


def a_calibration(width: int, *bins: Bin | None) -> str:
    edges = [place / len(bins) for place in range(len(bins) + 1)]
    return calibration(width, bins, edges, plain, WORDS, "title", "text")


def every_picture(width: int) -> dict[str, str]:
    return {
        "timeline": a_timeline(width, 4, 0, 123_456),
        "bars": bars("b", width, [Bar("name", "1 of 2", (1, 2), "/there")], "t", "d", ("a", "b"), ("A", "B")),
        "calibration": a_calibration(width, None, Bin(0.5, 1.0, 0.9, 10, 8)),
        "zones": zones("z", width, ("good", "bad"), ("good", "bad"), 1, "t", "d"),
    }


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (3, (0, 1, 2, 3)),
        (7, (0, 2, 4, 6, 8)),
        (99, (0, 50, 100)),
        (100, (0, 50, 100)),
        (101, (0, 50, 100, 150)),
        (123_456, (0, 50_000, 100_000, 150_000)),
    ],
)
def test_ticks_are_round_and_reach_the_most(most: int, ticks: tuple[int, ...]) -> None:
    """In steps of 1, 2 or 5 times a power of ten; counts have no halves."""
    assert round_ticks(most) == ticks


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_every_picture_is_described_and_keeps_to_its_frame(width: int) -> None:
    """A title, a description, no style, and every x within the width."""
    for name, markup in every_picture(width).items():
        root = tree(markup)
        told = root.attrib["aria-labelledby"].split()
        assert [each.attrib["id"] for each in root if "id" in each.attrib] == told, name
        assert root.attrib["role"] == ("group" if "<a " in markup else "img"), name
        assert "style=" not in markup, name
        for x in re.findall(r' (?:x|x1|x2|cx)="(-?[\d.]+)"', markup):
            assert 0 <= float(x) <= width, name


def test_wide_and_narrow_pictures_have_ids_of_their_own() -> None:
    """Both stand on one page."""
    found = [re.findall(r' id="([^"]+)"', "".join(every_picture(width).values())) for width in (WIDE, NARROW)]
    assert not {*found[0]} & {*found[1]}


@pytest.mark.parametrize("text", ["short", "W" * 80, "i" * 200, "\u65e5\u672c\u8a9e" * 30, ""])
def test_text_is_cut_to_its_room(text: str) -> None:
    """With an ellipsis where something is missing, and never wider."""
    found = fitted(text, 100)
    assert text_width(found) <= 100
    assert found == text or found.endswith("…")


def test_labels_that_would_lie_upon_each_other_are_moved_apart() -> None:
    """In their order, and within their limits."""
    assert spread([50.0, 52.0, 51.0], 10, 0, 100) == [50.0, 70.0, 60.0]
    assert spread([99.0, 98.0], 10, 0, 100) == [100.0, 90.0]
    assert spread([5.0, 60.0], 10, 0, 100) == [5.0, 60.0]


def test_a_line_goes_from_its_first_to_its_last_count() -> None:
    """The most at the top of the panel, none at its base."""
    [points] = re.findall(r'<polyline[^>]*points="([^"]+)"', a_timeline(WIDE, 100, 0, 50))
    ys = [float(point.split(",")[1]) for point in points.split()]
    assert ys[0] < ys[2] < ys[1]
    assert ys[1] - ys[0] == 2 * (ys[1] - ys[2])


def test_a_single_step_is_drawn() -> None:
    """A day that stands alone divides nothing by zero."""
    assert "100" in texts(a_timeline(NARROW, 80))


def test_days_that_would_lie_upon_each_other_are_left_out() -> None:
    """The last one stays."""
    panel = Panel("waiting", (Line("waiting", "waiting", tuple(range(9))),))
    steps = [(place, f"{place} November") for place in range(9)]
    found = [text for text in texts(timeline(NARROW, [panel], steps, plain, "t", "d")) if "Nov" in text]
    assert found[0] == "8 November"
    assert len(found) < 4


def test_bars_share_one_scale() -> None:
    """The longest takes all the width, a track its own."""
    rows = [Bar("a", "4", (4,)), Bar("b", "1", (1,)), Bar("c", "half", (0.5,), whole=1.0)]
    root = tree(bars("b", 300, rows, "t", "d"))
    wide = [(each.attrib["class"], float(each.attrib["width"])) for each in root.iter(f"{SVG}rect")]
    assert wide == [
        ("ch-bar ch-bar-only", 300),
        ("ch-bar ch-bar-only", 75),
        ("ch-bar ch-bar-track", 300),
        ("ch-bar ch-bar-only", 150),
    ]


def test_what_is_there_can_be_seen() -> None:
    """One of a million has a bar too; none has none."""
    rows = [Bar("a", "", (1_000_000, 0)), Bar("b", "", (1, 0))]
    wide = [
        each.attrib["width"] for each in tree(bars("b", 300, rows, "t", "d", ("x", "y"))).iter(f"{SVG}rect")
    ]
    assert wide == ["300.0", "2.0"]


def test_zones_share_the_width_and_one_is_marked() -> None:
    """The last ends where the picture does."""
    found = list(
        tree(zones("z", 300, ("a", "b", "c"), ("good", "warn", "bad"), 1, "t", "d")).iter(f"{SVG}rect")
    )
    ends = [float(each.attrib["x"]) + float(each.attrib["width"]) for each in found]
    assert ends == [98.0, 199.0, 300.0]
    assert ["ch-zone-here" in each.attrib["class"] for each in found] == [False, True, False]


def test_stored_text_is_escaped_in_pictures() -> None:
    """A name made of markup is a name."""
    markup = bars("b", 300, [Bar("<script>", "", (1,), '/x"><script>')], "<b>", "&")
    assert texts(markup)[0] == "<script>"
    assert "<script>" not in markup


def test_dots_lie_on_the_line_where_the_model_is_right() -> None:
    """And below it where people agree less often."""
    markup = a_calibration(WIDE, Bin(0.0, 0.5, 0.4, 10, 4), Bin(0.5, 1.0, 0.9, 10, 5))
    [points] = re.findall(r'<polyline[^>]*points="([^"]+)"', markup)
    line = [float(point.split(",")[1]) for point in points.split()]
    dots = [float(each.attrib["cy"]) for each in tree(markup).iter(f"{SVG}circle")]
    assert dots[0] == line[0]
    assert dots[1] > line[1]


def test_counts_without_room_are_left_to_the_table() -> None:
    """The last is shown, and none lies upon the next."""
    bins = [Bin(0.0, 1.0, 0.5, 10_000 + place, 5) for place in range(10)]
    narrow = [text for text in texts(a_calibration(NARROW, *bins)) if text.startswith("10,")]
    assert narrow[-1] == "10,009"
    assert len(narrow) < 10


@pytest.mark.parametrize(
    ("agreed", "decided", "low", "high"), [(0, 1, 0.0, 0.79), (1, 1, 0.21, 1.0), (50, 100, 0.40, 0.60)]
)
def test_the_true_share_lies_in_wilsons_interval(agreed: int, decided: int, low: float, high: float) -> None:
    """As tables of it have it."""
    assert likely_share(agreed, decided) == pytest.approx((low, high), abs=0.005)

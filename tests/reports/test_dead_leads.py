"""The picture of a study of dead leads shows its rows, whatever texts they have."""

from datetime import date
from xml.etree import ElementTree as ET

import pytest

from dedup_service.domain.dead_leads import DeadLeadDimension
from dedup_service.reports.dead_leads import (
    MOST_BARS,
    MOST_COLUMNS,
    StudiedRow,
    StudyPicture,
    _label,
    study_svg,
)
from tests.reports.test_pictures import HOSTILE, shapes

REASON, SOURCE, MONTH = DeadLeadDimension.REASON, DeadLeadDimension.SOURCE, DeadLeadDimension.MONTH


def picture(
    *rows: StudiedRow, dimensions: tuple[DeadLeadDimension, ...] = (REASON,), source: str = ""
) -> StudyPicture:
    return StudyPicture(dimensions, source, "", "9 of 10 leads are dead", date(2026, 11, 22), rows)


def title_of(svg: str) -> str:
    return ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") or ""


def test_a_picture_says_in_words_what_it_shows() -> None:
    """Title, source, the day of the count and the totals."""
    svg = study_svg(picture(StudiedRow(("Wrong number",), 9, 1), source="crm"))
    assert title_of(svg) == "Dead leads of crm by reason, 2026-11-22. 9 of 10 leads are dead"


@pytest.mark.parametrize("dimensions", [(REASON,), (REASON, SOURCE), (MONTH, REASON)])
@pytest.mark.parametrize("count", [0, 1, 70])
def test_any_number_of_rows_and_any_text_is_drawn(
    dimensions: tuple[DeadLeadDimension, ...], count: int
) -> None:
    """None, one or too many rows; texts with markup, formulas and no end; the same bytes each time."""
    rows = [
        StudiedRow(tuple(f"{HOSTILE} {number} {each}" for each in dimensions), number, 2, 0.5)
        for number in range(count)
    ]
    svg = study_svg(picture(*rows, dimensions=dimensions, source="$crm"))
    assert ET.fromstring(svg).tag.endswith("svg")
    assert svg == study_svg(picture(*rows, dimensions=dimensions, source="$crm"))


def test_rows_beyond_the_bound_are_not_drawn() -> None:
    """A picture grows with its rows up to a bound only."""

    def drawn(count: int) -> int:
        return shapes(study_svg(picture(*(StudiedRow((f"{n:03}",), 100, 0) for n in range(count)))), "g")

    assert drawn(MOST_BARS - 1) < drawn(MOST_BARS)
    assert drawn(MOST_BARS + 30) <= drawn(MOST_BARS + 10) + 1
    assert MOST_COLUMNS < MOST_BARS


def test_long_labels_are_wrapped_and_cut() -> None:
    """At most so many lines of so many characters, the last with an ellipsis; a dollar begins no formula."""
    cut = _label("one two three four five six seven eight", 12, 2).split("\n")
    assert [len(line) <= 12 for line in cut] == [True, True]
    assert cut[-1].endswith("…")
    assert _label("$5 off", 12, 2) == r"\$5 off"
    assert _label("", 12, 2) == ""

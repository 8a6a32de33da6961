"""Duplicates found, merged, undone and waiting over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from babel.dates import format_date, format_skeleton

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.timeline import Line, Panel, timeline
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.names import Names
from dedup_service.console.views.overview.figures import Cell, Column, Fact, Figure, Table
from dedup_service.v1.overview_service_pb2 import DayOfActivity, StudyActivityResponse

# Of longer spans a point is a week: of more days nobody can tell one from the next.
MOST_SINGLE_DAYS = 120
_WEEK = 7
_NAMED_STEPS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A day, or several taken together: the first of them, what happened on all, what waited at the end."""

    day: date
    found_count: int
    merged_count: int
    undone_count: int
    rejected_count: int
    lapsed_count: int
    waiting_count: int


def spans_of(days: Sequence[DayOfActivity]) -> list[Span]:
    """The days, or weeks that end with the last day when there are many."""
    size = 1 if len(days) <= MOST_SINGLE_DAYS else _WEEK
    rest = len(days) % size
    starts = [0, *range(rest, len(days), size)] if rest else list(range(0, len(days), size))
    return [_together(days[start:end]) for start, end in zip(starts, [*starts[1:], len(days)], strict=True)]


def _together(days: Sequence[DayOfActivity]) -> Span:
    first = days[0].date
    return Span(
        date(first.year, first.month, first.day),
        found_count=sum(day.found_count for day in days),
        merged_count=sum(day.merged_count for day in days),
        undone_count=sum(day.undone_count for day in days),
        rejected_count=sum(day.rejected_count for day in days),
        lapsed_count=sum(day.lapsed_count for day in days),
        waiting_count=days[-1].waiting_count,
    )


def activity_figure(answer: StudyActivityResponse, names: Names, formats: Formats) -> Figure:
    """What was done day by day, in UTC."""
    language = names.language
    spans = spans_of(answer.days)
    found, merged = (sum(getattr(span, f"{kind}_count") for span in spans) for kind in ("found", "merged"))
    undone = sum(span.undone_count for span in spans)
    waiting = spans[-1].waiting_count
    summary = language(
        "In {days} days {found} duplicates were found, {merged} merged and {undone} undone; {waiting} wait."
    ).format(
        days=formats.number(len(answer.days)),
        found=formats.number(found),
        merged=formats.number(merged),
        undone=formats.number(undone),
        waiting=formats.number(waiting),
    )
    is_empty = not any((found, merged, undone, waiting)) and not any(s.waiting_count for s in spans)
    by_day = len(answer.days) <= MOST_SINGLE_DAYS
    panels = (
        Panel(
            language("Waiting at the end of the day"),
            (Line(language("waiting"), "waiting", tuple(span.waiting_count for span in spans)),),
            filled=True,
        ),
        Panel(
            language("Each day") if by_day else language("Each week"),
            (
                Line(language("found"), "found", tuple(span.found_count for span in spans)),
                Line(language("merged"), "merged", tuple(span.merged_count for span in spans)),
                Line(language("undone"), "undone", tuple(span.undone_count for span in spans)),
            ),
        ),
    )
    title = language("Duplicates over time")
    return Figure(
        name="activity",
        title=title,
        summary="" if is_empty else summary,
        table=_table(spans, names, formats),
        pictures=()
        if is_empty
        else tuple(
            timeline(width, panels, _steps(spans, formats, count), formats.number, title, summary)
            for width, count in ((WIDE, _NAMED_STEPS), (NARROW, 3))
        ),
        empty=language("Nothing was found in this time.") if is_empty else "",
        note=language("Days are those of UTC."),
        facts=(
            Fact(formats.number(waiting), language("proposals are open"), url="/inbox?whose=all"),
            Fact(formats.number(spans[-1].found_count), _newest(by_day, names)),
        ),
    )


def _newest(by_day: bool, names: Names) -> str:
    return names.language("found today") if by_day else names.language("found in the last week")


def _steps(spans: Sequence[Span], formats: Formats, count: int) -> list[tuple[int, str]]:
    """The days that the axis names: the last one and others, evenly apart."""
    last = len(spans) - 1
    places = sorted({round(last * number / count) for number in range(count + 1)})
    return [(place, _short(spans[place].day, formats)) for place in places]


def _short(day: date, formats: Formats) -> str:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return str(format_skeleton("MMMd", moment, tzinfo=UTC, locale=formats.locale))


def _table(spans: Sequence[Span], names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("date", language("From")),
        Column("found_count", language("Found"), is_number=True),
        Column("merged_count", language("Merged"), is_number=True),
        Column("undone_count", language("Undone"), is_number=True),
        Column("rejected_count", language("Rejected"), is_number=True),
        Column("lapsed_count", language("Lapsed"), is_number=True),
        Column("waiting_count", language("Waiting"), is_number=True),
    )
    rows = tuple(
        (
            Cell(span.day.isoformat(), format_date(span.day, "medium", locale=formats.locale)),
            *(
                Cell(count, formats.number(count))
                for count in (getattr(span, column.key) for column in columns[1:])
            ),
        )
        for span in reversed(spans)
    )
    return Table(columns, rows)

"""How long what waits has waited, function by function."""

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.bars import Bar, bars
from dedup_service.console.texts.formats import Formats, time_of
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.views.overview.figures import NOTHING, Cell, Column, Fact, Figure, Table
from dedup_service.v1.overview_service_pb2 import FunctionQueue, StudyQueueResponse

_KINDS = ("age-1", "age-2", "age-3", "age-4")


def queue_figure(answer: StudyQueueResponse, names: Names, formats: Formats) -> Figure:
    """The queues, the longest first."""
    language = names.language
    queues = sorted(answer.queues, key=lambda queue: (-queue.waiting_count, queue.function))
    overdue = sum(queue.overdue_count for queue in queues)
    filled = [queue for queue in queues if queue.waiting_count]
    title = language("Age of the queue by function")
    summary = language(
        "{pending} proposals wait for a vote and {approved} for being carried out. "
        "One that waits for several functions is in the queue of each."
    ).format(pending=formats.number(answer.pending_count), approved=formats.number(answer.approved_count))
    key = (
        language("under 1 day"),
        language("1 to 3 days"),
        language("3 to 7 days"),
        language("over 7 days"),
    )
    rows = [
        Bar(names.function(queue.function), _note(queue, names, formats), _ages(queue), _url(queue))
        for queue in filled
    ]
    return Figure(
        name="queue",
        title=title,
        summary=summary if answer.pending_count or answer.approved_count else "",
        table=_table(queues, names, formats),
        pictures=tuple(bars("queue", width, rows, title, summary, _KINDS, key) for width in (WIDE, NARROW))
        if rows
        else (),
        empty="" if rows else language("Nothing waits for anybody."),
        facts=(
            Fact(
                formats.number(overdue),
                language.count("overdue vote", "overdue votes", overdue),
                "bad" if overdue else "good",
                "#queue",
            ),
        ),
    )


def _ages(queue: FunctionQueue) -> tuple[int, int, int, int]:
    return (
        queue.under_one_day_count,
        queue.one_to_three_days_count,
        queue.three_to_seven_days_count,
        queue.over_seven_days_count,
    )


def _note(queue: FunctionQueue, names: Names, formats: Formats) -> str:
    count = formats.number(queue.waiting_count)
    if not queue.overdue_count:
        return count
    told = names.language("{count}, {overdue} overdue")
    return told.format(count=count, overdue=formats.number(queue.overdue_count))


def _url(queue: FunctionQueue) -> str:
    return addresses.with_query("/inbox", {"whose": "all", "function": queue.function})


def _table(queues: list[FunctionQueue], names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("function", language("Function")),
        Column("under_one_day_count", language("Under 1 day"), is_number=True),
        Column("one_to_three_days_count", language("1 to 3 days"), is_number=True),
        Column("three_to_seven_days_count", language("3 to 7 days"), is_number=True),
        Column("over_seven_days_count", language("Over 7 days"), is_number=True),
        Column("waiting_count", language("All"), is_number=True),
        Column("overdue_count", language("Overdue"), is_number=True),
        Column("oldest_time", language("The oldest since")),
    )
    rows = []
    for queue in queues:
        counts = [*_ages(queue), queue.waiting_count, queue.overdue_count]
        oldest = NOTHING
        if queue.oldest_proposal:
            moment = time_of(queue.oldest_time)
            url = addresses.of(queue.oldest_proposal)
            oldest = Cell(moment.isoformat(), formats.moment(moment), url)
        name = Cell(queue.function, names.function(queue.function), _url(queue))
        rows.append((name, *(Cell(count, formats.number(count)) for count in counts), oldest))
    return Table(columns, tuple(rows))

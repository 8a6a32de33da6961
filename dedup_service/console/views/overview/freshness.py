"""How fresh the blocking index is."""

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.zones import zones
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.names import Names
from dedup_service.console.texts.sentences import say_plainly
from dedup_service.console.views.overview.figures import Cell, Column, Fact, Figure, Table
from dedup_service.v1.overview_service_pb2 import IndexStatus

_BOUNDS_SECONDS = (10, 60)
_MOODS = ("good", "good", "warn", "bad")


def index_figure(status: IndexStatus, names: Names, formats: Formats) -> Figure:
    """Where the index stands behind the last write."""
    language = names.language
    lag_seconds = status.lag.ToTimedelta().total_seconds()
    zone = _zone(status, lag_seconds)
    titles = (
        language("up to date"),
        language("< 10 s"),
        language("< 1 min"),
        language("behind"),
    )
    if not status.usable:
        summary = language("The index cannot be relied on: {defect}.").format(
            defect=say_plainly(status.defect, names)
        )
    elif status.behind_count:
        told = language.count(
            "The index lacks {count} write, made {span} ago.",
            "The index lacks {count} writes, the first of them made {span} ago.",
            status.behind_count,
        )
        summary = told.format(
            count=formats.number(status.behind_count), span=formats.span(max(1, int(lag_seconds)))
        )
    else:
        summary = language("The index has applied every write; it holds {count} records.").format(
            count=formats.number(status.record_count)
        )
    if status.rebuilding:
        summary += " " + language("A new one is being built: {built} records so far.").format(
            built=formats.number(status.built_count)
        )
    title = language("Freshness of the index")
    return Figure(
        name="index",
        title=title,
        summary=summary,
        table=_table(status, lag_seconds, names, formats),
        pictures=tuple(
            zones("index", width, titles, _MOODS, zone, title, summary) for width in (WIDE, NARROW)
        ),
        note=language("A match finds nobody whom the index does not have yet, and says so."),
        facts=(_fact(status, _MOODS[zone], names, formats),),
    )


def _fact(status: IndexStatus, mood: str, names: Names, formats: Formats) -> Fact:
    language = names.language
    if not status.usable:
        return Fact("!", language("the index cannot be relied on"), mood, "#index")
    told = language.count("write that the index lacks", "writes that the index lacks", status.behind_count)
    return Fact(formats.number(status.behind_count), told, mood, "#index")


def _zone(status: IndexStatus, lag_seconds: float) -> int:
    if not status.usable:
        return len(_MOODS) - 1
    if not status.behind_count:
        return 0
    return 1 + sum(lag_seconds >= bound for bound in _BOUNDS_SECONDS)


def _table(status: IndexStatus, lag_seconds: float, names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("usable", language("Usable")),
        Column("behind_count", language("Writes behind"), is_number=True),
        Column("lag_seconds", language("Seconds behind"), is_number=True),
        Column("record_count", language("Records"), is_number=True),
        Column("key_count", language("Blocking keys"), is_number=True),
        Column("rebuilding", language("Being built anew")),
        Column("defect", language("What is wrong")),
    )
    yes, no = language("yes"), language("no")
    row = (
        Cell(str(status.usable).lower(), yes if status.usable else no),
        Cell(status.behind_count, formats.number(status.behind_count)),
        Cell(lag_seconds, formats.decimal(lag_seconds)),
        Cell(status.record_count, formats.number(status.record_count)),
        Cell(status.key_count, formats.number(status.key_count)),
        Cell(str(status.rebuilding).lower(), yes if status.rebuilding else no),
        Cell(status.defect, say_plainly(status.defect, names), is_stored=True),
    )
    return Table(columns, (row,))

"""Live leads that nobody attends to, and how the dead ones died."""

from collections.abc import Iterable
from datetime import datetime

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.bars import Bar, bars
from dedup_service.console.texts.formats import Formats, time_of
from dedup_service.console.texts.marks import HIDDEN, plain
from dedup_service.console.texts.names import Names
from dedup_service.console.texts.sentences import say_plainly
from dedup_service.console.views import addresses
from dedup_service.console.views.overview.figures import Cell, Column, Fact, Figure, Table, text_cell
from dedup_service.v1.lead_service_pb2 import (
    DeadLeadGroup,
    DeadLeadGroupType,
    DeadLeadRow,
    ListUnattendedLeadsResponse,
    StudyDeadLeadsResponse,
    UnattendedLead,
)

# Of the list at most so many are asked for; beyond, their number is told as `more than`.
MAX_LEADS = 1_000
MOST_BARS = 8
_DAY_SECONDS = 86_400
_BOUNDS_DAYS = (1, 3, 7, 30)


def unattended_figure(
    answer: ListUnattendedLeadsResponse, names: Names, formats: Formats, now: datetime
) -> Figure:
    """LIVE leads past their service level, by how long nobody has touched them."""
    language = names.language
    leads = answer.unattended_leads
    title = language("Live leads unattended")
    table = _lead_table(leads, names, formats)
    count = formats.number(len(leads)) + ("+" if answer.next_page_token else "")
    if not leads:
        return Figure(
            "unattended-leads",
            title,
            "",
            table,
            empty=language("Every live lead has been touched within its service level."),
            facts=(Fact(count, language("live leads unattended"), "good", "#unattended-leads"),),
        )
    ages = [(now - time_of(lead.last_touch_time)).total_seconds() / _DAY_SECONDS for lead in leads]
    counts = [0] * (len(_BOUNDS_DAYS) + 1)
    for age in ages:
        counts[sum(age >= bound for bound in _BOUNDS_DAYS)] += 1
    labels = (
        language("under 1 day"),
        language("1 to 3 days"),
        language("3 to 7 days"),
        language("7 to 30 days"),
        language("over 30 days"),
    )
    rows = [
        Bar(name, formats.number(each), (each,)) for name, each in zip(labels, counts, strict=True) if each
    ]
    summary = language("{count} live leads wait past their service level, the longest for {span}.").format(
        count=count, span=formats.span(int(max(ages) * _DAY_SECONDS))
    )
    return Figure(
        name="unattended-leads",
        title=title,
        summary=summary,
        table=table,
        pictures=tuple(bars("unattended", width, rows, title, summary) for width in (WIDE, NARROW)),
        note="" if answer.complete else language("Some leads are still being taken up after an upgrade."),
        facts=(Fact(count, language("live leads unattended"), "bad", "#unattended-leads"),),
        links=tuple((_lead_name(lead), addresses.of(lead.golden_record)) for lead in leads[:3]),
        links_title=language("Longest:"),
    )


def _lead_name(lead: UnattendedLead) -> str:
    return plain(f"{addresses.source_of(lead.record)}/{addresses.id_of(lead.record)}")


def _lead_table(leads: Iterable[UnattendedLead], names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("record", language("Lead")),
        Column("owner", language("Owner")),
        Column("function", language("Function")),
        Column("last_touch_time", language("Last touched")),
        Column("due_time", language("Was due")),
        Column("reason", language("Why it is live")),
    )
    return Table(columns, tuple(_lead_row(lead, names, formats) for lead in leads))


def _lead_row(lead: UnattendedLead, names: Names, formats: Formats) -> tuple[Cell, ...]:
    owner = lead.owner.principal or lead.owner.queue
    touched, due = time_of(lead.last_touch_time), time_of(lead.due_time)
    return (
        Cell(lead.record, _lead_name(lead), addresses.of(lead.golden_record)),
        Cell(owner, names.person(owner) if lead.owner.principal else owner, is_stored=True),
        Cell(lead.owner.function, names.function(lead.owner.function), is_stored=True),
        Cell(touched.isoformat(), formats.moment(touched)),
        Cell(due.isoformat(), formats.moment(due)),
        Cell(lead.lead_class_reason, say_plainly(lead.lead_class_reason, names), is_stored=True),
    )


def dead_figure(answer: StudyDeadLeadsResponse, names: Names, formats: Formats) -> Figure:
    """DEAD leads by their reasons, the most frequent first."""
    language = names.language
    title = language("Dead leads by reason")
    table = _dead_table(answer, names, formats)
    if not answer.dead_count:
        return Figure("dead-leads", title, "", table, empty=language("No lead is dead."))
    summary = language(
        "{dead} of {all} leads are dead ({rate}); {returned} were disqualified and came back to life."
    ).format(
        dead=formats.number(answer.dead_count),
        all=formats.number(answer.lead_count),
        rate=formats.percent(answer.death_rate),
        returned=formats.number(answer.returned_count),
    )
    rows = [
        Bar(
            plain(_group_name(row.groups[0], names), 80),
            f"{formats.number(row.dead_count)} · {formats.percent(row.dead_share)}",
            (row.dead_count,),
        )
        for row in answer.rows
        if row.dead_count
    ]
    hidden = len(rows) - MOST_BARS
    told = language.count(
        "{count} more reason is in the table.", "{count} more reasons are in the table.", max(hidden, 1)
    )
    return Figure(
        name="dead-leads",
        title=title,
        summary=summary,
        table=table,
        pictures=tuple(
            bars("dead", width, rows[:MOST_BARS], title, summary, ("dead",)) for width in (WIDE, NARROW)
        ),
        note=told.format(count=formats.number(hidden)) if hidden > 0 else "",
    )


def _group_name(group: DeadLeadGroup, names: Names) -> str:
    language = names.language
    match group.type:
        case DeadLeadGroupType.DEAD_LEAD_GROUP_TYPE_VALUE:
            return group.value
        case DeadLeadGroupType.DEAD_LEAD_GROUP_TYPE_UNREACHABLE:
            return language("nobody can be reached")
        case DeadLeadGroupType.DEAD_LEAD_GROUP_TYPE_NOT_GIVEN:
            return language("no reason given")
        case DeadLeadGroupType.DEAD_LEAD_GROUP_TYPE_MASKED:
            return language(HIDDEN)
        case _:
            return language("other reasons")


def _dead_table(answer: StudyDeadLeadsResponse, names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("reason", language("Reason")),
        Column("dead_count", language("Dead"), is_number=True),
        Column("dead_share", language("Share"), is_number=True),
        Column("returned_count", language("Came back"), is_number=True),
    )
    return Table(columns, tuple(_dead_row(row, names, formats) for row in answer.rows))


def _dead_row(row: DeadLeadRow, names: Names, formats: Formats) -> tuple[Cell, ...]:
    return (
        text_cell(_group_name(row.groups[0], names)),
        Cell(row.dead_count, formats.number(row.dead_count)),
        Cell(row.dead_share, formats.percent(row.dead_share)),
        Cell(row.returned_count, formats.number(row.returned_count)),
    )

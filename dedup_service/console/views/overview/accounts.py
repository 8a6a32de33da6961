"""Provisional accounts that wait for finance."""

from datetime import datetime

from dedup_service.console.charts.axes import NARROW, WIDE
from dedup_service.console.charts.bars import Bar, bars
from dedup_service.console.texts.formats import Formats, time_of
from dedup_service.console.texts.marks import plain
from dedup_service.console.texts.names import Names
from dedup_service.console.views import addresses
from dedup_service.console.views.overview.figures import Cell, Column, Fact, Figure, Table, text_cell
from dedup_service.v1.overview_service_pb2 import ListProvisionalAccountsResponse, ProvisionalAccount

# How many of those that wait longest the page and the file have.
MAX_ACCOUNTS = 100
MOST_BARS = 8


def accounts_figure(
    answer: ListProvisionalAccountsResponse, names: Names, formats: Formats, now: datetime
) -> Figure:
    """The accounts that have waited longest, with how many there are in all."""
    language = names.language
    title = language("Provisional accounts")
    table = _table(answer, names, formats)
    count = formats.number(answer.total_count)
    fact = Fact(count, language("accounts wait for finance"), url="#provisional-accounts")
    accounts = answer.provisional_accounts
    if not accounts:
        empty = language("Finance knows every account.")
        return Figure("provisional-accounts", title, "", table, empty=empty, facts=(fact,))
    summary = language("{count} accounts wait for finance, the oldest since {day}.").format(
        count=count, day=formats.day(accounts[0].wait_time)
    )
    rows = [
        Bar(
            _name(account),
            _wait(days, names, formats),
            (max(days, 0.1),),
            addresses.of(account.golden_record),
        )
        for account in accounts[:MOST_BARS]
        for days in [(now - time_of(account.wait_time)).days]
    ]
    return Figure(
        name="provisional-accounts",
        title=title,
        summary=summary,
        table=table,
        pictures=tuple(bars("provisional", width, rows, title, summary) for width in (WIDE, NARROW)),
        note=language("The {count} that have waited longest.").format(count=formats.number(len(rows)))
        if answer.total_count > len(rows)
        else "",
        facts=(fact,),
    )


def _wait(days: int, names: Names, formats: Formats) -> str:
    if days < 1:
        return names.language("since today")
    return names.language.count("{count} day", "{count} days", days).format(count=formats.number(days))


def _name(account: ProvisionalAccount) -> str:
    return plain(account.display_name or addresses.id_of(account.golden_record), 80)


def _table(answer: ListProvisionalAccountsResponse, names: Names, formats: Formats) -> Table:
    language = names.language
    columns = (
        Column("golden_record", language("Account")),
        Column("display_name", language("Name")),
        Column("sources", language("Sources")),
        Column("wait_time", language("Since")),
    )
    return Table(columns, tuple(_row(each, names, formats) for each in answer.provisional_accounts))


def _row(account: ProvisionalAccount, names: Names, formats: Formats) -> tuple[Cell, ...]:
    sources = [source.removeprefix("sources/") for source in account.sources]
    since = time_of(account.wait_time)
    url = addresses.of(account.golden_record)
    return (
        Cell(account.golden_record, addresses.id_of(account.golden_record)[:8], url),
        text_cell(account.display_name, url),
        Cell(" ".join(sources), ", ".join(names.source(source) for source in sources)),
        Cell(since.isoformat(), formats.moment(since)),
    )

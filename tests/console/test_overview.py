"""The overview: every figure with its table and its file, also where one of them cannot be had."""

import csv
import io
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.console.pages.overview import PARTS
from dedup_service.v1.core_pb2 import Fact, RecordKind
from dedup_service.v1.record_service_pb2 import Record
from tests.console.scenes import account_record, merged, propose_low
from tests.console.served_console import Console, WebClient, served_pages

ANN = "users/ann"


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def days_ago(count: int) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(datetime.now(UTC) - timedelta(days=count))
    return message


@pytest.fixture
def busy(console: Console) -> Console:
    """A desk with something for most figures."""
    merged(console.importer, propose_low(console.importer))
    propose_low(console.importer, 2)
    asked = Fact(name="requested", time=days_ago(3))
    lead = Record(
        name="sources/crm/records/lead",
        kind=RecordKind.RECORD_KIND_LEAD,
        values={"email": "li@lead.example"},
        facts=[asked],
    )
    account = account_record("=A-1", "shop", company_name="=cmd|' /C calc'!A0")
    list(console.importer.ingest([lead, account]))
    return console


def test_every_figure_has_its_place_and_its_table(busy: Console) -> None:
    """With a link to the file where there are rows."""
    page = busy.web.get("/overview", as_=ANN)
    assert page.status == 200
    assert "cannot be shown" not in page.text
    for name in PARTS:
        assert f'id="{name}"' in page.text
    for name in ("activity", "queue", "calibration", "unattended-leads", "provisional-accounts", "index"):
        assert f"/overview/{name}.csv" in page.text
        assert f'aria-labelledby="{name}-head"' in page.text
    assert page.text.count('class="ch ch-wide"') == page.text.count('class="ch ch-narrow"') == 6


@pytest.mark.parametrize("name", PARTS)
def test_every_figure_has_a_file(busy: Console, name: str) -> None:
    """As CSV that a spreadsheet opens, with the names of the columns first."""
    answer = busy.web.get(f"/overview/{name}.csv", as_=ANN)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.csv"'
    assert answer.text.startswith("\ufeff")
    assert answer.text.endswith("\r\n")


def test_files_hold_what_the_figures_show(busy: Console) -> None:
    """Numbers as they are, and stored text that no spreadsheet carries out."""
    (account,) = read_csv(busy.web.get("/overview/provisional-accounts.csv", as_=ANN).text)
    assert account["display_name"] == "'=cmd|' /C calc'!A0"
    days = read_csv(busy.web.get("/overview/activity.csv?days=30", as_=ANN).text)
    assert len(days) == 30
    assert (days[0]["found_count"], days[0]["merged_count"], days[0]["waiting_count"]) == ("2", "1", "1")


def test_a_figure_that_nobody_knows_has_no_file(busy: Console) -> None:
    """Nor is anything else under that address."""
    assert busy.web.get("/overview/secrets.csv", as_=ANN).status == 404


@pytest.mark.parametrize("days", ["7", "-1", "1e9", "", "<script>"])
def test_other_spans_of_time_are_not_asked_for(busy: Console, days: str) -> None:
    """What cannot be chosen is as if nothing were chosen."""
    page = busy.web.get(f"/overview?days={days.replace('<', '%3C')}", as_=ANN)
    assert 'href="/overview?days=90#activity" aria-current="true"' in page.text


def test_a_figure_that_cannot_be_had_says_so_and_the_rest_is_shown(busy: Console, database_url: str) -> None:
    """In its own place."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE lead_states RENAME TO gone")
    page = busy.web.get("/overview", as_=ANN)
    assert page.status == 200
    assert page.text.count("This part cannot be shown now.") == 2
    assert page.text.count('class="ch ch-wide"') == 5
    for name in ("unattended-leads", "dead-leads"):
        _, _, after = page.text.partition(f'id="{name}"')
        assert "This part cannot be shown now." in after.partition("</section>")[0]


def test_without_the_service_every_figure_says_so() -> None:
    """The page itself stands."""
    with served_pages("127.0.0.1:1") as web:
        page: WebClient = web
        answer = page.get("/overview", as_=ANN)
    assert answer.status == 200
    assert answer.text.count("The service cannot be reached.") == len(PARTS)

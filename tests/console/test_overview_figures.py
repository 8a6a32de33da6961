"""The figures of the overview: what they say, draw and write into files of what the service answers."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import load_languages
from dedup_service.console.texts.names import Names
from dedup_service.console.views.overview.accounts import accounts_figure
from dedup_service.console.views.overview.activity import MOST_SINGLE_DAYS, activity_figure
from dedup_service.console.views.overview.agreement import calibration_figure
from dedup_service.console.views.overview.figures import Cell, Column, Figure, Table, csv_text, harmless
from dedup_service.console.views.overview.freshness import index_figure
from dedup_service.console.views.overview.leads import dead_figure, unattended_figure
from dedup_service.console.views.overview.waiting import queue_figure
from dedup_service.v1.core_pb2 import Owner
from dedup_service.v1.lead_service_pb2 import (
    DeadLeadGroup,
    DeadLeadGroupType,
    DeadLeadRow,
    ListUnattendedLeadsResponse,
    StudyDeadLeadsResponse,
    UnattendedLead,
)
from dedup_service.v1.overview_service_pb2 import (
    CalibrationBin,
    DayOfActivity,
    FunctionQueue,
    IndexStatus,
    ListProvisionalAccountsResponse,
    ProvisionalAccount,
    StudyActivityResponse,
    StudyCalibrationResponse,
    StudyQueueResponse,
)
from tests.console.scenes import HOSTILE

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LANGUAGE = load_languages()["en"]
NAMES = Names(LANGUAGE, {"users/ben": "Ben Boateng"})
FORMATS = Formats(LANGUAGE.locale, UTC)


def stamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message


def activity(*days: dict[str, int]) -> StudyActivityResponse:
    """Consecutive days up to the tenth of May, each with the counts that are not 0."""
    first = date(2026, 5, 10) - timedelta(days=len(days) - 1)
    told = []
    for number, counts in enumerate(days):
        day = first + timedelta(days=number)
        told.append(DayOfActivity(date=Date(year=day.year, month=day.month, day=day.day), **counts))
    return StudyActivityResponse(days=told)


def column(figure: Figure, key: str) -> list[str | int | float]:
    """What a column of the table holds, row by row."""
    place = [each.key for each in figure.table.columns].index(key)
    return [row[place].raw for row in figure.table.rows]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("http://x.example")']
)
def test_no_cell_is_a_formula(text: str) -> None:
    """What a spreadsheet would carry out begins with an apostrophe."""
    table = Table((Column("name", "Name"),), ((Cell(text, text),),))
    (row,) = csv.DictReader(io.StringIO(csv_text(table), newline=""))
    assert row["name"] == f"'{text}"


@pytest.mark.parametrize("value", ["plain", "a=b", 7, -7, 0.5, "", "'quoted"])
def test_other_cells_are_left_as_they_are(value: str | float) -> None:
    """Numbers too, also below zero."""
    assert harmless(value) == value


def test_activity_of_few_days_is_told_day_by_day() -> None:
    """The newest first in the table, with what waited at the end of each."""
    figure = activity_figure(
        activity({"found_count": 3, "waiting_count": 3}, {"merged_count": 2, "waiting_count": 1}),
        NAMES,
        FORMATS,
    )
    assert column(figure, "date") == ["2026-05-10", "2026-05-09"]
    assert column(figure, "waiting_count") == [1, 3]
    assert len(figure.pictures) == 2
    assert "3 duplicates were found, 2 merged" in figure.summary


def test_activity_of_many_days_is_told_week_by_week() -> None:
    """Sums of what happened, and what waited at the end of the last day; no day is lost."""
    days = [{"found_count": 1, "waiting_count": number} for number in range(MOST_SINGLE_DAYS + 1)]
    figure = activity_figure(activity(*days), NAMES, FORMATS)
    assert sum(int(count) for count in column(figure, "found_count")) == len(days)
    assert column(figure, "waiting_count")[0] == MOST_SINGLE_DAYS
    assert column(figure, "found_count")[:-1] == [7] * (len(days) // 7)


def test_nothing_found_is_said_and_not_drawn() -> None:
    """A figure without anything to draw says what that means."""
    figure = activity_figure(activity({}, {}), NAMES, FORMATS)
    assert (figure.pictures, figure.empty) == ((), "Nothing was found in this time.")


def test_the_longest_queue_comes_first() -> None:
    """With how much of it is overdue; a queue that holds nothing is in the table alone."""
    answer = StudyQueueResponse(
        queues=[
            FunctionQueue(function="finance"),
            FunctionQueue(function="partners", waiting_count=1, under_one_day_count=1),
            FunctionQueue(
                function="sales",
                waiting_count=5,
                over_seven_days_count=5,
                overdue_count=4,
                oldest_time=stamp(NOW),
                oldest_proposal="mergeProposals/7",
            ),
        ],
        pending_count=5,
    )
    figure = queue_figure(answer, NAMES, FORMATS)
    assert column(figure, "function") == ["sales", "partners", "finance"]
    assert figure.table.rows[0][-1].url == "/proposals/7"
    assert "5, 4 overdue" in figure.pictures[0]
    assert "Finance" not in figure.pictures[0]


def test_calibration_shows_the_bins_that_hold_something() -> None:
    """From the first to the last of them; the table has all."""
    answer = StudyCalibrationResponse(
        bins=[
            CalibrationBin(lowest_probability=0.0, highest_probability=0.5),
            CalibrationBin(
                lowest_probability=0.5,
                highest_probability=0.9,
                mean_probability=0.8,
                decided_count=10,
                agreed_count=7,
                rejected_count=2,
                undone_count=1,
            ),
            CalibrationBin(lowest_probability=0.9, highest_probability=1.0),
        ],
        decided_count=10,
        agreed_count=7,
    )
    figure = calibration_figure(answer, NAMES, FORMATS)
    assert column(figure, "agreed_share") == ["", 0.7, ""]
    assert ">50</text>" in figure.pictures[0]
    assert ">90</text>" in figure.pictures[0]
    assert figure.pictures[0].count(">100</text>") == 1, "of the upright axis alone"
    assert "agreed to 70.0%" in figure.summary


def test_without_a_decision_there_is_no_calibration() -> None:
    """And nothing is divided by none."""
    bins = [CalibrationBin(lowest_probability=0.0, highest_probability=1.0)]
    figure = calibration_figure(StudyCalibrationResponse(bins=bins), NAMES, FORMATS)
    assert not figure.pictures
    assert figure.empty


def test_unattended_leads_by_how_long() -> None:
    """Counted by the time since somebody touched them, with the longest linked."""
    leads = [
        UnattendedLead(
            record=f"sources/crm/records/{number}",
            golden_record=f"goldenRecords/g{number}",
            owner=Owner(principal="users/ben", function="sales"),
            last_touch_time=stamp(NOW - number * DAY),
            due_time=stamp(NOW - (number - 1) * DAY),
        )
        for number in (40, 5, 4, 2)
    ]
    figure = unattended_figure(
        ListUnattendedLeadsResponse(unattended_leads=leads, complete=True), NAMES, FORMATS, NOW
    )
    assert figure.links[0] == ("crm/40", "/golden-records/g40")
    assert column(figure, "owner") == ["users/ben"] * 4
    for name, count in (("over 30 days", 1), ("3 to 7 days", 2), ("1 to 3 days", 1)):
        assert f">{name}</text>" in figure.pictures[0]
        assert f">{count}</text>" in figure.pictures[0]
    assert "7 to 30 days" not in figure.pictures[0]


def test_more_leads_than_were_asked_for_are_told() -> None:
    """The number is the least that it can be, and says so."""
    lead = UnattendedLead(
        record="sources/crm/records/1", golden_record="goldenRecords/1", last_touch_time=stamp(NOW - 2 * DAY)
    )
    answer = ListUnattendedLeadsResponse(unattended_leads=[lead], next_page_token="more", complete=True)
    assert unattended_figure(answer, NAMES, FORMATS, NOW).facts[0].value == "1+"


def test_dead_leads_by_reason() -> None:
    """Texts of people as they are, and words for leads without one."""
    types = DeadLeadGroupType
    groups = [
        DeadLeadGroup(type=types.DEAD_LEAD_GROUP_TYPE_VALUE, value="No budget"),
        DeadLeadGroup(type=types.DEAD_LEAD_GROUP_TYPE_UNREACHABLE),
        DeadLeadGroup(type=types.DEAD_LEAD_GROUP_TYPE_NOT_GIVEN),
        DeadLeadGroup(type=types.DEAD_LEAD_GROUP_TYPE_OTHER),
    ]
    answer = StudyDeadLeadsResponse(
        rows=[DeadLeadRow(groups=[group], dead_count=2, dead_share=0.25) for group in groups],
        dead_count=8,
        lead_count=10,
        death_rate=0.8,
    )
    figure = dead_figure(answer, NAMES, FORMATS)
    assert column(figure, "reason") == [
        "No budget",
        "nobody can be reached",
        "no reason given",
        "other reasons",
    ]
    assert "2 · 25.0%" in figure.pictures[0]


def test_provisional_accounts_with_their_days() -> None:
    """How many there are in all, and how long those wait that wait longest."""
    answer = ListProvisionalAccountsResponse(
        provisional_accounts=[
            ProvisionalAccount(
                golden_record="goldenRecords/1",
                display_name=HOSTILE[0],
                sources=["sources/shop"],
                wait_time=stamp(NOW - 40 * DAY),
            )
        ],
        total_count=1234,
    )
    figure = accounts_figure(answer, NAMES, FORMATS, NOW)
    assert figure.facts[0].value == "1,234"
    assert ">40 days</text>" in figure.pictures[0]
    assert "<script" not in figure.pictures[0]


@pytest.mark.parametrize(
    ("status", "mood", "said"),
    [
        (IndexStatus(usable=True, record_count=7), "good", "has applied every write; it holds 7"),
        (IndexStatus(usable=True, behind_count=3, lag=Duration(seconds=9)), "good", "lacks 3 writes"),
        (IndexStatus(usable=True, behind_count=3, lag=Duration(seconds=10)), "warn", "10 seconds ago"),
        (IndexStatus(usable=True, behind_count=1, lag=Duration(seconds=60)), "bad", "lacks 1 write, made"),
        (IndexStatus(defect="there is no index"), "bad", "cannot be relied on: there is no index"),
        (IndexStatus(usable=True, rebuilding=True, built_count=9), "good", "being built: 9 records"),
    ],
)
def test_freshness_in_words(status: IndexStatus, mood: str, said: str) -> None:
    """How far it is behind, why it cannot be relied on, and whether a new one is coming."""
    figure = index_figure(status, NAMES, FORMATS)
    assert figure.facts[0].mood == mood
    assert said in figure.summary

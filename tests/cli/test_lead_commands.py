"""Leads from the command line: who waits for somebody, and how the dead ones died."""

import csv
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import Fact, Owner, RecordKind
from dedup_service.v1.record_service_pb2 import Record
from tests.cli.command_results import Run, json_lines

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)


def time_fact(name: str, time: datetime) -> Fact:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return Fact(name=name, time=stamp)


def lead(name: str, *facts: Fact, owner: str = "users/ann", **values: str) -> Record:
    source, _, identity = name.rpartition("/")
    return Record(
        name=f"sources/{source or 'crm'}/records/{identity}",
        kind=RecordKind.RECORD_KIND_LEAD,
        values=values or {"email": f"{identity}@lead.example"},
        owner=Owner(principal=owner, function="sales", queue="inbound"),
        facts=facts,
    )


def asked(name: str, ago: timedelta, owner: str = "users/ann") -> Record:
    return lead(name, time_fact("requested", NOW - ago), owner=owner)


def died(name: str, reason: str) -> Record:
    facts = [time_fact("requested", NOON), time_fact("disqualified", NOON + 3 * DAY)]
    return lead(name, *facts, Fact(name="disqualified_reason", text=reason))


def put(client: DedupClient, *records: Record) -> None:
    (done,) = client.ingest(records)
    assert done.answer.written_count == len(records)


@pytest.fixture
def graveyard(client: DedupClient) -> None:
    """Dead leads of two reasons and two sources, one that nobody can reach, and one that lives."""
    put(
        client,
        *(died(f"w{number}", "Wrong number") for number in range(6)),
        *(died(f"desk/m{number}", "=Moved\x1b[2J to $ville") for number in range(5)),
        died("rare", "Ask Ada Quux"),
        lead("mute", full_name="Nemo Nobody"),
        asked("live", HOUR),
    )


def test_unattended_leads_are_listed(dedup: Run, client: DedupClient) -> None:
    """With the owner, how long nobody touched it, when that was due and why it is live."""
    put(client, asked("a", 50 * HOUR), asked("b", 30 * HOUR, "users/ben"), asked("fresh", HOUR))
    told = dedup("leads", "unattended").stdout
    first, second = (line for line in told.splitlines() if " of crm" in line)
    assert first.startswith("a of crm")
    assert "users/ann, sales, queue inbound" in first
    assert "2 days" in first
    assert f"{NOW - 26 * HOUR:%Y-%m-%d %H:%M} UTC" in first
    assert f"asked on {NOW - 50 * HOUR:%Y-%m-%d}" in first
    assert second.startswith("b of crm")
    assert "30 hours" in second
    assert "2 leads unattended" in told


def test_unattended_leads_are_narrowed(dedup: Run, client: DedupClient) -> None:
    """By one's own, by a queue and by a source; as JSON one lead a line, and no more than the limit."""
    put(
        client,
        asked("a", 50 * HOUR),
        asked("desk/b", 40 * HOUR, "users/ben"),
        asked("c", 30 * HOUR, "users/ben"),
    )

    def found(*options: str, who: str = "users/ben") -> list[str]:
        lines = json_lines(dedup("leads", "unattended", "--json", *options, who=who))
        return [line["record"].rpartition("/")[2] for line in lines]

    assert found("--owner", "me") == ["b", "c"]
    assert found("--owner", "users/ann") == ["a"]
    assert found("--source", "crm", "--queue", "inbound", "--function", "sales") == ["a", "c"]
    assert found("--limit", "2") == ["a", "b"]
    assert "there are more" in dedup("leads", "unattended", "--limit", "2").stdout
    assert "no live lead that fits" in dedup("leads", "unattended", "--queue", "none").stdout
    dedup("leads", "unattended", "--queue", 'a"b', code=2)


@pytest.mark.usefixtures("graveyard")
def test_dead_leads_are_counted(dedup: Run) -> None:
    """By reason when nothing is said, the largest first, with shares and totals; a rare text is not shown."""
    told = dedup("leads", "dead").stdout
    rows = [line.split("  ")[0] for line in told.splitlines()[1:5]]
    assert rows == ["Wrong number", "=Moved<U+001B>[2J to $ville", "(all others)", "(nobody can be reached)"]
    assert "46.2%" in told
    assert "Quux" not in told
    assert "13 of 14 leads are dead (92.9%), of whom nobody can reach 1; 0 came back to life" in told


@pytest.mark.usefixtures("graveyard")
def test_dead_leads_are_counted_by_two_dimensions(dedup: Run) -> None:
    """A row for each pair, with the share of all leads of the source; as JSON the whole answer."""
    told = dedup("leads", "dead", "--by", "Lead-Source", "--and", "source").stdout
    assert told.splitlines()[0].split() == [
        "lead",
        "source",
        "source",
        "dead",
        "share",
        "came",
        "back",
        "of",
        "leads",
        "died",
    ]
    (answer,) = json_lines(dedup("leads", "dead", "--and", "source", "--source", "desk", "--json"))
    assert [(row["dead_count"], row["death_rate"]) for row in answer["rows"]] == [("5", 1.0)]


@pytest.mark.usefixtures("graveyard")
def test_dead_leads_of_a_span_of_days(dedup: Run) -> None:
    """Both days count in whole; whom nobody can reach died on no known day."""
    day = ("--from", "2026-05-13", "--until", "2026-05-13")
    assert "12 of 14 leads are dead" in dedup("leads", "dead", *day).stdout
    assert "0 of 14 leads are dead" in dedup("leads", "dead", "--until", "2026-05-12").stdout


@pytest.mark.usefixtures("graveyard")
def test_a_study_is_written_as_a_file_and_a_picture(dedup: Run, tmp_path: Path) -> None:
    """All rows as CSV in which no cell is a formula, and an SVG that says in words what it shows."""
    table, picture = tmp_path / "dead.csv", tmp_path / "dead.svg"
    told = dedup("leads", "dead", "--limit", "1", "--csv", str(table), "--svg", str(picture)).stdout
    assert "3 smaller rows not shown" in told
    assert f"wrote {table}\nwrote {picture}" in told
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig")))
    assert [(row["reason"], row["dead_count"]) for row in rows] == [
        ("Wrong number", "6"),
        ("'=Moved<U+001B>[2J to $ville", "5"),
        ("(all others)", "1"),
        ("(nobody can be reached)", "1"),
    ]
    drawn = ET.fromstring(picture.read_text("utf-8"))
    title = drawn.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.startswith(f"Dead leads by reason, {datetime.now(UTC):%Y-%m-%d}. 13 of 14 leads are dead")


@pytest.mark.usefixtures("graveyard")
@pytest.mark.parametrize(
    "options",
    [("--by", "colour"), ("--and", "reason "), ("--svg", "a.png"), ("--from", "soon")],
)
def test_words_that_mean_nothing_are_usage_errors(dedup: Run, options: tuple[str, str]) -> None:
    """An unknown dimension, a picture that is no SVG and a day that is none are exit code 2."""
    dedup("leads", "dead", *options, code=2)


def test_a_folder_that_is_not_there_is_said_first(dedup: Run, tmp_path: Path) -> None:
    """Nothing is counted for a file that could not be written."""
    result = dedup("leads", "dead", "--csv", str(tmp_path / "none" / "a.csv"), code=1)
    assert "there is no folder" in result.stderr

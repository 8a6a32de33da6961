"""Golden records as they are and as they were, the records in them, and the links that part them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from dedup_service.console.views import addresses
from dedup_service.console.views.golden_records import distinction_lines, may_take_back
from dedup_service.console.views.versions import moment_of, version_lines
from dedup_service.v1.core_pb2 import GoldenImage, Stake
from dedup_service.v1.distinction_service_pb2 import (
    CreateDistinctionRequest,
    Distinction,
    ListDistinctionsRequest,
)
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord, GoldenRecordVersion
from dedup_service.v1.record_service_pb2 import EraseRecordRequest
from tests.console.after_decisions import (
    ANN,
    LEFT,
    MIA,
    RIGHT,
    golden_of,
    hrefs,
    merge_into,
    merge_low,
    said,
    text_of,
    undo,
    value_of,
    write,
)
from tests.console.scenes import propose_hostile, propose_low
from tests.console.served_console import Console

BERLIN = ZoneInfo("Europe/Berlin")


def version(*members: str, erased: bool = False, **values: str) -> GoldenRecordVersion:
    return GoldenRecordVersion(image=GoldenImage(members=members, values=values), erased=erased)


def link(console: Console, reason: str = "father and daughter") -> Distinction:
    """A link of ann's between the two contacts."""
    return console.acting_as(ANN).distinctions.CreateDistinction(
        CreateDistinctionRequest(
            distinction=Distinction(left=[LEFT], right=[RIGHT], reason=reason), request_id=str(uuid4())
        )
    )


def just_before(console: Console, record: str) -> str:
    """The last moment before the golden record of a record became what it is, as an address has it."""
    page = console.web.get(addresses.of(golden_of(console.importer, record).name), ANN)
    moments = sorted(url.split("at=")[1] for url in hrefs(page) if "at=" in url)
    return moments[0]


def test_a_day_means_its_end_where_the_reader_is() -> None:
    """The same date is another moment in another zone."""
    assert moment_of("2026-11-01", UTC) == datetime(2026, 11, 1, 23, 59, 59, 999999, UTC)
    assert moment_of("2026-11-01", BERLIN) == datetime(2026, 11, 1, 22, 59, 59, 999999, UTC)


def test_a_time_without_a_zone_is_the_reader_s_and_one_with_it_is_its_own() -> None:
    """A moment is exact; a zone that is written wins."""
    assert moment_of("2026-11-01T09:30", BERLIN) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert moment_of("2026-11-01T09:30:00Z", BERLIN) == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31T23:59", "1e9"])
def test_what_is_no_date_or_of_no_calendar_is_none(text: str) -> None:
    """Nothing is guessed, and nothing overflows."""
    assert moment_of(text, BERLIN) is None


def test_each_version_says_what_it_changed_of_the_one_before() -> None:
    """Fields that changed, records that joined or left; the first has nothing before it."""
    newest, middle, first = version_lines(
        [version("r1", city="Bonn"), version("r1", "r2", city="Kiel"), version("r1", city="Kiel", phone="1")],
        None,
    )
    assert [(c.field, c.before, c.after) for c in newest.values] == [("city", "Kiel", "Bonn")]
    assert newest.left == ("r2",)
    assert (middle.joined, [(c.field, c.after) for c in middle.values]) == (("r2",), [("phone", "")])
    assert first.is_first


def test_the_last_version_of_a_page_is_compared_with_the_one_on_the_next() -> None:
    """A page that goes on does not take its last line for the first version of all."""
    (line,) = version_lines([version("r1", city="Bonn")], version("r1", city="Kiel"))
    assert not line.is_first
    assert [change.before for change in line.values] == ["Kiel"]


def test_beside_an_erased_version_nothing_is_said_to_have_changed() -> None:
    """Neither of it nor of the one after it."""
    after, erased = version_lines([version("r1", city="Bonn"), version(erased=True)], None)
    assert [after.knows_changes, erased.knows_changes] == [False, False]


def test_a_link_is_seen_from_the_side_that_is_looked_at() -> None:
    """Whoever is on the right of it sees the left as the others; twice found it is one."""
    found = Distinction(name="distinctions/1", left=["l1", "l2"], right=["r1"])
    (line,) = distinction_lines([found, found], ["r1", "r2"])
    assert (line.ours, line.others) == (("r1",), ("l1", "l2"))


def test_a_link_may_be_taken_back_by_its_maker_and_by_people_with_a_stake() -> None:
    """Nobody else is shown the way."""
    made, golden = Distinction(creator=ANN), GoldenRecord(stakes=[Stake(function="sales")])
    assert may_take_back(made, golden, ANN, [])
    assert may_take_back(made, golden, MIA, ["sales"])
    assert not may_take_back(made, golden, MIA, ["marketing"])


def test_a_golden_record_shows_each_value_with_where_it_is_from_and_why(console: Console) -> None:
    """Members, stakes, values with record and rule, and the merge that made it."""
    merge = merge_low(console)
    page = console.web.get(addresses.of(merge.survivor), ANN)
    text = text_of(page)
    assert "Because" in text
    assert "most " in text
    assert "held by source crm" in text
    assert {addresses.of(LEFT), addresses.of(RIGHT), addresses.of(merge.name)} <= hrefs(page)


def test_a_name_that_was_merged_away_leads_on_and_says_since_when(console: Console) -> None:
    """Through a chain each name is told with its merge."""
    first = merge_low(console)
    second = merge_into(console, LEFT, "low-1-c", survives=False)
    away = first.merged_golden_records[0].golden_record
    page = console.web.get(addresses.of(away), ANN)
    assert text_of(page).count("leads here since the merge of") == 2
    assert {addresses.of(first.name), addresses.of(second.name)} <= hrefs(page)
    assert addresses.of(second.survivor) in {url.partition("?")[0] for url in hrefs(page)}


def test_what_a_merged_away_name_was_before_is_one_link_away(console: Console) -> None:
    """The link of the redirect shows its own values, loudly as past."""
    merge = merge_low(console)
    away = merge.merged_golden_records[0].golden_record
    page = console.web.get(addresses.of(away), ANN)
    (before,) = [url for url in hrefs(page) if url.startswith(f"{addresses.of(away)}?at=")]
    past = text_of(console.web.get(before, ANN))
    assert "The past" in past
    assert "It held until" in past
    assert "Members 1" in past


def test_an_earlier_moment_shows_the_values_of_then(console: Console) -> None:
    """What was written since is not on the page of the past, and is on that of today."""
    propose_low(console.importer)
    url = addresses.of(golden_of(console.importer, LEFT).name)
    at = just_before(console, LEFT)
    write(console.importer, LEFT, city="Halden-Neustadt")
    past = text_of(console.web.get(f"{url}?at={at}", ANN))
    assert "Halden-Neustadt" not in past
    assert "The past" in past
    assert "Halden-Neustadt" in text_of(console.web.get(url, ANN))


def test_today_as_a_date_is_what_holds_now_and_a_day_before_it_was_not_there(console: Console) -> None:
    """The end of today shows the present as past; the day before its name was issued says so."""
    propose_low(console.importer)
    url = addresses.of(golden_of(console.importer, LEFT).name)
    today = datetime.now(UTC).date()
    assert "Nothing has changed since." in text_of(console.web.get(f"{url}?at={today}", ANN))
    day_before = today - timedelta(days=2)
    assert "It did not exist yet" in text_of(console.web.get(f"{url}?at={day_before}", ANN))


def test_a_date_that_cannot_be_read_says_so_beside_the_present(console: Console) -> None:
    """The page stays, and the field tells what to write."""
    propose_low(console.importer)
    url = addresses.of(golden_of(console.importer, LEFT).name)
    page = console.web.get(f"{url}?at=yesterday", ANN)
    assert "That is no date" in text_of(page)
    assert "The past" not in text_of(page)


def test_the_versions_tell_of_each_write(console: Console) -> None:
    """What was written, merged and undone stands there, with the value before and after."""
    merge = merge_low(console)
    write(console.importer, LEFT, email="ada.king@lovelace.example")
    undo(console, merge)
    text = text_of(console.web.get(addresses.of(merge.survivor), ANN))
    history = text[text.index("What it was") :]
    told = ["Merge undone", "Record changed", "Merged", "Record created"]
    assert [each for each in told if each in history] == told
    assert "ada.king@lovelace.example" in history


def test_an_erased_version_says_that_it_was_erased(console: Console) -> None:
    """Nothing of the values is on any page, and the past says why it is empty."""
    propose_low(console.importer)
    url = addresses.of(golden_of(console.importer, LEFT).name)
    at = just_before(console, LEFT)
    write(console.importer, LEFT, city="Halden-Neustadt")
    console.importer.records.EraseRecord(
        EraseRecordRequest(name=LEFT, reason="request 17", request_id=str(uuid4()))
    )
    present, past = console.web.get(url, ANN), console.web.get(f"{url}?at={at}", ANN)
    assert "Erased: that there was a version is all that is left." in text_of(present)
    assert "The values of a member were erased since" in text_of(past)
    for page in (present, past, console.web.get(addresses.of(LEFT), ANN)):
        assert "ada.1@lovelace.example" not in page.text


def test_a_link_is_taken_back_once_and_the_second_click_says_so(console: Console) -> None:
    """The page of the golden record has the button; after it the link is gone, however often it is sent."""
    propose_low(console.importer)
    found = link(console)
    url = addresses.of(golden_of(console.importer, LEFT).name)
    page = console.web.get(url, ANN)
    assert "father and daughter" in text_of(page)
    fields = {"request_id": value_of(page, "request_id"), "etag": found.etag, "to": url}
    action = f"/distinctions/{addresses.id_of(found.name)}/take-back"
    assert "is taken back" in said(console, console.web.post(action, fields, ANN))
    late = {**fields, "request_id": str(uuid4())}
    assert "was gone already" in said(console, console.web.post(action, late, ANN))
    assert not console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions


def test_whoever_may_not_take_a_link_back_sees_no_button_and_is_refused(console: Console) -> None:
    """Marketing has no stake in these contacts."""
    propose_low(console.importer)
    found = link(console)
    page = console.web.get(addresses.of(golden_of(console.importer, LEFT).name), MIA)
    assert "take-back" not in page.text
    action = f"/distinctions/{addresses.id_of(found.name)}/take-back"
    assert console.web.post(action, {"etag": found.etag}, MIA).status == 403
    assert console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions


def test_a_record_is_shown_as_its_source_says_it(console: Console) -> None:
    """Values, owner, version, its golden record, and the way to its matches."""
    merge = merge_low(console)
    page = console.web.get(addresses.of(RIGHT), ANN)
    text = text_of(page)
    assert "Lovelase" in text
    assert "Buyer" in text
    assert "Ben Boateng" in text
    assert addresses.of(merge.survivor) in hrefs(page)
    assert f"/search?q={quote(RIGHT, safe='')}" in hrefs(page)


def test_names_made_to_deceive_are_shown_as_what_they_are(console: Console) -> None:
    """Bidi and zero-width characters are marks, markup is text, 500 characters open when asked for."""
    proposal = propose_hostile(console.importer)
    pages = (
        "".join(
            console.web.get(addresses.of(f"sources/crm/records/hostile-{place}"), ANN).text
            for place in range(6)
        )
        + console.web.get(addresses.of(proposal.golden_records[0]), ANN).text
    )
    assert 'class="mark"' in pages
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in pages
    assert "<img src=x" not in pages
    assert "<script>document" not in pages
    assert 'class="more"' in pages

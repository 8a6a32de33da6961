"""What a row says: words and their meanings, ids, times, numbers, and several rows of one customer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dedup_service.domain.records import Amount
from dedup_service.source_profiles import AccountNames
from dedup_service.source_profiles.identifiers import id_of_address, salesforce_id
from dedup_service.source_profiles.rules import means
from dedup_service.source_profiles.texts import amount_of, fact_of, number_of
from dedup_service.source_profiles.times import UNIX_MILLISECONDS, UNIX_SECONDS, TimeFormats
from tests.source_profiles.sample_files import drafts_of, records_of

LEADS = "Id,LastName,Company,Status,LeadSource,CreatedDate,LastModifiedDate\n"
ORDERS = (
    "Name,Email,Financial Status,Fulfillment Status,Total,Currency,Created at,Billing Name,Billing City\n"
)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("TRUE", "true", True),
        ("1", "true", True),
        ("0", "true", False),
        ("", "false", False),
        ("no", "false", True),
        (" dead ", "Dead", True),
        ("Customer - Direct", "Customer*", True),
        ("My Customer", "Customer*", False),
        ("anything", "*", True),
        ("", "*", False),
        ("", "", True),
    ],
)
def test_a_cell_says_a_word_however_it_writes_it(text: str, word: str, expected: bool) -> None:
    """Yes and no in all their ways, beginnings, anything at all, and nothing."""
    assert means(text, word) is expected


def test_ids_of_15_and_of_18_characters_are_one_record() -> None:
    """One record in both its lengths; a text that is no such id stays as it is."""
    assert salesforce_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert salesforce_id("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"
    assert salesforce_id("Sara Santos, MD") == "Sara Santos, MD"


def test_an_address_gives_one_id_without_the_address_in_it() -> None:
    """However it is written; ids outlive the erasure of a record."""
    made = id_of_address("Pia.Lund@post.example ")
    assert made == id_of_address("pia.lund@post.example")
    assert made != id_of_address("pia.lund@mail.example")
    assert "pia" not in made


def test_a_lead_that_is_disqualified_needs_to_say_when() -> None:
    """Without a time the row is rejected: it would come back to life unseen."""
    rows = "1,A,B,Unqualified,Web,,\n2,A,B,Unqualified,Web,2026-01-01,2026-02-01\n"
    first, second = records_of(LEADS + rows, "salesforce")
    assert first.problems[0].startswith("fact.disqualified: no text in LastModifiedDate")
    assert second.draft is not None
    assert {fact.name: fact.time for fact in second.draft.facts if fact.time} == {
        "requested": datetime(2026, 1, 1, tzinfo=UTC),
        "disqualified": datetime(2026, 2, 1, tzinfo=UTC),
    }


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    """No bad part hides another."""
    (record,) = records_of(LEADS + "has space,A,B,Unqualified,Web,yesterday,\n", "salesforce")
    assert [problem.partition(":")[0] for problem in record.problems] == [
        "source_record_id",
        "fact.requested",
        "fact.disqualified",
    ]


def test_an_id_stands_once_in_a_file() -> None:
    """The second row of an id is rejected with the line of the first."""
    rows = "1,A,B,New,Web,2026-01-01,2026-02-01\n1,C,D,New,Web,2026-01-01,2026-02-01\n"
    _, second = records_of(LEADS + rows, "salesforce")
    assert second.problems == ("source_record_id: stands on line 2 already",)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1,200.50", ".", "1200.50"),
        ("1.200,50", ",", "1200.50"),
        ("$ 12", ".", "12"),
        ("1\u202f200,5", ",", "1200.5"),
        ("-3.5", ".", "-3.5"),
    ],
)
def test_numbers_are_read_with_their_mark(text: str, mark: str, expected: str) -> None:
    """Groups of three and symbols are taken away."""
    assert number_of(text, mark) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "mark"), [("1.200,50", "."), ("1,200.50", ","), ("12,50", "."), ("many", ".")]
)
def test_a_number_with_the_other_mark_is_refused(text: str, mark: str) -> None:
    """It would become a thousand times as much, or a thousandth."""
    with pytest.raises(ValueError, match="--decimal-mark"):
        number_of(text, mark)


def test_money_needs_a_currency() -> None:
    """It stands behind the number, or in a column of its own."""
    assert amount_of("12.50 EUR", "USD", ".") == Amount("EUR", Decimal("12.50"))
    assert amount_of("12.50", "usd", ".") == Amount("USD", Decimal("12.50"))
    with pytest.raises(ValueError, match="no currency"):
        amount_of("12.50", "", ".")


def test_a_count_is_whole_and_not_negative() -> None:
    """Exports write 12.0 for 12; 12.5 employees are none."""
    formats = TimeFormats()
    assert fact_of("employees", "1,150.0", "", ".", formats).count == 1150
    for text in ("12.5", "-1"):
        with pytest.raises(ValueError, match="is no count"):
            fact_of("employees", text, "", ".", formats)


def test_times_are_read_by_iso_and_then_by_the_formats_in_order() -> None:
    """Without a zone they are of the profile's; the user's formats come before the profile's."""
    formats = TimeFormats(("%m/%d/%Y", UNIX_MILLISECONDS))
    assert formats.read("2026-03-04T05:06:07.000+0000") == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert formats.read("3/4/2026") == datetime(2026, 3, 4, tzinfo=UTC)
    assert formats.read("1795330800000") == datetime(2026, 11, 22, 7, tzinfo=UTC)
    assert TimeFormats((UNIX_SECONDS,)).read("1795330800") == datetime(2026, 11, 22, 7, tzinfo=UTC)
    own = formats.preferring(["%d/%m/%Y"], "Europe/Berlin")
    assert own.read("3/4/2026").utcoffset() == timedelta(hours=2)
    assert own.read("3/4/2026").month == 4
    with pytest.raises(ValueError, match="is no time written as ISO 8601 or %m/%d/%Y or unix_milliseconds"):
        formats.read("31.12.2026")


def test_orders_of_one_customer_are_one_account() -> None:
    """The newest order gives the address as a whole, whatever its place in the file; open orders count."""
    rows = (
        "#1,P@x.example,paid,fulfilled,10,EUR,2026-01-01T10:00:00Z,P. Old,Ulm\n"
        "#2,p@x.example,paid,,20,EUR,2026-02-01T10:00:00Z,P. New,\n"
    )
    (draft,) = drafts_of(ORDERS + rows).values()
    assert draft.values == {"full_name": "P. New", "email": "p@x.example", "city": "Ulm"}
    assert {child.child_id: child.open for child in draft.children} == {"#2": True, "#1": False}
    assert [fact.count for fact in draft.facts if fact.name == "orders_in_fulfilment"] == [1]
    assert draft.source_update_time == datetime(2026, 2, 1, 10, tzinfo=UTC)


def test_further_lines_of_an_order_go_on_with_its_first() -> None:
    """They say the order's name alone, or not even that."""
    rows = "#1,p@x.example,paid,,10,EUR,2026-01-01T10:00:00Z,P,Ulm\n#1,,,,,,,,\n,,,,,,,,\n"
    (record,) = records_of(ORDERS + rows)
    assert [row.line for row in record.rows] == [2, 3, 4]
    assert record.draft is not None
    assert [(child.child_id, child.open) for child in record.draft.children] == [("#1", True)]


def test_a_further_line_is_as_new_as_the_order_that_it_is_of() -> None:
    """What it says goes before what an older order says, though it has no time of its own."""
    rows = (
        "#2,p@x.example,paid,,20,EUR,2026-02-01T10:00:00Z,P,\n#2,p@x.example,,,,,,,Bonn\n"
        "#1,p@x.example,paid,,10,EUR,2026-01-01T10:00:00Z,P,Ulm\n"
    )
    (draft,) = drafts_of(ORDERS + rows).values()
    assert draft.values["city"] == "Bonn"


def test_an_account_that_is_its_own_parent_has_none() -> None:
    """Some systems write it so; the record is not rejected for it."""
    accounts = drafts_of("Id,Name,BillingCity,ParentId\n1,A,Ulm,1\n2,B,Ulm,1\n", "salesforce")
    assert [draft.parent.source_record_id if draft.parent else "" for draft in accounts.values()] == ["", "1"]


def test_lines_of_an_order_that_is_rejected_are_rejected_with_it() -> None:
    """Half an order would be a customer without a name."""
    rows = "#1,p@x.example,paid,,ten,EUR,2026-01-01T10:00:00Z,P,Ulm\n#1,p@x.example,,,,,,,\n"
    first, second = records_of(ORDERS + rows)
    assert first.problems[0].startswith("child.ORDER.amount: is no number")
    assert second.problems == ("goes on with line 2, which is rejected",)


def test_a_contact_finds_its_account_by_name_where_one_account_has_it() -> None:
    """Of two of the name neither is taken; the name is noted as not found."""
    accounts = AccountNames()
    header = "Account ID,Account Name,Billing City\n"
    records_of(header + "1,Osprey Air,\n2,Twins,\n3,TWINS,\n", "salesforce", accounts)
    people = "Contact ID,Last Name,Account Name\n7,A,osprey air\n8,B,Twins\n9,C,Nobody\n"
    found = [record.draft.account for record in records_of(people, "salesforce", accounts) if record.draft]
    assert [key.source_record_id if key else "" for key in found] == ["1", "", ""]


def test_a_row_of_another_width_is_rejected() -> None:
    """As without a profile."""
    (record,) = records_of(LEADS + "1,A,B\n", "salesforce")
    assert record.problems == ("has 3 columns, the header has 7",)

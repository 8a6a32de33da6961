"""The comparison of members: what differs, what survives, and what can be chosen instead."""

from collections.abc import Mapping

from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.console.views.proposal import columns_of, comparison_of
from dedup_service.console.views.proposal.business import business_of
from dedup_service.console.views.proposal.columns import (
    MAX_COLUMNS,
    Changing,
    Column,
    letter_of,
    shown_members,
)
from dedup_service.console.views.proposal.compare import Agreement, Comparison, Row
from dedup_service.console.views.proposal.fields import GROUPS, SECTIONS, unit_of
from dedup_service.domain import fields as domain_fields
from dedup_service.v1.core_pb2 import Child, ChildKind, Fact, RecordKind
from dedup_service.v1.golden_record_service_pb2 import GoldenValue
from dedup_service.v1.merge_plan_pb2 import GoldenLink, MergePlan, PlanMember, PlanRecord, PreviewValue
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.record_service_pb2 import Record, RecordState

CHANGING = Changing("/proposals/p", "hash", "whose=me")


def record(number: int, **values: str) -> Record:
    """A contact of the CRM that was changed on day `number`."""
    return Record(
        name=f"sources/crm/records/{number}",
        kind=RecordKind.RECORD_KIND_CONTACT,
        values=values,
        state=RecordState.RECORD_STATE_ACTIVE,
        source_update_time=Timestamp(seconds=86_400 * number),
    )


def member(number: int, *records: Record) -> PlanMember:
    """A golden record with these records."""
    return PlanMember(
        golden_record=f"goldenRecords/{number}",
        kind=RecordKind.RECORD_KIND_CONTACT,
        records=[PlanRecord(record=each.name) for each in records],
    )


def proposal(*members: PlanMember, values: Mapping[str, GoldenValue] | None = None) -> MergeProposal:
    """A proposal to merge them into the first, with what would survive."""
    plan = MergePlan(members=members, survivor=members[0].golden_record)
    for name, value in (values or {}).items():
        plan.values[name].CopyFrom(PreviewValue(value=value))
    return MergeProposal(name="mergeProposals/p", etag="hash", plan=plan, kind=RecordKind.RECORD_KIND_CONTACT)


def compared(*records: Record, changing: Changing | None = CHANGING, **survives: GoldenValue) -> Comparison:
    """The comparison of golden records that have one record each."""
    of = proposal(*(member(number, each) for number, each in enumerate(records)), values=survives)
    return comparison_of(of, columns(of, *records), {each.name: each for each in records}, changing)


def columns(of: MergeProposal, *records: Record) -> tuple[Column, ...]:
    """The columns of a proposal."""
    return columns_of(of, shown_members(of, everyone=False), {each.name: each for each in records}, CHANGING)


def row_of(comparison: Comparison, field: str) -> Row:
    """The row of a field, wherever it stands."""
    rows = [*comparison.same, *(row for section in comparison.sections for row in section.rows)]
    return next(row for row in rows if row.field == field)


def value_of(number: int, text: str) -> GoldenValue:
    """A value that survives from the record of that number."""
    return GoldenValue(value=text, record=f"sources/crm/records/{number}")


def test_each_field_says_how_the_members_agree() -> None:
    """What differs, what is only written differently, what is not everywhere, and what is the same."""
    found = compared(
        record(1, given_name="Ada", city="Kiel", email="a@x.example", country="DE"),
        record(2, given_name="Ida", city="KIEL", country="DE"),
    )
    agreements = {name: row_of(found, name).agreement for name in ("given_name", "city", "email", "country")}
    assert agreements == {
        "given_name": Agreement.DIFFERENT,
        "city": Agreement.SOFT,
        "email": Agreement.PARTIAL,
        "country": Agreement.SAME,
    }
    assert [row.field for row in found.same] == ["country"]


def test_fields_that_differ_come_first_in_their_part() -> None:
    """The eye falls on what has to be decided."""
    found = compared(
        record(1, email="a@x.example", phone="+49 431 5550101"),
        record(2, email="A@x.example", phone="+49 431 5550102"),
    )
    (section,) = found.sections
    assert [row.field for row in section.rows] == ["phone", "email"]


def test_only_blanks_are_no_value() -> None:
    """A field of spaces contradicts nothing, and is not shown."""
    found = compared(record(1, city="Kiel", region=" "), record(2, city="Kiel", region="\t"))
    assert [row.field for row in found.same] == ["city"]
    assert not found.sections
    beside = row_of(compared(record(1, region=" "), record(2, region="Holstein")), "region")
    assert (beside.agreement, beside.cells[0]) == (Agreement.PARTIAL, ())


def test_a_value_says_whether_it_survives_and_from_where() -> None:
    """The record that gives it is told from one that has the same text, and both from one that loses."""
    found = compared(
        record(1, city="Kiel"),
        record(2, city="Kiel"),
        record(3, city="Kiev"),
        city=value_of(2, "Kiel"),
    )
    same, gives, loses = (cell[0] for cell in row_of(found, "city").cells)
    assert [(each.survives, each.gives) for each in (same, gives, loses)] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert "<mark" in loses.shown
    assert "<mark" not in same.shown


def test_only_a_losing_value_can_be_chosen_and_with_it_its_group() -> None:
    """What survives already is no choice; fields of an address are chosen together."""
    found = compared(record(1, city="Kiel"), record(2, city="Bonn"), city=value_of(1, "Kiel"))
    wins, loses = (cell[0] for cell in row_of(found, "city").cells)
    assert not wins.choose_url
    assert loses.choose_url == CHANGING.value_url("address", "sources/crm/records/2")
    assert "etag=hash&queue=whose%3Dme" in loses.choose_url


def test_whoever_may_not_change_the_plan_is_offered_nothing() -> None:
    """No cell leads to a choice that would be refused."""
    found = compared(record(1, city="Kiel"), record(2, city="Bonn"), changing=None, city=value_of(1, "Kiel"))
    assert not any(value.choose_url for cell in row_of(found, "city").cells for value in cell)


def test_a_choice_that_was_made_can_be_taken_back() -> None:
    """The row of a chosen field, or of one whose group was chosen, leads to where that is undone."""
    records = (record(1, city="Kiel"), record(2, city="Bonn"))
    of = proposal(
        *(member(number, each) for number, each in enumerate(records)), values={"city": value_of(2, "Bonn")}
    )
    of.plan.field_choices["address"] = records[1].name
    found = comparison_of(of, columns(of, *records), {each.name: each for each in records}, CHANGING)
    assert row_of(found, "city").forget_url == "/proposals/p/choices?field=address&etag=hash&queue=whose%3Dme"


def test_a_golden_record_shows_each_of_its_values_once() -> None:
    """Two of its records that agree are one value with both of them behind it."""
    records = [record(1, city="Kiel"), record(2, city="Kiel"), record(3, city="Bonn"), record(4, city="Kiel")]
    of = proposal(member(0, *records[:3]), member(1, records[3]))
    found = comparison_of(of, columns(of, *records), {each.name: each for each in records}, CHANGING)
    first, _ = row_of(found, "city").cells
    assert [len(value.records) for value in first] == [2, 1]


def test_a_deleted_record_has_a_place_and_no_say() -> None:
    """It is listed with its golden record, and its values are not compared."""
    gone = record(2, city="Bonn")
    gone.state = RecordState.RECORD_STATE_DELETED
    found = compared(record(1, city="Kiel"), gone)
    assert row_of(found, "city").agreement is Agreement.PARTIAL


def test_the_survivor_comes_first_and_is_a() -> None:
    """Letters follow the columns; the record that its source changed last is told."""
    records = (record(1, given_name="Ada"), record(5, given_name="Ida"), record(3))
    of = proposal(*(member(number, each) for number, each in enumerate(records)))
    of.plan.survivor = "goldenRecords/2"
    found = columns(of, *records)
    assert [(column.letter, column.golden_record) for column in found] == [
        ("A", "goldenRecords/2"),
        ("B", "goldenRecords/0"),
        ("C", "goldenRecords/1"),
    ]
    assert [column.records[0].is_freshest for column in found] == [False, False, True]


def test_letters_go_on_behind_z() -> None:
    """Fifty members have fifty letters."""
    letters = [letter_of(place) for place in range(50)]
    assert letters[25:28] == ["Z", "AA", "AB"]
    assert len(set(letters)) == 50


def test_of_many_members_the_first_are_shown_and_those_of_the_weakest_link() -> None:
    """Whoever doubts a set doubts its weakest link, so both of its ends are there."""
    of = proposal(*(member(number) for number in range(20)))
    of.weakest_link.CopyFrom(GoldenLink(left="goldenRecords/17", right="goldenRecords/3"))
    found = [each.golden_record for _, each in shown_members(of, everyone=False)]
    assert len(found) == MAX_COLUMNS
    assert {"goldenRecords/0", "goldenRecords/3", "goldenRecords/17"} <= set(found)
    assert len(shown_members(of, everyone=True)) == 20


def test_a_lead_is_not_offered_as_the_survivor_of_a_contact() -> None:
    """It joins the contact; the other way would be refused."""
    lead = member(1, record(2))
    lead.kind = RecordKind.RECORD_KIND_LEAD
    of = proposal(member(0, record(1)), lead)
    assert not any(column.survive_url for column in columns(of, record(1), record(2)))
    lead.kind = RecordKind.RECORD_KIND_CONTACT
    assert columns(proposal(member(0, record(1)), lead), record(1), record(2))[1].survive_url


def test_groups_are_those_that_the_service_survives_together() -> None:
    """A choice is made for the unit that the service knows, and every field has its part of the page."""
    assert {name: unit_of(name) for name in domain_fields.FIELDS} == {
        name: domain_fields.group_of(name) for name in domain_fields.FIELDS
    }
    placed = {name for _, names in SECTIONS for name in names}
    assert {name for names in GROUPS.values() for name in names} <= placed


def test_documents_are_counted_with_their_sums() -> None:
    """By kind and member, also how many are open; what they count themselves is not told twice."""
    first, second = record(1), record(2)
    for number in range(3):
        child = Child(kind=ChildKind.CHILD_KIND_CASE, child_id=str(number), open=number > 0)
        child.amount.currency_code, child.amount.units, child.amount.nanos = "EUR", 1, 500_000_000
        first.children.append(child)
    first.facts.append(Fact(name="open_cases", count=2))
    second.facts.append(Fact(name="employees", count=7))
    of = proposal(member(0, first), member(1, second))
    found = business_of(columns(of, first, second), {each.name: each for each in (first, second)})
    ((kind, (cases, none)),) = found.documents
    assert (kind, cases.count, cases.open_count, none.count) == (ChildKind.CHILD_KIND_CASE, 3, 2, 0)
    assert (cases.amounts[0].units, cases.amounts[0].nanos) == (4, 500_000_000)
    assert [name for name, _ in found.facts] == ["employees"]

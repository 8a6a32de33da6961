"""What was merged: the list, one merge, and what the views make of messages."""

from dedup_service.console.views import addresses
from dedup_service.console.views.merges import compared_fields, merge_line, returning
from dedup_service.v1.core_pb2 import Child, ChildKind, GoldenChild, GoldenImage
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.merge_service_pb2 import BeforeImage, Merge, MergedGoldenRecord, MergeState
from dedup_service.v1.record_service_pb2 import Record
from tests.console.after_decisions import ANN, LEFT, RIGHT, hrefs, merge_into, merge_low, text_of, undo
from tests.console.scenes import SCRIPT, contact_record, merged, propose
from tests.console.served_console import Console


def image(name: str, *members: str, **values: str) -> GoldenImage:
    return GoldenImage(name=name, members=members, values=values)


def merge_message(*images: GoldenImage) -> Merge:
    """A merge into the last of the images."""
    return Merge(
        name="merges/7f",
        survivor=images[-1].name,
        merged_golden_records=[
            MergedGoldenRecord(golden_record=each.name, records=each.members) for each in images[:-1]
        ],
        before=[BeforeImage(image=each) for each in images],
        state=MergeState.MERGE_STATE_EXECUTED,
    )


def record(name: str, seconds: int = 0) -> Record:
    found = Record(name=name)
    found.update_time.seconds = seconds
    return found


def test_a_merge_is_told_by_the_names_from_before_it_with_the_survivor_apart() -> None:
    """The survivor and those merged away keep the names by which people knew them."""
    line = merge_line(
        merge_message(
            image("goldenRecords/a", full_name="Ada L.", email="ada@x.example"),
            image("goldenRecords/b", given_name="Ada", family_name="Lovelace"),
        )
    )
    assert (line.survivor.title, [party.title for party in line.merged_away]) == ("Ada Lovelace", ["Ada L."])
    assert line.merged_away[0].detail == "ada@x.example"


def test_only_fields_with_a_value_that_did_not_survive_are_marked() -> None:
    """A field that one alone knew is no difference; one whose value was lost is, also without another."""
    fields = compared_fields(
        [image("b", city="Kiel", phone="1", region="SH"), image("a", city="KIEL", email="a@x.example")],
        {"city": "Kiel", "phone": "1", "email": "a@x.example"},
    )
    assert {field.field for field in fields if field.differs} == {"city", "region"}


def test_after_an_erasure_no_value_is_said_to_have_lost() -> None:
    """Where no result is left, nothing is marked."""
    assert not any(field.differs for field in compared_fields([image("a", city="Kiel")], {}))


def test_records_go_back_to_where_they_came_from_and_later_ones_stay() -> None:
    """A record written since is marked; one that came since stays with the survivor."""
    merge = merge_message(image("goldenRecords/a", "r1"), image("goldenRecords/b", "r2"))
    merge.execute_time.seconds = 100
    golden = GoldenRecord(
        name="goldenRecords/b",
        children=[
            GoldenChild(record=name, child=Child(kind=ChildKind.CHILD_KIND_INVOICE))
            for name in ("r1", "r1", "r3")
        ],
    )
    survivor, away = returning(merge, golden, [record("r1", 200), record("r2", 50), record("r3", 300)])
    assert (survivor.is_survivor, away.is_survivor) == (True, False)
    assert [(each.record.name, each.is_edited) for each in away.records] == [("r1", True)]
    assert [(each.record.name, each.is_edited) for each in survivor.records] == [("r2", False)]
    assert [each.name for each in survivor.joined] == ["r3"]
    assert away.child_counts == ((ChildKind.CHILD_KIND_INVOICE, 2),)


def test_the_list_shows_the_newest_first_and_narrows_to_those_undone(console: Console) -> None:
    """All of them, those that stand, and those undone, each behind its own link."""
    first, second = merge_low(console, 1), merge_low(console, 2)
    undo(console, first)
    everything = console.web.get("/merges", ANN).text
    assert everything.index(addresses.of(second.name)) < everything.index(addresses.of(first.name))
    standing = hrefs(console.web.get("/merges?state=standing", ANN))
    undone = hrefs(console.web.get("/merges?state=undone", ANN))
    assert addresses.of(second.name) in standing - undone
    assert addresses.of(first.name) in undone - standing


def test_an_empty_list_says_so_and_leads_on(console: Console) -> None:
    """Before anything was merged the list says how merges come about."""
    page = console.web.get("/merges", ANN)
    assert "Nothing has been merged yet" in text_of(page)


def test_a_merge_shows_what_was_before_what_came_of_it_and_why(console: Console) -> None:
    """Both names with their values, the result, the voter's comment, the links in bits, and the redirect."""
    merge = merge_low(console)
    page = console.web.get(addresses.of(merge.name), ANN)
    text = text_of(page)
    assert "Lovelase" in text
    assert "Buyer" in text
    assert "Ann Abel for Sales: Approved" in text
    assert " bits" in text
    away = merge.merged_golden_records[0].golden_record
    assert {addresses.of(away), addresses.of(merge.proposal), f"{addresses.of(merge.name)}/undo"} <= hrefs(
        page
    )


def test_the_result_is_as_the_merge_left_it_whatever_was_written_since(console: Console) -> None:
    """A merge tells of its moment, and not of today."""
    merge = merge_low(console)
    merge_into(console, LEFT, "low-1-c")
    row = console.web.get(addresses.of(merge.name), ANN).text
    assert "low-1-c" not in row
    assert {addresses.of(LEFT), addresses.of(RIGHT)} <= hrefs(console.web.get(addresses.of(merge.name), ANN))


def test_an_undone_merge_says_by_whom_and_why_and_offers_no_undo(console: Console) -> None:
    """The reason stands there for whoever looks next."""
    merge = merge_low(console)
    undo(console, merge, reason="father and daughter")
    page = console.web.get(addresses.of(merge.name), ANN)
    assert "father and daughter" in text_of(page)
    assert f"{addresses.of(merge.name)}/undo" not in hrefs(page)


def test_stored_text_is_inert_in_a_merge(console: Console) -> None:
    """A name that is a script is text in the list, in the merge and in its undo."""
    pair = [
        contact_record(f"script-{place}", given_name=SCRIPT, family_name="X", email="x@x.example")
        for place in range(2)
    ]
    merge = merged(console.importer, propose(console.importer, *pair))
    for path in ("/merges", addresses.of(merge.name), f"{addresses.of(merge.name)}/undo"):
        page = console.web.get(path, ANN)
        assert page.status == 200
        assert "<script>document" not in page.text
        assert "&lt;script&gt;document" in page.text


def test_there_is_no_page_of_a_merge_that_never_was(console: Console) -> None:
    """It is not found, in words."""
    assert console.web.get("/merges/none", ANN).status == 404

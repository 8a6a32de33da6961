"""Undoing a merge: seen before it is done, done once, and said."""

from dedup_service.console.views import addresses
from dedup_service.v1.distinction_service_pb2 import ListDistinctionsRequest
from dedup_service.v1.merge_service_pb2 import MergeState
from tests.console.after_decisions import (
    ANN,
    LEFT,
    MIA,
    RIGHT,
    golden_of,
    hrefs,
    merge_into,
    merge_low,
    merge_now,
    said,
    text_of,
    undo,
    value_of,
    write,
)
from tests.console.served_console import Console

UNDONE = MergeState.MERGE_STATE_UNDONE
EXECUTED = MergeState.MERGE_STATE_EXECUTED


def test_the_preview_says_what_comes_back_and_changes_nothing(console: Console) -> None:
    """Every name and record is there before anybody undoes, with what was edited since."""
    merge = merge_low(console)
    write(console.importer, RIGHT, job_title="Head of buying")
    page = console.web.get(f"{addresses.of(merge.name)}/undo", ANN)
    text = text_of(page)
    assert "gets its name back" in text
    assert text.count("edited since") == 1
    assert {addresses.of(LEFT), addresses.of(RIGHT)} <= hrefs(page)
    assert "there is no conflict" in text
    assert merge_now(console.importer, merge.name).state == EXECUTED


def test_undoing_gives_each_record_its_golden_record_back_and_says_so(console: Console) -> None:
    """After the form two golden records stand, and the next page says that it is done."""
    merge = merge_low(console)
    answer = undo(console, merge)
    assert (answer.status, answer.location) == (303, addresses.of(merge.name))
    assert "Undone." in said(console, answer)
    assert golden_of(console.importer, LEFT).name != golden_of(console.importer, RIGHT).name


def test_without_a_reason_nothing_is_undone_and_the_choice_is_kept(console: Console) -> None:
    """The form comes back, says what is missing, and still holds what was ticked."""
    merge = merge_low(console)
    answer = undo(console, merge, reason="  ", keep_apart="yes")
    assert answer.status == 400
    assert "Say why the merge was wrong" in text_of(answer)
    assert 'value="yes" checked' in answer.text
    assert merge_now(console.importer, merge.name).state == EXECUTED


def test_keeping_them_apart_makes_a_link_and_leaving_it_out_makes_none(console: Console) -> None:
    """Not-a-match links are made where they are asked for."""
    undo(console, merge_low(console, 1), keep_apart="yes")
    undo(console, merge_low(console, 2))
    links = console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions
    assert [(set(link.left) | set(link.right)) for link in links] == [{LEFT, RIGHT}]


def test_a_double_click_is_one_undo_and_both_answers_say_that_it_is_done(console: Console) -> None:
    """The same form sent twice leads twice to the merge, as done."""
    merge = merge_low(console)
    url = f"{addresses.of(merge.name)}/undo"
    page = console.web.get(url, ANN)
    fields = {name: value_of(page, name) for name in ("request_id", "etag")} | {"reason": "two people"}
    first, second = console.web.post(url, fields, ANN), console.web.post(url, fields, ANN)
    assert [first.location, second.location] == [addresses.of(merge.name)] * 2
    assert "Undone." in said(console, second)


def test_another_tab_is_told_that_it_was_undone_already(console: Console) -> None:
    """A form from before somebody else undid it does nothing more, and says by whom it was done."""
    merge = merge_low(console)
    url = f"{addresses.of(merge.name)}/undo"
    page = console.web.get(url, ANN)
    undo(console, merge, reason="the first reason")
    late = {name: value_of(page, name) for name in ("request_id", "etag")} | {"reason": "the second reason"}
    answer = console.web.post(url, late, ANN)
    assert "undone already" in said(console, answer)
    assert merge_now(console.importer, merge.name).undo_reason == "the first reason"
    assert "undone already" in text_of(console.web.get(url, ANN))


def test_whoever_has_no_stake_is_told_so_before_they_write_a_reason(console: Console) -> None:
    """There is no form, and the people who can are named."""
    merge = merge_low(console)
    page = console.web.get(f"{addresses.of(merge.name)}/undo", MIA)
    assert "You cannot undo it" in text_of(page)
    assert "Sales" in text_of(page)
    assert 'name="reason"' not in page.text


def test_a_merge_that_a_later_one_stands_on_names_the_later_one(console: Console) -> None:
    """When its survivor was merged away since, the page leads to what must be undone first."""
    first = merge_low(console)
    second = merge_into(console, LEFT, "low-1-c", survives=False)
    page = console.web.get(f"{addresses.of(first.name)}/undo", ANN)
    assert f"{addresses.of(second.name)}/undo" in hrefs(page)
    assert 'name="reason"' not in page.text


def test_a_record_that_came_since_stays_with_the_survivor(console: Console) -> None:
    """The preview says of it that the undo leaves it where it is."""
    first = merge_low(console)
    merge_into(console, LEFT, "low-1-c")
    page = console.web.get(f"{addresses.of(first.name)}/undo", ANN)
    assert "low-1-c came since the merge; stays here" in text_of(page)


def test_an_undo_needs_the_token_of_a_page_of_ours(console: Console) -> None:
    """A form from elsewhere is refused, and the merge stands."""
    merge = merge_low(console)
    answer = console.web.post(
        f"{addresses.of(merge.name)}/undo", {"reason": "x", "etag": merge.etag}, ANN, with_token=False
    )
    assert answer.status == 403
    assert merge_now(console.importer, merge.name).state == EXECUTED

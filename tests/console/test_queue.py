"""Which proposals a list holds: read from an address, written into links, and said to the API."""

from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup_service.console.views.queue import (
    EVERYBODYS,
    MAX_TRAIL,
    ORDERS,
    Queue,
    queue_of,
    read_queue,
)
from dedup_service.rpc.waiting_proposals import FILTER_FIELDS, read_order
from dedup_service.workflows.filters import Condition, Operator, parse_filter

VALUES = st.text(min_size=1, max_size=40).filter(lambda text: '"' not in text and text.isprintable())
IDS = st.text("abcdef0123456789-_AZ", min_size=1, max_size=64)


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    """Any list that the console can show, at any of its pages."""
    queue = Queue(
        whose=draw(st.sampled_from(["me", "all"])),
        state=draw(st.sampled_from(["OPEN", "PENDING", "APPROVED", "EXECUTED"])),
        kind=draw(st.sampled_from(["", "LEAD", "CONTACT", "ACCOUNT"])),
        impact=draw(st.sampled_from(["", "LOW", "MEDIUM", "HIGH"])),
        verdict=draw(st.sampled_from(["", "MATCH", "REVIEW", "NO_MATCH"])),
        function=draw(st.just("") | VALUES),
        source=draw(st.just("") | VALUES),
        owner=draw(st.just("") | VALUES),
        order=draw(st.sampled_from(list(ORDERS))),
    )
    for last_id in draw(st.lists(IDS, max_size=MAX_TRAIL + 3)):
        queue = queue.following(last_id)
    return queue


def fields() -> dict[str, frozenset[str] | None]:
    """The fields of a filter as the service reads them."""
    return {
        name: None if values is None else frozenset(str(each) for each in values)
        for name, values in FILTER_FIELDS.items()
    }


@given(queues())
def test_what_was_written_reads_the_same(queue: Queue) -> None:
    """A link to a list leads to that list, at that page, with nothing dropped."""
    assert read_queue(parse_qsl(queue.written)) == (queue, ())
    assert queue_of(queue.written) == queue


@given(queues())
@example(Queue(owner="the north AND state = EXECUTED"))
def test_the_service_reads_every_filter_and_order(queue: Queue) -> None:
    """The API takes what a list says, with one condition for each thing that narrows it."""
    conditions = parse_filter(queue.filter, fields())
    narrowing = [c for c in conditions if c.field not in {"open", "state"}]
    assert [c.value for c in narrowing] == [value for _, value in queue.narrowing]
    assert read_order(queue.order_by) == queue.order_by


@given(st.lists(st.tuples(st.sampled_from(["kind", "page", "owner", "whose", "x"]), st.text(max_size=60))))
def test_any_address_is_read(query: list[tuple[str, str]]) -> None:
    """Whatever somebody types gives a list that the service would take."""
    queue, _ = read_queue(query)
    parse_filter(queue.filter, fields())
    assert read_queue(parse_qsl(queue.written)) == (queue, ())


def test_a_list_of_lists_is_said_with_has() -> None:
    """Functions, sources and owners are several of a proposal: it has one of them."""
    queue = Queue(function="finance", kind="ACCOUNT")
    assert parse_filter(queue.filter, fields()) == (
        Condition("kind", Operator.EQUALS, "ACCOUNT"),
        Condition("missing_functions", Operator.HAS, "finance"),
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ([("kind", "PERSON")], ("kind=PERSON",)),
        ([("owner", 'x" OR open = "true')], ('owner=x" OR open = "true',)),
        ([("source", "crm\n")], ("source=crm\n",)),
        ([("page", "2")], ("page=2",)),
        ([("page", "2.a.b.c")], ("page=2.a.b.c",)),
        ([("kind", "LEAD"), ("kind", "CONTACT")], ("kind=CONTACT",)),
        ([("utm", "x"), ("impact", "")], ()),
    ],
)
def test_what_nobody_knows_is_dropped_and_said(query: list[tuple[str, str]], told: tuple[str, ...]) -> None:
    """Unknown values narrow nothing and are told; parameters of others are left alone."""
    queue, dropped = read_queue(query)
    assert dropped == told
    assert queue in {Queue(), Queue(kind="LEAD")}


def test_mine_are_open_without_saying_so() -> None:
    """What waits for somebody needs no condition; all of them need one, or what is over would be there."""
    assert (Queue().filter, Queue().waiting_for) == ("", "me")
    assert (Queue(whose=EVERYBODYS).filter, Queue(whose=EVERYBODYS).waiting_for) == ("open = true", "")
    assert Queue(whose=EVERYBODYS, state="EXECUTED").filter == "state = EXECUTED"


def test_pages_go_forth_and_back() -> None:
    """Next begins behind the last row, previous where that page began, and another filter begins anew."""
    first = Queue(kind="LEAD")
    third = first.following("a").following("b")
    assert (third.page, third.after) == (3, "mergeProposals/b")
    assert (third.previous.page, third.previous.after) == (2, "mergeProposals/a")
    assert third.previous.previous == first
    assert third.given("impact", "HIGH") == replace(first, impact="HIGH")
    assert third.without("kind") == Queue()


def test_far_back_is_the_first_page() -> None:
    """An address stays short however far one has read: the oldest pages are forgotten."""
    queue = Queue()
    for number in range(100):
        queue = queue.following(f"{number:032}")
    assert len(queue.trail) == MAX_TRAIL
    assert queue.page == 101
    for _ in range(MAX_TRAIL):
        queue = queue.previous
    assert queue == Queue()

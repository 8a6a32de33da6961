"""The inbox: what waits for whom and why, narrowed, in order, a page at a time, and saved."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from dedup_service.console.pages.inbox import PAGE_SIZE
from dedup_service.console.saved_lists import MAX_LISTS
from dedup_service.console.views import addresses
from dedup_service.console.views.inbox import Urgency, row_of
from dedup_service.console.views.queue import Queue
from dedup_service.v1.merge_plan_pb2 import MergePlan, PlanMember
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.voting_pb2 import Ballot, BallotMethod, Mandate, Standing, Veto
from tests.console.scenes import (
    SCRIPT,
    TURNED,
    Scene,
    contact_record,
    propose,
    propose_high,
    propose_low,
    propose_medium,
)
from tests.console.served_console import PEOPLE, Answer, Console

ANN = "users/ann"
FRIDA = "users/frida"
PAULA = "users/paula"
BEN = next(person.display_name for person in PEOPLE if person.name == "users/ben")
NOW = datetime(2026, 8, 14, 12, tzinfo=UTC)
MAX_PAGE_BYTES = 100_000


def rows(answer: Answer) -> list[str]:
    """The address of each row's proposal, in order."""
    found = re.findall(r'<a class="item-link" href="([^"]+)"', answer.text)
    return [urlsplit(unescape(url)).path for url in found]


def links(answer: Answer) -> dict[str, str]:
    """The links of a page by their text, without markup."""
    found = re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', answer.text, re.DOTALL)
    return {" ".join(re.sub(r"<[^>]+>", " ", text).split()): unescape(url) for url, text in found}


def text_of(answer: Answer) -> str:
    """What of the page's content can be read."""
    content = answer.text[answer.text.index("<main") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def proposal_message(**more: object) -> MergeProposal:
    """A proposal that waits for ann of sales, due in a day."""
    proposal = MergeProposal(
        name="mergeProposals/7f",
        state=MergeProposalState.MERGE_PROPOSAL_STATE_PENDING,
        plan=MergePlan(
            survivor="goldenRecords/b",
            members=[
                PlanMember(
                    golden_record=f"goldenRecords/{each}", display_name=f"Member {each}", sources=["crm"]
                )
                for each in "abcd"
            ],
        ),
        ballot=Ballot(method=BallotMethod.BALLOT_METHOD_VOICES),
        standing=Standing(principal=ANN, may_vote=True, mandates=[Mandate(function="sales")]),
        missing_functions=["finance", "sales"],
    )
    proposal.due_time.FromDatetime(NOW + timedelta(days=1))
    proposal.MergeFrom(MergeProposal(**more))  # type: ignore[arg-type]  # the fields of the message by name
    return proposal


def test_an_inbox_holds_what_waits_for_its_owner(console: Console) -> None:
    """Sales is asked about its contacts, finance about mastered accounts, partners about neither."""
    low, high = propose_low(console.importer), propose_high(console.importer)
    assert rows(console.web.get("/inbox", ANN)) == [addresses.of(high.name), addresses.of(low.name)]
    assert rows(console.web.get("/inbox", FRIDA)) == [addresses.of(high.name)]
    assert rows(console.web.get("/inbox", PAULA)) == []
    assert rows(console.web.get("/inbox?whose=all", PAULA)) == [
        addresses.of(high.name),
        addresses.of(low.name),
    ]


def test_a_row_says_who_it_is_and_why_you(console: Console) -> None:
    """Names, what tells them apart, kind, impact with its reason, verdict, sources, your function, others."""
    propose_high(console.importer)
    text = text_of(console.web.get("/inbox", ANN))
    for told in (
        "Halden Werke GmbH",
        "Halden-Werke",
        "Kiel, DE",
        "High impact",
        "Account",
        "2 accounts held by the customer master",
        "bits",
        "CRM , ERP",
        "You vote for Sales",
        "open opportunit",
        "also waits for Finance",
        "Finance alone can lift the rule that stops it",
        "due in",
    ):
        assert told in text, f"{told!r} is not in {text}"


def test_counts_are_of_all_and_of_each_value(console: Console) -> None:
    """The total, both lists, and each value with how many it would leave; following one leaves so many."""
    propose_low(console.importer, 1)
    propose_low(console.importer, 2)
    propose_high(console.importer)
    found = console.web.get("/inbox?whose=all", FRIDA)
    assert "3 proposals are open" in text_of(found)
    told = links(found)
    assert told["Waiting for me 1"].startswith("/inbox?whose=me")
    assert "All open 3" in told
    for label, count in {
        "Contact 2": 2,
        "Account 1": 1,
        "High impact 1": 1,
        "ERP 1": 1,
        f"{BEN} 2": 2,
    }.items():
        narrowed = console.web.get(told[label], FRIDA)
        assert len(rows(narrowed)) == count, label
        assert f"{count} proposal" in text_of(narrowed)


def test_a_filter_is_taken_away_by_its_chip(console: Console) -> None:
    """What narrows the list stands above it, and each can be left out by itself."""
    propose_low(console.importer)
    propose_medium(console.importer)
    narrowed = console.web.get("/inbox?whose=all&kind=CONTACT&impact=LOW", ANN)
    assert len(rows(narrowed)) == 1
    wider = links(narrowed)["Impact Low impact \N{MULTIPLICATION SIGN}"]
    assert dict(parse_qsl(urlsplit(wider).query)) == {"whose": "all", "kind": "CONTACT"}
    assert len(rows(console.web.get(wider, ANN))) == 2


def test_rows_lead_on_through_the_same_list(console: Console) -> None:
    """The link of a row carries the list, so that deciding leads to the next one of it."""
    propose_low(console.importer)
    found = console.web.get("/inbox?whose=all&kind=CONTACT&order=age", ANN)
    [url] = re.findall(r'<a class="item-link" href="([^"]+)"', found.text)
    query = dict(parse_qsl(urlsplit(unescape(url)).query))
    assert query == {"queue": "whose=all&kind=CONTACT&order=age"}


def test_the_order_is_as_asked(console: Console) -> None:
    """By impact, by age, the newest first."""
    low, high, medium = (make(console.importer) for make in (propose_low, propose_high, propose_medium))
    by_age = [addresses.of(each.name) for each in (low, high, medium)]
    by_impact = [addresses.of(each.name) for each in (high, medium, low)]
    assert rows(console.web.get("/inbox?whose=all", ANN)) == by_impact
    assert rows(console.web.get("/inbox?whose=all&order=age", ANN)) == by_age
    assert rows(console.web.get("/inbox?whose=all&order=newest", ANN)) == by_age[::-1]


def test_pages_follow_one_another(console: Console) -> None:
    """Next and previous walk the whole list, each proposal once; a page is light."""
    count = PAGE_SIZE + 2
    for number in range(count):
        propose_low(console.importer, number)
    first = console.web.get("/inbox?order=age", ANN)
    assert len(first.text.encode()) < MAX_PAGE_BYTES
    assert "Page 1 of 2" in text_of(first)
    second = console.web.get(links(first)["Next"], ANN)
    assert len({*rows(first), *rows(second)}) == count
    assert "Next" not in links(second)
    assert rows(console.web.get(links(second)["Previous"], ANN)) == rows(first)


def test_what_the_list_does_not_know_is_said(console: Console) -> None:
    """An old or mistyped link shows a list, and what of it was left out."""
    propose_low(console.importer)
    found = console.web.get("/inbox?kind=PERSON&impact=LOW&owner=%22%3Cb%3E", ANN)
    assert (found.status, len(rows(found))) == (200, 1)
    assert 'kind=PERSON , owner="<b>' in text_of(found)


@pytest.mark.parametrize(
    ("address", "principal", "told"),
    [("/inbox", PAULA, "Nothing waits for you"), ("/inbox?kind=LEAD", ANN, "Nothing fits")],
)
def test_an_empty_list_says_what_to_do(console: Console, address: str, principal: str, told: str) -> None:
    """Nothing waits, or nothing fits: each with a way on."""
    propose_low(console.importer)
    found = console.web.get(address, principal)
    assert told in text_of(found)
    assert links(found).keys() & {"See all open proposals", "Show the whole list"}


def test_a_page_that_is_no_more_leads_to_the_first(console: Console) -> None:
    """What stood there was decided meanwhile; the list begins on another page."""
    only = propose_low(console.importer)
    found = console.web.get(f"/inbox?page=2.{addresses.id_of(only.name)}", ANN)
    assert links(found)["To the first page"] == "/inbox?whose=me"


def test_an_empty_desk_points_to_the_search(console: Console) -> None:
    """Before anything was proposed there is something to do all the same."""
    found = console.web.get("/inbox?whose=all", ANN)
    assert "No proposal is open" in text_of(found)
    assert "0 proposals are open" in text_of(found)


def test_stored_text_is_inert(console: Console) -> None:
    """A name made of script, markup and turns of direction is shown, and runs and turns nothing."""
    named = {"given_name": SCRIPT, "family_name": TURNED}
    propose(console.importer, *(contact_record(each, **named) for each in ("script-1", "script-2")))
    found = console.web.get("/inbox", ANN)
    assert found.text.count("&lt;script&gt;") == 2
    assert "<script>" not in found.text
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in found.text


def test_a_list_is_saved_opened_and_forgotten(console: Console) -> None:
    """A name leads to the list that it was given to, in this browser, until it is forgotten."""
    web = console.web
    kept = web.post("/inbox/saved", {"name": "Big <accounts>", "queue": "whose=all&kind=ACCOUNT"}, ANN)
    cookie = {"Cookie": f"dedup_lists={kept.cookies['dedup_lists']}"}
    shown = web.get("/inbox", ANN, headers=dict(cookie))
    assert links(shown)["Big &lt;accounts&gt;"] == "/inbox?whose=all&kind=ACCOUNT"
    gone = web.post("/inbox/saved/forget", {"name": "Big <accounts>", "queue": ""}, ANN, headers=dict(cookie))
    after = web.get("/inbox", ANN, headers={"Cookie": f"dedup_lists={gone.cookies['dedup_lists']}"})
    assert "accounts" not in text_of(after)


def test_there_is_room_for_so_many_lists(console: Console) -> None:
    """A list too many is refused, and said: a browser would drop the whole cookie in silence."""
    pairs = [[f"List {number}", "whose=all"] for number in range(MAX_LISTS)]
    cookie = {"Cookie": f"dedup_lists={quote(str(pairs).replace(chr(39), chr(34)))}"}
    refused = console.web.post("/inbox/saved", {"name": "One more", "queue": "whose=me"}, ANN, headers=cookie)
    assert (refused.status, "dedup_lists" in refused.cookies) == (403, False)
    again = {"Cookie": f"dedup_lists={quote(str(pairs).replace(chr(39), chr(34)))}"}
    same = console.web.post("/inbox/saved", {"name": "List 3", "queue": "whose=me"}, ANN, headers=again)
    assert same.status == 303


@pytest.mark.parametrize("cookie", ["rubbish", "%7B%7D", "%5B%5B1%5D%5D", "%5Bnull%5D", "12", "%ff"])
def test_a_cookie_that_cannot_be_read_is_none(console: Console, cookie: str) -> None:
    """Whatever the browser sends, the inbox is shown."""
    assert console.web.get("/inbox", ANN, headers={"Cookie": f"dedup_lists={cookie}"}).status == 200


def test_every_kind_of_proposal_has_a_row(scene: Scene, console: Console) -> None:
    """Whatever the difficulty, open or over, the list shows it."""
    found = console.web.get("/inbox?whose=all", ANN)
    assert {addresses.of(name) for name in scene.proposals} <= set(rows(found))
    assert "A rule stops it" in text_of(found)
    assert len(rows(console.web.get("/inbox?whose=all&state=EXECUTED", ANN))) == 2


def test_what_i_proposed_does_not_wait_for_me(console: Console) -> None:
    """Who proposes does not decide: it is among all open ones alone, without "you vote"."""
    records = [contact_record(each, email="x@y.example") for each in ("own-1", "own-2")]
    propose(console.acting_as(ANN), *records)
    assert rows(console.web.get("/inbox", ANN)) == []
    text = text_of(console.web.get("/inbox?whose=all", ANN))
    assert "waits for Sales" in text
    assert "You vote for" not in text


def test_the_survivor_stands_first() -> None:
    """Of four golden records the one that remains comes first, then one more, then how many there are."""
    row = row_of(proposal_message(), Queue(), NOW)
    assert [line.name for line in row.lines] == ["Member b", "Member a"]
    assert row.more_count == 2


@pytest.mark.parametrize(
    ("state", "due_in_hours", "urgency"),
    [
        (MergeProposalState.MERGE_PROPOSAL_STATE_PENDING, 1, Urgency.DUE),
        (MergeProposalState.MERGE_PROPOSAL_STATE_PENDING, -1, Urgency.OVERDUE),
        (MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED, -1, Urgency.READY),
        (MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED, -1, Urgency.OVER),
    ],
)
def test_only_what_is_undecided_can_be_overdue(
    state: "MergeProposalState.ValueType", due_in_hours: int, urgency: Urgency
) -> None:
    """What is approved waits to be merged; what is over has no time left to say."""
    proposal = proposal_message(state=state)
    proposal.due_time.FromDatetime(NOW + timedelta(hours=due_in_hours))
    assert row_of(proposal, Queue(), NOW).urgency == urgency


def test_others_are_whom_it_also_waits_for() -> None:
    """Beside the visitor; where one person of any function suffices, only who could lift a veto."""
    assert row_of(proposal_message(), Queue(), NOW).others == ("finance",)
    people = Ballot(method=BallotMethod.BALLOT_METHOD_PEOPLE, quorum=1)
    assert row_of(proposal_message(ballot=people), Queue(), NOW).others == ()
    vetoed = proposal_message(ballot=people, vetoes=[Veto(rule="DIFFERENT_TAX_IDS", lifted_by="finance")])
    assert row_of(vetoed, Queue(), NOW).others == ("finance",)

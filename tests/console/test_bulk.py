"""Bulk: the whole list with what it touches, one decision about what stays ticked, and what became of it."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from dedup_service.console.views import addresses
from dedup_service.console.views.bulk import (
    Fate,
)
from dedup_service.v1.core_pb2 import Verdict
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import (
    CreateMergeProposalRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import ListMergesRequest
from tests.console.scenes import (
    MARKUP,
    SCRIPT,
    contact_record,
    proposal_now,
    propose,
    propose_high,
    propose_low,
    propose_medium,
    propose_vetoed,
)
from tests.console.served_console import Answer, Console

ANN = "users/ann"
PAULA = "users/paula"
PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
EXECUTED = MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
REJECTED = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED


def boxes(answer: Answer) -> dict[str, bool]:
    """The value of each row's box, and whether it is ticked."""
    found = re.findall(r'<input type="checkbox" name="chosen" value="([^"]+)"[^>]*?( checked)?>', answer.text)
    return {value: bool(ticked) for value, ticked in found}


def text_of(answer: Answer) -> str:
    """What of the page's content can be read."""
    content = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def section(answer: Answer, fate: Fate) -> str:
    """What is said of those that had one fate; empty where none had it."""
    found = re.search(
        rf'<section class="card" aria-labelledby="fate-{fate}">.*?</section>', answer.text, re.DOTALL
    )
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""


def merges_in(answer: Answer) -> list[str]:
    """The addresses of the merges that an answer leads to."""
    return re.findall(r'href="(/merges/[^"/]+)"', answer.text)


def value_of(proposal: MergeProposal) -> str:
    """What the box of a proposal carries."""
    return f"{addresses.id_of(proposal.name)}:{proposal.etag}"


def decide(
    console: Console,
    *proposals: MergeProposal,
    decision: str = "approve",
    as_: str = ANN,
    request_id: str = "",
    comment: str = "",
) -> Answer:
    """Send the form with these ticked, as they were when they were made."""
    form = {
        "queue": "whose=me",
        "request_id": request_id or str(uuid4()),
        "decision": decision,
        "comment": comment,
        "chosen": [value_of(proposal) for proposal in proposals],
    }
    return console.web.post("/bulk/decide", form, as_)


def state_of(console: Console, proposal: MergeProposal) -> int:
    return proposal_now(console.importer, proposal.name).state


def merge_count(console: Console) -> int:
    return len(console.importer.merges.ListMerges(ListMergesRequest()).merges)


def test_only_matches_are_ticked_at_first(console: Console) -> None:
    """Each proposal has a box with the plan that is seen; what is less than a match is ticked by hand."""
    low, medium = propose_low(console.importer), propose_medium(console.importer)
    assert low.verdict == Verdict.VERDICT_MATCH != medium.verdict
    found = console.web.get("/bulk", ANN)
    assert (found.status, boxes(found)) == (200, {value_of(medium): False, value_of(low): True})


def test_the_whole_list_is_ticked_with_what_it_touches(console: Console) -> None:
    """With all ticked, the totals say what all of them touch."""
    propose_low(console.importer)
    propose_medium(console.importer)
    told = text_of(console.web.post("/bulk", {"queue": "whose=me", "tick": "all"}, ANN))
    for each in (
        "What the 2 ticked of 2 touch",
        "Golden records merged away 2",
        "€40,000.00",
        "Grace Hopper",
    ):
        assert each in told, told


def test_high_impact_is_left_out_with_a_link(console: Console) -> None:
    """It asks to type both names, so it has no box, and the row says so and leads to it."""
    low, high = propose_low(console.importer), propose_high(console.importer)
    found = console.web.get("/bulk", ANN)
    assert list(boxes(found)) == [value_of(low)]
    left = found.text[found.text.index('aria-labelledby="left-out"') :]
    assert addresses.of(high.name) in left
    assert "asks to type both names" in left


def test_what_one_has_no_say_in_is_left_out_with_the_reason(console: Console) -> None:
    """The list of everybody's proposals says of each why the visitor cannot decide it."""
    propose_low(console.importer)
    found = console.web.get("/bulk?whose=all", PAULA)
    assert boxes(found) == {}
    assert "has no say in this" in text_of(found)
    assert "Nothing here can be decided at once" in text_of(found)


def test_it_is_the_list_of_the_inbox(console: Console) -> None:
    """The same parameters select the same proposals, in the same order; what nobody knows is told."""
    low, medium = propose_low(console.importer), propose_medium(console.importer)
    assert list(boxes(console.web.get("/bulk?whose=me&impact=LOW", ANN))) == [value_of(low)]
    assert list(boxes(console.web.get("/bulk?whose=me&source=desk", ANN))) == [value_of(medium)]
    assert list(boxes(console.web.get("/bulk?whose=me&order=age", ANN))) == [value_of(low), value_of(medium)]
    narrowed = console.web.get("/bulk?whose=me&kind=NONSENSE&impact=LOW", ANN)
    assert "kind=NONSENSE" in text_of(narrowed)
    assert 'name="queue" value="whose=me&amp;impact=LOW"' in narrowed.text


def test_boxes_are_ticked_without_a_script(console: Console) -> None:
    """All, none or just these: the list comes back so, with the totals of what is ticked and the comment."""
    low, medium = propose_low(console.importer), propose_medium(console.importer)

    def ticked(how: str) -> Answer:
        form = {"queue": "whose=me", "tick": how, "chosen": [value_of(medium)], "comment": "as agreed"}
        return console.web.post("/bulk", form, ANN)

    assert boxes(ticked("all")) == {value_of(medium): True, value_of(low): True}
    assert boxes(ticked("none")) == {value_of(medium): False, value_of(low): False}
    these = ticked("these")
    assert boxes(these) == {value_of(medium): True, value_of(low): False}
    assert "What the 1 ticked of 2 touches Golden records merged away 1" in text_of(these)
    assert 'value="as agreed"' in these.text
    assert "Open pipeline none" in text_of(ticked("none"))


def test_what_is_ticked_is_approved_and_merged(console: Console) -> None:
    """Each gets the vote with the comment, is merged where nothing is missing, and listed with its undo."""
    first, second, third = (propose_low(console.importer, number) for number in (1, 2, 3))
    answer = decide(console, first, second, comment="as agreed")
    assert "You approved 2 proposals 2 merged · 0 skipped" in text_of(answer)
    states = [state_of(console, each) for each in (first, second, third)]
    assert states == [EXECUTED, EXECUTED, PENDING]
    now = proposal_now(console.importer, first.name)
    assert (now.votes[0].principal, now.votes[0].comment) == (ANN, "as agreed")
    assert f'href="{addresses.of(now.merge)}/undo"' in answer.text
    assert section(answer, Fate.MERGED).startswith("Merged 2 ")


def test_what_is_ticked_is_rejected(console: Console) -> None:
    """A refusal ends what one person decides, and nothing is merged."""
    proposal = propose_low(console.importer)
    answer = decide(console, proposal, decision="reject")
    assert section(answer, Fate.ENDED)
    assert (state_of(console, proposal), merge_count(console)) == (REJECTED, 0)


def test_a_form_that_is_sent_twice_decides_once(console: Console) -> None:
    """The second one gets the same answer, and there is one vote and one merge of each."""
    proposals = [propose_low(console.importer, number) for number in (1, 2)]
    request_id = str(uuid4())
    first = decide(console, *proposals, request_id=request_id)
    again = decide(console, *proposals, request_id=request_id)
    assert merges_in(again) == merges_in(first)
    assert len(merges_in(first)) == 2
    assert not section(again, Fate.SKIPPED)
    assert merge_count(console) == 2
    assert all(len(proposal_now(console.importer, each.name).votes) == 1 for each in proposals)


def test_what_changed_since_is_skipped_and_says_what(console: Console) -> None:
    """Another plan than the one that was seen gets no vote; the others are decided."""
    changed, same = propose_low(console.importer, 1), propose_low(console.importer, 2)
    other = next(name for name in changed.golden_records if name != changed.survivor)
    console.importer.merge_proposals.UpdateMergeProposal(
        UpdateMergeProposalRequest(
            merge_proposal=MergeProposal(name=changed.name, etag=changed.etag, survivor=other)
        )
    )
    answer = decide(console, changed, same)
    assert "It changed since you looked at it: the survivor is now" in section(answer, Fate.SKIPPED)
    assert [state_of(console, each) for each in (changed, same)] == [PENDING, EXECUTED]
    assert not proposal_now(console.importer, changed.name).votes


def test_what_others_decided_meanwhile_is_skipped(console: Console) -> None:
    """What is over, what is not there, and what one has no say in is said in plain words."""
    over, missing = propose_low(console.importer), MergeProposal(name="mergeProposals/none", etag="e")
    decide(console, over, decision="reject", as_="users/ben")
    told = section(decide(console, over, missing), Fate.SKIPPED)
    assert "It is over already" in told
    assert "It is not there" in told
    assert "You have no say in it" in section(
        decide(console, propose_low(console.importer, 2), as_=PAULA), Fate.SKIPPED
    )


def test_high_impact_is_not_decided_whatever_a_form_says(console: Console) -> None:
    """Ticked by hand, it is still skipped."""
    high = propose_high(console.importer)
    answer = decide(console, high)
    assert "asks to type both names" in section(answer, Fate.SKIPPED)
    assert not proposal_now(console.importer, high.name).votes


def test_what_a_rule_stops_is_approved_and_not_merged(console: Console) -> None:
    """The list says so beforehand, and the answer says which rule."""
    vetoed = propose_vetoed(console.importer)
    assert "A rule stops it" in text_of(console.web.get("/bulk", ANN))
    now = proposal_now(console.importer, vetoed.name)
    answer = decide(console, now)
    assert "says that members of this plan are not the same" in section(answer, Fate.STOPPED)
    assert merge_count(console) == 0


def test_nothing_ticked_decides_nothing(console: Console) -> None:
    """The list comes back with a sentence, nothing ticked, as it was left."""
    propose_low(console.importer)
    answer = decide(console)
    assert (answer.status, set(boxes(answer).values())) == (422, {False})
    assert "Nothing was decided: nothing was ticked." in text_of(answer)


@pytest.mark.parametrize("decision", ["", "both"])
def test_a_decision_that_is_none_is_refused(console: Console, decision: str) -> None:
    """A form without one of the two buttons decides nothing."""
    proposal = propose_low(console.importer)
    assert decide(console, proposal, decision=decision).status == 403
    assert state_of(console, proposal) == PENDING


def test_an_empty_list_says_what_to_do(console: Console) -> None:
    """With nothing to decide the page leads on; a filter that nothing fits can be cleared."""
    assert "There is nothing to decide" in text_of(console.web.get("/bulk", ANN))
    assert "Nothing fits" in text_of(console.web.get("/bulk?whose=me&kind=LEAD", ANN))


def test_stored_names_are_inert(console: Console) -> None:
    """Markup in a name is text in the list, in the labels of the boxes, and in the answer."""
    names = {"given_name": SCRIPT, "family_name": MARKUP}
    records = [contact_record(side, email="h@hostile.example", **names) for side in "ab"]
    proposal = propose(console.importer, *records)
    found, done = console.web.get("/bulk", ANN), decide(console, proposal)
    assert "&lt;script&gt;" in found.text
    assert section(done, Fate.MERGED)
    for answer in (found, done):
        assert SCRIPT not in answer.text
        assert "<img" not in answer.text


def test_rows_lead_to_the_same_list(console: Console) -> None:
    """Whoever opens one from here and decides it goes on in this list."""
    propose_low(console.importer)
    found = console.web.get("/bulk?whose=me&kind=CONTACT", ANN)
    [url] = re.findall(r'<a href="([^"]+)" data-row-link>', found.text)
    assert parse_qs(urlsplit(unescape(url)).query) == {"queue": ["whose=me&kind=CONTACT"]}


@pytest.mark.proof
def test_five_hundred_are_shown_and_decided_at_once(console: Console) -> None:
    """Of 501 the page says that it shows the first 500; all of those are decided by one form."""
    client = console.importer
    numbers = range(501)
    records = [
        contact_record(f"{side}-{number}", given_name=f"Jo {number}", email=f"jo{number}@sorg.example")
        for number in numbers
        for side in "ab"
    ]
    for _ in client.ingest(records):
        pass
    for number in numbers:
        names = [f"sources/crm/records/{side}-{number}" for side in "ab"]
        client.merge_proposals.CreateMergeProposal(
            CreateMergeProposalRequest(merge_proposal=MergeProposal(golden_records=names))
        )
    found = console.web.get("/bulk", ANN)
    assert "These are the first 500 of 501" in text_of(found)
    ticked = boxes(found)
    assert len(ticked) == 500
    form = {
        "queue": "whose=me",
        "request_id": str(uuid4()),
        "decision": "reject",
        "chosen": list(ticked),
    }
    assert "You rejected 500 proposals" in text_of(console.web.post("/bulk/decide", form, ANN))
    assert len(boxes(console.web.get("/bulk", ANN))) == 1

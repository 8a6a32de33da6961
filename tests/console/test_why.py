"""Why two records were merged, or why they were not, and proposing that they be."""

from urllib.parse import urlencode
from uuid import uuid4

import pytest

from dedup_service.console.views import addresses
from dedup_service.console.views.mentions import linked
from dedup_service.console.views.subjects import EMPTY, OTHER, UNREADABLE, subject_of
from dedup_service.console.views.togetherness import earlier_golden, joined_both, meeting, parting
from dedup_service.v1.core_pb2 import GoldenImage
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.merge_proposal_service_pb2 import (
    ListMergeProposalsRequest,
    RejectMergeProposalRequest,
    WithdrawMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import BeforeImage, Merge, MergedGoldenRecord
from dedup_service.v1.record_service_pb2 import DeleteRecordRequest
from tests.console.after_decisions import (
    ANN,
    LEFT,
    RIGHT,
    golden_of,
    hrefs,
    merge_into,
    merge_low,
    text_of,
    undo,
    value_of,
)
from tests.console.scenes import account_record, contact_record, propose_low, propose_vetoed
from tests.console.served_console import Answer, Console


def why(console: Console, left: str, right: str) -> Answer:
    return console.web.get(f"/why?{urlencode({'left': left, 'right': right})}", ANN)


def answer(console: Console, left: str, right: str) -> str:
    """The sentence that comes first."""
    page = why(console, left, right)
    start = page.text.index('<p class="answer-says">')
    return text_of(
        Answer(page.status, page.headers, "<main>" + page.text[start : page.text.index("</p>", start)])
    )


def ingest_strangers(console: Console) -> tuple[str, str]:
    """Two contacts who have nothing in common."""
    one = contact_record("stranger-1", given_name="Jan", family_name="Jansen", email="jan@jansen.example")
    other = contact_record("stranger-2", given_name="Mina", family_name="Okoro", email="mina@okoro.example")
    (done,) = console.importer.ingest([one, other])
    assert done.answer.written_count == 2
    return one.name, other.name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("crm/4711", "sources/crm/records/4711"),
        ("  sources/crm/records/C-17 ", "sources/crm/records/C-17"),
        ("goldenRecords/7f3a", "goldenRecords/7f3a"),
        ("0" * 32, f"goldenRecords/{'0' * 32}"),
        ("/golden-records/7f3a?at=2026-11-01#versions", "goldenRecords/7f3a"),
        ("https://desk.example:8080/records/crm/a%2Bb?x=1", "sources/crm/records/a+b"),
    ],
)
def test_a_name_a_short_name_and_an_address_mean_the_same(text: str, name: str) -> None:
    """However somebody names it, it is found."""
    assert subject_of(text).name == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", EMPTY),
        ("Ada Lovelace", UNREADABLE),
        ("crm/", UNREADABLE),
        ("http://[", UNREADABLE),
        ("/records/crm/a%2Fb", UNREADABLE),
        ("merges/7f3a", OTHER),
        ("/proposals/7f3a", OTHER),
    ],
)
def test_what_names_no_record_says_what_to_write(text: str, problem: str) -> None:
    """Nothing, words, half a name, and names of other things each have their sentence."""
    assert (subject_of(text).name, subject_of(text).problem) == ("", problem)


def test_names_in_sentences_of_the_service_are_links_and_all_else_is_inert() -> None:
    """The full stop after a record's name is not part of it."""
    html = linked("<b>undo merges/7f first; sources/crm/records/C-1.")
    assert 'href="/merges/7f"' in html
    assert 'href="/records/crm/C-1"' in html
    assert "&lt;b&gt;" in html


def merge_message() -> Merge:
    """r1 and r2 of a, and r3 of b, all into b."""
    return Merge(
        survivor="goldenRecords/b",
        merged_golden_records=[MergedGoldenRecord(golden_record="goldenRecords/a", records=["r1", "r2"])],
        before=[
            BeforeImage(image=GoldenImage(name="goldenRecords/a", members=["r1", "r2"])),
            BeforeImage(image=GoldenImage(name="goldenRecords/b", members=["r3"])),
        ],
    )


def test_a_merge_joined_those_who_came_from_different_golden_records_alone() -> None:
    """Two that had been one before were joined earlier; one that came since was not joined by it."""
    assert joined_both(merge_message(), ["r1"], ["r3"])
    assert not joined_both(merge_message(), ["r1"], ["r2"])
    assert not joined_both(merge_message(), ["r1"], ["r4"])
    assert earlier_golden(merge_message(), "r1", "r2") == "goldenRecords/a"
    assert not earlier_golden(merge_message(), "r1", "r3")


def test_redirect_chains_meet_where_the_first_name_is_in_both() -> None:
    """With the names just before, which a merge there has merged away."""
    assert meeting(["a", "c", "d"], ["b", "c", "d"]) == ("c", ["a", "b"])
    assert meeting(["a", "c"], ["c"]) == ("c", ["a"])
    assert meeting(["a"], ["b"]) == ("", [])


def test_only_a_link_with_one_on_each_side_parts_them() -> None:
    """Whichever side is left; a link to a third is none of theirs."""
    between = Distinction(name="distinctions/1", left=["r2"], right=["r1"])
    elsewhere = Distinction(name="distinctions/2", left=["r1"], right=["r9"])
    assert parting([between, elsewhere, between], ["r1"], ["r2"]) == (between,)


def test_merged_records_are_told_their_merge_and_its_votes(console: Console) -> None:
    """The answer names who merged them; the reasons hold the vote, and the way to undo it is there."""
    merge = merge_low(console)
    assert "They are one golden record" in answer(console, LEFT, RIGHT)
    page = why(console, "crm/low-1-a", "crm/low-1-b")
    assert "Ann Abel for Sales: Approved" in text_of(page)
    assert {addresses.of(merge.name), f"{addresses.of(merge.name)}/undo"} <= hrefs(page)


def test_a_merge_below_a_later_one_is_the_one_that_is_named(console: Console) -> None:
    """Also when the golden record in which they were joined was itself merged away."""
    first = merge_low(console)
    second = merge_into(console, LEFT, "low-1-c", survives=False)
    assert addresses.of(first.name) in hrefs(why(console, LEFT, RIGHT))
    assert addresses.of(second.name) in hrefs(why(console, LEFT, "crm/low-1-c"))
    assert addresses.of(second.name) not in hrefs(why(console, LEFT, RIGHT))


def test_golden_records_by_their_old_names_are_told_their_merge(console: Console) -> None:
    """A name that redirects and the one that it leads to were joined by the merge that made it so."""
    merge = merge_low(console)
    away = merge.merged_golden_records[0].golden_record
    assert "since the merge of" in answer(console, away, merge.survivor)


def test_an_undone_merge_is_the_reason_with_its_own_reason(console: Console) -> None:
    """Who undid it and why stand there before what the model says."""
    undo(console, merge_low(console), reason="father and daughter")
    assert "undid it" in answer(console, LEFT, RIGHT)
    assert "father and daughter" in text_of(why(console, LEFT, RIGHT))


def test_a_not_a_match_link_is_the_reason_and_leads_to_where_it_is_taken_back(console: Console) -> None:
    """Somebody said so: that comes before every score."""
    one, other = ingest_strangers(console)
    console.acting_as(ANN).distinctions.CreateDistinction(
        CreateDistinctionRequest(
            distinction=Distinction(left=[one], right=[other], reason="met them both"),
            request_id=str(uuid4()),
        )
    )
    assert "they are not the same" in answer(console, one, other)
    page = why(console, other, one)
    assert "met them both" in text_of(page)
    assert "NOT_A_MATCH" in text_of(page)


def test_an_open_proposal_is_named_with_whom_it_waits_for(console: Console) -> None:
    """And the next step is to go there."""
    proposal = propose_low(console.importer)
    assert "is open and waits for Sales" in answer(console, LEFT, RIGHT)
    assert addresses.of(proposal.name) in hrefs(why(console, LEFT, RIGHT))


def test_rejected_and_withdrawn_proposals_are_told_apart(console: Console) -> None:
    """Each with its comment."""
    rejected, withdrawn = propose_low(console.importer, 1), propose_low(console.importer, 2)
    console.acting_as(ANN).merge_proposals.RejectMergeProposal(
        RejectMergeProposalRequest(name=rejected.name, etag=rejected.etag, comment="two sisters")
    )
    console.importer.merge_proposals.WithdrawMergeProposal(
        WithdrawMergeProposalRequest(name=withdrawn.name, etag=withdrawn.etag)
    )
    assert "was rejected" in answer(console, LEFT, RIGHT)
    assert "two sisters" in text_of(why(console, LEFT, RIGHT))
    assert "was taken back" in answer(console, "crm/low-2-a", "crm/low-2-b")


def test_kinds_that_do_not_go_together_are_refused_with_the_reason(console: Console) -> None:
    """A contact and a company's account: there is nothing to propose."""
    one, _ = ingest_strangers(console)
    (done,) = console.importer.ingest([account_record("A-1")])
    assert done.answer.written_count == 1
    assert "cannot be merged, whatever they look like: a contact" in answer(console, one, "crm/A-1")
    assert not [url for url in hrefs(why(console, one, "crm/A-1")) if url.startswith("/propose")]


def test_strangers_nobody_decided_about_are_told_the_score_and_the_keys(console: Console) -> None:
    """The weight in bits, the comparisons, and that no search would find one for the other."""
    page = why(console, *ingest_strangers(console))
    text = text_of(page)
    assert "too unlike to be proposed" in text
    assert "They share no blocking key" in text
    assert "Before comparing" in text


def test_a_vetoed_pair_shows_the_rule(console: Console) -> None:
    """A proposal that a rule stops is open, and what stops it stands there."""
    propose_vetoed(console.importer)
    text = text_of(why(console, "crm/vetoed-a", "crm/vetoed-b"))
    assert "father and son" in text


def test_a_deleted_record_is_not_compared_and_the_page_says_so(console: Console) -> None:
    """It matches nobody; the rest of the page stands."""
    one, other = ingest_strangers(console)
    console.importer.records.DeleteRecord(DeleteRecordRequest(name=other))
    page = why(console, one, other)
    assert page.status == 200
    assert "deleted or erased matches nobody" in text_of(page)


def test_a_record_and_its_own_golden_record_are_one_without_a_merge(console: Console) -> None:
    """And a record compared with itself is told so."""
    one, _ = ingest_strangers(console)
    golden = golden_of(console.importer, one).name
    assert "no merge made them so" in answer(console, one, golden)
    assert "one and the same" in answer(console, one, one)


def test_each_field_says_what_is_wrong_with_it(console: Console) -> None:
    """What cannot be read and what is not there, each at its own field."""
    page = why(console, "Ada Lovelace", "crm/nobody")
    assert "That names no record" in text_of(page)
    assert "There is no sources/crm/records/nobody" in text_of(page)
    assert page.text.count('aria-invalid="true"') == 2


def test_proposing_shows_first_and_stores_nothing(console: Console) -> None:
    """The preview says who would decide; there is no proposal before the form is sent."""
    one, other = ingest_strangers(console)
    page = console.web.get(f"/propose?{urlencode([('golden_record', one), ('golden_record', other)])}", ANN)
    assert "Who would decide" in text_of(page)
    assert not console.importer.merge_proposals.ListMergeProposals(
        ListMergeProposalsRequest()
    ).merge_proposals


def test_sending_it_twice_makes_one_proposal_and_leads_to_it(console: Console) -> None:
    """With the comment, and the visitor as its proposer."""
    one, other = ingest_strangers(console)
    page = console.web.get(f"/propose?{urlencode([('golden_record', one), ('golden_record', other)])}", ANN)
    fields = {
        "golden_record": [one, other],
        "comment": "she married",
        "request_id": value_of(page, "request_id"),
    }
    answers = [console.web.post("/propose", fields, ANN) for _ in range(2)]
    (made,) = console.importer.merge_proposals.ListMergeProposals(ListMergeProposalsRequest()).merge_proposals
    assert [each.location for each in answers] == [addresses.of(made.name)] * 2
    assert (made.proposer, made.comment) == (ANN, "she married")


def test_what_cannot_be_proposed_says_why_and_where_it_is(console: Console) -> None:
    """An open proposal of the same is linked instead."""
    proposal = propose_low(console.importer)
    page = console.web.get(f"/propose?{urlencode([('golden_record', LEFT), ('golden_record', RIGHT)])}", ANN)
    assert "This cannot be proposed" in text_of(page)
    assert addresses.of(proposal.name) in hrefs(page)

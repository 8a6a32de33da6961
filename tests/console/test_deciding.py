"""What happens when somebody decides: one effect, the next proposal, and a sentence of what was done."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from google.type.money_pb2 import Money

from dedup_service.console.said import Said, SaidCookies
from dedup_service.console.security.cookies import Cookies
from dedup_service.console.views import addresses
from dedup_service.console.views.deciding import names_to_type
from dedup_service.v1.core_pb2 import Fact
from dedup_service.v1.distinction_service_pb2 import ListDistinctionsRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    UpdateMergeProposalRequest,
)
from dedup_service.v1.merge_service_pb2 import ListMergesRequest
from dedup_service.v1.voting_pb2 import VoteDecision
from tests.console.scenes import (
    contact_record,
    proposal_now,
    propose,
    propose_cluster,
    propose_high,
    propose_low,
)
from tests.console.served_console import SECRET, Answer, Console

ANN = "users/ann"
BEN = "users/ben"
QUEUE = "whose=me"
PENDING = MergeProposalState.MERGE_PROPOSAL_STATE_PENDING
EXECUTED = MergeProposalState.MERGE_PROPOSAL_STATE_EXECUTED
REJECTED = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED


def decide(console: Console, proposal: MergeProposal, verb: str, as_: str = ANN, **fields: str) -> Answer:
    """Send the form of a proposal as somebody who has just opened it."""
    form: Mapping[str, str] = {
        "etag": proposal.etag,
        "request_id": str(uuid4()),
        "queue": QUEUE,
        **fields,
    }
    return console.web.post(f"{addresses.of(proposal.name)}/{verb}", form, as_)


def said(answer: Answer) -> Said:
    """What the next page will say."""
    found = SaidCookies(SECRET, Cookies(over_tls=False)).opened(answer.cookies["dedup_said"])
    assert found is not None
    return found


def typed(proposal: MergeProposal) -> dict[str, str]:
    """The fields of somebody who types what they are shown."""
    return {name.field: name.text for name in names_to_type(proposal)}


def test_an_approval_that_completes_it_merges(console: Console) -> None:
    """The button said "approve and merge": both happen, and undo is offered."""
    proposal = propose_low(console.importer)
    answer = decide(console, proposal, "approve", then="merge", comment="same phone")
    now = proposal_now(console.importer, proposal.name)
    assert (answer.status, now.state) == (303, EXECUTED)
    assert now.votes[0].comment == "same phone"
    told = said(answer)
    assert (told.action, told.url) == ("Undo", f"{addresses.of(now.merge)}/undo")
    assert "Ada" in told.text


def test_an_approval_leads_to_the_next_one(console: Console) -> None:
    """The next proposal of the same list, and after the last one the list itself."""
    first, second = propose_low(console.importer, 1), propose_low(console.importer, 2)
    queue = "whose=me&kind=CONTACT&order=age"
    onward = decide(console, first, "approve", then="merge", queue=queue).location
    assert urlsplit(onward).path == addresses.of(second.name)
    assert parse_qs(urlsplit(onward).query) == {"queue": [queue]}
    assert decide(console, second, "approve", then="merge", queue=queue).location == f"/inbox?{queue}"


def test_without_a_list_one_stays(console: Console) -> None:
    """Who came from elsewhere comes back to the proposal that they decided."""
    proposal = propose_low(console.importer)
    form = {"etag": proposal.etag, "request_id": str(uuid4())}
    answer = console.web.post(f"{addresses.of(proposal.name)}/reject", form, ANN)
    assert answer.location == addresses.of(proposal.name)


def test_a_double_click_is_one_effect(console: Console) -> None:
    """The same form twice: one vote, one merge, and the same answer."""
    proposal = propose_low(console.importer)
    same = {"then": "merge", "request_id": str(uuid4())}
    answers = [decide(console, proposal, "approve", **same) for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert said(answers[0]).url == said(answers[1]).url
    assert len(proposal_now(console.importer, proposal.name).votes) == 1
    assert len(console.importer.merges.ListMerges(ListMergesRequest()).merges) == 1


def test_a_double_click_on_a_weighty_one_is_one_effect(console: Console) -> None:
    """After the merge the names are others: whoever had typed the right ones is not asked again."""
    proposal = propose_high(console.importer)
    assert decide(console, proposal, "approve", **typed(proposal)).status == 303
    same = {"then": "merge", "request_id": str(uuid4()), **typed(proposal)}
    answers = [decide(console, proposal, "approve", as_="users/frida", **same) for _ in range(2)]
    assert [answer.status for answer in answers] == [303, 303]
    assert said(answers[0]).url == said(answers[1]).url
    assert proposal_now(console.importer, proposal.name).state == EXECUTED


def test_going_back_and_deciding_otherwise_is_another_decision(console: Console) -> None:
    """The page of before has the request id of before; what is said with it is not taken for a repetition."""
    proposal = propose_high(console.importer)
    same = {"request_id": str(uuid4())}
    assert decide(console, proposal, "reject", comment="two plants", **same).status == 303
    assert decide(console, proposal, "approve", **same, **typed(proposal)).status == 303
    votes = proposal_now(console.importer, proposal.name).votes
    assert [vote.decision for vote in votes] == [
        VoteDecision.VOTE_DECISION_REJECT,
        VoteDecision.VOTE_DECISION_APPROVE,
    ]


def test_an_approval_alone_does_not_merge(console: Console) -> None:
    """A button that only said "approve" only approves, and the next page says that it can be merged."""
    proposal = propose_low(console.importer)
    answer = decide(console, proposal, "approve")
    now = proposal_now(console.importer, proposal.name)
    assert now.state == MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED
    assert "it can be merged" in said(answer).text
    assert decide(console, now, "merge").status == 303
    assert proposal_now(console.importer, proposal.name).state == EXECUTED


def test_a_vote_that_others_must_join_says_for_whom_it_waits(console: Console) -> None:
    """Finance comes last: the merge did not happen, and the vote can be changed."""
    proposal = propose_high(console.importer)
    answer = decide(console, proposal, "approve", then="merge", **typed(proposal))
    assert proposal_now(console.importer, proposal.name).state == PENDING
    told = said(answer)
    assert "It still waits for Finance" in told.text
    assert told.action == "Change my vote"
    assert told.url.startswith(addresses.of(proposal.name))


def test_a_high_merge_asks_for_both_names(console: Console) -> None:
    """A wrong name comes back with what was typed, and nothing was decided."""
    proposal = propose_high(console.importer)
    wrong = {**typed(proposal), "typed_right": "Halden <b>"}
    answer = decide(console, proposal, "approve", comment="the same VAT notice", **wrong)
    assert answer.status == 422
    assert "Halden &lt;b&gt;" in answer.text
    assert "the same VAT notice" in answer.text
    assert answer.text.count('aria-invalid="true"') == 1
    assert not proposal_now(console.importer, proposal.name).votes


def test_a_rejection_needs_no_names(console: Console) -> None:
    """Nothing is lost by a refusal, so nothing is asked."""
    proposal = propose_high(console.importer)
    assert decide(console, proposal, "reject", comment="two plants").status == 303
    [vote] = proposal_now(console.importer, proposal.name).votes
    assert (vote.decision, vote.comment) == (VoteDecision.VOTE_DECISION_REJECT, "two plants")


def test_no_duplicate_is_remembered(console: Console) -> None:
    """It is rejected, and a not-a-match link stands between the two."""
    proposal = propose_low(console.importer)
    answer = decide(console, proposal, "not-a-duplicate", comment="father and son")
    assert proposal_now(console.importer, proposal.name).state == REJECTED
    [link] = console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions
    assert (link.creator, link.reason) == (ANN, "father and son")
    assert {*link.left, *link.right} == {f"sources/crm/records/low-1-{each}" for each in "ab"}
    assert "It is noted that they are different" in said(answer).text


def test_of_several_only_the_weakest_link_is_parted(console: Console) -> None:
    """Four records are no duplicates: of the two in doubt that is noted, of the others nothing is claimed."""
    proposal = propose_cluster(console.importer)
    ends = {proposal.weakest_link.left, proposal.weakest_link.right}
    # The survivor is neither of the two, so that they are not simply the first.
    others = [name for name in proposal.golden_records if name not in ends]
    proposal = console.acting_as(ANN).merge_proposals.UpdateMergeProposal(
        UpdateMergeProposalRequest(
            merge_proposal=MergeProposal(name=proposal.name, etag=proposal.etag, survivor=others[0])
        )
    )
    assert decide(console, proposal, "not-a-duplicate").status == 303
    [link] = console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions
    members = {m.golden_record: [r.record for r in m.records] for m in proposal.plan.members}
    assert sorted([*link.left, *link.right]) == sorted(r for end in ends for r in members[end])


def test_a_rejection_stands_where_the_link_may_not_be_made(console: Console) -> None:
    """Marketing votes on every weighty contact, but parts only what it has a stake in: the page says so."""
    pipeline = Fact(name="open_pipeline", amount=Money(currency_code="EUR", units=300_000))
    records = [contact_record(each) for each in ("weighty-a", "weighty-b")]
    records[0].facts.append(pipeline)
    proposal = propose(console.importer, *records)
    answer = decide(console, proposal, "not-a-duplicate", as_="users/maya")
    [vote] = proposal_now(console.importer, proposal.name).votes
    assert (vote.principal, vote.decision) == ("users/maya", VoteDecision.VOTE_DECISION_REJECT)
    told = said(answer)
    assert not told.is_good
    assert "holds no function with a stake" in told.text
    assert not console.importer.distinctions.ListDistinctions(ListDistinctionsRequest()).distinctions


def test_a_plan_that_changed_is_not_decided(console: Console) -> None:
    """The page says what changed, that nothing was decided, and leads back to look again."""
    proposal = propose_low(console.importer)
    other = next(name for name in proposal.golden_records if name != proposal.survivor)
    changed = MergeProposal(name=proposal.name, etag=proposal.etag, survivor=other)
    console.acting_as(BEN).merge_proposals.UpdateMergeProposal(
        UpdateMergeProposalRequest(merge_proposal=changed)
    )
    answer = decide(console, proposal, "approve", then="merge")
    assert answer.status == 409
    assert "Nothing was decided" in answer.text
    assert "survivor" in answer.text
    assert re.search(rf'href="{addresses.of(proposal.name)}\?queue=', answer.text)
    assert not proposal_now(console.importer, proposal.name).votes


def test_whoever_comes_second_is_told(console: Console) -> None:
    """Two look at the same proposal: the second learns that it is over, and that nothing more was done."""
    proposal = propose_low(console.importer)
    assert decide(console, proposal, "approve", then="merge").status == 303
    answer = decide(console, proposal, "reject", as_=BEN)
    assert answer.status == 409
    assert "Nothing was decided: it is over already" in answer.text
    assert len(proposal_now(console.importer, proposal.name).votes) == 1


def test_whoever_has_no_say_is_told_why(console: Console) -> None:
    """Somebody of another function gets the reason of the service, and no vote."""
    proposal = propose_low(console.importer)
    answer = decide(console, proposal, "approve", as_="users/paula")
    assert answer.status == 403
    assert "has no say in this" in answer.text
    assert not proposal_now(console.importer, proposal.name).votes


def test_a_proposal_is_taken_back(console: Console) -> None:
    """By who made it."""
    records = [contact_record(each, email="x@y.example") for each in ("w-1", "w-2")]
    proposal = propose(console.acting_as(ANN), *records)
    answer = decide(console, proposal, "withdraw", comment="too early")
    assert answer.status == 303
    assert "You took" in said(answer).text
    now = proposal_now(console.importer, proposal.name)
    assert now.state == MergeProposalState.MERGE_PROPOSAL_STATE_WITHDRAWN
    assert now.closing_comment == "too early"


def test_skipping_says_nothing_about_it(console: Console) -> None:
    """Skip leads to the next one, and at the end to the list with a sentence."""
    first, second = propose_low(console.importer, 1), propose_low(console.importer, 2)
    to = console.web.get(f"{addresses.of(first.name)}/next?queue=whose%3Dme%26order%3Dage", ANN).location
    assert urlsplit(to).path == addresses.of(second.name)
    last = console.web.get(f"{addresses.of(second.name)}/next?queue=whose%3Dme%26order%3Dage", ANN)
    assert last.location == "/inbox?whose=me&order=age"
    assert "last one" in said(last).text
    assert not proposal_now(console.importer, first.name).votes


def test_a_changed_vote_is_the_one_that_counts(console: Console) -> None:
    """Who approved may reject afterwards, from the page that the answer links to."""
    proposal = propose_high(console.importer)
    console.acting_as(ANN).merge_proposals.ApproveMergeProposal(
        ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
    )
    assert decide(console, proposal, "reject").status == 303
    votes = proposal_now(console.importer, proposal.name).votes
    assert [vote.counts for vote in votes] == [False, True]


@pytest.mark.parametrize("verb", ["approve", "reject", "not-a-duplicate", "withdraw", "merge"])
def test_nothing_is_decided_without_the_token(console: Console, verb: str) -> None:
    """A form from elsewhere, or of another session, decides nothing."""
    proposal = propose_low(console.importer)
    form = {"etag": proposal.etag, "request_id": str(uuid4()), "then": "merge"}
    answer = console.web.post(f"{addresses.of(proposal.name)}/{verb}", form, ANN, with_token=False)
    assert answer.status == 403
    assert proposal_now(console.importer, proposal.name).state == PENDING

"""Proposals from first to last: who may do what, and what voids a vote and says why (domain 7)."""

from dataclasses import replace

import pytest

from dedup_service.domain.errors import (
    ApprovalsMissing,
    DedupError,
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
    Vetoed,
)
from dedup_service.domain.plan import ProposalType
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Fact
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.proposing import ProposalDraft
from tests.canonical_dump import full_dump
from tests.merge_desk import (
    POLICY,
    Office,
    account,
    contact,
    key,
    lead,
    mastered,
    principal,
    request,
)
from tests.workflows.changed_proposals import changed, pair


async def withdrawn(office: Office, proposal: Proposal, by: str) -> Proposal:
    return await office.desk.proposing.withdraw(
        request("WithdrawMergeProposal"), proposal.proposal_id, proposal.etag, principal(by), "a mistake"
    )


async def test_a_proposal_says_who_must_approve_and_why(office: Office) -> None:
    """A new proposal is PENDING, with stakes, impact, ballot, voices and what is missing (7.1)."""
    one, other = await pair(office)
    proposal = await office.propose(one, other)
    assert (proposal.state, proposal.plan.type) == (ProposalState.PENDING, ProposalType.MERGE)
    assert proposal.decision is not None
    assert [stake.function for stake in proposal.decision.stakes] == ["sales", "support"]
    assert proposal.decision.ballot.reason == "LOW impact: one person with a stake approves, not the proposer"
    assert [voice.why for voice in proposal.decision.voices] == ["held by source crm", "held by source desk"]
    said = {missing.sentence for missing in proposal.decision.missing}
    assert said == {f"1 more approval of sales or support ({proposal.decision.ballot.reason})"}
    assert proposal.missing_functions == ("sales", "support")
    assert await office.proposal(proposal) == proposal


async def test_a_preview_shows_what_would_happen_and_stores_nothing(office: Office) -> None:
    """`validate_only` answers the proposal and leaves no trace; the reading shows winners and losers."""
    one, other = await pair(office)
    before = await full_dump(office.store, POLICY)
    draft = ProposalDraft((one, other))
    who = principal("ann")
    await office.desk.proposing.create(request("CreateMergeProposal"), draft, who, validate_only=True)
    assert await full_dump(office.store, POLICY) == before
    proposal = await office.propose(one, other, survivor_id=one)
    _, preview = await office.desk.readings.proposal(proposal.proposal_id)
    assert preview is not None
    lost = {loser.value for loser in preview.losing}
    assert {preview.values["email"].value} | lost == {"a@example.com", "desk.b@example.com"}
    assert preview.redirects == (f"goldenRecords/{other}",)


async def test_records_may_be_proposed_by_name(office: Office) -> None:
    """A proposal names golden records or records; unknown ones are named in the refusal."""
    one, other = await pair(office)
    proposal = await office.propose(one, records=(key("desk/b"),))
    assert set(proposal.plan.golden_ids) == {one, other}
    with pytest.raises(NotFound, match="stranger"):
        await office.propose(one, records=(key("stranger"),))
    with pytest.raises(NotFound, match="strange-id"):
        await office.propose(one, "strange-id")
    with pytest.raises(InvalidInput, match="2 to 50"):
        await office.propose(one, records=(key("a"),))


async def test_the_same_members_are_proposed_once(office: Office) -> None:
    """While a proposal is open, the same golden records cannot be proposed again, and it is named."""
    one, other = await pair(office)
    proposal = await office.propose(one, other)
    with pytest.raises(StateNotAllowed, match=proposal.proposal_id):
        await office.propose(other, one)
    await withdrawn(office, proposal, "services/matcher")
    assert (await office.propose(other, one)).state is ProposalState.PENDING


async def test_a_company_and_its_contact_do_not_merge(office: Office) -> None:
    """Kinds that do not go together are refused at the door (8.5)."""
    one, other = await office.put(contact("a"), account("b"))
    with pytest.raises(InvalidInput, match="person account"):
        await office.propose(one, other)


async def test_approve_and_execute(office: Office) -> None:
    """Enough votes make a proposal APPROVED, execution makes it EXECUTED, and then nothing more goes."""
    one, other = await pair(office)
    proposal = await office.propose(one, other)
    with pytest.raises(ApprovalsMissing) as missing:
        await office.execute(proposal)
    assert [function for function, _ in missing.value.missing] == ["sales", "support"]
    approved = await office.vote(proposal, "carla", comment="same person")
    assert approved.state is ProposalState.APPROVED
    merge = await office.execute(approved, by="services/matcher")
    executed = await office.proposal(proposal)
    assert (executed.state, executed.merge_id) == (ProposalState.EXECUTED, merge.merge_id)
    assert [v.comment for v in executed.votes] == ["same person"]
    for attempt in (office.execute(approved), office.vote(approved, "ann"), changed(office, approved)):
        with pytest.raises(StateNotAllowed):
            await attempt


async def test_a_rejection_closes_the_proposal(office: Office) -> None:
    """One rejection by somebody with a stake is final."""
    one, other = await pair(office)
    proposal = await office.vote(await office.propose(one, other), "ann", VoteDecision.REJECT)
    assert proposal.state is ProposalState.REJECTED
    for attempt in (office.vote(proposal, "carla"), office.execute(proposal)):
        with pytest.raises(StateNotAllowed):
            await attempt


async def test_only_its_proposer_withdraws_a_proposal(office: Office) -> None:
    """Others reject; the proposer takes back."""
    one, other = await pair(office)
    proposal = await office.propose(one, other, by="ann")
    with pytest.raises(PermissionRefused):
        await withdrawn(office, proposal, "carla")
    closed = await withdrawn(office, proposal, "ann")
    assert (closed.state, closed.closing_comment) == (ProposalState.WITHDRAWN, "a mistake")


@pytest.mark.parametrize(
    ("voter", "reason"),
    [
        ("ann", Reason.SELF_APPROVAL),
        ("services/matcher", Reason.NOT_AN_APPROVER),
        ("mia", Reason.MISSING_ROLE),
    ],
)
async def test_a_vote_that_would_not_count_is_refused(office: Office, voter: str, reason: Reason) -> None:
    """The proposer, a service account and a function without a stake are told so, and nothing is kept."""
    one, other = await pair(office)
    proposal = await office.propose(one, other, by="ann")
    with pytest.raises(PermissionRefused) as refused:
        await office.vote(proposal, voter)
    assert refused.value.reason is reason
    assert (await office.proposal(proposal)).votes == ()


async def test_every_decision_needs_the_etag(office: Office) -> None:
    """Voting, executing and changing without an etag is refused."""
    one, other = await pair(office)
    another = await office.propose(*await office.put(contact("x"), contact("y")))
    blind = replace(await office.propose(one, other), plan=another.plan)
    for attempt in (office.vote(blind, "ann"), office.execute(blind), changed(office, blind)):
        with pytest.raises(EtagMismatch):
            await attempt
    who = principal("ann")
    with pytest.raises(InvalidInput, match="etag"):
        await office.desk.deciding.execute(request("ExecuteMergeProposal"), blind.proposal_id, "", who)


async def test_a_veto_stops_an_approved_merge(office: Office) -> None:
    """A survivor that dies, and a provisional one over a mastered, are vetoed whatever the votes."""
    one, other = await office.put(lead("a"), lead("b"))
    await office.put(replace(lead("a"), facts=(Fact("disqualified_reason", text="a test"),)))
    proposal = await office.approved(one, other, survivor_id=one, voters=("mia",))
    assert proposal.state is ProposalState.APPROVED
    dead = replace(lead("a"), values={"company_name": "nobody"})
    await office.put(dead)
    proposal = await office.vote(await office.proposal(proposal), "mia")
    assert proposal.state is ProposalState.PENDING
    with pytest.raises(Vetoed, match="DEAD"):
        await office.execute(proposal)
    ids = await office.put(account("p"), mastered("m"))
    vetoed = await office.approved(*ids, survivor_id=ids[0], voters=("fiona",))
    with pytest.raises(Vetoed, match="provisional"):
        await office.execute(vetoed)


@pytest.mark.parametrize(
    ("number", "refusal", "why"),
    [("C-1", ApprovalsMissing, "customer master"), ("C-2", Vetoed, "different customer numbers")],
)
async def test_two_mastered_accounts_are_not_merged_without_finance(
    office: Office, number: str, refusal: type[DedupError], why: str
) -> None:
    """Without finance all others together do not merge mastered accounts, of one number or two (C-2)."""
    one, other = await office.put(mastered("1"), mastered("2", customer_number=number))
    await office.put(replace(account("crm/s"), facts=(Fact("open_cases", count=1),)))
    proposal = await office.propose(one, other, records=(key("crm/s"),), survivor_id=one)
    for voter in ("ann", "ben", "carla", "dev"):
        proposal = await office.vote(proposal, voter)
    assert proposal.missing_functions == ("finance",)
    with pytest.raises(refusal, match=why):
        await office.execute(proposal)
    assert await office.execute(await office.vote(proposal, "fiona"))


@pytest.mark.parametrize("hidden", ["number", "record"])
async def test_a_customer_number_hidden_for_a_moment_spares_nobody_finance(
    office: Office, hidden: str
) -> None:
    """Taking the numbers away, or deleting the master's records, does not make finance optional."""
    one, other = await office.put(mastered("1"), mastered("2"))
    for golden_id, number in ((one, "1"), (other, "2")):
        await office.put(account(f"crm/{number}"))
        joined = await office.propose(golden_id, records=(key(f"crm/{number}"),))
        for voter in ("ann", "fiona"):
            joined = await office.vote(joined, voter)
        await office.execute(joined)
        if hidden == "number":
            await office.write(replace(mastered(number), values={"company_name": "Company"}))
        else:
            await office.delete(f"erp/{number}")
    proposal = await office.propose(one, other)
    for voter in ("ann", "ben"):
        proposal = await office.vote(proposal, voter)
    with pytest.raises(ApprovalsMissing, match="customer master"):
        await office.execute(proposal)
    assert await office.execute(await office.vote(proposal, "felix"))


@pytest.mark.parametrize("who", ["mia", "fiona", "users/nobody", "services/importer"])
async def test_who_has_no_say_changes_nothing(office: Office, who: str) -> None:
    """The plan is the business of its proposer and of those who may vote on it."""
    one, other = await pair(office)
    approved = await office.approved(one, other, survivor_id=one)
    with pytest.raises(PermissionRefused):
        await changed(office, approved, survivor=other, by=who)
    assert await office.proposal(approved) == approved
    assert (await changed(office, approved, survivor=other, by="services/matcher")).votes == approved.votes


@pytest.mark.parametrize("who", ["mia", "fiona"])
async def test_who_has_no_say_executes_nothing(office: Office, who: str) -> None:
    """Approved or not, people without a say do not carry a merge out; service accounts do."""
    approved = await office.approved(*await pair(office))
    with pytest.raises(PermissionRefused):
        await office.execute(approved, by=who)
    assert await office.execute(approved, by="services/importer")


async def test_a_vote_is_cast_for_a_function_of_the_voter(office: Office) -> None:
    """The function named is the one voted for; one that the voter does not hold is refused."""
    one, other = await pair(office)
    proposal = await office.propose(one, other)
    with pytest.raises(PermissionRefused) as refused:
        await office.vote(proposal, "ann", function="support")
    assert (refused.value.reason, refused.value.functions) == (Reason.MISSING_ROLE, ("sales", "support"))
    voted = await office.vote(proposal, "ann", function="sales")
    assert [vote.function for vote in voted.votes] == ["sales"]


async def test_unknown_proposals_are_not_found(office: Office) -> None:
    """Voting on and reading what never was is NotFound; a comment that cannot be stored is refused."""
    one, other = await pair(office)
    real = await office.propose(one, other)
    ghost = replace(real, proposal_id="ghost")
    for attempt in (office.vote(ghost, "ann"), office.execute(ghost), office.proposal(ghost)):
        with pytest.raises(NotFound):
            await attempt
    for comment in ("\x00", "x" * 2001, "\ud800"):
        with pytest.raises(InvalidInput):
            await office.vote(real, "ann", comment=comment)
    with pytest.raises(DedupError):
        await office.propose(one, other, comment="\x00")

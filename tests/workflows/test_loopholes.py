"""Ways around the rules that were once open: each stays shut."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dedup_service.company_files import policy_text
from dedup_service.domain.delegations import Delegation
from dedup_service.domain.errors import ApprovalsMissing, StateNotAllowed, StoreUnavailable
from dedup_service.domain.policy import Impact, VetoRule
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.delegating import DelegationDraft
from dedup_service.workflows.ports import Request
from tests.merge_desk import (
    DIRECTORY,
    Office,
    account,
    contact,
    key,
    mastered,
    open_office,
    principal,
    request,
)

ANN_OF_BOTH = replace(principal("ann"), functions=frozenset({"finance", "sales"}))
WITH_BOTH = Directory({**DIRECTORY.principals, ANN_OF_BOTH.name: ANN_OF_BOTH})


async def two_contacts(office: Office) -> Proposal:
    """A proposal of LOW impact that sales and support may approve."""
    return await office.propose(*await office.put(contact("a"), contact("desk/b")))


async def delegate(office: Office, function: str) -> Delegation:
    """Ann has Mia vote for a function until tomorrow."""
    draft = DelegationDraft("users/mia", (function,), None, datetime.now(UTC) + timedelta(days=1), "")
    return await office.desk.delegating.create(
        request("CreateDelegation", ANN_OF_BOTH.name), draft, ANN_OF_BOTH
    )


async def end(office: Office, delegation: Delegation) -> None:
    await office.desk.delegating.end(
        request("EndDelegation", "users/ann"), delegation.delegation_id, delegation.etag, principal("ann")
    )


async def test_an_approval_that_fell_away_is_asked_for_again(office: Office) -> None:
    """Stored as approved by a delegate whose delegation ended, it comes back to those it waits for."""
    proposal = await two_contacts(office)
    delegation = await delegate(office, "sales")
    approved = await office.vote(proposal, "mia", function="sales")
    assert approved.state is ProposalState.APPROVED
    await end(office, delegation)
    with pytest.raises(ApprovalsMissing):
        await office.execute(approved)
    asked = await office.proposal(approved)
    assert (asked.state, asked.missing_functions) == (ProposalState.PENDING, ("sales", "support"))


async def test_a_new_delegation_revives_no_vote(office: Office) -> None:
    """What was cast under a delegation that was taken back does not count under the next one."""
    proposal = await two_contacts(office)
    delegation = await delegate(office, "sales")
    voted = await office.vote(proposal, "mia", function="sales")
    await end(office, delegation)
    await delegate(office, "sales")
    with pytest.raises(ApprovalsMissing):
        await office.execute(voted)


async def test_one_person_has_one_voice_through_a_delegate_too(database_url: str, redis_url: str) -> None:
    """Who holds two functions and delegates one speaks for one of them: the later vote counts."""
    async with open_office(database_url, redis_url, directory=WITH_BOTH) as office:
        proposal = await office.propose(*await office.put(mastered("1"), mastered("2"), account("crm/q")))
        await delegate(office, "finance")
        for who, function in ((ANN_OF_BOTH, "sales"), (principal("mia"), "finance")):
            proposal = await office.desk.deciding.vote(
                request("Approve", who.name),
                proposal.proposal_id,
                proposal.etag,
                who,
                VoteDecision.APPROVE,
                "",
                function,
            )
        assert proposal.state is ProposalState.PENDING
        assert proposal.decision is not None
        assert [each.counts for each in proposal.decision.votes] == [False, True]


async def test_voting_again_stays_with_the_function(database_url: str, redis_url: str) -> None:
    """Who holds two functions and approves twice has not moved their voice to the other."""
    async with open_office(database_url, redis_url, directory=WITH_BOTH) as office:
        proposal = await office.propose(*await office.put(mastered("1"), mastered("2"), account("crm/q")))
        missing = []
        for _ in range(2):
            proposal = await office.desk.deciding.vote(
                request("Approve", ANN_OF_BOTH.name),
                proposal.proposal_id,
                proposal.etag,
                ANN_OF_BOTH,
                VoteDecision.APPROVE,
                "",
            )
            missing.append(proposal.missing_functions)
        assert missing[0] == missing[1]


async def test_a_vote_on_a_lower_impact_does_not_count(office: Office) -> None:
    """The accounts of two contacts part after the vote: the merge weighs more than the voter saw."""
    merge = await office.merge(*await office.put(account("x1"), account("x2")))
    proposal = await office.propose(
        *await office.put(replace(contact("a"), account=key("x1")), replace(contact("b"), account=key("x2")))
    )
    voted = await office.vote(proposal, "ann")
    assert (voted.impact, voted.state) == (Impact.LOW, ProposalState.APPROVED)
    await office.undo(merge)
    with pytest.raises(ApprovalsMissing):
        await office.execute(voted, by="ben")
    asked = await office.proposal(voted)
    assert asked.impact is Impact.MEDIUM
    executed = await office.execute(await office.vote(asked, "ben"), by="ben")
    stored = await office.proposal(asked)
    assert (stored.merge_id, stored.impact) == (executed.merge_id, Impact.MEDIUM)


async def test_a_hierarchy_too_deep_to_look_through_is_vetoed(office: Office) -> None:
    """What cannot be checked to its end is not approved (C-5)."""
    chain = [account("n0"), *(replace(account(f"n{i}"), parent=key(f"n{i - 1}")) for i in range(1, 70))]
    ids = await office.put(*chain)
    proposal = await office.propose(ids[0], ids[-1])
    assert proposal.decision is not None
    assert VetoRule.HIERARCHY_CYCLE in {veto.rule for veto in proposal.decision.vetoes}


async def test_no_vote_is_taken_after_the_time_is_up(office: Office, database_url: str) -> None:
    """Also when the service was down as it ended, and nobody has marked it expired yet."""
    proposal = await two_contacts(office)
    long_ago = (datetime.now(UTC) - timedelta(days=60)).isoformat().replace("+00:00", "Z")
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "update proposals set body = body || jsonb_build_object('create_time', %s::text,"
            " 'escalate_time', %s::text)",
            [long_ago, long_ago],
        )
    with pytest.raises(StateNotAllowed, match="out of time"):
        await office.vote(proposal, "ann")


async def test_answers_of_bulk_decisions_are_erased_too(office: Office, database_url: str) -> None:
    """A comment in a kept answer may speak of a record that joined the family later (E-4)."""
    a, b, x = await office.put(contact("a"), contact("desk/b"), contact("x"))
    proposal = await office.propose(a, b)
    await office.desk.batch_deciding.decide(
        Request("users/ben", "BatchDecideMergeProposals", "r1", "d"),
        [(proposal.proposal_id, proposal.etag)],
        VoteDecision.APPROVE,
        "Hildegard says so",
        principal("ben"),
    )
    await office.merge(a, x)
    await office.erase("x")
    with psycopg.connect(database_url) as connection:
        answers = connection.execute("select convert_from(answer, 'utf8') from request_answers").fetchall()
    assert not any("Hildegard" in (row[0] or "") for row in answers)


async def test_a_policy_of_a_newer_release_decides_nothing(office: Office, database_url: str) -> None:
    """A service that cannot read the rules in force says that it is unavailable."""
    await office.desk.policies.seed(policy_text(None), PolicyOrigin.SHIPPED)
    proposal = await two_contacts(office)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into policy_versions select number + 1, 'newer', 'unknown: 1', origin, author, comment,"
            " create_time, revision from policy_versions"
        )
        connection.execute("update ledger_head set rules_no = rules_no + 1")
    with pytest.raises(StoreUnavailable, match="newer"):
        await office.vote(proposal, "ann")

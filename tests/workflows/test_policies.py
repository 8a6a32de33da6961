"""A new version of the policy: who puts it in force, from which text, and what becomes of the votes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dedup_service.domain.errors import (
    ApprovalsMissing,
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    RequestIdReused,
)
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.domain.principals import Directory, PrincipalType
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.delegating import Delegating, DelegationDraft
from dedup_service.workflows.pages import Page
from tests.merge_desk import DIRECTORY, Office, contact, open_office, principal, request
from tests.workflows.policy_texts import (
    FIRST,
    POLICY_OF_OPERATIONS,
    TEXT,
    TWO_FUNCTIONS_ARE_HIGH,
    adopt,
    numbers,
    policies_of,
    put,
    seeded,
    text_of,
)


async def approved_pair(office: Office) -> tuple[str, str]:
    """The proposal id and etag of two contacts, of sales and support, whose merge is approved."""
    proposal = await office.approved(*await office.put(contact("a"), contact("desk/b")), voters=("ann",))
    assert proposal.state is ProposalState.APPROVED
    return proposal.proposal_id, proposal.etag


async def test_finance_puts_a_version_in_force(office: Office) -> None:
    """It is stored with who made it and why, decides at once, and the audit tells of it."""
    policies = await seeded(office)
    stored = await put(policies, text_of("stricter", TWO_FUNCTIONS_ARE_HIGH))
    assert stored == await policies.version() == await policies.version("stricter")
    assert (stored.number, stored.origin, stored.author) == (2, PolicyOrigin.CALL, "users/fiona")
    assert (stored.comment, stored.text) == (
        "asked for by the board",
        text_of("stricter", TWO_FUNCTIONS_ARE_HIGH),
    )
    assert office.desk.rules.policy.version == "stricter"
    entries = (await office.store.read(lambda tx: tx.list_audit(Page()))).items
    assert (entries[-1].actor, entries[-1].action) == ("users/fiona", "UpdatePolicy")
    assert (entries[-1].targets, entries[-1].revision) == (("policyVersions/stricter",), stored.revision)


async def test_a_version_that_was_never_in_force_is_not_found(office: Office) -> None:
    """By its name, and in a store that has none yet."""
    policies = policies_of(office)
    with pytest.raises(NotFound, match="policyVersions/2027"):
        await policies.version("2027")


async def test_validate_only_says_what_would_be_and_stores_nothing(office: Office) -> None:
    """The answer is the version as it would be; what is in force stays, and what is wrong is refused."""
    policies, who = await seeded(office), principal("fiona")
    call = request("UpdatePolicy", who.name)
    shown = await policies.update(call, text_of("b"), "looser", FIRST, who, validate_only=True)
    assert (shown.number, shown.version) == (2, "b")
    assert await numbers(office) == [1]
    assert office.desk.rules.policy.version == FIRST
    with pytest.raises(EtagMismatch):
        await policies.update(call, text_of("c"), "looser", "b", who, validate_only=True)


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("ann", Reason.MISSING_ROLE),
        ("omar", Reason.MISSING_ROLE),
        ("services/importer", Reason.NOT_AN_APPROVER),
    ],
)
async def test_nobody_else_puts_a_version_in_force(office: Office, by: str, reason: Reason) -> None:
    """People of other functions and service accounts are refused, with the function that could."""
    policies = await seeded(office)
    with pytest.raises(PermissionRefused, match="finance") as refused:
        await put(policies, text_of("b"), by=by)
    assert (refused.value.reason, refused.value.functions) == (reason, ("finance",))
    assert await numbers(office) == [1]


async def test_a_delegation_does_not_make_a_policy(office: Office) -> None:
    """Who holds finance by delegation votes for it and does not change the rules."""
    policies = await seeded(office)
    delegating = Delegating(office.store, office.desk.assessment, lambda: "d1")
    draft = DelegationDraft("users/ann", ("finance",), None, datetime.now(UTC) + timedelta(days=1), "")
    await delegating.create(request("CreateDelegation", "users/fiona"), draft, principal("fiona"))
    with pytest.raises(PermissionRefused, match="own role"):
        await put(policies, text_of("b"), by="ann")


@pytest.mark.parametrize("change", ["moved", "left", "made a service"])
async def test_a_role_counts_as_it_is_now(database_url: str, redis_url: str, change: str) -> None:
    """Whatever the caller's credentials said when they were made, the directory of now decides."""
    fiona = principal("fiona")
    people = {name: found for name, found in DIRECTORY.principals.items() if name != fiona.name}
    if change == "moved":
        people[fiona.name] = replace(fiona, functions=frozenset({"sales"}))
    elif change == "made a service":
        people[fiona.name] = replace(fiona, type=PrincipalType.SERVICE)
    async with open_office(database_url, redis_url, directory=Directory(people)) as office:
        policies = await seeded(office)
        with pytest.raises(PermissionRefused):
            await put(policies, text_of("b"))


async def test_the_version_in_force_says_who_makes_the_next(office: Office) -> None:
    """Finance hands the policy to operations: from then on operations change it, and finance does not."""
    policies = await seeded(office)
    await put(policies, text_of("b", POLICY_OF_OPERATIONS))
    with pytest.raises(PermissionRefused):
        await put(policies, text_of("c"), "b")
    assert (await put(policies, text_of("c", POLICY_OF_OPERATIONS), "b", by="omar")).number == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("trust: 90, customer_master: true", "trust: 90"), "sources.erp"),
        (("  erp: {function: finance, trust: 90, customer_master: true}\n", ""), "sources.erp"),
        (("master_function: finance", "master_function: operations"), "master_function"),
    ],
)
async def test_only_finance_gives_the_customer_master_away(
    office: Office, change: tuple[str, str], said: str
) -> None:
    """Who may change the policy without being finance does not take finance out of a mastered merge (C-2)."""
    policies = await seeded(office)
    await put(policies, text_of("b", POLICY_OF_OPERATIONS))
    changed = text_of("c", POLICY_OF_OPERATIONS, change)
    with pytest.raises(PermissionRefused, match=said) as refused:
        await put(policies, changed, "b", by="omar")
    assert refused.value.functions == ("finance",)
    assert await numbers(office) == [2, 1]


async def test_finance_may_move_the_customer_master(office: Office) -> None:
    """It is theirs to say which source it is."""
    policies = await seeded(office)
    changed = text_of("b", ("trust: 90, customer_master: true", "trust: 90"))
    assert (await put(policies, changed)).number == 2


async def test_an_edit_of_a_version_that_was_replaced_is_refused(office: Office) -> None:
    """The error names the version in force, from which the edit must be made again."""
    policies = await seeded(office)
    await put(policies, text_of("b"))
    with pytest.raises(EtagMismatch, match="users/fiona put version b in force") as refused:
        await put(policies, text_of("c"), FIRST)
    assert (refused.value.resource_name, refused.value.current_etag) == ("policyVersions/current", "b")


async def test_everything_wrong_with_an_update_is_said_at_once(office: Office) -> None:
    """Each problem of the text at its line, beside the missing comment and etag."""
    policies = await seeded(office)
    bad = text_of("b", ("trust: 70}", "trust: 700}"), ("final_arbiter: finance", "final_arbiter: pirates"))
    lines = [n for n, line in enumerate(bad.splitlines(), 1) if "trust: 700" in line or "pirates" in line]
    with pytest.raises(InvalidInput) as refused:
        await policies.update(request("UpdatePolicy", "users/fiona"), bad, " ", "", principal("fiona"))
    fields = [violation.field for violation in refused.value.violations]
    assert fields == [f"policy.text:{lines[0]}", f"policy.text:{lines[1]}", "policy.comment", "policy.etag"]
    assert "sources.crm.trust" in refused.value.violations[0].description


@pytest.mark.parametrize("text", ["", "version: [", "a: \x00", "a: \ud800", text_of("current")], ids=repr)
async def test_a_text_that_cannot_be_used_is_an_invalid_input(office: Office, text: str) -> None:
    """Whatever bytes it holds; `current` is the name of the version in force, whichever that is."""
    policies = await seeded(office)
    with pytest.raises(InvalidInput, match=r"policy\.text"):
        await put(policies, text)


@pytest.mark.parametrize("comment", ["a\x00b", "x" * 2001, "\ud800"], ids=["nul", "long", "surrogate"])
async def test_a_comment_that_cannot_be_stored_is_refused(office: Office, comment: str) -> None:
    """As every other comment is."""
    policies = await seeded(office)
    call = request("UpdatePolicy", "users/fiona")
    with pytest.raises(InvalidInput, match=r"policy\.comment"):
        await policies.update(call, text_of("b"), comment, FIRST, principal("fiona"))


async def test_a_name_is_given_to_one_version_only(office: Office) -> None:
    """Else votes of then would bind to the rules of now; the name is refused whatever the text says."""
    policies = await seeded(office)
    await put(policies, text_of("b"))
    with pytest.raises(InvalidInput, match=f"version {FIRST} was in force before"):
        await put(policies, TEXT, "b")
    assert await numbers(office) == [2, 1]


async def test_a_repeated_update_is_done_once(office: Office) -> None:
    """The same request id answers with the same version, even where that took the caller's right away."""
    policies = await seeded(office)
    text = text_of("b", POLICY_OF_OPERATIONS)
    first = await put(policies, text, request_id="one")
    assert await put(policies, text, request_id="one") == first
    assert await numbers(office) == [2, 1]
    with pytest.raises(RequestIdReused):
        await put(policies, text_of("c"), request_id="one")


async def test_open_proposals_are_refused_naming_the_policy_before_they_have_adopted_it(
    office: Office,
) -> None:
    """From the update on no vote and no execution on the old plan, approved or not."""
    policies = await seeded(office)
    proposal_id, etag = await approved_pair(office)
    await put(policies, text_of("b"))
    approved, _ = await office.desk.readings.proposal(proposal_id)
    approved = replace(approved, plan=replace(approved.plan, policy_version=FIRST))
    assert approved.etag == etag
    for decide in (office.vote(approved, "ben"), office.execute(approved)):
        with pytest.raises(EtagMismatch, match="the policy is now version b"):
            await decide


async def test_adoption_asks_again_and_says_why(office: Office) -> None:
    """Each open proposal is planned under the new version, its votes void with the cause; twice is once."""
    policies = await seeded(office)
    proposal_id, _ = await approved_pair(office)
    other = await office.propose(*await office.put(contact("c"), contact("desk/d")))
    closed = await office.propose(*await office.put(contact("e"), contact("desk/f")))
    await office.vote(closed, "ann", VoteDecision.REJECT)
    await put(policies, text_of("b"))
    assert await adopt(office) == 2
    assert await adopt(office) == 0
    now, _ = await office.desk.readings.proposal(proposal_id)
    assert now.state is ProposalState.PENDING
    assert now.plan.policy_version == "b"
    assert now.plan_changes[-1].differences == ("the policy is now version b",)
    assert now.plan_changes[-1].voided_votes == 1
    assert (await office.proposal(other)).plan.policy_version == "b"
    assert (await office.proposal(closed)).plan.policy_version == FIRST
    assert await office.execute(await office.vote(now, "ann"))


async def test_a_service_on_the_old_rules_commits_nothing_by_them(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Its write starts again under the version that another service has put in force."""
    policies = await seeded(office)
    proposal_id, _ = await approved_pair(office)
    async with open_office(database_url, redis_url) as second:
        await policies_of(second).seed(TEXT, PolicyOrigin.SHIPPED)
        seen, _ = await second.desk.readings.proposal(proposal_id)
        await put(policies, text_of("b", TWO_FUNCTIONS_ARE_HIGH))
        assert second.desk.rules.policy.version == FIRST
        with pytest.raises(EtagMismatch, match="the policy is now version b"):
            await second.execute(seen)
        assert second.desk.rules.policy.version == "b"


async def test_a_service_on_the_old_rules_proposes_under_the_new(
    office: Office, database_url: str, redis_url: str
) -> None:
    """What it writes next is planned and decided by the version in force, not by the one it knew."""
    policies = await seeded(office)
    ids = await office.put(contact("a"), contact("desk/b"))
    async with open_office(database_url, redis_url) as second:
        await policies_of(second).seed(TEXT, PolicyOrigin.SHIPPED)
        await put(policies, text_of("b", TWO_FUNCTIONS_ARE_HIGH))
        proposal = await second.propose(*ids)
    assert proposal.plan.policy_version == "b"
    assert proposal.impact == "HIGH"


async def test_of_two_updates_of_one_version_one_wins(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Made at once at two services from the same version, the other is told which version came before it."""
    policies = await seeded(office)
    async with open_office(database_url, redis_url) as second:
        others = policies_of(second)
        await others.seed(TEXT, PolicyOrigin.SHIPPED)
        done = await asyncio.gather(
            put(policies, text_of("b")), put(others, text_of("c"), by="felix"), return_exceptions=True
        )
    assert sorted(type(each).__name__ for each in done) == ["EtagMismatch", "PolicyVersion"]
    assert await numbers(office) == [2, 1]


async def test_votes_of_old_rules_never_count_again(office: Office) -> None:
    """Not even when the rules go back to what they were: they come back under another name."""
    policies = await seeded(office)
    proposal_id, _ = await approved_pair(office)
    await put(policies, text_of("b", TWO_FUNCTIONS_ARE_HIGH))
    await adopt(office)
    await put(policies, text_of("c"), "b")
    await adopt(office)
    now, _ = await office.desk.readings.proposal(proposal_id)
    assert now.state is ProposalState.PENDING
    assert now.decision is not None
    assert [each.counts for each in now.decision.votes] == [False]
    with pytest.raises(ApprovalsMissing):
        await office.execute(now)

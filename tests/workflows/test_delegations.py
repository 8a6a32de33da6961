"""Delegations and absences: who may give what to whom, and what a delegate's vote counts for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from dedup_service.domain.delegations import Delegation
from dedup_service.domain.errors import (
    ApprovalsMissing,
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
)
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.workflows.delegating import Delegating, DelegationDraft
from dedup_service.workflows.pages import Page
from tests.merge_desk import DIRECTORY, POLICY, Office, contact, open_office, principal, request

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = POLICY.periods.longest_delegation
_ids = count(1)


def delegating_of(office: Office) -> Delegating:
    return Delegating(office.store, office.desk.assessment, lambda: f"d{next(_ids)}")


def draft(delegate: str = "users/mia", *functions: str, **changes: Any) -> DelegationDraft:
    """A delegation for a day from now on."""
    given = DelegationDraft(delegate, functions, None, datetime.now(UTC) + DAY, "on leave")
    return replace(given, **changes)


async def delegate(
    office: Office, what: DelegationDraft, by: str = "ann", validate_only: bool = False
) -> Delegation:
    who = principal(by)
    call = request("CreateDelegation", who.name)
    return await delegating_of(office).create(call, what, who, validate_only)


async def end(office: Office, delegation: Delegation, by: str = "ann", etag: str | None = None) -> Delegation:
    who = principal(by)
    seen = delegation.etag if etag is None else etag
    call = request("EndDelegation", who.name)
    return await delegating_of(office).end(call, delegation.delegation_id, seen, who)


async def violations(office: Office, what: DelegationDraft, by: str = "ann") -> Sequence[str]:
    with pytest.raises(InvalidInput) as refused:
        await delegate(office, what, by)
    assert (await office.store.read(lambda tx: tx.list_delegations(Page()))).items == ()
    return [violation.field for violation in refused.value.violations]


async def pair(office: Office, by: str = "services/matcher") -> Proposal:
    """A proposal that one person of sales or support decides."""
    return await office.propose(*await office.put(contact("a"), contact("desk/b")), by=by)


def counts(proposal: Proposal) -> list[bool]:
    assert proposal.decision is not None
    return [each.counts for each in proposal.decision.votes]


async def test_a_delegation_is_kept_and_audited(office: Office) -> None:
    """It names caller, delegate, function, times and reason, and can be read again."""
    what = draft("users/mia", "sales", start_time=datetime.now(UTC) + HOUR)
    made = await delegate(office, what)
    assert (made.delegator, made.delegate, made.functions) == ("users/ann", "users/mia", ("sales",))
    assert (made.start_time, made.end_time, made.reason) == (what.start_time, what.end_time, "on leave")
    assert await delegating_of(office).delegation(made.delegation_id) == made
    entry = (await office.store.read(lambda tx: tx.list_audit(Page()))).items[-1]
    assert (entry.actor, entry.action, entry.targets) == ("users/ann", "CreateDelegation", (made.name,))
    assert entry.revision == made.revision


async def test_a_delegation_gives_all_functions_from_now_on_unless_it_says_otherwise(
    database_url: str, redis_url: str
) -> None:
    """Without functions and start it is all that the delegator holds, from the time of the write."""
    both = replace(principal("ann"), functions=frozenset({"support", "sales"}))
    people = Directory({**DIRECTORY.principals, both.name: both})
    async with open_office(database_url, redis_url, directory=people) as office:
        made = await delegate(office, draft())
    assert made.functions == ("sales", "support")
    assert made.start_time == made.create_time


async def test_an_absence_names_nobody(office: Office) -> None:
    """Somebody may be away without anybody in their place."""
    made = await delegate(office, draft(""))
    assert (made.delegate, made.functions) == ("", ("sales",))


async def test_validate_only_shows_a_delegation_and_keeps_none(office: Office) -> None:
    """The answer is what it would be."""
    assert (await delegate(office, draft(), validate_only=True)).functions == ("sales",)
    assert (await office.store.read(lambda tx: tx.list_delegations(Page()))).items == ()


async def test_a_repeated_delegation_is_made_once(office: Office) -> None:
    """The same request id answers with the same delegation."""
    what, who = draft(), principal("ann")
    call = request("CreateDelegation", who.name, "one", "digest")
    first = await delegating_of(office).create(call, what, who)
    assert await delegating_of(office).create(call, what, who) == first


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"delegate": "users/ann"}, "delegate"),
        ({"delegate": "users/nobody"}, "delegate"),
        ({"delegate": "services/importer"}, "delegate"),
        ({"functions": ("finance",)}, "functions"),
        ({"functions": ("sales", "pirates")}, "functions"),
        ({"start_time": datetime.now(UTC) - HOUR}, "start_time"),
        ({"end_time": datetime.now(UTC) - HOUR}, "end_time"),
        ({"start_time": datetime.now(UTC) + 2 * DAY}, "end_time"),
        ({"end_time": datetime.now(UTC) + LONGEST + HOUR}, "end_time"),
        ({"reason": "a\x00b"}, "reason"),
        ({"reason": "x" * 2001}, "reason"),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{next(iter(value))}",
)
async def test_what_cannot_be_delegated_is_refused(
    office: Office, changes: dict[str, Any], field: str
) -> None:
    """To oneself, to nobody known, to a service; what one does not hold; in the past, backwards, too long."""
    assert await violations(office, draft(**changes)) == [f"delegation.{field}"]


async def test_everything_wrong_with_a_delegation_is_said_at_once(office: Office) -> None:
    """One violation each, and no word of the caller that is no function is repeated."""
    what = draft("users/nobody", "finance", "Jane Doe", end_time=datetime.now(UTC) - HOUR, reason="\x00")
    with pytest.raises(InvalidInput) as refused:
        await delegate(office, what)
    fields = [violation.field.removeprefix("delegation.") for violation in refused.value.violations]
    assert fields == ["delegate", "functions", "functions", "end_time", "reason"]
    assert "Jane" not in str(refused.value)


async def test_the_longest_delegation_of_the_policy_is_allowed(office: Office) -> None:
    """And so is a start that is late by the clocks of two machines."""
    start = datetime.now(UTC) - timedelta(seconds=30)
    assert await delegate(office, draft(start_time=start, end_time=start + LONGEST))


async def test_what_is_held_by_delegation_is_not_passed_on(office: Office) -> None:
    """Mia holds sales for Ann and cannot give it to Omar; nor does it come with all that is hers."""
    await delegate(office, draft("users/mia", "sales"))
    with pytest.raises(InvalidInput, match="does not hold sales by their own role"):
        await delegate(office, draft("users/omar", "sales"), by="mia")
    assert (await delegate(office, draft("users/omar"), by="mia")).functions == ("marketing",)


@pytest.mark.parametrize("gone", [True, False])
async def test_only_people_delegate(database_url: str, redis_url: str, gone: bool) -> None:
    """A service account has no vote to give, and somebody who is not known any more neither."""
    people = {n: p for n, p in DIRECTORY.principals.items() if n != "users/ann"}
    async with open_office(database_url, redis_url, directory=Directory(people)) as office:
        with pytest.raises(PermissionRefused) as refused:
            await delegate(office, draft(), by="ann" if gone else "services/importer")
    assert refused.value.reason is Reason.NOT_AN_APPROVER


async def test_somebody_without_a_function_has_nothing_to_delegate(database_url: str, redis_url: str) -> None:
    """It is said, rather than kept as a delegation of nothing."""
    none = replace(principal("ann"), functions=frozenset())
    people = Directory({**DIRECTORY.principals, none.name: none})
    async with open_office(database_url, redis_url, directory=people) as office:
        assert await violations(office, draft()) == ["delegation.functions"]


@pytest.mark.parametrize("by", ["ann", "mia"])
async def test_both_sides_may_end_a_delegation(office: Office, by: str) -> None:
    """It ends with the write and is kept; ended again it stays as it was, whatever etag is sent."""
    made = await delegate(office, draft())
    ended = await end(office, made, by)
    assert ended == replace(made, end_time=ended.end_time, revision=ended.revision)
    assert made.create_time < ended.end_time <= datetime.now(UTC) + HOUR
    assert ended.etag != made.etag
    assert await end(office, ended, by, etag="") == ended
    assert await delegating_of(office).delegation(made.delegation_id) == ended
    entry = (await office.store.read(lambda tx: tx.list_audit(Page()))).items[-1]
    assert (entry.action, entry.targets) == ("EndDelegation", (made.name,))


async def test_a_delegation_may_end_before_it_begins(office: Office) -> None:
    """It never holds, at its start neither."""
    made = await delegate(office, draft(start_time=datetime.now(UTC) + HOUR))
    ended = await end(office, made)
    assert not ended.holds_at(made.start_time)
    assert not ended.holds_at(ended.end_time)


@pytest.mark.parametrize("by", ["ben", "services/importer"])
async def test_nobody_else_ends_a_delegation(office: Office, by: str) -> None:
    """Not a colleague, not a service."""
    made = await delegate(office, draft())
    with pytest.raises(PermissionRefused, match="users/ann and users/mia"):
        await end(office, made, by)


async def test_ending_needs_the_etag_that_was_seen(office: Office) -> None:
    """Without one, or with another, nothing ends."""
    made = await delegate(office, draft())
    with pytest.raises(InvalidInput, match="etag"):
        await end(office, made, etag="")
    with pytest.raises(EtagMismatch):
        await end(office, made, etag='"0"')
    assert await delegating_of(office).delegation(made.delegation_id) == made


async def test_an_unknown_delegation_is_not_found(office: Office) -> None:
    """To read and to end."""
    with pytest.raises(NotFound, match="delegations/none"):
        await delegating_of(office).delegation("none")
    with pytest.raises(NotFound, match="delegations/none"):
        await delegating_of(office).end(
            request("EndDelegation", "users/ann"), "none", '"1"', principal("ann")
        )


async def test_a_delegate_votes_for_the_delegator(office: Office) -> None:
    """Their vote is of the function given, says on whose behalf, and carries the merge."""
    proposal = await pair(office)
    with pytest.raises(PermissionRefused):
        await office.vote(proposal, "mia")
    await delegate(office, draft("users/mia", "sales"))
    voted = await office.vote(proposal, "mia")
    assert (voted.votes[0].function, voted.votes[0].on_behalf_of) == ("sales", "users/ann")
    assert voted.state is ProposalState.APPROVED
    assert await office.execute(voted, "mia")


async def test_a_delegation_that_has_not_begun_gives_no_vote(office: Office) -> None:
    """Nor does an absence, which nobody stands in for."""
    proposal = await pair(office)
    await delegate(office, draft("users/mia", "sales", start_time=datetime.now(UTC) + HOUR))
    await delegate(office, draft("", "sales"))
    with pytest.raises(PermissionRefused):
        await office.vote(proposal, "mia")


async def test_a_delegates_vote_ends_with_the_delegation(office: Office) -> None:
    """What it had approved is refused at execution once the delegation has been ended (C-3)."""
    made = await delegate(office, draft("users/mia", "sales"))
    voted = await office.vote(await pair(office), "mia")
    await end(office, made)
    with pytest.raises(ApprovalsMissing):
        await office.execute(voted)


async def test_a_delegates_vote_ends_with_the_delegators_role(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Who is of the function no more has nothing that another could hold for them (C-3)."""
    await delegate(office, draft("users/mia", "sales"))
    voted = await office.vote(await pair(office), "mia")
    moved = replace(principal("ann"), functions=frozenset({"partners"}))
    later = Directory({**DIRECTORY.principals, moved.name: moved})
    async with open_office(database_url, redis_url, directory=later) as office_later:
        with pytest.raises(ApprovalsMissing):
            await office_later.execute(voted, "ben")
    assert await office.execute(voted, "ben")


async def test_a_proposer_does_not_decide_through_a_delegate(office: Office) -> None:
    """Mia may not vote for Ann on what Ann proposed, but for Ben she may (C-3)."""
    proposal = await pair(office, by="ann")
    await delegate(office, draft("users/mia", "sales"))
    with pytest.raises(PermissionRefused):
        await office.vote(proposal, "mia")
    await delegate(office, draft("users/mia", "sales"), by="ben")
    voted = await office.vote(proposal, "mia")
    assert voted.votes[0].on_behalf_of == "users/ben"


async def test_a_delegates_own_vote_and_the_delegated_one_are_one(office: Office) -> None:
    """One person counts once: the last vote counts, for the function that it was cast for (C-3)."""
    await delegate(office, draft("users/carla", "sales"))
    proposal = await pair(office)
    voted = await office.vote(proposal, "carla", function="support")
    voted = await office.vote(voted, "carla", function="sales")
    assert counts(voted) == [False, True]
    assert voted.votes[1].on_behalf_of == "users/ann"

"""What another policy would change, over open and past proposals, with nothing stored."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.merges import Merge
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Fact
from dedup_service.domain.voting import Outcome, VoteDecision
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.workflows.delegating import Delegating, DelegationDraft
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.proposing import ProposalDraft
from dedup_service.workflows.simulating import Difference, Simulating, Simulation
from tests.merge_desk import Office, contact, lead, open_office, principal, request
from tests.workflows.policy_texts import TEXT, TWO_FUNCTIONS_ARE_HIGH, put, seeded, text_of

T = TypeVar("T")

NOBODY_NEEDED = "automatic:\n      - {kind: LEAD, lead_class: NAME, minimum_probability: 0.99}\n"
STRICTER = text_of("stricter", TWO_FUNCTIONS_ARE_HIGH)
MARKETING = ("users/malik", "users/maya", "users/mia")


async def simulate(office: Office, text: str = STRICTER, past: int = 1000, shown: int = 200) -> Simulation:
    simulating = Simulating(office.store, office.desk.rules, office.desk.now)
    return await simulating.simulate(text, past, shown)


async def pair(office: Office, number: int = 0, by: str = "services/matcher") -> Proposal:
    """A proposal on a contact of sales and one of support: LOW as it is, HIGH under the stricter policy."""
    ids = await office.put(contact(f"a{number}"), contact(f"desk/b{number}"))
    return await office.propose(*ids, by=by)


async def merged(office: Office, number: int = 0) -> Merge:
    return await office.execute(await office.vote(await pair(office, number), "ann"))


def one(simulation: Simulation) -> Difference:
    assert simulation.differing_count == len(simulation.differences) == 1
    return simulation.differences[0]


async def test_an_open_proposal_is_weighed_under_both_policies(office: Office) -> None:
    """What sales had approved alone needs three functions; nothing but the policy differs."""
    await seeded(office)
    proposal = await office.vote(await pair(office), "ann")
    simulation = await simulate(office)
    counted = (simulation.open_count, simulation.past_count, simulation.skipped_count)
    assert (simulation.version, counted) == ("stricter", (1, 0, 0))
    found = one(simulation)
    assert (found.proposal_name, found.state) == (proposal.name, ProposalState.APPROVED)
    before, after = found.before, found.after
    assert (before.impact, before.outcome, before.approved) == (Impact.LOW, Outcome.APPROVED, True)
    assert (before.functions, before.missing_functions) == (("sales", "support"), ())
    assert (after.impact, after.outcome, after.approved) == (Impact.HIGH, Outcome.PENDING, False)
    assert after.functions == ("marketing", "sales", "support")
    # The vote of sales counts as if cast on the plan of the other policy.
    assert after.missing_functions == ("marketing", "support")


async def test_a_simulation_says_who_would_be_asked(office: Office) -> None:
    """The functions and their people who come in, and on the way back those who fall out."""
    policies = await seeded(office)
    await pair(office)
    found = one(await simulate(office))
    assert (found.newly_asked, found.people_newly_asked) == (("marketing",), MARKETING)
    assert (found.no_longer_asked, found.people_no_longer_asked) == ((), ())
    await put(policies, STRICTER)
    back = one(await simulate(office, TEXT))
    assert (back.no_longer_asked, back.people_no_longer_asked) == (("marketing",), MARKETING)
    assert (back.newly_asked, back.people_newly_asked) == ((), ())


async def test_the_proposer_is_not_asked(office: Office) -> None:
    """Mia proposed it, so only her colleagues of marketing would be asked."""
    await seeded(office)
    await pair(office, by="mia")
    assert one(await simulate(office)).people_newly_asked == ("users/malik", "users/maya")


async def test_where_nobody_is_needed_nobody_is_asked(office: Office) -> None:
    """Names merge by themselves when certain; a policy that wants a person asks marketing anew."""
    await seeded(office)
    same = {
        "email": "kim.lee@example.com",
        "given_name": "Kim",
        "family_name": "Lee",
        "phone": "+49301234567",
    }
    proposal = await office.propose(*await office.put(lead("a", **same), lead("crm/b", **same)))
    assert proposal.state is ProposalState.APPROVED
    found = one(await simulate(office, text_of("asks", (NOBODY_NEEDED, "automatic: []\n"))))
    assert (found.before.approved, found.after.approved) == (True, False)
    assert (found.newly_asked, found.people_newly_asked) == (("marketing",), MARKETING)


async def test_a_larger_quorum_is_a_difference(office: Office) -> None:
    """Even where the same functions are asked and nobody has voted yet."""
    await seeded(office)
    await pair(office)
    found = one(await simulate(office, text_of("two", ("0.99}\n    quorum: 1", "0.99}\n    quorum: 2"))))
    assert (found.before.ballot.quorum, found.after.ballot.quorum) == (1, 2)


async def test_vetoes_that_come_and_go_are_named(office: Office) -> None:
    """A rule that the other policy does not have stands before and not after."""
    await seeded(office)
    ids = await office.put(replace(contact("a"), facts=(Fact("legal_hold", flag=True),)), contact("b"))
    await office.propose(*ids)
    found = one(await simulate(office, text_of("no-hold", ("  - LEGAL_HOLD\n", ""))))
    assert (found.before.vetoes, found.after.vetoes) == (("LEGAL_HOLD",), ())


@pytest.mark.parametrize("version", ["renamed", ""])
async def test_the_same_rules_differ_in_nothing(office: Office, version: str) -> None:
    """Whatever they are called: what was voted, merged and rejected is weighed alike."""
    await seeded(office)
    await office.vote(await pair(office, 1), "ann")
    await office.vote(await pair(office, 2), "ann", VoteDecision.REJECT)
    await merged(office, 3)
    simulation = await simulate(office, text_of(version) if version else TEXT)
    assert (simulation.open_count, simulation.past_count, simulation.differing_count) == (1, 2, 0)


async def test_votes_that_the_policy_in_force_has_voided_stay_void(office: Office) -> None:
    """An open proposal that has not adopted the version in force yet is weighed as it will be."""
    policies = await seeded(office)
    await office.vote(await pair(office), "ann")
    await put(policies, text_of("b"))
    found = one(await simulate(office))
    assert found.before.outcome is Outcome.PENDING
    assert found.after.missing_functions == ("marketing", "sales", "support")


async def test_a_simulation_stores_nothing(office: Office) -> None:
    """No revision, no version, no vote, and the rules stay."""
    await seeded(office)
    proposal = await office.vote(await pair(office), "ann")
    head = await office.store.read(lambda tx: tx.head_revision())
    await simulate(office)
    assert await office.store.read(lambda tx: tx.head_revision()) == head
    assert await office.proposal(proposal) == proposal
    assert office.desk.rules.policy.version != "stricter"


async def test_a_simulation_is_against_the_version_in_force(
    office: Office, database_url: str, redis_url: str
) -> None:
    """Not against the one that this service still knows."""
    policies = await seeded(office)
    await pair(office)
    async with open_office(database_url, redis_url) as second:
        await seeded(second)
        await put(policies, STRICTER)
        assert one(await simulate(second, text_of("looser"))).before.impact is Impact.HIGH


async def test_a_merge_that_stands_is_weighed_as_before_it(office: Office) -> None:
    """From the merge's own image of its members, with the records as they are today."""
    await seeded(office)
    merge = await merged(office)
    await office.write(replace(contact("a0"), facts=(Fact("open_invoices", count=3),)))
    found = one(await simulate(office))
    assert (found.state, found.proposal_name) == (
        ProposalState.EXECUTED,
        f"mergeProposals/{merge.proposal_id}",
    )
    assert found.before.approved
    assert found.before.functions == ("finance", "sales", "support")
    assert (found.after.outcome, found.after.approved) == (Outcome.PENDING, False)


async def test_a_merge_that_another_was_built_upon_is_still_weighed(office: Office) -> None:
    """Its members are known by their records, wherever they live now."""
    await seeded(office)
    first = await merged(office)
    [other] = await office.put(contact("desk/c"))
    await office.execute(await office.vote(await office.propose(other, first.survivor_id), "ann"))
    simulation = await simulate(office)
    assert (simulation.past_count, simulation.skipped_count) == (2, 0)


async def test_a_merge_that_was_undone_is_weighed_as_its_members_are(office: Office) -> None:
    """They live again, with what has come to them since."""
    await seeded(office)
    merge = await merged(office)
    await office.undo(merge)
    [later] = await office.put(contact("shop/c"))
    back = (await office.record("a0")).golden_id
    proposal = await office.propose(back, later, survivor_id=back)
    await office.execute(await office.vote(proposal, "ann"))
    undone = (await simulate(office)).differences[-1]
    assert undone.proposal_name == f"mergeProposals/{merge.proposal_id}"
    assert undone.before.functions == ("operations", "sales", "support")


async def test_what_was_rejected_is_weighed_with_its_votes(office: Office) -> None:
    """One refusal ended it; under the full vote it would not have."""
    await seeded(office)
    await office.vote(await pair(office), "ann", VoteDecision.REJECT)
    found = one(await simulate(office))
    assert (found.before.outcome, found.after.outcome) == (Outcome.REJECTED, Outcome.PENDING)


async def test_a_closed_proposal_is_weighed_at_the_time_of_its_closing(office: Office) -> None:
    """By the delegations that held then: the vote that carried it counts, though its delegation has ended."""
    await seeded(office)
    delegating, ann = Delegating(office.store, office.desk.assessment, lambda: "d1"), principal("ann")
    what = DelegationDraft("users/paula", ("sales",), None, datetime.now(UTC) + timedelta(days=1), "")
    given = await delegating.create(request("CreateDelegation", ann.name), what, ann)
    await office.execute(await office.vote(await pair(office), "paula"))
    await delegating.end(request("EndDelegation", ann.name), given.delegation_id, given.etag, ann)
    found = one(await simulate(office))
    assert found.before.approved
    assert found.after.missing_functions == ("marketing", "support")


async def test_what_is_no_longer_there_is_skipped(office: Office) -> None:
    """A rejected plan whose member was merged away, and a merge whose member was erased."""
    await seeded(office)
    rejected = await pair(office, 1)
    await office.vote(rejected, "ann", VoteDecision.REJECT)
    [other] = await office.put(contact("desk/c"))
    gone = (await office.record("a1")).golden_id
    survivor = await office.vote(await office.propose(other, gone, survivor_id=other), "ann")
    await office.execute(survivor)
    await office.erase("desk/c")
    simulation = await simulate(office)
    assert (simulation.past_count, simulation.skipped_count) == (0, 2)


async def test_what_was_superseded_is_left_out(office: Office) -> None:
    """Nobody decided it, so it tells nothing of a policy."""
    await seeded(office)
    proposal = await pair(office)
    await office.delete("a0")
    assert (await office.proposal(proposal)).state is ProposalState.SUPERSEDED
    simulation = await simulate(office)
    assert (simulation.open_count, simulation.past_count, simulation.skipped_count) == (0, 0, 0)


async def test_the_newest_past_proposals_are_weighed_up_to_a_limit(office: Office) -> None:
    """Newest first; open ones are always weighed, and with a limit of nothing only these."""
    await seeded(office)
    merges = [await merged(office, number) for number in range(3)]
    await pair(office, 9)
    simulation = await simulate(office, past=2)
    assert (simulation.open_count, simulation.past_count) == (1, 2)
    names = [difference.proposal_name for difference in simulation.differences[1:]]
    assert names == [f"mergeProposals/{merge.proposal_id}" for merge in (merges[2], merges[1])]
    assert (await simulate(office, past=0)).past_count == 0


async def test_all_differences_are_counted_and_the_first_shown(office: Office) -> None:
    """The answer stays small however much would change."""
    await seeded(office)
    first = await pair(office, 0)
    for number in (1, 2):
        await pair(office, number)
    simulation = await simulate(office, shown=1)
    assert simulation.differing_count == 3
    assert [difference.proposal_name for difference in simulation.differences] == [first.name]
    assert (await simulate(office, shown=0)).differences == ()


class CountingStore(PostgresStore):
    """A store that says how often it was read."""

    reads = 0

    async def read(self, work: Callable[[ReadTransaction], Awaitable[T]]) -> T:
        self.reads += 1
        return await super().read(work)


async def test_proposals_are_read_a_page_a_snapshot(office: Office, database_url: str) -> None:
    """Each is weighed once, and no transaction lasts over all of them."""
    await seeded(office)
    count = 230
    ids = await office.put(*(contact(f"{source}/r{n}") for n in range(count) for source in ("crm", "desk")))
    drafts = [ProposalDraft(tuple(ids[2 * n : 2 * n + 2])) for n in range(count)]
    await office.desk.proposing.create_all(
        request("CreateMergeProposal", "services/matcher"), drafts, principal("services/matcher")
    )
    store = CountingStore(StoreOptions(database_url))
    await store.open()
    try:
        simulation = await Simulating(store, office.desk.rules, office.desk.now).simulate(STRICTER)
    finally:
        await store.close()
    assert (simulation.open_count, simulation.differing_count) == (count, count)
    assert len({difference.proposal_name for difference in simulation.differences}) == 200
    assert store.reads == 4


@pytest.mark.parametrize("text", ["", "version: [", STRICTER.replace("trust: 70", "trust: 700")], ids=len)
async def test_a_text_that_cannot_be_used_is_an_invalid_input(office: Office, text: str) -> None:
    """With the line of each problem."""
    await seeded(office)
    with pytest.raises(InvalidInput, match=r"text:\d"):
        await simulate(office, text)


async def test_limits_that_make_no_sense_are_refused(office: Office) -> None:
    """Both at once."""
    with pytest.raises(InvalidInput) as refused:
        await simulate(office, past=-1, shown=100_000)
    assert [violation.field for violation in refused.value.violations] == ["past_limit", "shown_limit"]

"""A run from its job to its end, on real PostgreSQL: what it proposes, merges, leaves and tells."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import scoring
from dedup_service.domain.changes import ChangeType
from dedup_service.domain.cleanup.jobs import CleanupScope
from dedup_service.domain.cleanup.runs import Phase, RunState, SkipReason
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import Fact, LeadClass, RecordDraft, RecordKind
from dedup_service.workflows.pages import Page
from tests.merge_desk import DIRECTORY, contact, lead, principal, request
from tests.workflows.cleaning.clean_desk import CleanDesk, people

EXECUTED, PENDING = ProposalState.EXECUTED, ProposalState.PENDING
JUST_NOW = datetime.now(UTC) - timedelta(hours=1)


def twice(make: Callable[..., RecordDraft], name: str, **values: str) -> list[RecordDraft]:
    """The same person twice."""
    given = {
        "given_name": "Wilhelmina",
        "family_name": f"Okonkwo{name}",
        "email": f"w.okonkwo.{name}@example.com",
        "phone": "+49 30 5550199",
    } | values
    return [make(f"{name}-1", **given), make(f"{name}-2", **given)]


async def test_what_needs_nobody_is_merged_and_the_rest_waits(desk: CleanDesk) -> None:
    """60 NAME leads of 30 people become 30; two contacts of one person wait for people as a proposal."""
    await desk.office.put(*people(30), *twice(contact, "c"))
    run = await desk.run(await desk.job())
    assert (run.state, run.reason) == (RunState.SUCCEEDED, "")
    assert (run.counts.records, run.counts.clusters, run.counts.proposed, run.counts.merged) == (
        62,
        31,
        31,
        30,
    )
    assert run.counts.verdicts[scoring.Verdict.MATCH] == 31
    assert run.counts.skipped == {}
    states = sorted(proposal.state for proposal in await desk.proposals())
    assert states == [EXECUTED] * 30 + [PENDING]


async def test_a_run_proposes_as_the_creator_of_its_job(desk: CleanDesk) -> None:
    """Whoever reads a proposal sees whose job made it, and which run."""
    await desk.office.put(*people(1))
    job = await desk.job()
    run = await desk.run(job)
    [proposal] = await desk.proposals()
    assert (proposal.proposer, proposal.comment) == (job.creator, f"found by {run.name}")
    [merge] = (await desk.office.store.read(lambda tx: tx.list_merges(Page()))).items
    assert (merge.executor, merge.proposal_id) == (job.creator, proposal.proposal_id)


async def test_merges_of_a_run_are_changes_as_all_others(desk: CleanDesk) -> None:
    """A reader of the changes ends with the golden records as the store has them."""
    await desk.office.put(*people(5))
    await desk.run(await desk.job())
    followed = await desk.office.followed()
    assert sorted(image.state for image in followed.values()) == ["LIVE"] * 5 + ["MERGED"] * 5
    changes = await desk.office.store.read(lambda tx: tx.changes_after(0, 0, 1000))
    assert sum(change.draft.type is ChangeType.MERGED for change in changes) == 5


async def test_a_run_is_in_the_audit(desk: CleanDesk) -> None:
    """Made, queued, begun and ended, by whom; and the chain holds."""
    await desk.office.put(*people(2))
    run = await desk.run(await desk.job())
    listed = await desk.office.store.read(lambda tx: tx.list_audit(Page(size=100)))
    said = [(entry.actor, entry.action) for entry in listed.items]
    assert said[-6:] == [
        ("users/mia", "CreateCleanupJob"),
        ("users/mia", "RunCleanupJob"),
        ("services/cleanup", "BeginCleanupRun"),
        ("users/mia", "CreateMergeProposal"),
        ("users/mia", "ExecuteMergeProposal"),
        ("services/cleanup", "EndCleanupRun"),
    ]
    assert listed.items[-1].targets == (run.name,)
    assert listed.items[-1].detail == "2 proposed, 2 merged"
    assert (await desk.office.store.read(lambda tx: tx.verify_audit(0, ""))).holds


async def test_a_run_tells_its_phases(desk: CleanDesk) -> None:
    """Each phase with what it did of how much, and when it began and ended."""
    await desk.office.put(*people(4))
    run = await desk.run(await desk.job())
    told = [(each.phase, each.done, each.total) for each in run.phases]
    assert told == [
        (Phase.READ, 8, 8),
        (Phase.SCORE, 0, 8),
        (Phase.CLUSTER, run.counts.candidates, run.counts.candidates),
        (Phase.PROPOSE, 4, 4),
        (Phase.MERGE, 4, 4),
    ]
    assert all(each.start_time and each.end_time for each in run.phases)


async def test_nothing_personal_stays_on_the_machine(desk: CleanDesk) -> None:
    """The folder of a run is gone when it ends; what is of no run is cleared at the next start."""
    await desk.office.put(*people(2))
    left = desk.folder / "of a run that nobody knows"
    left.mkdir(parents=True)
    await desk.run(await desk.job())
    assert list(desk.folder.iterdir()) == []


async def test_the_scope_says_what_is_compared(desk: CleanDesk) -> None:
    """Kinds, lead classes, sources and the filter of ListRecords, all at once; deleted records never."""
    office = desk.office
    asked = Fact("requested", time=JUST_NOW)
    live = [
        lead(f"live/{n}", asked, given_name="Ida", family_name="Quist", email="ida@quist.example")
        for n in "ab"
    ]
    await office.put(*people(3), *people(2, source="shop"), *twice(contact, "c"), *live)
    await office.delete("crm/2-1")
    for scope, count in (
        (CleanupScope(), 13),
        (CleanupScope(kinds=(RecordKind.CONTACT,)), 2),
        (CleanupScope(kinds=(RecordKind.LEAD,)), 11),
        (CleanupScope(lead_classes=(LeadClass.NAME,)), 11),
        (CleanupScope(kinds=(RecordKind.LEAD,), lead_classes=(LeadClass.LIVE,)), 2),
        (CleanupScope(sources=("shop",)), 4),
        (CleanupScope(filter="source = shop AND kind = CONTACT"), 0),
        (CleanupScope(sources=("crm", "live"), filter="source != live"), 7),
    ):
        run = await desk.run(await desk.job(scope=scope))
        assert (run.state, run.counts.records) == (RunState.SUCCEEDED, count), scope


async def test_a_second_run_finds_nothing_new(desk: CleanDesk) -> None:
    """What is merged is one; what waits is skipped, and counted."""
    await desk.office.put(*people(3), *twice(contact, "c"))
    job = await desk.job()
    await desk.run(job)
    again = await desk.run(job)
    assert (again.counts.proposed, again.counts.merged) == (0, 0)
    assert again.counts.skipped == {SkipReason.ALREADY_PROPOSED: 1}
    assert len(await desk.proposals()) == 4


async def test_what_people_refused_is_not_proposed_again(desk: CleanDesk) -> None:
    """Rejected, undone and told apart: each is left alone, by its reason."""
    office = desk.office
    one, two, three = ([*people(9)[2 * n : 2 * n + 2]] for n in range(3))
    await office.put(*one, *two, *three)
    first = await office.propose(*[(await office.record(each.key)).golden_id for each in one], by="mia")
    await office.desk.proposing.withdraw(
        request("WithdrawMergeProposal", "users/mia"), first.proposal_id, first.etag, principal("mia"), "no"
    )
    for drafts, distinct in ((two, False), (three, True)):
        proposal = await office.propose(*[(await office.record(each.key)).golden_id for each in drafts])
        await office.undo(await office.execute(proposal, by="mia"), by="mia", distinct=distinct)
    before = len(await desk.proposals())
    run = await desk.run(await desk.job())
    assert run.counts.skipped == {SkipReason.REJECTED_BEFORE: 2}
    assert len(await desk.proposals()) == before


async def test_dead_leads_stay_as_they_are(desk: CleanDesk) -> None:
    """Two dead leads are no work for anybody (2.4)."""
    dead = Fact("disqualified", time=JUST_NOW)
    values = {"given_name": "Ida", "family_name": "Quist", "email": "ida@quist.example"}
    await desk.office.put(lead("a", dead, **values), lead("b", dead, **values))
    run = await desk.run(await desk.job())
    assert run.counts.skipped == {SkipReason.DEAD_LEADS_ONLY: 1}


async def test_a_worker_without_work_ends(desk: CleanDesk) -> None:
    """It takes nothing where nothing waits."""
    await desk.job()
    assert await desk.worker().work_once() is None


async def test_a_run_of_nothing_succeeds(desk: CleanDesk) -> None:
    """No record is in scope: that is no mistake."""
    run = await desk.run(await desk.job())
    assert (run.state, run.counts.records, run.counts.proposed) == (RunState.SUCCEEDED, 0, 0)


async def test_a_creator_who_is_gone_proposes_nothing(desk: CleanDesk) -> None:
    """Whose job it is must be known when it runs: an unknown principal does nothing (C-5)."""
    await desk.office.put(*people(2))
    queued = await desk.queue(await desk.job())
    rules = desk.office.desk.rules
    known, rules.principals = rules.principals, Directory({})
    await desk.worker().work_once()
    rules.principals = known
    run = await desk.seen(queued)
    assert (run.state, run.reason) == (RunState.FAILED, "users/mia, who made the job, is not known any more")
    assert await desk.proposals() == []


async def test_a_creator_without_a_function_merges_nothing(desk: CleanDesk) -> None:
    """Whoever lost every function may have no jobs: the run fails and says so, and nothing is proposed."""
    await desk.office.put(*people(2))
    queued = await desk.queue(await desk.job())
    rules = desk.office.desk.rules
    known = rules.principals
    without = replace(principal("mia"), functions=frozenset())
    rules.principals = Directory({**DIRECTORY.principals, without.name: without})
    await desk.worker().work_once()
    rules.principals = known
    run = await desk.seen(queued)
    assert run.state is RunState.FAILED
    assert run.reason.startswith("users/mia holds no function")
    assert await desk.proposals() == []


async def test_a_job_may_name_its_model(desk: CleanDesk) -> None:
    """The run says by which version it compared."""
    await desk.office.put(*people(2))
    version = scoring.shipped_model().version
    run = await desk.run(await desk.job(scoring_model=version))
    assert (run.state, run.scoring_model) == (RunState.SUCCEEDED, version)

"""The first slice, the time to look at it, and the stop when people refuse too much."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from dedup_service.domain.cleanup.items import ItemStage
from dedup_service.domain.cleanup.jobs import CleanupJob, Schedule, StopRule
from dedup_service.domain.cleanup.runs import CleanupRun, Phase, RunState, SkipReason
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import RecordDraft
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.pages import Page
from tests.merge_desk import contact
from tests.workflows.cleaning.clean_desk import CleanDesk, canary, people, within
from tests.workflows.cleaning.test_jobs import set_time

HOUR = 3600.0
ONE_IN_FIVE = StopRule(max_rejected_share=0.2, min_decided_count=2)


async def held_run(desk: CleanDesk, hold_seconds: float, **definition: Any) -> CleanupRun:
    """A run on 10 people that has merged two of them, and waits."""
    await desk.office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.2, hold_seconds), **definition))
    assert (run.state, run.phase, run.counts.merged) == (RunState.WAITING, Phase.CANARY, 2)
    return run


async def test_the_rest_waits_for_the_hold(desk: CleanDesk) -> None:
    """Two are merged, eight wait; no worker takes the run before its time, and it says what it waits for."""
    run = await held_run(desk, HOUR)
    assert run.wait_time is not None
    assert run.reason == "people look at the first 2 merges before 8 more are made"
    assert await desk.worker().work_once() is None
    assert (await desk.seen(run)).counts.merged == 2


async def test_after_the_hold_the_rest_is_merged(desk: CleanDesk) -> None:
    """Nobody objected."""
    run = await held_run(desk, 0.05)
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.reason) == (RunState.SUCCEEDED, 10, "")


async def test_without_a_rest_there_is_no_hold(desk: CleanDesk) -> None:
    """A canary of everything leaves nothing to wait for."""
    await desk.office.put(*people(3))
    run = await desk.run(await desk.job(canary=canary(1.0, HOUR)))
    assert (run.state, run.counts.merged) == (RunState.SUCCEEDED, 3)


async def test_undone_merges_stop_the_run(desk: CleanDesk) -> None:
    """One of two undone is more than one in five: the rest is not merged, and the reason told."""
    run = await held_run(desk, 0.05, stop_rule=ONE_IN_FIVE)
    listed = await desk.office.store.read(lambda tx: tx.list_merges(Page()))
    await desk.office.undo(listed.items[0], by="mia")
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.counts.undone) == (RunState.STOPPED, 2, 1)
    assert now.reason == "1 of 2 merges of this run were undone, more than 20%"


async def test_a_canary_that_was_undone_stops_the_run_however_small(desk: CleanDesk) -> None:
    """By the rule that ships, which asks for more merges than the canary has: the rest is not merged."""
    run = await held_run(desk, 0.05)
    for merge in (await desk.office.store.read(lambda tx: tx.list_merges(Page()))).items:
        await desk.office.undo(merge, by="mia")
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.counts.undone) == (RunState.STOPPED, 2, 2)


async def test_a_canary_that_could_not_be_merged_is_drawn_again(desk: CleanDesk) -> None:
    """Its records were written meanwhile: others are merged for people to look at, and the rest waits."""
    await desk.office.put(*people(10))
    run = await desk.queue(await desk.job(canary=canary(0.1, HOUR)))
    worker = desk.worker(passing=lambda name: worker.leave() if name == "canary drawn" else None)
    await worker.work_once()
    [drawn] = await desk.office.store.read(
        lambda tx: tx.cleanup_items(run.run_id, ItemStage.AUTOMATIC, 10, canary=True)
    )
    [draft, *_] = [
        each for each in people(10) if (await desk.office.record(each.key)).golden_id in drawn.golden_ids
    ]
    await desk.office.write(replace(draft, values={**draft.values, "city": "Hamburg"}))
    await desk.worker("second").work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged) == (RunState.WAITING, 1)
    assert now.counts.skipped == {SkipReason.CHANGED_SINCE: 1}


async def test_what_gets_room_late_has_a_canary_too(desk: CleanDesk) -> None:
    """Proposals for people took all room when the canary was drawn: what has room then waits as well."""
    of_people = [
        contact(
            f"{name}-{copy}", given_name="Ida", family_name=name, email=f"ida@{name}.example", phone=phone
        )
        for name, phone in (("quist", "+49 30 5550101"), ("wolkow", "+49 30 5550102"))
        for copy in (1, 2, 3)
    ]
    await desk.office.put(*of_people, *people(10))
    job = await desk.job(canary=canary(0.2, HOUR), limits=within(max_open_proposals=2))
    run = await desk.queue(job)
    worker = desk.worker(passing=lambda name: worker.leave() if name == "canary drawn" else None)
    await worker.work_once()
    for proposal in await desk.proposals():
        if proposal.state is ProposalState.PENDING:
            await desk.office.vote(proposal, "ann", VoteDecision.REJECT, "not the same")
    await desk.worker("second").work_once()
    now = await desk.seen(run)
    assert now.state is RunState.WAITING
    assert 0 < now.counts.merged <= 2


async def test_what_people_refused_of_earlier_runs_stops_a_scheduled_one(
    desk: CleanDesk, database_url: str
) -> None:
    """Everything was rejected after the run had ended: the next one by the schedule does nothing."""
    await desk.office.put(*_refused("a"))
    job = await desk.job(stop_rule=ONE_IN_FIVE, schedule=Schedule(interval=timedelta(hours=1)))
    first = await _scheduled(desk, job, database_url)
    assert first.state is RunState.SUCCEEDED
    for proposal in await desk.proposals():
        await desk.office.vote(proposal, "ann", VoteDecision.REJECT, "not the same")
    await desk.office.put(*_refused("b"))
    second = await _scheduled(desk, job, database_url)
    assert (second.state, second.counts.proposed) == (RunState.STOPPED, 0)
    assert second.reason.startswith("of its runs up to now: ")


def _refused(mark: str) -> list[RecordDraft]:
    """Three people, twice each, whom people are asked about."""
    return [
        contact(f"{mark}{at}-{copy}", given_name="Ida", family_name=name, email=f"ida@{name}.example")
        for at, name in enumerate((f"quist{mark}", f"wolkow{mark}", f"tamm{mark}"))
        for copy in (1, 2)
    ]


async def _scheduled(desk: CleanDesk, job: CleanupJob, database_url: str) -> CleanupRun:
    """A run that nobody but the schedule started, worked to its end."""
    await set_time(database_url, "cleanup_jobs", "next_run_time", "now() - interval '1 minute'")
    assert await desk.office.desk.cleaning.queue_due() == 1
    await desk.worker().work_once()
    newest, *_ = (await desk.office.desk.cleaning.runs(job.job_id, Page())).items
    return newest


async def test_rejected_proposals_stop_the_run(desk: CleanDesk) -> None:
    """People turn down two of the proposals that wait: nothing more is merged."""
    contacts = [
        contact(f"{name}-{copy}", given_name="Ida", family_name=name, email=f"ida@{name}.example")
        for name in ("quist", "wolkow")
        for copy in (1, 2)
    ]
    await desk.office.put(*contacts)
    run = await held_run(desk, 0.05, stop_rule=ONE_IN_FIVE)
    for proposal in await desk.proposals():
        if proposal.state is ProposalState.PENDING:
            await desk.office.vote(proposal, "ann", VoteDecision.REJECT, "not the same")
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.counts.rejected) == (RunState.STOPPED, 2, 2)
    assert now.reason == "2 of 2 proposals of this run that people decided were rejected, more than 20%"


async def test_what_people_reject_during_the_hold_is_not_merged(desk: CleanDesk) -> None:
    """A steward's no to one proposal that needs nobody is kept, and the rest goes on."""
    run = await held_run(desk, 0.05)
    waiting = [each for each in await desk.proposals() if each.state is ProposalState.APPROVED]
    await desk.office.vote(waiting[0], "malik", VoteDecision.REJECT, "two people")
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.merged, now.counts.rejected) == (RunState.SUCCEEDED, 9, 1)
    assert (await desk.office.proposal(waiting[0])).state is ProposalState.REJECTED


async def test_a_stop_leaves_what_was_done(desk: CleanDesk) -> None:
    """A job whose run was stopped may run again: people decide whether it should."""
    run = await held_run(desk, 0.05, stop_rule=ONE_IN_FIVE)
    for merge in (await desk.office.store.read(lambda tx: tx.list_merges(Page()))).items:
        await desk.office.undo(merge, by="mia")
    await asyncio.sleep(0.1)
    await desk.worker().work_once()
    assert (await desk.seen(run)).state is RunState.STOPPED
    job = await desk.office.desk.cleaning.job(run.job_id)
    again = await desk.run(job)
    # What was undone is not proposed again; what waits is taken up.
    assert (again.counts.proposed, sum(again.counts.skipped.values())) == (0, 2)

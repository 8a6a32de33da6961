"""Pause, resume and cancel: at once where no worker has the run, else before its next batch."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest

from dedup_service.cleanup_worker import worker_parts
from dedup_service.domain.cleanup.jobs import CleanupJob
from dedup_service.domain.cleanup.runs import CleanupRun, RunState
from dedup_service.domain.errors import JobRunning, NotFound, PermissionRefused, StateNotAllowed
from dedup_service.store.cleanup_runs import PostgresCleanupRuns
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.cleaning.keeping import Timing
from dedup_service.workflows.cleaning.port import RunProgress, Wish
from dedup_service.workflows.cleaning.running import Running, WorkerOptions
from dedup_service.workflows.scoring_models import ScoringModels
from tests.merge_desk import principal, request
from tests.workflows.cleaning.clean_desk import CleanDesk, SmallFinder, canary, people
from tests.workflows.cleaning.outcomes import IN_SMALL_BATCHES, outcome, queued_run

MIA = principal("mia")


async def pause(desk: CleanDesk, job_id: str, by: str = "users/mia") -> CleanupJob:
    return await desk.office.desk.cleaning.pause(request("PauseCleanupJob", by), job_id, principal(by))


async def resume(desk: CleanDesk, job_id: str) -> CleanupJob:
    return await desk.office.desk.cleaning.resume(request("ResumeCleanupJob", MIA.name), job_id, MIA)


async def cancel(desk: CleanDesk, run: CleanupRun, by: str = "users/mia") -> CleanupRun:
    return await desk.office.desk.cleaning.cancel(request("CancelOperation", by), run.run_id, principal(by))


async def worked_until(desk: CleanDesk, point: str, then: Callable[[], Awaitable[object]]) -> None:
    """A worker that goes on until it stops by itself; at its first coming to a point something happens."""
    happening: list[asyncio.Future[object]] = []

    def passing(name: str) -> None:
        if name == point and not happening:
            happening.append(asyncio.ensure_future(then()))

    await desk.worker(passing=passing, **IN_SMALL_BATCHES).work_once()
    assert await asyncio.gather(*happening)


class Meddled(PostgresCleanupRuns):
    """The worker's side, where something happens between the hearing of a pause and its writing."""

    def __init__(self, store: PostgresStore, then: Callable[[], Awaitable[object]]) -> None:
        super().__init__(store)
        self._then = then

    async def beat(
        self, run_id: str, holder: str, lease_seconds: float, progress: RunProgress
    ) -> Wish | None:
        wish = await super().beat(run_id, holder, lease_seconds, progress)
        if wish is Wish.PAUSE:
            await self._then()
        return wish


async def paused_while(desk: CleanDesk, run: CleanupRun, then: Callable[[], Awaitable[object]]) -> None:
    """A worker that is asked for a pause, and on its way there something happens."""
    asked: list[asyncio.Future[CleanupJob]] = []

    def passing(name: str) -> None:
        if name == "batch proposed" and not asked:
            asked.append(asyncio.ensure_future(pause(desk, run.job_id)))

    store = desk.office.store
    models = ScoringModels(store, desk.office.desk.matching.models.in_use)
    parts = worker_parts(store, desk.office.desk.rules, models, SmallFinder(desk.folder))
    # Nothing is heard between batches, so that the last word before the pause is the one that is told late.
    options = WorkerOptions(passing=passing, timing=Timing(beat_seconds=60.0), **IN_SMALL_BATCHES)
    await Running(replace(parts, runs=Meddled(store, then)), "meddled", options).work_once()
    assert await asyncio.gather(*asked)


async def test_a_resume_that_meets_the_pause_is_kept(desk: CleanDesk) -> None:
    """The run waits for a worker, and ends as if nobody had paused it."""
    run = await queued_run(desk)
    await paused_while(desk, run, lambda: resume(desk, run.job_id))
    assert (await desk.seen(run)).state is RunState.RUNNING
    for _ in range(2):
        await desk.worker(**IN_SMALL_BATCHES).work_once()
        await asyncio.sleep(0.1)
    end = await outcome(desk, await desk.seen(run))
    assert (end.state, end.merge_count, len(end.proposals)) == (RunState.SUCCEEDED, 27, 29)


async def test_a_cancel_that_meets_the_pause_is_kept(desk: CleanDesk) -> None:
    """The run ends, and no resume brings it back."""
    run = await queued_run(desk)
    await paused_while(desk, run, lambda: cancel(desk, run))
    now = await desk.seen(run)
    assert (now.state, now.reason) == (RunState.CANCELLED, "somebody cancelled it")
    await resume(desk, run.job_id)
    assert await desk.worker().work_once() is None


async def test_a_paused_run_of_a_job_that_is_not_can_be_resumed(desk: CleanDesk, database_url: str) -> None:
    """Whatever left it so: nobody else would bring it back."""
    await desk.office.put(*people(2))
    run = await desk.queue(await desk.job())
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cleanup_runs SET state = 'PAUSED'")
    await resume(desk, run.job_id)
    await desk.worker().work_once()
    assert (await desk.seen(run)).state is RunState.SUCCEEDED


@pytest.mark.parametrize("point", ["begun", "batch proposed", "canary drawn", "batch merged"])
async def test_a_paused_run_goes_on_where_it_was(desk: CleanDesk, point: str) -> None:
    """Paused at its next batch, resumed, and ended as if nothing had been; nothing lies about meanwhile."""
    run = await queued_run(desk)
    await worked_until(desk, point, lambda: pause(desk, run.job_id))
    paused = await desk.seen(run)
    assert paused.state is RunState.PAUSED
    assert await desk.worker().work_once() is None
    assert not any(desk.folder.iterdir()) if desk.folder.exists() else True
    await resume(desk, run.job_id)
    for _ in range(2):
        await desk.worker(**IN_SMALL_BATCHES).work_once()
        await asyncio.sleep(0.1)
    end = await outcome(desk, await desk.seen(run))
    assert (end.state, end.merge_count, len(end.proposals)) == (RunState.SUCCEEDED, 27, 29)


@pytest.mark.parametrize("point", ["begun", "batch proposed", "batch merged"])
async def test_a_cancelled_run_ends_at_its_next_batch(desk: CleanDesk, point: str) -> None:
    """What it did stays, and nothing more is done."""
    run = await queued_run(desk)
    await worked_until(desk, point, lambda: cancel(desk, run))
    now = await desk.seen(run)
    assert (now.state, now.reason) == (RunState.CANCELLED, "somebody cancelled it")
    assert now.end_time is not None
    proposals = len(await desk.proposals())
    assert proposals == now.counts.proposed < 29 or point == "batch merged"
    assert await desk.worker().work_once() is None
    assert len(await desk.proposals()) == proposals


async def test_a_run_that_waits_for_a_worker_is_steered_at_once(desk: CleanDesk) -> None:
    """Nobody need hear of it first."""
    await desk.office.put(*people(2))
    run = await desk.queue(await desk.job())
    assert (await pause(desk, run.job_id)).paused
    assert (await desk.seen(run)).state is RunState.PAUSED
    assert not (await resume(desk, run.job_id)).paused
    assert (await desk.seen(run)).state is RunState.QUEUED
    assert (await cancel(desk, run)).state is RunState.CANCELLED


async def test_a_pause_does_not_cut_the_hold_short(desk: CleanDesk) -> None:
    """Paused while people look at the canary, a resumed run waits until their time is over."""
    await desk.office.put(*people(10))
    run = await desk.run(await desk.job(canary=canary(0.2, 3600.0)))
    await pause(desk, run.job_id)
    assert (await desk.seen(run)).state is RunState.PAUSED
    await resume(desk, run.job_id)
    now = await desk.seen(run)
    assert (now.state, now.wait_time) == (RunState.WAITING, run.wait_time)


async def test_what_is_done_twice_is_done_once(desk: CleanDesk) -> None:
    """A second pause, resume or cancel changes nothing."""
    await desk.office.put(*people(2))
    run = await desk.queue(await desk.job())
    assert await pause(desk, run.job_id) == await pause(desk, run.job_id)
    assert await resume(desk, run.job_id) == await resume(desk, run.job_id)
    assert await cancel(desk, run) == await cancel(desk, run)


async def test_a_paused_job_is_not_run(desk: CleanDesk) -> None:
    """It says so, and what to do."""
    job = await desk.job()
    await pause(desk, job.job_id)
    with pytest.raises(StateNotAllowed, match="resume it first"):
        await desk.queue(job)


async def test_a_job_has_one_run_at_a_time(desk: CleanDesk) -> None:
    """The error names the one that is active; so does that of deleting the job."""
    job = await desk.job()
    run = await desk.queue(job)
    with pytest.raises(JobRunning) as refused:
        await desk.queue(job)
    assert refused.value.run_name == run.name
    with pytest.raises(JobRunning):
        await desk.office.desk.cleaning.delete(request("DeleteCleanupJob", MIA.name), job.job_id, "", MIA)


async def test_everybody_who_decides_may_stop_a_run(desk: CleanDesk) -> None:
    """Sales did not make it, and may not run it; they may pause and cancel it."""
    job = await desk.job()
    run = await desk.queue(job)
    await pause(desk, job.job_id, by="users/ann")
    assert (await cancel(desk, run, by="users/ann")).state is RunState.CANCELLED
    with pytest.raises(PermissionRefused):
        await desk.queue(job, by="users/ann")


async def test_nobody_steers_what_is_not_there(desk: CleanDesk) -> None:
    """NotFound, whatever is asked."""
    with pytest.raises(NotFound):
        await pause(desk, "nothing")
    with pytest.raises(NotFound):
        await desk.office.desk.cleaning.cancel(request("CancelOperation", MIA.name), "nothing", MIA)
    with pytest.raises(NotFound):
        await desk.office.desk.cleaning.cleanup_run("nothing")


async def test_two_workers_never_have_one_run(desk: CleanDesk) -> None:
    """Ten workers at once: each run is worked on by one, and nothing is proposed twice."""
    await desk.office.put(*people(6))
    runs = [await desk.queue(await desk.job()) for _ in range(2)]
    workers = [desk.worker(holder=f"worker {n}", most_running=5, proposals_at_once=2) for n in range(10)]
    worked = [run for run in await asyncio.gather(*(each.work_once() for each in workers)) if run]
    assert sorted(run.run_id for run in worked) == sorted(run.run_id for run in runs)
    counts = [(await desk.seen(run)).counts for run in runs]
    assert sum(each.proposed for each in counts) == 6
    assert sum(each.merged for each in counts) == 6


async def test_no_more_runs_at_a_time_than_set(desk: CleanDesk) -> None:
    """With one at a time, the second run waits for its turn."""
    await desk.office.put(*people(4))
    runs = [await desk.queue(await desk.job()) for _ in range(2)]
    workers = [desk.worker(holder=f"worker {n}") for n in range(2)]
    await asyncio.gather(*(each.work_once() for each in workers))
    assert [(await desk.seen(run)).state for run in runs] == [RunState.SUCCEEDED, RunState.QUEUED]


@pytest.mark.parametrize("point", ["begun", "snapshot read", "items stored", "batch proposed", "all merged"])
async def test_a_worker_that_lost_its_lease_writes_nothing(
    desk: CleanDesk, database_url: str, point: str
) -> None:
    """Held up for so long that its run is another's, it does nothing more, and the other ends it."""
    await desk.office.put(*people(6))
    run = await desk.queue(await desk.job())
    held = ["UPDATE cleanup_runs SET lease_holder = 'other', lease_time = now() + interval '1 hour'"]

    def passing(name: str) -> None:
        if name == point and held:
            with psycopg.connect(database_url) as connection:
                connection.execute(held.pop())

    slow = Timing(beat_seconds=60.0)
    await desk.worker("slow", passing, timing=slow, proposals_at_once=2).work_once()
    assert not held
    taken = await desk.seen(run)
    assert taken.state is RunState.RUNNING
    assert taken.counts.proposed == {"batch proposed": 2, "all merged": 6}.get(point, 0)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE cleanup_runs SET lease_time = now()")
    await desk.worker("third").work_once()
    now = await desk.seen(run)
    assert (now.state, now.counts.proposed, now.counts.merged) == (RunState.SUCCEEDED, 6, 6)
    assert len(await desk.proposals()) == 6


async def test_a_worker_that_is_stopped_leaves_its_run_to_the_next(desk: CleanDesk) -> None:
    """As at SIGTERM: it ends at the next batch, and the run is taken up at once, not after a lease."""
    run = await queued_run(desk)
    worker = desk.worker(
        passing=lambda name: worker.leave() if name == "batch proposed" else None, **IN_SMALL_BATCHES
    )
    await worker.work_once()
    assert (await desk.seen(run)).state is RunState.RUNNING
    for _ in range(2):
        await desk.worker(**IN_SMALL_BATCHES).work_once()
        await asyncio.sleep(0.1)
    end = await outcome(desk, await desk.seen(run))
    assert (end.state, end.merge_count, len(end.proposals)) == (RunState.SUCCEEDED, 27, 29)

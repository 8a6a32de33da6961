"""A worker as the service runs it: the real pipeline on the embedded engine, in a process that is watched."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dedup_service.cleanup_finding import PipelineFinder
from dedup_service.cleanup_supervisor import supervised_cleanup
from dedup_service.composition import Servers
from dedup_service.domain.cleanup.runs import CleanupRun, Phase, RunState
from dedup_service.settings import Settings
from dedup_service.workflows.pages import Page
from tests.conftest import StandingDatabase
from tests.merge_desk import open_office
from tests.workflows.cleaning.clean_desk import CleanDesk, people
from tests.workflows.cleaning.outcomes import outcome, queued_run, sixty_records

PATIENCE_SECONDS = 90


async def test_the_pipeline_finds_what_a_comparison_of_everything_finds(
    standing_database: StandingDatabase, redis_url: str, tmp_path: Path
) -> None:
    """By blocks, on the embedded engine: the same proposals and merges as by `scoring.resolve`."""
    ends = []
    for is_real in (False, True):
        async with open_office(standing_database.emptied(), redis_url) as office:
            desk = CleanDesk(office, tmp_path / f"{is_real}")
            await office.put(*sixty_records())
            finder = PipelineFinder(desk.folder, {}, 512) if is_real else None
            run = await desk.run(await desk.job(), finder=finder)
            assert run.state is RunState.SUCCEEDED, run.reason
            end = await outcome(desk, run)
            ends.append((end.proposals, end.merge_count, end.together))
    assert ends[0] == ends[1]
    assert {Phase.READ, Phase.BLOCK, Phase.SCORE, Phase.CLUSTER} <= {each.phase for each in run.phases}


@pytest.mark.proof
async def test_an_incremental_run_ends_as_a_full_one(
    standing_database: StandingDatabase, redis_url: str, tmp_path: Path
) -> None:
    """After a first run, edits, new records and an undo: what is compared anew makes no difference."""
    ends = []
    for is_incremental in (False, True):
        async with open_office(standing_database.emptied(), redis_url) as office:
            desk = CleanDesk(office, tmp_path / f"{is_incremental}")
            await office.put(*sixty_records(), *people(30)[-2:-1])
            job = await desk.job(incremental=is_incremental)
            finder = PipelineFinder(desk.folder, {}, 512)
            await desk.run(job, finder=finder)
            merges = await office.store.read(lambda tx: tx.list_merges(Page(size=100)))
            by_name = sorted(merges.items, key=lambda each: each.before[0].records)
            await office.undo(by_name[0], by="mia")
            await office.put(people(30)[-1], *people(33)[-6:], people(4)[-1])
            run = await desk.run(job, finder=finder)
            assert (run.state, run.incremental) == (RunState.SUCCEEDED, is_incremental)
            ends.append(await outcome(desk, run))
    assert ends[0] == ends[1]
    assert ends[0].counts.merged == 4


async def test_golden_records_that_are_apart_stay_apart(desk: CleanDesk) -> None:
    """A not-a-match link reaches the pipeline: nothing is proposed across it."""
    await desk.office.put(*people(3))
    proposal = await desk.office.propose(
        *[(await desk.office.record(f"1-{copy}")).golden_id for copy in (0, 1)]
    )
    await desk.office.undo(await desk.office.execute(proposal, by="mia"), by="mia", distinct=True)
    run = await desk.run(await desk.job(), finder=PipelineFinder(desk.folder, {}, 512))
    assert (run.state, run.counts.merged) == (RunState.SUCCEEDED, 2)


async def test_an_engine_that_is_away_fails_a_run_in_words(desk: CleanDesk) -> None:
    """The address, which may hold a token, is not told; the name is."""
    office = desk.office
    office.desk.cleaning.__init__(  # type: ignore[misc]  # the same use cases with an engine to name
        office.store,
        office.desk.rules,
        office.desk.matching.models.in_use,
        office.desk.now,
        lambda: "j",
        ("far",),
    )
    await office.put(*people(2))
    queued = await desk.queue(await desk.job(engine="far"))
    finder = PipelineFinder(desk.folder, {"far": "sc://127.0.0.1:1/;token=secret"}, 512)
    await desk.worker(finder=finder).work_once()
    run = await desk.seen(queued)
    assert run.state is RunState.FAILED
    assert run.reason.startswith("far: does not answer")
    assert "secret" not in run.reason


async def ended(desk: CleanDesk, run: CleanupRun) -> CleanupRun:
    """The run once it has ended by itself."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (now := await desk.seen(run)).state.active:  # noqa: ASYNC110  the other side is a process
            await asyncio.sleep(0.1)
    return now


def workers() -> list[psutil.Process]:
    """The worker processes that this one has started."""
    children = [each for each in psutil.Process().children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in children if "dedup_service.cleanup_worker" in each.cmdline()]


@asynccontextmanager
async def supervised(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[None]:
    """What `dedup serve` does beside serving, on these servers."""
    settings = replace(Settings.from_environment({}), data_dir=folder, cleanup_memory_mib=512)
    before = dict(os.environ)
    os.environ |= {"DEDUP_DATA_DIR": str(folder), "DEDUP_CLEANUP_MEMORY_MIB": "512"}
    try:
        async with supervised_cleanup(settings, Servers(database_url, redis_url)):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.proof
async def test_the_service_starts_a_worker_when_a_run_waits(
    desk: CleanDesk, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Queued, worked on in a process of its own, and ended; the process ends, too."""
    async with supervised(database_url, redis_url, tmp_path):
        run = await queued_run(desk)
        end = await ended(desk, run)
        assert (end.state, end.counts.merged) == (RunState.SUCCEEDED, 27)
    assert workers() == []
    assert not any((tmp_path / "cleanup" / "runs").iterdir())


@pytest.mark.proof
async def test_a_killed_worker_is_started_again(
    desk: CleanDesk, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Killed with kill -9 again and again, at whatever it does: the run ends as one left in peace."""
    async with supervised(database_url, redis_url, tmp_path):
        run = await queued_run(desk)
        for pause_seconds in (0.5, 2.0, 3.0):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not workers():  # noqa: ASYNC110  the other side is a process
                    await asyncio.sleep(0.05)
            await asyncio.sleep(pause_seconds)
            for each in workers():
                each.send_signal(signal.SIGKILL)
        end = await outcome(desk, await ended(desk, run))
    assert (end.state, end.merge_count, len(end.proposals)) == (RunState.SUCCEEDED, 27, 29)


@pytest.mark.proof
async def test_a_service_that_stops_leaves_its_run_to_the_next(
    desk: CleanDesk, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """SIGTERM in the middle of a run: it is taken up by the next service, and ends the same."""
    async with supervised(database_url, redis_url, tmp_path):
        run = await queued_run(desk)
        while (await desk.seen(run)).state is RunState.QUEUED:  # noqa: ASYNC110  the other side is a process
            await asyncio.sleep(0.05)
    assert workers() == []
    assert (await desk.seen(run)).state.active
    async with supervised(database_url, redis_url, tmp_path):
        end = await outcome(desk, await ended(desk, run))
    assert (end.state, end.merge_count, len(end.proposals)) == (RunState.SUCCEEDED, 27, 29)

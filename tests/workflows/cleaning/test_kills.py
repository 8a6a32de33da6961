"""A run that is killed anywhere, and taken up again, ends as if nothing had happened."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from dedup_service.domain.cleanup.runs import CleanupRun, RunState
from dedup_service.workflows.cleaning.keeping import Timing
from dedup_service.workflows.cleaning.running import MAX_TAKES
from tests.conftest import StandingDatabase
from tests.merge_desk import open_office
from tests.workflows.cleaning.clean_desk import CleanDesk, people
from tests.workflows.cleaning.outcomes import IN_SMALL_BATCHES, Outcome, outcome, queued_run

# So that the lease of one that was killed ends soon.
SHORT = Timing(lease_seconds=0.3, beat_seconds=0.02)
LEAST_POINTS = 20


class Killed(BaseException):
    """What ends a worker without a word: no handler of it is for errors."""


def killed_at(point: str) -> Callable[[str], None]:
    """Ends a worker whenever it comes to a point."""

    def passing(name: str) -> None:
        if name == point:
            raise Killed

    return passing


def at_each_new_point(points: list[str]) -> Callable[[str], None]:
    """Ends a worker at the first point at which none was ended yet; of batches at the first three."""

    def passing(name: str) -> None:
        if points.count(name) < (3 if name.startswith("batch") else 1):
            points.append(name)
            raise Killed

    return passing


async def worked(
    desk: CleanDesk, run: CleanupRun, passing: Callable[[str], None] = lambda _: None
) -> CleanupRun:
    """The run as it ended, worked on until it does."""
    while (now := await desk.seen(run)).state.active:
        await desk.worker(passing=passing, timing=SHORT, **IN_SMALL_BATCHES).work_once()
        await asyncio.sleep(0.02)
    return now


@pytest.mark.proof
async def test_killed_once_at_every_point(
    standing_database: StandingDatabase, redis_url: str, tmp_path: Path
) -> None:
    """One run is killed at each point that it comes to; another is left in peace. Both end the same."""
    points: list[str] = []
    ends: list[Outcome] = []
    for is_killed in (False, True):
        async with open_office(standing_database.emptied(), redis_url) as office:
            desk = CleanDesk(office, tmp_path / f"{is_killed}")
            run = await queued_run(desk)
            while is_killed and (await desk.seen(run)).state.active:
                passing = at_each_new_point(points)
                with suppress(Killed):
                    await desk.worker(passing=passing, timing=SHORT, **IN_SMALL_BATCHES).work_once()
                await asyncio.sleep(0.02)
            ends.append(await outcome(desk, await worked(desk, run)))
    peaceful, harried = ends
    assert peaceful.state is RunState.SUCCEEDED
    assert harried == peaceful
    assert len(points) >= LEAST_POINTS


@pytest.mark.proof
@pytest.mark.parametrize("point", range(1, 31))
async def test_killed_at_one_point(
    point: int, standing_database: StandingDatabase, redis_url: str, tmp_path: Path
) -> None:
    """With kill -9, as a process: what a later worker makes of the run is what the first would have made."""
    ends = []
    for kill_at in (0, point):
        url = standing_database.emptied()
        async with open_office(url, redis_url) as office:
            desk = CleanDesk(office, tmp_path / f"{kill_at}")
            run = await queued_run(desk)
            if kill_at:
                code = await _killed_process(url, desk.folder, kill_at)
                assert code in (-SIGKILL, 0)
                await _end_leases(url)
            ends.append(await outcome(desk, await worked(desk, run)))
    assert ends[0].state is RunState.SUCCEEDED
    assert ends[1] == ends[0]


async def _killed_process(url: str, folder: Path, point: int) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.workflows.cleaning.killed_worker", url, str(folder), str(point))
    )
    return await process.wait()


async def _end_leases(url: str) -> None:
    """As if so much time had passed."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("UPDATE cleanup_runs SET lease_time = now() WHERE lease_time IS NOT NULL")


async def test_a_run_that_ends_every_worker_is_given_up(desk: CleanDesk) -> None:
    """After so many workers that came no step further it fails, and says so."""
    await desk.office.put(*people(2))
    run = await desk.queue(await desk.job())
    for _ in range(MAX_TAKES + 1):
        with pytest.raises(Killed):
            await desk.worker(passing=killed_at("found"), timing=Timing(0.01, 10.0)).work_once()
        await asyncio.sleep(0.05)
    await desk.worker().work_once()
    now = await desk.seen(run)
    assert (now.state, now.reason) == (RunState.FAILED, f"its worker ended {MAX_TAKES} times")
    assert list(desk.folder.iterdir()) == []

"""Start a worker when a cleanup run waits for one, and stop it with the service.

Several services on one store may each do this: a worker that finds nothing to take ends at once.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from dedup_service.composition import Servers
from dedup_service.domain.errors import Unavailable
from dedup_service.settings import Settings
from dedup_service.store.cleanup_runs import PostgresCleanupRuns
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.workflows.background import completed, end_tasks
from dedup_service.workflows.cleaning.port import CleanupRuns

LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# After a worker that failed: what it lacks is seldom there a moment later.
_AFTER_FAILURE_SECONDS = 10.0
_STOP_SECONDS = 20.0


@asynccontextmanager
async def supervised_cleanup(settings: Settings, where: Servers) -> AsyncIterator[None]:
    """Keep cleanup runs worked on while the context lasts, as many at a time as the settings say."""
    if not settings.cleanup_runs:
        yield
        return
    store = PostgresStore(StoreOptions(where.database_url, pool_size=1))
    await store.open()
    supervisor = Supervisor(PostgresCleanupRuns(store), _environment(where), settings.cleanup_runs)
    looking = asyncio.create_task(supervisor.run(), name="cleanup supervisor")
    try:
        yield
    finally:
        await completed(_stop(looking, supervisor, store))


async def _stop(looking: asyncio.Task[None], supervisor: "Supervisor", store: PostgresStore) -> None:
    await end_tasks([looking])
    await supervisor.stop()
    await store.close()


class Supervisor:
    """The workers of one service."""

    def __init__(self, runs: CleanupRuns, environment: Mapping[str, str], most_running: int) -> None:
        self._runs = runs
        self._environment = environment
        self._most_running = most_running
        self._workers: list[subprocess.Popen[bytes]] = []

    async def run(self) -> None:
        """Look for runs that wait until cancelled; while PostgreSQL is away, try again."""
        while True:
            pause = _LOOK_SECONDS
            try:
                if self._ended_badly():
                    pause = _AFTER_FAILURE_SECONDS
                elif len(self._workers) < self._most_running and await self._is_work():
                    self._start()
            except Unavailable as error:
                LOG.warning("cleanup runs wait: %s", error.detail)
            except Exception as error:  # noqa: BLE001  a task that ends leaves every later run undone
                LOG.error("cleanup runs wait after %s", type(error).__name__)  # noqa: TRY400  F-3
            await asyncio.sleep(pause)

    async def _is_work(self) -> bool:
        waiting, running = await self._runs.waiting()
        # A worker that was just started has no run yet.
        return waiting > 0 and max(running, len(self._workers)) < self._most_running

    def _ended_badly(self) -> bool:
        """Forget the workers that ended; whether one of them failed."""
        ended = [worker for worker in self._workers if worker.poll() is not None]
        self._workers = [worker for worker in self._workers if worker.returncode is None]
        failed = [worker.returncode for worker in ended if worker.returncode]
        for code in failed:
            LOG.error("a cleanup worker ended with status %d; its run is taken up again", code)
        return bool(failed)

    def _start(self) -> None:
        # Not by the event loop: it forks, which gRPC complains of once it serves in this process.
        worker = subprocess.Popen(
            [sys.executable, "-m", "dedup_service.cleanup_worker", "--while-parent-lives"],
            env=self._environment,
            stdin=subprocess.PIPE,
        )
        self._workers.append(worker)

    async def stop(self) -> None:
        """Let every worker leave its run at the next batch, and end."""
        for worker in self._workers:
            worker.send_signal(signal.SIGTERM)
        await asyncio.gather(*(asyncio.to_thread(_ended, worker) for worker in self._workers))


def _ended(worker: subprocess.Popen[bytes]) -> None:
    """Wait until a worker ends, and end it when that takes too long."""
    try:
        worker.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        LOG.warning("a cleanup worker did not end within %g seconds and is killed", _STOP_SECONDS)
        worker.kill()
        worker.wait()
    if worker.stdin is not None:
        worker.stdin.close()


def _environment(where: Servers) -> Mapping[str, str]:
    """The settings of a worker: the service's, on its servers."""
    return {**os.environ, "DEDUP_DATABASE_URL": where.database_url, "DEDUP_REDIS_URL": where.redis_url}

"""The worker of cleanup jobs: a process that takes runs and carries them on until none waits.

`dedup serve` starts one when a run waits (`cleanup_supervisor`). It needs PostgreSQL alone. At SIGTERM, or
when its parent is gone, it leaves its run at the next batch, to be continued by the next worker.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from dedup_service.authenticating import Identity
from dedup_service.company_files import load_policy, parse_policy
from dedup_service.domain.errors import Unavailable
from dedup_service.settings import Settings
from dedup_service.store.cleanup_runs import PostgresCleanupRuns
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.telemetry.logs import configure_logging
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.cleaning.finding import Finder
from dedup_service.workflows.cleaning.running import Running, WorkerOptions, WorkerParts
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.proposing import Proposing
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse, ScoringModels

LOG = logging.getLogger(__name__)
WHILE_PARENT_LIVES = "--while-parent-lives"
_CONNECTIONS = 3
# Whoever waits for an answer of the service goes first.
_NICE = 10


def pipeline_finder(settings: Settings) -> Finder:
    """The finder of the settings.

    Raises:
        ImportError: the engine is not installed.
    """
    from dedup_service.cleanup_finding import PipelineFinder  # noqa: PLC0415  needs the extra `clean`

    folder = settings.data_dir / "cleanup"
    return PipelineFinder(folder, settings.cleanup_engines, settings.cleanup_memory_mib)


@asynccontextmanager
async def opened_worker(
    settings: Settings, finder: Finder, options: WorkerOptions | None = None
) -> AsyncIterator[Running]:
    """A worker on the PostgreSQL of the settings, by the policy and the model in force.

    Raises:
        CompanyFileError: the policy or the principals cannot be used.
        StoreUnavailable: PostgreSQL does not answer.
    """
    policy = load_policy(settings.policy)
    identity = Identity(settings, policy, settings.database_url)
    rules = Rules(policy, identity.principals, parse_policy)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(identity.running(rules))
        store = PostgresStore(StoreOptions(settings.database_url, _CONNECTIONS))
        await store.open()
        stack.push_async_callback(store.close)
        rules.read_from(store)
        store.follow_rules(rules)
        await rules.renew()
        in_use = ModelInUse(store)
        await in_use.renew()
        stack.push_async_callback(end_tasks, [asyncio.create_task(in_use.run(), name="scoring model")])
        parts = worker_parts(store, rules, ScoringModels(store, in_use), finder)
        holder = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex}"
        yield Running(parts, holder, options or WorkerOptions(most_running=max(1, settings.cleanup_runs)))


def worker_parts(store: PostgresStore, rules: Rules, models: ScoringModels, finder: Finder) -> WorkerParts:
    """What a worker works with, on this store."""
    assessment = Assessment(rules, models.in_use)
    replanning = Replanning(assessment)
    return WorkerParts(
        store=store,
        runs=PostgresCleanupRuns(store),
        finder=finder,
        rules=rules,
        models=models,
        assessment=assessment,
        proposing=Proposing(store, assessment, _new_id),
        deciding=Deciding(store, assessment, replanning, _new_id),
        now=lambda: datetime.now(UTC),
    )


def _new_id() -> str:
    return uuid.uuid4().hex


async def work(settings: Settings, *, while_parent_lives: bool) -> int:
    """Work until no run waits; the exit code, 1 where PostgreSQL went away."""
    try:
        finder = pipeline_finder(settings)
    except ImportError as error:
        LOG.error("cleanup runs need the extra `clean` of this package: %s", error)  # noqa: TRY400  it says it all
        return 1
    async with opened_worker(settings, finder) as running:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, running.leave)
        if while_parent_lives:
            await loop.connect_read_pipe(lambda: _EndOfInput(running), sys.stdin)
        try:
            while await running.work_once() is not None:
                pass
        except Unavailable as error:
            LOG.warning("the worker ends: %s", error.detail)
            return 1
    return 0


class _EndOfInput(asyncio.Protocol):
    """Has the worker leave when the other end of its standard input is gone."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        self._running.leave()


def main() -> int:
    """Work by the settings of the environment."""
    settings = Settings.from_environment(os.environ)
    configure_logging(settings.log_level, settings.log_format)
    os.nice(_NICE)
    return asyncio.run(work(settings, while_parent_lives=WHILE_PARENT_LIVES in sys.argv))


if __name__ == "__main__":
    sys.exit(main())

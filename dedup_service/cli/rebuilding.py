"""`rebuild-index`: the blocking index anew, beside the one that serves."""

import asyncio
import os
from collections.abc import Callable

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.composition import RunningDesk, running_desk, servers
from dedup_service.settings import Settings
from dedup_service.workflows.index_port import IndexStatus

PATIENCE_SECONDS = 3600.0
_LOOK_AGAIN_SECONDS = 0.1


def rebuild_index(as_json: bool) -> None:
    """Rebuild, wait until the new index serves, and say what it holds."""
    settings = Settings.from_environment(os.environ)
    out = Output(as_json)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        status = runner.run(_rebuild(settings))
    if as_json:
        out.json(
            {
                "epoch": status.epoch,
                "applied_revision": status.applied_revision,
                "record_count": status.record_count,
                "key_count": status.key_count,
            }
        )
        return
    out.line(
        f"rebuilt: {status.record_count:,} records under {status.key_count:,} blocking keys, "
        f"at revision {status.applied_revision}"
    )


async def _rebuild(settings: Settings) -> IndexStatus:
    async with servers(settings) as where, running_desk(settings, where) as running:
        overview = await running.desk.store.read(lambda tx: tx.overview())
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
                    task = progress.add_task("records", total=overview.record_count)
                    return await _new_epoch(running, lambda built: progress.update(task, completed=built))
        except TimeoutError:
            raise CommandError(
                "the rebuild is not done after an hour: run `dedup doctor`, and look into the service's log"
            ) from None


async def _new_epoch(running: RunningDesk, show: Callable[[int], None]) -> IndexStatus:
    """Wait for an epoch other than the one there is, and show how many records it has so far; another service
    may be the one that builds it.
    """
    before = (await running.index.status()).epoch
    while True:
        status = await running.index.status()
        if status.epoch and status.epoch != before and not status.defect:
            return status
        show(status.built_count)
        if not status.rebuilding:
            running.follower.request_rebuild()
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)

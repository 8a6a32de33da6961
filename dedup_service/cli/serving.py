"""`serve`: the merge desk on the air, from the settings to SIGTERM."""

import asyncio
import gc
import os
import signal
import sys
from contextlib import closing
from dataclasses import dataclass, replace

import uvloop

from dedup_service.authenticating import tls_files
from dedup_service.cleanup_supervisor import supervised_cleanup
from dedup_service.cli.console_process import ConsoleProcess, console_beside
from dedup_service.cli.output import Output
from dedup_service.cli.overview import say_store, say_sweep, say_what_to_try
from dedup_service.cli.sample_crm import fill_with_sample
from dedup_service.cli.workers import Workers, reserve_port
from dedup_service.composition import RunningDesk, Servers, running_desk, servers
from dedup_service.rpc.limits import Limits
from dedup_service.rpc.server import ServerOptions, start_server
from dedup_service.settings import Settings
from dedup_service.telemetry.logs import configure_logging
from dedup_service.telemetry.running import running_telemetry
from dedup_service.workflows.background import completed, end_tasks

INDEX_PATIENCE_SECONDS = 5.0
# Allocations before the youngest objects are looked at, then how many times before older ones are.
_COLLECT_AFTER = (20_000, 20, 20)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks of a start."""

    sample: bool
    quiet: bool
    out: Output
    while_parent_lives: bool = False


def serve(
    sample: bool,
    quiet: bool,
    as_json: bool,
    workers: int | None = None,
    no_console: bool = False,
    while_parent_lives: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully and return."""
    settings = Settings.from_environment(os.environ)
    if workers is not None:
        settings = replace(settings, workers=workers)
    if no_console:
        settings = replace(settings, console_listen="")
    configure_logging(settings.log_level, settings.log_format)
    wishes = Wishes(sample, quiet, Output(as_json), while_parent_lives)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_told_to_stop(settings, wishes))


async def _until_told_to_stop(settings: Settings, wishes: Wishes) -> None:
    """Run until a signal; a signal during the start ends it as cleanly."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    if wishes.while_parent_lives:
        await loop.connect_read_pipe(lambda: _EndOfInput(stop), sys.stdin)
    # The console first: it takes as long to start as the servers do.
    async with console_beside(settings) as console, servers(settings) as where:
        # Servers that are just being started are waited for: cancelled half-way they would be left behind.
        serve_on = _serve if settings.workers == 1 else _serve_with_workers
        serving = asyncio.create_task(serve_on(settings, where, console, wishes))
        told = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, told}, return_when=asyncio.FIRST_COMPLETED)
        await end_tasks([told, serving])
        if not serving.cancelled() and (error := serving.exception()) is not None:
            raise error


class _EndOfInput(asyncio.Protocol):
    """Sets an event when the other end of the standard input is gone."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio passes it
        self._ended.set()


async def _serve_with_workers(
    settings: Settings, where: Servers, console: ConsoleProcess, wishes: Wishes
) -> None:
    held, address = reserve_port(settings.listen)
    with closing(held):
        # What a start may find wrong or have to do is found and done once, before the workers start.
        async with running_desk(settings, where) as running:
            await _introduce(running, settings, wishes)
            if not (wishes.quiet or wishes.out.as_json):
                await say_what_to_try(running.desk, address, wishes.out)
        workers = Workers(settings, where, address, settings.workers)
        try:
            await workers.start()
            async with supervised_cleanup(settings, where):
                console_url = await console.serving(address)
                _say_listening(address, console_url, wishes, f" with {settings.workers} workers")
                await asyncio.Event().wait()
        finally:
            await completed(workers.stop())


async def _serve(settings: Settings, where: Servers, console: ConsoleProcess, wishes: Wishes) -> None:
    async with (
        running_telemetry(settings.metrics_listen, os.environ) as measured,
        running_desk(settings, where, measured.telemetry) as running,
        supervised_cleanup(settings, where),
    ):
        await _introduce(running, settings, wishes)
        options = ServerOptions(
            listen=settings.listen,
            reflection=settings.reflection,
            max_concurrent_calls=settings.max_concurrent_calls,
            grace_seconds=settings.grace_seconds,
            share_port=settings.share_port,
            tls=tls_files(settings),
            limits=Limits(
                calls_a_second=settings.rate_limit,
                items_a_second=settings.item_rate_limit,
                streams_each=settings.max_streams,
                idle_seconds=settings.stream_idle_seconds,
                deadlines_required=settings.require_deadlines,
            ),
            health_seconds=settings.index_health_interval_seconds,
        )
        _spare_the_collector()
        server = await start_server(running.desk, options, measured.telemetry, running.authentication)
        try:
            if not (wishes.quiet or wishes.out.as_json):
                await say_what_to_try(running.desk, server.address, wishes.out)
            if measured.metrics_address and not wishes.out.as_json:
                wishes.out.line(f"metrics: http://{measured.metrics_address}/metrics", "dim")
            _say_listening(server.address, await console.serving(server.address), wishes)
            await asyncio.Event().wait()
        finally:
            # `end_tasks` tells us again and again: that must not cut the grace of running calls short.
            await completed(server.stop())


def _spare_the_collector() -> None:
    """Leave what the start has made out of every collection, and collect less often.

    It stays for as long as the process does: tens of thousands of objects that each full collection would
    look at, while every call waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


async def _introduce(running: RunningDesk, settings: Settings, wishes: Wishes) -> None:
    """Fill an empty store when asked to, and say what there is."""
    silent = wishes.quiet or wishes.out.as_json
    # A command pasted right after "ready" should find everything; a slow rebuild does not hold us up.
    head = await running.desk.store.read(lambda tx: tx.head_revision())
    await running.follower.wait_applied(head, INDEX_PATIENCE_SECONDS)
    swept = None
    if wishes.sample:
        swept = await fill_with_sample(running.desk, None if silent else wishes.out)
    if silent:
        return
    own = [
        name
        for name, embedded in (
            ("PostgreSQL", settings.embedded_postgres),
            ("Valkey", settings.embedded_valkey),
        )
        if embedded
    ]
    beside = f", with {' and '.join(own)} of its own in {settings.data_dir}" if own else ""
    wishes.out.line(f"PostgreSQL {running.postgres_version}{beside}", "dim")
    await say_store(running.desk, wishes.out)
    if swept is not None:
        say_sweep(swept, wishes.out)


def _say_listening(address: str, console_url: str, wishes: Wishes, how: str = "") -> None:
    out = wishes.out
    if out.as_json:
        out.json({"ready": True, "address": address, "console": console_url})
        return
    if console_url:
        out.line()
        out.line(f"console: {console_url} in a browser", "bold")
    if not wishes.quiet:
        out.line()
    out.line(f"ready: listening on {address}{how}; Ctrl-C stops", "bold green")

"""`serve --workers N`: several processes on one port, each a whole service; one that ends is started again.

The kernel deals connections out to the processes (SO_REUSEPORT): a client with one connection is served by
one of them.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress

from dedup_service.composition import Servers
from dedup_service.rpc.server import ListenError
from dedup_service.settings import Settings
from dedup_service.telemetry.running import address_of_worker

LOG = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
# A worker has its own grace for the calls that run; this is for what comes after.
_AFTER_GRACE_SECONDS = 10.0


def reserve_port(address: str) -> tuple[socket.socket, str]:
    """A socket that keeps the port for the workers without listening, and the address with its port.

    Raises:
        ListenError: somebody else has the port, or the host is not of this machine.
    """
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bare = host.strip("[]")
    try:
        # Alone first: a port that others share would bind as well, and they would take a part of the calls.
        with closing(socket.socket(family)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bare, int(port)))
            port = str(probe.getsockname()[1])
        held = socket.socket(family)
        # Connections that the service before us closed keep their port for a minute.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((bare, int(port)))
    except OSError as error:
        raise ListenError(
            f"cannot listen on {address}: another program has the port, or the host is not of this machine; "
            "choose another address"
        ) from error
    return held, f"{host}:{port}"


class Workers:
    """The processes of one service."""

    def __init__(self, settings: Settings, where: Servers, address: str, count: int) -> None:
        self._environments = [_environment(settings, where, address, number) for number in range(count)]
        self._count = count
        self._stop_seconds = settings.grace_seconds + _AFTER_GRACE_SECONDS
        self._running: list[asyncio.subprocess.Process] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Return when all of them serve.

        Raises:
            RuntimeError: one ended before it did; what it said stands in the log.
        """
        ready = [asyncio.Event() for _ in range(self._count)]
        self._keepers = [
            asyncio.create_task(self._keep(number, is_ready), name=f"worker {number}")
            for number, is_ready in enumerate(ready)
        ]
        all_ready = asyncio.create_task(_all(ready))
        await asyncio.wait({all_ready, *self._keepers}, return_when=asyncio.FIRST_COMPLETED)
        all_ready.cancel()
        for keeper in self._keepers:
            if keeper.done():
                keeper.result()

    async def _keep(self, number: int, is_ready: asyncio.Event) -> None:
        """Run one worker, and start it again whenever it ends."""
        while True:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "dedup_service", "serve", "--json", "--while-parent-lives"),
                env=self._environments[number],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._running.append(process)
            assert process.stdout is not None, "it was asked for"
            async for line in process.stdout:
                if _says_ready(line):
                    is_ready.set()
            code = await process.wait()
            self._running.remove(process)
            if not is_ready.is_set():
                raise RuntimeError(f"worker {number} ended with status {code} before it served")
            LOG.error("worker %d ended with status %d and is started again", number, code)
            await asyncio.sleep(RESTART_SECONDS)

    async def stop(self) -> None:
        """Let every worker finish its calls, and end."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        running, self._running = self._running, []
        for process in running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_seconds):
                await asyncio.gather(*(process.wait() for process in running))
        except TimeoutError:
            LOG.warning("workers did not end within %g seconds and are killed", self._stop_seconds)
            for process in running:
                with suppress(ProcessLookupError):
                    process.kill()
            await asyncio.gather(*(process.wait() for process in running))


def _environment(settings: Settings, where: Servers, address: str, number: int) -> Mapping[str, str]:
    """The settings of a worker: the service's, on its servers and its port, with metrics of its own."""
    return {
        **os.environ,
        "DEDUP_LISTEN": address,
        "DEDUP_DATABASE_URL": where.database_url,
        "DEDUP_REDIS_URL": where.redis_url,
        "DEDUP_METRICS_LISTEN": address_of_worker(settings.metrics_listen, number),
        "DEDUP_REFLECTION": "true" if settings.reflection else "false",
        "DEDUP_WORKERS": "1",
        # The parent has one supervisor for all of them.
        "DEDUP_CLEANUP_RUNS": "0",
        # And one console.
        "DEDUP_CONSOLE_LISTEN": "none",
        "DEDUP_SHARE_PORT": "true",
    }


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


def _says_ready(line: bytes) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("ready") is True

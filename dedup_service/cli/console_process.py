"""The console that `serve` starts beside itself, in a process of its own.

Pages take their time to be made, and calls must not wait for them. It is not needed for anything else: where
it cannot be started the service goes on, and says so.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dedup_service.settings import Settings
from dedup_service.workflows.background import completed, end_tasks

LOG = logging.getLogger(__name__)

RESTART_SECONDS = 2.0
_STOP_SECONDS = 10.0


@asynccontextmanager
async def console_beside(
    settings: Settings, address: str, say_where: Callable[[str], None]
) -> AsyncIterator[None]:
    """Keep the console for the service at `address` running while the context lasts.

    `say_where` is told the console's address once it answers there.
    """
    if not settings.console_listen:
        yield
        return
    console = ConsoleProcess(settings.console_listen, address)
    first = await console.start()
    if first:
        say_where(first)
    keeping = asyncio.create_task(console.keep(), name="console")
    try:
        yield
    finally:
        await completed(_stop(keeping, console))


async def _stop(keeping: asyncio.Task[None], console: "ConsoleProcess") -> None:
    await end_tasks([keeping])
    await asyncio.to_thread(console.stop)


class ConsoleProcess:
    """The process: started, started again when it ends after it has served once, and stopped."""

    def __init__(self, listen: str, address: str) -> None:
        self._environment = {**os.environ, "DEDUP_CONSOLE_LISTEN": listen, "DEDUP_ADDRESS": address}
        self._process: subprocess.Popen[bytes] | None = None
        self._has_served = False

    async def start(self) -> str:
        """Start it, and return its address once it answers; empty where it did not come up."""
        # Not by the event loop: it forks, which gRPC complains of once it serves in this process.
        self._process = process = subprocess.Popen(  # noqa: ASYNC220  it returns at once
            [sys.executable, "-m", "dedup_service", "console", "--json", "--while-parent-lives"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        url = await asyncio.to_thread(_ready_url, process)
        self._has_served = self._has_served or bool(url)
        return url

    async def keep(self) -> None:
        """Start it again whenever it ends, until cancelled; one that never served is left alone."""
        while self._has_served and self._process is not None:
            code = await asyncio.to_thread(self._process.wait)
            LOG.error("the console ended with status %d and is started again", code)
            await asyncio.sleep(RESTART_SECONDS)
            await self.start()

    def stop(self) -> None:
        """Let it end what is under way, and end."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            LOG.warning("the console did not end within %g seconds and is killed", _STOP_SECONDS)
            process.kill()
            process.wait()


def _ready_url(process: "subprocess.Popen[bytes]") -> str:
    """The address that the console says it is ready at; empty when it ends before."""
    assert process.stdout is not None, "it was asked for"
    for line in process.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and said.get("ready") is True:
            return str(said["url"])
    return ""

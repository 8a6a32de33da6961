"""The console that `serve` starts beside itself, in a process of its own.

Pages take their time to be made, and calls must not wait for them. It is not needed for anything else: where
it cannot be started the service goes on, and says so.
"""

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dedup_service.settings import Settings
from dedup_service.workflows.background import completed, end_tasks

LOG = logging.getLogger(__name__)

RESTART_SECONDS = 2.0
_STOP_SECONDS = 10.0


@asynccontextmanager
async def console_beside(settings: Settings, address: str) -> AsyncIterator[str]:
    """Keep the console for the service at `address` running while the context lasts; gives its URL.

    The URL is empty where there is none, because none is wanted or it did not come up.
    """
    if not settings.console_listen:
        yield ""
        return
    console = ConsoleProcess(settings, address)
    starting = asyncio.create_task(console.start(), name="console starts")
    keeping: asyncio.Task[None] | None = None
    try:
        url = await asyncio.shield(starting)
        if url:
            keeping = asyncio.create_task(console.keep(), name="console")
        yield url
    finally:
        await completed(_stop([task for task in (starting, keeping) if task is not None], console))


async def _stop(tasks: "list[asyncio.Task[str] | asyncio.Task[None]]", console: "ConsoleProcess") -> None:
    # First the process: whoever waits in a thread for what it says is then answered.
    await asyncio.to_thread(console.stop)
    await end_tasks(tasks)


class ConsoleProcess:
    """The process: started, started again when it ends, and stopped."""

    def __init__(self, settings: Settings, address: str) -> None:
        self._environment = {
            **os.environ,
            "DEDUP_CONSOLE_LISTEN": settings.console_listen,
            "DEDUP_ADDRESS": address,
            # The same for one that is started again: nobody has to sign in anew for it.
            "DEDUP_CONSOLE_SECRET": settings.console_secret or secrets.token_urlsafe(32),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

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
        if url:
            # One that was given any free port keeps it.
            self._environment["DEDUP_CONSOLE_LISTEN"] = url.removeprefix("http://")
        return url

    async def keep(self) -> None:
        """Start it again whenever it ends, until it is stopped."""
        while self._process is not None:
            code = await asyncio.to_thread(self._process.wait)
            if self._stopping:
                return
            LOG.error("the console ended with status %d and is started again", code)
            await asyncio.sleep(RESTART_SECONDS)
            await self.start()

    def stop(self) -> None:
        """Let it end what is under way, and end."""
        self._stopping = True
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

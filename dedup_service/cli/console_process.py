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

from dedup_service.rpc.tls import first_name
from dedup_service.setting_values import from_here
from dedup_service.settings import Settings
from dedup_service.workflows.background import completed, end_tasks

LOG = logging.getLogger(__name__)

RESTART_SECONDS = 2.0
_STOP_SECONDS = 10.0
_BEHIND_THE_SERVICE = ("DEDUP_DATABASE_URL", "DEDUP_REDIS_URL")


@asynccontextmanager
async def console_beside(settings: Settings) -> "AsyncIterator[ConsoleProcess]":
    """A console that is stopped with the context; it starts at once where the service's port is known."""
    console = ConsoleProcess(settings)
    if not settings.listen.endswith(":0"):
        console.begin(settings.listen)
    try:
        yield console
    finally:
        await completed(console.end())


class ConsoleProcess:
    """The process: started, started again when it ends, and stopped."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            # It is a client of the service: it has no business with what is behind it.
            **{name: text for name, text in os.environ.items() if name not in _BEHIND_THE_SERVICE},
            "DEDUP_CONSOLE_LISTEN": settings.console_listen,
            # It reaches the service by the address, which is not what its certificate is for.
            "DEDUP_TLS_SERVER_NAME": settings.tls_server_name or first_name(settings.tls_certificate),
            # The same for one that is started again: nobody has to sign in anew for it.
            "DEDUP_CONSOLE_SECRET": settings.console_secret or secrets.token_urlsafe(32),
        }
        self._has_url = bool(settings.console_url)
        self._wanted = bool(settings.console_listen)
        self._process: subprocess.Popen[bytes] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._stopping = False

    def begin(self, address: str) -> None:
        """Start it for the service at `address`, unless it is started or not wanted. Returns at once."""
        if not self._wanted or self._process is not None:
            return
        self._environment["DEDUP_ADDRESS"] = from_here(address)
        self._process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        # Not by the event loop: it forks, which gRPC complains of once it serves in this process.
        return subprocess.Popen(
            [sys.executable, "-m", "dedup_service", "console", "--json", "--while-parent-lives"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    async def serving(self, address: str) -> str:
        """Its URL, once it answers there, and keep it running from then on.

        Empty where there is none, because none is wanted or it did not come up.
        """
        self.begin(address)
        if self._process is None:
            return ""
        url = await asyncio.to_thread(_ready_url, self._process)
        if url:
            # One that was given any free port keeps it.
            if not self._has_url:
                self._environment["DEDUP_CONSOLE_LISTEN"] = url.removeprefix("http://")
            self._keeping = asyncio.create_task(self._keep(self._process), name="console")
        return url

    async def _keep(self, process: "subprocess.Popen[bytes]") -> None:
        while True:
            code = await asyncio.to_thread(process.wait)
            if self._stopping:
                return
            LOG.error("the console ended with status %d and is started again", code)
            await asyncio.sleep(RESTART_SECONDS)
            process = self._process = self._started()

    async def end(self) -> None:
        """Let it end what is under way, and end."""
        self._stopping = True
        # First the process: whoever waits in a thread for what it says is then answered.
        await asyncio.to_thread(self._stop)
        if self._keeping is not None:
            await end_tasks([self._keeping])

    def _stop(self) -> None:
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

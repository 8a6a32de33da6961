"""Processes of the service that start in a moment and can be killed: forked from one that imported it all.

What is forked is the real thing: `dedup serve` on the settings of the environment, a worker of cleanup jobs,
or the migration. The process that forks them has started neither a loop nor gRPC, so that none of its threads
is missing in them; they end with it.
"""

import asyncio
import ctypes
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
_IMPORTED = (
    "dedup_service.cli.serving",
    "dedup_service.cleanup_worker",
    "tests.workflows.cleaning.clean_desk",
)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
SERVICE, WORKER, MIGRATION = "service", "worker", "migration"


@dataclass(frozen=True, slots=True)
class Child:
    """One forked process; `address` is where it serves, if it does."""

    pid: int
    address: str = ""

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def running(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()

    async def ended(self) -> None:
        """Wait until it is gone; its parent asks for no exit codes, so that none stays as a zombie."""
        while self.running():  # noqa: ASYNC110  the kernel tells only a parent
            await asyncio.sleep(0.002)

    async def kill(self) -> None:
        """End it as a crash would, if it still runs."""
        if self.running():
            os.kill(self.pid, signal.SIGKILL)
        await self.ended()


class Nursery:
    """The process that forks; `open` it before the first child, and `close` it to end all of them."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.trust.nursery",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert (await self._said())["waiting"]

    async def close(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def serve(self, database_url: str, redis_url: str, **settings: str) -> Child:
        """Fork a service, and wait until it says that it serves."""
        environment = {
            "DEDUP_LISTEN": "127.0.0.1:0",
            "DEDUP_DATABASE_URL": database_url,
            "DEDUP_REDIS_URL": redis_url,
            "DEDUP_DATA_DIR": str(self.log.parent / "data"),
            "DEDUP_CLEANUP_RUNS": "0",
            "DEDUP_INDEX_HEALTH_INTERVAL_SECONDS": "0.5",
            "DEDUP_LOG_LEVEL": "WARNING",
        }
        pid = await self._fork(SERVICE, environment | settings)
        said = await self._said()
        assert "address" in said, f"the service did not start: {said}\n{self.log_tail()}"
        return Child(pid, str(said["address"]))

    async def work(self, database_url: str, folder: Path) -> Child:
        """Fork a worker of cleanup jobs that works until it is killed, in a folder of its own."""
        return Child(await self._fork(WORKER, {"DEDUP_DATABASE_URL": database_url}, folder=str(folder)))

    async def migrate(self, database_url: str) -> Child:
        """Fork a migration."""
        return Child(await self._fork(MIGRATION, {}, url=database_url))

    async def outcome(self) -> str:
        """What a migration that was not killed came to: `done`, or the name of its error."""
        return str((await self._said())["outcome"])

    def incidents(self) -> list[str]:
        """Faults that a service has logged as its own: there should be none."""
        return re.findall(r"^.*incident [0-9a-f]{32}.*$", self.log.read_text(errors="replace"), re.MULTILINE)

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    async def _fork(self, kind: str, environment: Mapping[str, str], **more: str) -> int:
        assert self._process is not None, "the nursery is open"
        assert self._process.stdin is not None, "it was given a pipe"
        wish = json.dumps({"kind": kind, "environment": environment, **more})
        self._process.stdin.write(wish.encode() + b"\n")
        return int((await self._said())["pid"])

    async def _said(self) -> dict[str, Any]:
        assert self._process is not None, "the nursery is open"
        assert self._process.stdout is not None, "it was given a pipe"
        async with asyncio.timeout(START_SECONDS):
            line = await self._process.stdout.readline()
        assert line, f"the nursery ended: {self.log_tail()}"
        said: dict[str, Any] = json.loads(line)
        return said


def _serve(_: Mapping[str, Any]) -> None:
    from dedup_service.cli.serving import serve  # noqa: PLC0415  the client side needs none of the service

    serve(sample=False, quiet=True, as_json=True, no_console=True)


def _work(wish: Mapping[str, Any]) -> None:
    from dedup_service.cleanup_worker import opened_worker  # noqa: PLC0415  as above
    from dedup_service.domain.errors import Unavailable  # noqa: PLC0415  as above
    from dedup_service.settings import Settings  # noqa: PLC0415  as above
    from dedup_service.workflows.cleaning.keeping import Timing  # noqa: PLC0415  as above
    from dedup_service.workflows.cleaning.running import WorkerOptions  # noqa: PLC0415  as above
    from tests.workflows.cleaning.clean_desk import SmallFinder  # noqa: PLC0415  as above

    options = WorkerOptions(
        proposals_at_once=2, merges_at_once=2, timing=Timing(lease_seconds=1.0, beat_seconds=0.2)
    )

    async def work() -> None:
        settings = Settings.from_environment(os.environ)
        finder = SmallFinder(Path(wish["folder"]))
        while True:
            # As `dedup serve` does with a worker that lost its connection: another one is started.
            try:
                async with opened_worker(settings, finder, options) as running:
                    while True:
                        if await running.work_once() is None:
                            await asyncio.sleep(0.02)
            except Unavailable:
                await asyncio.sleep(0.05)

    asyncio.run(work())


def _migrate(wish: Mapping[str, Any]) -> None:
    from dedup_service.store.migrate import migrate  # noqa: PLC0415  as above

    outcome = "done"
    try:
        asyncio.run(migrate(wish["url"]))
    except Exception as error:  # noqa: BLE001  whatever it is, it is what the case wants to know
        outcome = type(error).__name__
    _say({"outcome": outcome})


_KINDS = {SERVICE: _serve, WORKER: _work, MIGRATION: _migrate}


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Fork what each line of the input asks for, until it ends."""
    for module in _IMPORTED:
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say({"waiting": True})
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be(wish)
        _say({"pid": pid})


def _be(wish: Mapping[str, Any]) -> None:
    """What a forked process does with its life."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(wish["environment"])
    try:
        _KINDS[wish["kind"]](wish)
    finally:
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()

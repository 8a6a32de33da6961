"""The downstream system as a process of its own, which may be killed and started again."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dedup_service.client import DedupClient
from dedup_service.v1.change_service_pb2 import CHANGE_TYPE_MERGED, CHANGE_TYPE_UNDONE
from tests.e2e.downstream import SOURCE, Copy, read_copy
from tests.e2e.golden_copies import all_changes, stored_images

CATCH_UP_SECONDS = 30.0
POLL_SECONDS = 0.1


class DownstreamProcess:
    """A process of `downstream.py` with its database and token file in a directory."""

    def __init__(self, address: str, directory: Path) -> None:
        self.directory = directory
        self._address = address
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir()

    def start(self) -> None:
        program = Path(__file__).with_name("downstream.py")
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", program, self._address, self.directory],
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as a crash would, between any two of its instructions."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def copy(self) -> Copy:
        return read_copy(self.directory)

    def caught_up(self, client: DedupClient) -> Copy:
        """Its copy once it equals the store; told what differs when it never does."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while (copy := self.copy()).goldens != stored_images(client):
            self._assert_alive()
            assert time.monotonic() < deadline, self._differences(client)
            time.sleep(POLL_SECONDS)
        return copy

    def assert_whole(self, client: DedupClient) -> Copy:
        """Assert that it heard every change in order and acknowledged each merge and undo; then its copy."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while not self._acknowledged_all(client):
            self._assert_alive()
            assert time.monotonic() < deadline, f"never acknowledged; {self._differences(client)}"
            time.sleep(POLL_SECONDS)
        copy = self.caught_up(client)
        assert list(copy.changes) == [change.name for change in all_changes(client)]
        return copy

    def _acknowledged_all(self, client: DedupClient) -> bool:
        return all(
            SOURCE in {each.source for each in change.acknowledgements}
            for change in all_changes(client)
            if change.type in (CHANGE_TYPE_MERGED, CHANGE_TYPE_UNDONE)
        )

    def _assert_alive(self) -> None:
        assert self._process is not None
        assert self._process.poll() is None, (self.directory / "log").read_text()

    def _differences(self, client: DedupClient) -> str:
        copy, store = self.copy().goldens, stored_images(client)
        names = [name for name in sorted(copy.keys() | store.keys()) if copy.get(name) != store.get(name)]
        assert self._process is not None
        # It writes down where each of its threads stands.
        self._process.send_signal(signal.SIGABRT)
        self._process.wait()
        heard = (self.directory / "log").read_text()
        heard += f"heard {len(self.copy().changes)} of {len(all_changes(client))} changes"
        return "\n".join([heard, *(f"{name}:\n  {copy.get(name)}\n  {store.get(name)}" for name in names)])


@contextmanager
def downstream_process(address: str, directory: Path) -> Iterator[DownstreamProcess]:
    """A started downstream system, ended at the end."""
    process = DownstreamProcess(address, directory)
    process.start()
    try:
        yield process
    finally:
        process.kill()

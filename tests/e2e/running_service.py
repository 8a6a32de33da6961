"""The service as an operator runs it: a process of its own, on servers of its own, that can be killed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from dedup_service.client import DedupClient, ServiceError
from dedup_service.embedded import RunningServer, discard_data, start_postgres, start_valkey
from dedup_service.embedded.processes import accepts, alive, wait_until

START_SECONDS = 30.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.02
PROBER = "services/follower"


class RunningService:
    """One data directory and address, and the process that serves them; `start` may be called again."""

    def __init__(
        self, home: Path, credentials: grpc.ChannelCredentials | None = None, /, **settings: str
    ) -> None:
        self.data_dir = home / "data"
        self.address = f"127.0.0.1:{free_port()}"
        self.log = home / "service.log"
        self.start_seconds: list[float] = []
        self._credentials = credentials
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        # Kept so that their exit codes are asked for.
        self._started_here: list[RunningServer] = []

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the service was not started"
        return self._process

    def start(self) -> None:
        """Start the process and wait until it says that it serves."""
        begin = time.monotonic()
        environ = {name: text for name, text in os.environ.items() if not name.startswith("DEDUP_")}
        environ |= {
            "DEDUP_DATA_DIR": str(self.data_dir),
            "DEDUP_LISTEN": self.address,
            # Its usual port may be somebody else's, and nobody looks at it here.
            "DEDUP_CONSOLE_LISTEN": "none",
            **self._settings,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("dedup"), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environ,
                cwd=self.log.parent,
            )
        while not self.serving():
            assert self._process.poll() is None, f"exit code {self._process.poll()}\n{self.log_tail()}"
            assert time.monotonic() - begin < START_SECONDS, self.log_tail()
            time.sleep(POLL_SECONDS)
        self.start_seconds.append(time.monotonic() - begin)

    def serving(self) -> bool:
        """Whether the health service says SERVING; each question goes over a connection of its own."""
        with DedupClient(self.address, principal=PROBER, credentials=self._credentials) as client:
            try:
                answer = client.health.Check(HealthCheckRequest(), timeout=2)
            except ServiceError:
                return False
        return answer.status == HealthCheckResponse.SERVING

    def kill(self) -> None:
        """End the service as a crash would; PostgreSQL and Valkey run on."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask the service to end, and wait: its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def restart(self) -> None:
        """Crash, and start again."""
        self.kill()
        self.start()

    def kill_postgres(self) -> None:
        """End PostgreSQL as a power cut would, at this very moment."""
        pid_file = self.data_dir / "postgres" / "cluster" / "postmaster.pid"
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: not alive(pid), STOP_SECONDS)

    def kill_valkey(self) -> None:
        """End Valkey with all that it holds."""
        start_valkey(self.data_dir).kill()

    def bring_back_postgres(self) -> None:
        """Start PostgreSQL again under the running service, as a supervisor would."""
        self._leave_running(start_postgres(self.data_dir))

    def bring_back_valkey(self) -> None:
        """Start an empty Valkey at the same address, as a supervisor would."""
        self._leave_running(start_valkey(self.data_dir))

    def _leave_running(self, server: RunningServer) -> None:
        self._started_here.append(server)
        server.use.close()

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def logged_incidents(self) -> list[str]:
        """Faults that the service has logged: there should be none."""
        return re.findall(r"^.*incident [0-9a-f]{32}.*$", self.log.read_text(errors="replace"), re.MULTILINE)

    def end(self) -> None:
        """End the process and its servers, however the test ended."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.terminate()
            self.kill()
        if (self.data_dir / "postgres" / "cluster" / "postmaster.pid").exists():
            self.kill_postgres()
        if accepts(self.data_dir / "valkey" / "valkey.sock"):
            self.kill_valkey()
        discard_data(self.data_dir)


@contextmanager
def running_service(
    credentials: grpc.ChannelCredentials | None = None, /, **settings: str
) -> Iterator[RunningService]:
    """A started service with a data directory that is gone at the end.

    `credentials` are those of a client, where the settings have the service speak TLS.
    """
    home = Path(tempfile.mkdtemp(prefix="dedup-e2e-"))
    # PostgreSQL's account must reach it when root runs the tests.
    home.chmod(0o711)
    service = RunningService(home, credentials, **settings)
    try:
        service.start()
        yield service
    finally:
        service.end()
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A Spark of several processes on this machine, behind Spark Connect.

The master is `local-cluster`: two executors, each a process of its own that starts Python workers, as on a
cluster. Everything it writes is in one folder, and everything it starts is ended by its process id.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
_EXECUTOR = "CoarseGrainedExecutorBackend"
# Two executors with one core and so much memory each.
_MASTER = "local-cluster[2,1,1024]"
_START_SECONDS = 120.0
_END_SECONDS = 20.0
_LOG_LINES = 60


def spark_home() -> Path:
    """The Spark that `make test-spark` installs."""
    found = sorted(ROOT.glob(".venv-spark/lib/python3*/site-packages/pyspark"))
    if not found:
        raise FileNotFoundError("there is no Spark in .venv-spark; `make test-spark` installs it")
    return found[-1]


@dataclass(slots=True)
class SparkServer:
    """One server, always at the same port; what it writes goes to `folder`."""

    folder: Path
    port: int
    _started: dict[int, psutil.Process] = field(default_factory=dict)
    _server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"sc://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "spark.log"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        home, temporary = self._home(), self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        java_options = f"-XX:TieredStopAtLevel=1 -Djava.io.tmpdir={temporary}"
        settings = {
            "spark.connect.grpc.binding.address": "127.0.0.1",
            "spark.connect.grpc.binding.port": self.port,
            "spark.driver.host": "127.0.0.1",
            "spark.driver.memory": "768m",
            "spark.executor.memory": "640m",
            "spark.ui.enabled": "false",
            # For some hundred jobs on few rows: compile little, shuffle into few parts, wait for nobody.
            "spark.driver.extraJavaOptions": java_options,
            "spark.executor.extraJavaOptions": java_options,
            "spark.sql.shuffle.partitions": 4,
            "spark.locality.wait": "0s",
            "spark.sql.warehouse.dir": self.folder / "warehouse",
        }
        options = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [
                    home / "bin" / "spark-submit",
                    "--master",
                    _MASTER,
                    "--class",
                    _CLASS,
                    *options,
                    "spark-internal",
                ],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers() or len(self.executors()) < 2:
            if self._server.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise TimeoutError(f"Spark did not start:\n{self.last_lines()}")
            time.sleep(0.2)

    def answers(self) -> bool:
        """Whether anything listens there."""
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        return False

    def executors(self) -> list[psutil.Process]:
        """The executor processes that are there now."""
        return [one for one in self._descendants() if _EXECUTOR in " ".join(command_line(one))]

    def kill(self) -> None:
        """End everything at once, as if the machine went; whoever asks now is refused."""
        for one in self._descendants():
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(list(self._started.values()), _END_SECONDS)
        self._started.clear()
        if self._server is not None:
            self._server.wait(_END_SECONDS)
            self._server = None

    def last_lines(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-_LOG_LINES:])

    def _descendants(self) -> list[psutil.Process]:
        """All that it started and that is still there, also where who started it is gone: a process id that
        was given to another process since is not among them.
        """
        if self._server is not None:
            with suppress(psutil.NoSuchProcess):
                server = psutil.Process(self._server.pid)
                self._started |= {one.pid: one for one in (server, *server.children(recursive=True))}
        return [one for one in self._started.values() if one.is_running()]

    def _home(self) -> Path:
        """Links to the Spark that is installed: a worker of Spark writes below its home."""
        home = self.folder / "home"
        if not home.is_dir():
            home.mkdir()
            for name in ("bin", "jars", "python"):
                (home / name).symlink_to(spark_home() / name)
        return home


def command_line(process: psutil.Process) -> list[str]:
    """How a process was started; nothing where it is gone."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return process.cmdline()
    return []


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def discard(server: SparkServer) -> None:
    """End a server and remove what it wrote."""
    server.kill()
    shutil.rmtree(server.folder, ignore_errors=True)

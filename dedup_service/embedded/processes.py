"""Starting, taking over and stopping a server process.

Who may stop a server is settled by locks that the kernel drops when their holder dies, however it dies:
every service that uses a directory holds its lock shared, and the last one out stops the server.
"""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from dedup_service.embedded.binaries import EmbeddedServerError

LONGEST_SOCKET_PATH = 100
SOCKET_DIRECTORY_FILE = "socket_directory"
POLL_SECONDS = 0.02
STOP_SECONDS = 30.0


@dataclass(slots=True)
class RunningServer:
    """A server that accepts connections at `url`.

    `adopted` says that it was running before: left by a service that was killed, or used by another one.
    """

    url: str
    pid: int
    adopted: bool
    stop_signal: signal.Signals
    use: IO[bytes]
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def stop(self) -> None:
        """Stop the server and wait, unless another service still uses it; a second call does nothing."""
        if self.use.closed:
            return
        try:
            if last_user(self.use):
                self._end(self.stop_signal)
        finally:
            self.use.close()

    def kill(self) -> None:
        """End the server as a power cut would, for tests of what survives one."""
        self._end(signal.SIGKILL)
        self.use.close()

    def _end(self, with_signal: signal.Signals) -> None:
        if not alive(self.pid, self.process):
            return
        os.kill(self.pid, with_signal)
        if not wait_until(lambda: not alive(self.pid, self.process), STOP_SECONDS):
            raise EmbeddedServerError(f"process {self.pid} did not end within {STOP_SECONDS:.0f} s")


def alive(pid: int, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Whether a process runs; one of our own children that has ended is reaped on the way."""
    if process is not None:
        return process.poll() is None
    try:
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass  # not our child: it was started by an earlier service
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it runs as another account
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits for its parent: in a container nobody may ever ask."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


def command_line(pid: int) -> str:
    """The command line of a process, or nothing when there is no such process."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    question = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    answer = subprocess.run(question, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603  program and arguments are ours
    return answer.stdout


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def starting(directory: Path) -> Iterator[IO[bytes]]:
    """Hold the right to start the server of a directory, and give the lock that marks us as its user.

    The lock is the caller's to keep open; it is closed when the start fails.
    """
    use = (directory / "users.lock").open("ab")
    try:
        with (directory / "start.lock").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(use, fcntl.LOCK_SH)
            yield use
    except BaseException:
        use.close()
        raise


def last_user(use: IO[bytes]) -> bool:
    """Whether no other service holds the lock that we hold."""
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def socket_directory(directory: Path, socket_name: str) -> Path:
    """Where the server's socket goes: its own directory, or a short private one if that path is too long."""
    if len(os.fsencode(directory / socket_name)) <= LONGEST_SOCKET_PATH:
        return directory
    remembered = directory / SOCKET_DIRECTORY_FILE
    if remembered.is_file():
        short = Path(remembered.read_text())
        # A directory of that name made by somebody else would hand them our connections.
        if short.is_dir() and short.stat().st_uid == directory.stat().st_uid:
            return short
    short = Path(tempfile.mkdtemp(prefix="dedup-"))
    owner = directory.stat()
    os.chown(short, owner.st_uid, owner.st_gid)
    remembered.write_text(str(short))
    return short


def discard_data(data_dir: Path) -> None:
    """Delete all that stopped servers have left of a data directory, also what is kept elsewhere for it."""
    for home in (data_dir.resolve() / "postgres", data_dir.resolve() / "valkey"):
        remembered = home / SOCKET_DIRECTORY_FILE
        if remembered.is_file():
            shutil.rmtree(remembered.read_text(), ignore_errors=True)
        shutil.rmtree(home.resolve(), ignore_errors=True)
        if home.is_symlink():
            home.unlink()


def accepts(path: Path) -> bool:
    """Whether something listens on a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def log_tail(log: Path, lines: int = 5) -> str:
    """The last lines of a server's log, for the error that says it did not start."""
    try:
        return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "no log"

"""A contestant as a process: its seconds, the CPU seconds of all that it started, and their peak memory."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

EVERY_SECONDS = 0.1
_SAID = "said.txt"


class NotFinishedError(Exception):
    """A contestant failed or took too long; the message says which, with its last words."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process and all that it started took, from its start to its end.

    `peak_bytes` is the memory of all of them together at its highest, a page that several share counted
    once, looked at every tenth of a second.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def measured(
    command: Sequence[str], folder: Path, limit_seconds: float, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a command; what it writes goes to FOLDER/said.txt.

    Raises:
        NotFinishedError: It failed, or was ended at the limit.
    """
    begin = time.perf_counter()
    with (folder / _SAID).open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        watch = _Watch(process.pid, begin + limit_seconds)
        thread = threading.Thread(target=watch.run, daemon=True)
        thread.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            watch.ended.set()
    seconds = time.perf_counter() - begin
    thread.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if watch.late:
        raise NotFinishedError(
            f"took more than {limit_seconds:,.0f} s, {watch.peak_bytes / 1e9:.1f} GB by then"
        )
    if process.returncode != 0:
        raise NotFinishedError(_last_words(folder / _SAID) or f"exit status {process.returncode}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, watch.peak_bytes)


@dataclass(slots=True)
class _Watch:
    """Looks at a process and its descendants until it has ended; ends them at the limit."""

    pid: int
    limit: float
    peak_bytes: int = 0
    late: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.ended.wait(EVERY_SECONDS):
            if time.perf_counter() > self.limit:
                self.late = True
                os.killpg(self.pid, signal.SIGKILL)
                return
            self.peak_bytes = max(self.peak_bytes, self._held_bytes())

    def _held_bytes(self) -> int:
        """What all hold together; 0 where resident memory, which is never less, says that it is no peak."""
        try:
            root = psutil.Process(self.pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return 0
        if sum(_resident(one) for one in tree) <= self.peak_bytes:
            return 0
        return sum(_proportional(one) for one in tree)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _proportional(process: psutil.Process) -> int:
    """A page that so many processes share counts as that part of it; resident memory where none is told."""
    try:
        return int(getattr(process.memory_full_info(), "pss", 0)) or _resident(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return _resident(process)


def _last_words(said: Path) -> str:
    lines = said.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""

"""Python work of the engine, shared out among processes where the engine has none of its own.

The embedded engine calls Python functions in this process, where one runs at a time. `spread` makes of a
function over tables one that hands them to processes beside this one and gives the answers back in order. On
Spark, whose executors start Python processes of their own, the function is called as it is.
"""

import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from dedup_service.cleanup.errors import EngineError
from dedup_service.cleanup.phases import Stopped
from dedup_service.cleanup.work.batches import Batches, Work, gathered
from dedup_service.cleanup.work.process import (
    ANSWER,
    packed_table,
    read_message,
    unpacked_table,
    write_message,
)

_WORKER = (sys.executable, "-m", "dedup_service.cleanup.work.process")
_END_SECONDS = 10.0


@dataclass(slots=True)
class Meter:
    """How many rows have been through, and whether to go on; shared by the threads of the embedded engine."""

    done: int = 0
    is_stopped: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        """Count rows; raises Stopped where somebody asked for it."""
        if self.is_stopped:
            raise Stopped
        with self._lock:
            self.done += count


class Workers:
    """Processes that do one work, each a table at a time."""

    def __init__(self, make: Callable[[], Work], count: int) -> None:
        recipe = pickle.dumps(make)
        self._processes = [
            subprocess.Popen(_WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 -- this Python
            for _ in range(count)
        ]
        self._idle: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="cleanup work")
        for process in self._processes:
            self._send(process, recipe)
            self._idle.put(process)

    def submit(self, rows: pa.Table) -> "Future[pa.Table]":
        """What the work will make of a table."""
        return self._threads.submit(self._ask, rows)

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for process in self._processes:
            process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                try:
                    stream.close()
                except BrokenPipeError:
                    continue
            process.wait(_END_SECONDS)

    def _ask(self, rows: pa.Table) -> pa.Table:
        process = self._idle.get()
        try:
            self._send(process, packed_table(rows))
            assert process.stdout is not None
            kind, answer = process.stdout.read(1), read_message(process.stdout)
        finally:
            self._idle.put(process)
        if answer is None:
            raise EngineError(*_ENDED)
        if kind != ANSWER:
            raise EngineError("a process beside the engine", f"failed: {answer.decode()}", "report this")
        return unpacked_table(answer)

    @staticmethod
    def _send(process: "subprocess.Popen[bytes]", data: bytes | pa.Buffer) -> None:
        assert process.stdin is not None
        try:
            write_message(process.stdin, data)
        except BrokenPipeError as error:
            raise EngineError(*_ENDED) from error


_ENDED = ("a process beside the engine", "ended", "look whether it was killed for want of memory")


# The embedded engine calls back into this process: what is going on is found here by name, since functions
# are pickled on their way to the engine and back. On an executor of Spark there is nothing here.
_METERS: dict[str, Meter] = {}
_WORKERS: dict[str, Workers] = {}


@contextmanager
def spread(
    make: Callable[[], Work], rows_at_once: int, *, name: str, processes: int, meter: Meter
) -> Iterator[Callable[[Batches], Batches]]:
    """The work as a function for `mapInArrow`, until the end of the block.

    Args:
        make: Makes the work, in each process that does it; can be pickled.
        rows_at_once: How many rows go into the work together, at least, where there are so many.
        name: Unlike that of anything that goes on at the same time.
        processes: How many; 1 does it where the engine calls.
        meter: Counts the rows that came in, on the embedded engine.
    """
    _METERS[name] = meter
    try:
        if processes == 1:
            yield _Here(make, rows_at_once, name)
            return
        _WORKERS[name] = workers = Workers(make, processes)
        try:
            yield _Beside(rows_at_once, name, 2 * processes)
        finally:
            del _WORKERS[name]
            workers.close()
    finally:
        del _METERS[name]


@dataclass(frozen=True, slots=True)
class _Here:
    """The work in the process that the engine calls."""

    make: Callable[[], Work]
    rows_at_once: int
    name: str

    def __call__(self, batches: Batches) -> Batches:
        work = self.make()
        meter = _METERS.get(self.name)
        for rows in gathered(batches, self.rows_at_once):
            if meter:
                meter.add(rows.num_rows)
            yield from work(rows).to_batches()


@dataclass(frozen=True, slots=True)
class _Beside:
    """The work in other processes, `ahead` of what was answered."""

    rows_at_once: int
    name: str
    ahead: int

    def __call__(self, batches: Batches) -> Batches:
        workers, meter = _WORKERS[self.name], _METERS[self.name]
        waiting: deque[Future[pa.Table]] = deque()
        for rows in gathered(batches, self.rows_at_once):
            waiting.append(workers.submit(rows))
            meter.add(rows.num_rows)
            if len(waiting) > self.ahead:
                yield from waiting.popleft().result().to_batches()
        while waiting:
            yield from waiting.popleft().result().to_batches()

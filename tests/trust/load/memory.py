"""The resident memory of a service's own processes, looked at every so often."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import psutil

_EVERY_SECONDS = 0.5
_MIB = 2**20


@dataclass
class Readings:
    """MiB of all processes together, and seconds since the first reading."""

    seconds: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)

    @property
    def most_mib(self) -> float:
        return max(self.mib)

    def growth_mib(self) -> float:
        """By how much a line through the second half of the readings rises in it."""
        half = len(self.seconds) // 2
        times, sizes = np.array(self.seconds[half:]), np.array(self.mib[half:])
        if len(times) < 3:
            return 0.0
        slope = float(np.polyfit(times, sizes, 1)[0])
        return slope * float(times[-1] - times[0])


@contextmanager
def watched(pids: Sequence[int]) -> Iterator[Readings]:
    """Read the memory of these processes for as long as the context lasts."""
    processes = [psutil.Process(pid) for pid in pids]
    readings, ended = Readings(), threading.Event()
    begun = time.monotonic()

    def read() -> None:
        while True:
            readings.mib.append(sum(each.memory_info().rss for each in processes) / _MIB)
            readings.seconds.append(time.monotonic() - begun)
            if ended.wait(_EVERY_SECONDS):
                return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield readings
    finally:
        ended.set()
        thread.join()

"""Work on a long list of pairs shared out among processes, with the same answers in the same order as in one.

Workers are forked, so that they see the records without a copy. Where that is not safe, everything runs in
this process: a fork copies only the thread that asks for it, and a lock that another thread holds stays shut
for ever.
"""

import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar, cast

PART_PAIRS = 2_000_000
"""Pairs compared together: repeated values are looked for among so many, which memory bounds."""
LEAST_PAIRS = 20_000
"""Pairs that take longer to compare than to start a worker for them."""

Answer = TypeVar("Answer")


def process_count() -> int:
    """How many processes may be busy at once."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def in_parts(
    work: Callable[[int, int], Answer], count: int, processes: int
) -> Iterator[tuple[int, int, Answer]]:
    """start, end and work(start, end) of each part of 0 to `count` pairs in turn.

    What `work` changes in a worker is lost, and its answers are pickled.
    """
    size = min(PART_PAIRS, max(LEAST_PAIRS, -(-count // processes)))
    parts = [(start, min(start + size, count)) for start in range(0, count, size)]
    workers = min(processes, len(parts)) if _is_fork_safe() else 1
    if workers < 2:
        for start, end in parts:
            yield start, end, work(start, end)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, context, _adopt, (work,)) as pool:
        waiting = [(start, end, pool.submit(_run, start, end)) for start, end in parts][::-1]
        while waiting:
            start, end, answer = waiting.pop()
            yield start, end, cast("Answer", answer.result())


def _is_fork_safe() -> bool:
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and not multiprocessing.current_process().daemon
    )


_ADOPTED: list[Callable[[int, int], object]] = []


def _adopt(work: Callable[[int, int], object]) -> None:
    """Take over the work in a new worker, which inherits it: a closure over the records cannot be pickled."""
    # A collection would write to every object, and so copy all the memory that is shared with the parent.
    gc.disable()
    _ADOPTED[:] = [work]


def _run(start: int, end: int) -> object:
    return _ADOPTED[0](start, end)

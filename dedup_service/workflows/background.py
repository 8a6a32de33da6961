"""Ending background tasks for certain, when the service stops."""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

# A cancellation that arrives while a library's own wait ends can be lost: `asyncio.wait_for` before
# Python 3.12 returns its result instead. Waiting for such a task would last for ever, so it is told again.
_PATIENCE_SECONDS = 0.2


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and return when all have ended, however often each must be told; errors are dropped."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=_PATIENCE_SECONDS)


async def completed(work: Coroutine[Any, Any, T]) -> T:
    """The result of work that is not broken off, however often its caller is cancelled meanwhile."""
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()

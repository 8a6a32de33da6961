"""Background tasks end when the service stops, whatever a library does with their cancellation."""

import asyncio
from contextlib import suppress

from dedup_service.workflows.background import end_tasks


async def deaf(times: int) -> None:
    """Work that loses its first cancellations, as `asyncio.wait_for` can before Python 3.12."""
    for _ in range(times):
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


async def failing() -> None:
    raise ValueError


async def test_tasks_that_lose_a_cancellation_are_told_again() -> None:
    """All end, in whatever state they were, and those that have failed do not stop the others."""
    tasks = [asyncio.create_task(deaf(0)), asyncio.create_task(deaf(2)), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end_tasks(tasks)
    assert all(task.done() for task in tasks)
    await end_tasks(tasks)


async def test_nothing_to_end_is_no_error() -> None:
    """A service that stops before it started anything has nothing to wait for."""
    async with asyncio.timeout(1):
        await end_tasks([])
    assert asyncio.all_tasks() == {asyncio.current_task()}

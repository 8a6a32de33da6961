"""Streams that work ahead and still answer in order."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from dedup_service.workflows.background import end_tasks

Q = TypeVar("Q")
A = TypeVar("A")


class _End:
    """Marks the end of the requests."""


class _Failed:
    """A request that could not be read or prepared; it fails the stream when its turn comes."""

    def __init__(self, error: Exception) -> None:
        self.error = error


async def prepared(
    requests: AsyncIterator[Q], prepare: Callable[[Q], A], ahead: int, stopping: asyncio.Event
) -> AsyncGenerator[A, None]:
    """Requests, prepared while those before them are still being answered; at most `ahead` wait.

    Ends early once `stopping` is set; raises in the place of a request that could not be read or prepared.
    """
    ready: asyncio.Queue[A | _Failed | _End] = asyncio.Queue(ahead)

    async def read() -> None:
        try:
            async for request in requests:
                await ready.put(prepare(request))
        except Exception as error:  # noqa: BLE001  # raised again where its turn comes
            await ready.put(_Failed(error))
        else:
            await ready.put(_End())

    reading = asyncio.create_task(read())
    stopped = asyncio.create_task(stopping.wait())
    try:
        while not isinstance(item := await _next(ready, stopped), _End):
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        await end_tasks([reading, stopped])


async def _next(
    ready: "asyncio.Queue[A | _Failed | _End]", stopped: "asyncio.Task[bool]"
) -> "A | _Failed | _End":
    """The next item; the end once the server is stopping, even when more has been sent already."""
    if stopped.done():
        return _End()
    if not ready.empty():
        return ready.get_nowait()
    getting = asyncio.create_task(ready.get())
    try:
        await asyncio.wait((getting, stopped), return_when=asyncio.FIRST_COMPLETED)
        return getting.result() if getting.done() else _End()
    finally:
        getting.cancel()


async def in_order(
    items: AsyncIterator[A], answer: Callable[[A], Awaitable[Q]], most: int
) -> AsyncGenerator[Q, None]:
    """The answers in the order of the requests, at most so many being worked on at a time."""
    running: asyncio.Queue[asyncio.Task[Q] | _Failed | _End] = asyncio.Queue()
    room = asyncio.Semaphore(most)

    async def start() -> None:
        try:
            async for item in items:
                await room.acquire()
                running.put_nowait(asyncio.ensure_future(answer(item)))
        except Exception as error:  # noqa: BLE001  # raised again where its turn comes
            running.put_nowait(_Failed(error))
        else:
            running.put_nowait(_End())

    starting = asyncio.create_task(start())
    current: asyncio.Task[Q] | _Failed | _End = _End()
    try:
        while not isinstance(current := await running.get(), _End):
            if isinstance(current, _Failed):
                raise current.error
            result = await current
            room.release()
            yield result
    finally:
        await end_tasks([starting])
        left: list[object] = [current]
        while not running.empty():
            left.append(running.get_nowait())
        await end_tasks(item for item in left if isinstance(item, asyncio.Task))

"""Streams that work ahead and still answer in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class _End:
    """Marks the end of the requests."""


class _Failed:
    """A request that could not be read or prepared; it fails the stream in its turn, after those before it."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Prepared(Generic[Q, A]):
    """Requests prepared while those before them are still being answered; at most `ahead` wait."""

    def __init__(
        self,
        requests: AsyncIterator[Q],
        prepare: Callable[[Q], A],
        ahead: int,
        stopping: asyncio.Event,
    ) -> None:
        self._requests = requests
        self._prepare = prepare
        self._ready: asyncio.Queue[A | _Failed | _End] = asyncio.Queue(ahead)
        self._stopping = stopping

    async def __aiter__(self) -> AsyncIterator[A]:
        """What was prepared, in order; raises in the place of a request that could not be."""
        reading = asyncio.create_task(self._read())
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            while True:
                item = await self._next(stopped)
                if isinstance(item, _End):
                    return
                if isinstance(item, _Failed):
                    raise item.error
                yield item
        finally:
            for task in (reading, stopped):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _next(self, stopped: "asyncio.Task[bool]") -> "A | _Failed | _End":
        """The next item; once the server is stopping, only those that are already there."""
        if not self._ready.empty():
            return self._ready.get_nowait()
        if stopped.done():
            return _End()
        getting = asyncio.create_task(self._ready.get())
        try:
            await asyncio.wait((getting, stopped), return_when=asyncio.FIRST_COMPLETED)
            return getting.result() if getting.done() else _End()
        finally:
            getting.cancel()

    async def _read(self) -> None:
        try:
            async for request in self._requests:
                await self._ready.put(self._prepare(request))
        except Exception as error:  # noqa: BLE001  # raised again where its turn comes
            await self._ready.put(_Failed(error))
        else:
            await self._ready.put(_End())


async def in_order(prepared: AsyncIterator[A], answer: Callable[[A], Awaitable[Q]], most: int) -> AsyncIterator[Q]:
    """The answers in the order of the requests, at most so many being worked on at a time."""
    running: asyncio.Queue[asyncio.Task[Q] | _Failed | _End] = asyncio.Queue()
    room = asyncio.Semaphore(most)

    async def start() -> None:
        try:
            async for item in prepared:
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
        starting.cancel()
        left = [current] if isinstance(current, asyncio.Task) else []
        while not running.empty():
            if isinstance(item := running.get_nowait(), asyncio.Task):
                left.append(item)
        for task in left:
            task.cancel()
        await asyncio.gather(starting, *left, return_exceptions=True)

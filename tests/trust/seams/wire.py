"""What the proxies of all three protocols share: listening, two streams, and letting go of them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from dedup_service.workflows.background import end_tasks

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# A message of the service may be as long as a batch of records.
LIMIT_BYTES = 16 * 1024 * 1024


class Sides:
    """The two sides of a connection through a proxy."""

    def __init__(self, near: Streams, far: Streams) -> None:
        self.near_reader, self.near_writer = near
        self.far_reader, self.far_writer = far
        self._held: list[bytes] | None = None

    def cut(self) -> None:
        """End the connection on both sides."""
        for writer in (self.near_writer, self.far_writer):
            writer.transport.abort()

    def hold(self) -> None:
        """Keep back from here on what is answered."""
        if self._held is None:
            self._held = []

    @property
    def held(self) -> bool:
        return self._held is not None

    def release(self) -> None:
        """Hand on what was kept back."""
        kept, self._held = self._held, None
        for data in kept or ():
            self.answer(data)

    def answer(self, data: bytes) -> None:
        """Hand on to the near side, or keep back."""
        if self._held is not None:
            self._held.append(data)
        elif not self.near_writer.transport.is_closing():
            self.near_writer.write(data)

    def ask(self, data: bytes) -> None:
        """Hand on to the far side."""
        if not self.far_writer.transport.is_closing():
            self.far_writer.write(data)

    async def both(self, upward: Awaitable[None], downward: Awaitable[None]) -> None:
        """Run both directions until one of them ends, then end the connection."""
        tasks = [asyncio.ensure_future(upward), asyncio.ensure_future(downward)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            # What the server said last is still on its way to the client.
            for writer in (self.near_writer, self.far_writer):
                if not writer.transport.is_closing():
                    with suppress(OSError):
                        writer.close()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class Listening:
    """A proxy that listens on a unix socket or a port of this machine."""

    def __init__(self, through: Callable[[Streams], Awaitable[None]]) -> None:
        self._through = through
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open_socket(self, path: Path) -> None:
        self._server = await asyncio.start_unix_server(self._accepted, path, limit=LIMIT_BYTES)

    async def open_port(self) -> int:
        """Listen on any free port, and say which."""
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=LIMIT_BYTES)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await end_tasks(list(self._open))

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs it as one"
        self._open.add(task)
        try:
            await self._through((reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._open.discard(task)

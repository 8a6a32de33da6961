"""Two writes taken through their statements one by one, each until where it is told to stop.

A statement is stopped at before it is sent. Who waits for a lock of the other is told by PostgreSQL.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import psycopg

_POLL_SECONDS = 0.001
_BLOCKED = b"SELECT cardinality(pg_blocking_pids(%s)) > 0"
_gate: ContextVar["Gate | None"] = ContextVar("gate", default=None)


class Gate:
    """Lets the statements of one write through, up to a number of them, and counts."""

    def __init__(self) -> None:
        self.passed = 0
        self.backend = 0
        self._until = 0
        self._changed = asyncio.Condition()
        self.waits = False

    async def come(self, connection: psycopg.AsyncConnection) -> None:
        """Called before each statement: wait until it may be sent."""
        self.backend = connection.info.backend_pid
        async with self._changed:
            self.waits = self.passed >= self._until
            self._changed.notify_all()
            await self._changed.wait_for(lambda: self.passed < self._until)
            self.waits = False
            self.passed += 1

    async def open(self, until: int) -> None:
        """Let statements through until so many have passed in all."""
        async with self._changed:
            self._until = until
            self.waits = False
            self._changed.notify_all()


class Stepped:
    """A write that runs as far as it is let; `blocked` where it waits for the other one's lock."""

    def __init__(self, work: Awaitable[Any], watching: psycopg.AsyncConnection) -> None:
        self.gate = Gate()
        self._watching = watching
        self.task = asyncio.create_task(self._run(work))

    async def _run(self, work: Awaitable[Any]) -> Any:
        _gate.set(self.gate)
        return await work

    async def go(self, until: int) -> None:
        """Let it go on until it has sent so many statements, has ended, or is blocked."""
        if self.task.done():
            return
        await self.gate.open(until)
        while not self.task.done() and not (self.gate.waits and self.gate.passed >= until):
            await asyncio.sleep(_POLL_SECONDS)
            if self.gate.backend and await self.blocked():
                return

    async def blocked(self) -> bool:
        cursor = await self._watching.execute(_BLOCKED, [self.gate.backend])
        row = await cursor.fetchone()
        return bool(row and row[0])


NEVER = 1_000_000


@asynccontextmanager
async def stepping() -> AsyncIterator[None]:
    """While it lasts, the statements of a stepped write stop at its gate; those of others do not."""
    execute = psycopg.AsyncCursor.execute

    async def stopped(cursor: Any, *arguments: Any, **named: Any) -> Any:
        gate = _gate.get()
        if gate is not None:
            await gate.come(cursor.connection)
        return await execute(cursor, *arguments, **named)

    seam: Any = psycopg.AsyncCursor
    seam.execute = stopped
    try:
        yield
    finally:
        seam.execute = execute

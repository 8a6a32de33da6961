"""What is done at a point to a process that nobody calls and waits for."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.trust.failpoints.cases import Way
from tests.trust.seams.sql_wire import SqlSession
from tests.trust.seams.watch import Session

# Before a statement that hangs is ended as the server's limits end it.
_HANG_SECONDS = 0.3


class Interruption:
    """One interruption of a process, which `kill` ends, and may replace by another."""

    def __init__(self, way: Way, kill: Callable[[], Awaitable[None]]) -> None:
        self._way = way
        self._kill = kill
        self._released = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None

    async def act(self, session: Session) -> None:
        """Do it to a connection of the process that is held at the point."""
        if self._way is Way.KILL:
            await self._kill()
            # Last, as it ends what carries this out.
            session.cut()
        elif self._way is Way.ERROR:
            await session.fail()
        else:
            self._ending = asyncio.create_task(self._end_hang(session))
            await session.hang(self._released)

    async def _end_hang(self, session: Session) -> None:
        await asyncio.sleep(_HANG_SECONDS)
        self._released.set()
        if isinstance(session, SqlSession) and session.sleeps:
            await session.cancel()

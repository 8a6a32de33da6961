"""Rounds: calls begin together, and between two rounds all who are at the door are heard.

gRPC hands over a call in several turns of the event loop. While calls are worked for, turns are long, and no
more are handed over than are worked off: nobody would ever be refused, all would wait in gRPC's own queue,
which drops some with CANCELLED where it grows too long (`limits.MAX_CALLS_AT_THE_DOOR`). So when many come,
those that were let in are finished first; then the door is heard until nobody is left at it, and the next
are let in. They ask the store and the index together, which is cheaper than one after the other.
"""

import asyncio
from collections import deque

# So many are let in at a time. As many may begin without a round after the service had nothing to do.
ROUND = 24
# With no more than these at work, turns are short enough to hear the others.
_FEW = 4
# What takes longer does not keep the next round from coming, and is no longer counted then.
_LONGEST_WORK_SECONDS = 0.05
# Some are let in however many arrive.
_LONGEST_HEARING_SECONDS = 0.2
# Nobody is at the door when nobody came through it for so long: gRPC's threads need it to hand over the next
# one where the processors are busy otherwise. Twice in a row, as one may come at any time.
_QUIET_SECONDS = 0.001
_QUIET_TIMES = 2


class Rounds:
    """Calls that have a place, and wait for their round where many do."""

    def __init__(self) -> None:
        self._arrived = 0
        self._round = 0
        self._free = ROUND
        # Of this round alone.
        self._at_work = 0
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._few = asyncio.Event()
        self._leading: asyncio.Task[None] | None = None

    def arrived(self) -> None:
        """A call has come through the door, whatever becomes of it."""
        self._arrived += 1

    async def enter(self) -> int:
        """Begin, at once or with the next round; the number of the round, with which the call leaves."""
        if self._leading is None and self._free:
            self._free -= 1
            self._at_work += 1
            return self._round
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._leading is None:
            self._leading = asyncio.create_task(self._lead())
        try:
            return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # It was let in at the very moment that it gave up.
                self.leave(turn.result())
            raise

    def leave(self, begun_in: int) -> None:
        """End a call that had begun in this round."""
        if begun_in != self._round:
            return
        self._at_work -= 1
        if self._at_work <= _FEW:
            self._few.set()
        if not self._at_work and self._leading is None:
            self._free = ROUND

    async def _lead(self) -> None:
        """One round after the other, until nobody waits."""
        try:
            while self._waiting:
                await self._finish()
                await self._hear()
                self._let_in()
        finally:
            self._leading = None

    async def _finish(self) -> None:
        """Wait until few of the round are at work, though not for long."""
        if self._at_work <= _FEW:
            return
        self._few.clear()
        try:
            async with asyncio.timeout(_LONGEST_WORK_SECONDS):
                await self._few.wait()
        except TimeoutError:
            return

    async def _hear(self) -> None:
        """Let all who are at the door come through it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LONGEST_HEARING_SECONDS
        quiet = 0
        while quiet < _QUIET_TIMES and loop.time() < until:
            arrived = self._arrived
            await asyncio.sleep(_QUIET_SECONDS)
            quiet = quiet + 1 if arrived == self._arrived else 0

    def _let_in(self) -> None:
        self._round += 1
        self._free = ROUND
        self._at_work = 0
        while self._waiting and self._free:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self._round)
                self._free -= 1
                self._at_work += 1

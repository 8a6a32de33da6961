"""How many calls run at a time: places by class of call, so that no class can take those of another.

A call that finds no place waits for one, briefly and only where its deadline allows; of those that wait there
is a most, and whoever comes then is refused at once. Streams hold their place for long, so they have places
of their own and never wait.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from google.protobuf.descriptor import MethodDescriptor

from dedup_service.rpc.access import CallClass, access_of
from dedup_service.rpc.errors import OverloadedError
from dedup_service.rpc.rounds import Rounds
from dedup_service.workflows.deadlines import seconds_left

# Streams of requests: imports, and matches by the thousand.
BULK = "BULK"
ROOMS = (*CallClass, BULK)
# Of the places of all calls; the classes that are not named are streams.
SHARES: Mapping[str, int] = {
    CallClass.MATCH: 6,
    CallClass.READ: 4,
    CallClass.WRITE: 3,
    CallClass.DECIDE: 2,
    CallClass.MANAGE: 1,
}
BULK_SHARE = 4
# Programs call these, and by the thousand; what people decide is not held up by them.
_MANY = (CallClass.MATCH, CallClass.READ, CallClass.WRITE)
# Longer a caller had better wait at home: what is admitted must still have time for its work.
LONGEST_WAIT_SECONDS = 0.5
BUSY = "the service has more to do than it can; wait, then call again"


def room_of(method: MethodDescriptor) -> str:
    """Which places the calls of a method take."""
    return BULK if method.client_streaming else access_of(method).call_class


def places(most: int) -> dict[str, int]:
    """How many calls of each sort run at a time, where `most` is the number for all but streams."""
    parts = sum(SHARES.values())
    found = {name: max(1, most * share // parts) for name, share in SHARES.items()}
    return {**found, BULK: max(1, most // BULK_SHARE), CallClass.WATCH: most}


class Admission:
    """The places of a server: `most` calls run at a time, and of each class as many may wait.

    `streams_each` is how many streams one principal may have open.
    """

    def __init__(self, most: int, streams_each: int) -> None:
        self._rooms = {
            name: _Room(count, most if name in SHARES else 0) for name, count in places(most).items()
        }
        self._streams_each = streams_each
        self._streams: Counter[str] = Counter()
        self._idle = asyncio.Event()
        self._idle.set()
        self._running = 0
        self._rounds = Rounds()

    async def idle(self) -> None:
        """Return once no call is running."""
        await self._idle.wait()

    @asynccontextmanager
    async def place(self, room: str) -> AsyncIterator[None]:
        """A place for a call, for as long as the context lasts.

        Raises:
            OverloadedError: there is none, and none became free in time.
        """
        wanted = self._rooms[room]
        if not wanted.take():
            _check_may_wait()
            await wanted.wait(LONGEST_WAIT_SECONDS)
        self._running += 1
        self._idle.clear()
        try:
            if room not in _MANY:
                yield
                return
            begun_in = await self._rounds.enter()
            try:
                yield
            finally:
                self._rounds.leave(begun_in)
        finally:
            wanted.leave()
            self._running -= 1
            if not self._running:
                self._idle.set()

    def full(self, room: str) -> bool:
        """Whether a call that arrives now could not even wait; each call is asked about once."""
        self._rounds.arrived()
        return self._rooms[room].is_full

    @contextmanager
    def stream(self, principal: str) -> Iterator[None]:
        """A stream of a principal, for as long as the context lasts.

        Raises:
            OverloadedError: the principal has as many as one may have.
        """
        if self._streams[principal] >= self._streams_each:
            raise OverloadedError(f"a principal may have {self._streams_each} streams open; end one first")
        self._streams[principal] += 1
        try:
            yield
        finally:
            self._streams[principal] -= 1
            if not self._streams[principal]:
                del self._streams[principal]


class _Room:
    """The places of one sort of calls, and those who wait for one, in their order."""

    def __init__(self, count: int, most_waiting: int) -> None:
        self._free_count = count
        self._most_waiting = most_waiting
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_full(self) -> bool:
        return not self._free_count and len(self._waiting) >= self._most_waiting

    def take(self) -> bool:
        """Take a place if one is free."""
        if not self._free_count:
            return False
        self._free_count -= 1
        return True

    async def wait(self, seconds: float) -> None:
        """Take the next place that becomes free.

        Raises:
            OverloadedError: too many wait already, or none becomes free in time.
        """
        if len(self._waiting) >= self._most_waiting:
            raise OverloadedError(BUSY)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # It was our turn at the very moment that we gave up.
                self.leave()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise OverloadedError(BUSY) from None
            raise

    def leave(self) -> None:
        """Give a place to whoever has waited longest, or back."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free_count += 1


def _check_may_wait() -> None:
    """Refuse a call that has been on its way for so long that it could not wait and be worked on as well."""
    left = seconds_left()
    if left is not None and left < 2 * LONGEST_WAIT_SECONDS:
        raise OverloadedError(BUSY)

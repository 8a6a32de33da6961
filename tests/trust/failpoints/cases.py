"""One write, one point of it and one way to be interrupted there; and what must hold afterwards."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import grpc
from google.protobuf.message import Message

from tests.canonical_dump import Dump
from tests.trust.failpoints.calls import Caller, Write, calling, within
from tests.trust.failpoints.stand import PATIENCE_SECONDS, Stand
from tests.trust.seams.index_wire import INDEX
from tests.trust.seams.sql_wire import SQL, SqlSession
from tests.trust.seams.watch import Point, Session

# Long enough for a call to reach its last point while the machine does something else.
CALL_SECONDS = 20.0
# What a caller gives a call that will hang, and more where the machine was too slow for that.
SHORT_SECONDS = (0.4, 3.0)
# What the service does by itself passes the same wires, now and then.
_RECORDINGS = 4
# Before the server ends a statement that hangs, if its caller's end did not.
_LEFT_SECONDS = 1.0
_CASES_PER_STAND = 12

_UNAVAILABLE = {grpc.StatusCode.UNAVAILABLE}
_ENDED = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}


class Way(StrEnum):
    """What happens at a point."""

    KILL = "kill"
    ERROR = "error"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Case:
    """One interruption."""

    write: Write
    point: Point
    way: Way

    def __str__(self) -> str:
        return f"{self.write.name}: {self.way} {self.point}"


@dataclass(slots=True)
class Found:
    """What came of cases: counts, and what did not hold with all that one needs to see it again."""

    case_count: int = 0
    kept_count: int = 0
    answered_count: int = 0
    unreached: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Cases:
    """Runs cases on a stand that is renewed every few of them."""

    def __init__(self, stand: Stand) -> None:
        self.found = Found()
        self._stand = stand
        self._number = 0

    async def points(self, write: Write) -> list[Point]:
        """The points that this write passes whenever it is made, and not by chance while it is made."""
        seen = []
        for _ in range(_RECORDINGS):
            await self._ready_stand()
            async with calling(self._stand.address, CALL_SECONDS) as caller:
                ready = await write.prepare(caller, self._tag())
                await self._stand.broken()
                self._stand.watch.begin()
                await write.send(caller, ready, str(uuid.uuid4()))
                await self._stand.quiet()
                # The index has what was written, and was told all there is to it.
                await self._stand.broken()
                seen.append(list(self._stand.watch.passed))
        return [point for point in seen[0] if all(point in other for other in seen[1:])]

    async def run(self, case: Case) -> None:
        """Run a case; a point that is not reached is tried once more, as the machine may be slow."""
        self.found.case_count += 1
        for seconds in SHORT_SECONDS:
            if await self._attempt(case, seconds):
                return
        self.found.unreached.append(str(case))

    async def _attempt(self, case: Case, short_seconds: float) -> bool:
        await self._ready_stand()
        stand, request_id = self._stand, str(uuid.uuid4())
        async with calling(stand.address, CALL_SECONDS) as caller:
            ready = await case.write.prepare(caller, self._tag())
        wrong = await stand.broken()
        before = await stand.dump()
        interruption = _Interruption(stand, case, short_seconds)
        answer, code = await interruption.of(ready, request_id)
        if not interruption.reached:
            return False
        wrong += _wrong_code(case, code)
        if not await stand.quiet():
            wrong.append("A-1 a session keeps its locks")
        if not stand.running:
            await stand.start()
        after = await stand.dump()
        async with calling(stand.address, CALL_SECONDS) as caller:
            again, refused = await _answered(case.write, caller, ready, request_id)
        final = await stand.dump()
        wrong += _torn(before, after, final)
        wrong += refused or _lost(answer, again, after, final)
        wrong += await stand.broken()
        self.found.kept_count += after == final
        self.found.answered_count += answer is not None
        self.found.wrong += [f"{case}: {each}" for each in wrong]
        if wrong:
            await stand.renew()
        return True

    async def _ready_stand(self) -> None:
        if self._number % _CASES_PER_STAND == 0:
            await self._stand.renew()
        self._number += 1

    def _tag(self) -> str:
        return f"case{self._number}"


class _Interruption:
    """A write that is interrupted at one point, as its caller sees it."""

    def __init__(self, stand: Stand, case: Case, short_seconds: float) -> None:
        self._stand = stand
        self._case = case
        self._short_seconds = short_seconds
        self._is_killed = asyncio.Event()
        self._released = asyncio.Event()
        self._held: Session | None = None

    @property
    def reached(self) -> bool:
        return self._stand.watch.reached.is_set()

    async def of(self, ready: object, request_id: str) -> tuple[Message | None, grpc.StatusCode | None]:
        """The answer, or the code of the refusal, that the caller got."""
        case, watch = self._case, self._stand.watch
        seconds = self._short_seconds if case.way is Way.HANG else CALL_SECONDS
        async with calling(self._stand.address, seconds) as caller:
            watch.begin(case.point, self._act)
            answer: Message | None = None
            code: grpc.StatusCode | None = None
            try:
                answer = await case.write.send(caller, ready, request_id)
            except grpc.aio.AioRpcError as error:
                code = error.code()
            # The index is told after the answer.
            if case.point.wire == INDEX:
                await within(self._is_reached, self._short_seconds)
        watch.end()
        if case.way is Way.KILL and self.reached:
            await self._is_killed.wait()
        if case.way is Way.HANG and self.reached:
            await self._end_hang()
        return answer, code

    async def _is_reached(self) -> bool:
        return self.reached

    async def _act(self, session: Session) -> None:
        match self._case.way:
            case Way.KILL:
                await self._stand.kill()
                session.cut()
                self._is_killed.set()
            case Way.ERROR:
                await session.fail()
            case Way.HANG:
                self._held = session
                await session.hang(self._released)

    async def _end_hang(self) -> None:
        """The network comes back; what the caller's end did not end, the server's limits do."""
        self._released.set()
        if isinstance(self._held, SqlSession) and self._held.sleeps:
            quiet = self._stand.quiet
            done, waiting = await asyncio.wait([asyncio.create_task(quiet())], timeout=_LEFT_SECONDS)
            if not done:
                await self._held.cancel()
            await asyncio.gather(*waiting)


async def _answered(
    write: Write, caller: Caller, ready: object, request_id: str
) -> tuple[Message | None, list[str]]:
    """The answer to a write sent again, as often as the service says that it is not ready for it."""
    answers: list[Message] = []
    wrong: list[str] = []

    async def answered() -> bool:
        try:
            answers.append(await write.send(caller, ready, request_id))
        except grpc.aio.AioRpcError as error:
            if error.code() in _ENDED:
                return False
            wrong.append(f"A-3 sent again, the write is refused with {error.code().name}: {error.details()}")
        return True

    if not await within(answered, PATIENCE_SECONDS):
        wrong.append("A-3 the write, sent again, is never answered")
    return (answers[0] if answers else None), wrong


def _wrong_code(case: Case, code: grpc.StatusCode | None) -> list[str]:
    """Whether the caller was refused with what is documented; a lost connection has no code of ours."""
    if code is None:
        return []
    allowed = _ENDED if case.way is Way.HANG else _UNAVAILABLE
    if case.way is Way.KILL or case.point.wire not in (SQL, INDEX):
        return []
    return [] if code in allowed else [f"F-1 the call ended with {code.name}"]


def _torn(before: Dump, after: Dump, final: Dump) -> list[str]:
    """The state after the interruption is that of before it, or that of after the whole write."""
    problems = []
    if after not in (before, final):
        problems.append(
            f"A-1 torn: {_differing(after, before)} of before, {_differing(after, final)} of after"
        )
    if final["head"] != before["head"] + 1:
        problems.append(f"A-3 the write took {final['head'] - before['head']} revisions")
    return problems


def _differing(one: Dump, other: Dump) -> Sequence[str]:
    return [part for part in one if one[part] != other[part]]


def _lost(answer: Message | None, again: Message | None, after: Dump, final: Dump) -> list[str]:
    if answer is None:
        return []
    problems = [] if answer == again else ["A-3 sent again, the write is answered otherwise"]
    if after != final:
        problems.append("A-2 what was answered was not there")
    return problems

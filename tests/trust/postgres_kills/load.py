"""Callers that write without pause, keep what they were answered, and send again what they were not."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

import grpc
from google.protobuf.message import Message

from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from tests.rpc.api import IMPORTER, contact
from tests.trust.failpoints.calls import Caller, ingest, undo

# What a caller may hear of a PostgreSQL that is away, and calls again.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
}
_PAUSE_SECONDS = 0.05
_PATIENCE_SECONDS = 30.0

M = TypeVar("M", bound=Message)
Sending = Callable[[str], Awaitable[Message]]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A write that was answered: how to send it again, and its answer."""

    send: Sending
    request_id: str
    answer: Message


@dataclass(slots=True)
class Seen:
    """What all callers have been told."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    answered_count: int = 0
    unanswered_count: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Callers:
    """Several callers at once, each with records of its own: nobody's write changes another's answer."""

    def __init__(self, caller: Caller, count: int, random: Random) -> None:
        self.seen = Seen()
        self._caller = caller
        self._random = random
        self._going = asyncio.Event()
        self._at_rest = [asyncio.Event() for _ in range(count)]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to call."""
        self._going.set()
        self._tasks = [
            asyncio.create_task(self._stories(number), name=f"caller {number}")
            for number in range(len(self._at_rest))
        ]

    async def rest(self) -> None:
        """Let every caller come to the end of the write that it is at, and pause."""
        self._going.clear()
        async with asyncio.timeout(_PATIENCE_SECONDS * 2):
            for each in self._at_rest:
                await each.wait()

    def resume(self) -> None:
        for each in self._at_rest:
            each.clear()
        self._going.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.seen.wrong += [repr(each) for each in ended if isinstance(each, Exception)]

    async def _stories(self, number: int) -> None:
        told = 0
        while True:
            told += 1
            # What is wrong with it was noted; the others go on, and so does this one with the next.
            with suppress(grpc.aio.AioRpcError):
                await self._story(number, f"c{number}-{told}")

    async def _story(self, number: int, tag: str) -> None:
        """Two records, looked for, proposed, approved, merged, and now and then parted again."""
        caller, mail = self._caller, f"bob@{tag}.example"
        records = [
            contact(f"{tag}-1", given_name="Bob", family_name=f"Quux{tag}", email=mail),
            contact(f"{tag}-2", given_name="Robert", family_name=f"Quux{tag}", email=mail),
        ]
        names = [each.name for each in records]
        await self._written(number, lambda wish: ingest(caller, records, wish))
        await self._matched(names[0])
        proposal = await self._written(number, lambda wish: caller.propose(names, wish))
        approved = await self._written(number, lambda wish: caller.approve(proposal, wish))
        merge = await self._written(number, lambda wish: caller.execute(approved, wish))
        if self._random.random() < 0.5:
            await self._written(number, lambda wish: undo(caller, merge, wish))

    async def _written(self, number: int, send: Callable[[str], Awaitable[M]]) -> M:
        """The answer to a write, sent under one request id until there is one."""
        if not self._going.is_set():
            self._at_rest[number].set()
            await self._going.wait()
        request_id = str(uuid.uuid4())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_SECONDS
        while True:
            try:
                answer = await send(request_id)
            except grpc.aio.AioRpcError as error:
                self._told(error)
                self.seen.unanswered_count += 1
                if loop.time() > deadline or error.code() not in PASSING:
                    self.seen.wrong.append(f"A-3 a write is never carried out: {error.code().name}")
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self.seen.answered_count += 1
            self.seen.acknowledged.append(Acknowledged(send, request_id, answer))
            return answer

    async def _matched(self, name: str) -> None:
        asked = MatchRequest(record=name)
        try:
            await MatchServiceStub(self._caller.channel).Match(asked, metadata=IMPORTER, timeout=5)
        except grpc.aio.AioRpcError as error:
            self._told(error)

    def _told(self, error: grpc.aio.AioRpcError) -> None:
        self.seen.codes[error.code().name] += 1
        if error.code() not in PASSING:
            self.seen.wrong.append(f"F-1 a call ended with {error.code().name}: {error.details()}")


def kept_of(answer: Message) -> Message:
    """What an answer says, and goes on to say when the same write is sent again.

    What a proposal shows of its golden records is read when it is shown, and so is that of the moment.
    """
    if not isinstance(answer, MergeProposal):
        return answer
    kept = MergeProposal()
    kept.CopyFrom(answer)
    kept.ClearField("preview")
    kept.plan.ClearField("values")
    for member in kept.plan.members:
        member.ClearField("display_name")
        member.ClearField("display_detail")
    return kept

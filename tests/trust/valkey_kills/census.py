"""People of whom it is known who matches whom, written and looked for without pause.

Each has three records that share a blocking key, so that what Match must find is known by construction;
`broken_invariants` holds every key of the index against a brute force over SQL.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from random import Random
from string import ascii_lowercase

import grpc

from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest, MatchResponse
from dedup_service.v1.match_service_pb2_grpc import MatchServiceStub
from dedup_service.v1.record_service_pb2 import DeleteRecordRequest
from tests.rpc.api import IMPORTER, contact, refusal_of
from tests.trust.failpoints.calls import Caller, ingest

_COPIES = 3
_DELETED_SHARE = 0.15
# Of records that were written so long ago, everybody's answer must know.
_KNOWN_TO_ALL_SECONDS = 5.0
_PAUSE_SECONDS = 0.02
_LOOKED_FOR = 60
_NAME_LETTERS = 9


@dataclass(slots=True)
class Person:
    """The records of one person that stand, and the revision and time of the last write to any of them."""

    names: list[str]
    deleted: list[str]
    revision: RevisionToken
    written_time: float
    # Nobody is looked for while it is being changed who they are.
    unchanged: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Answers:
    """What Match has answered."""

    whole: int = 0
    said_short: int = 0
    unavailable: int = 0
    deleted: int = 0
    written: int = 0
    wrong: list[str] = field(default_factory=list)


class Census:
    """Several takers of the census at once, each of people of its own."""

    def __init__(self, caller: Caller, takers: int, random: Random) -> None:
        self.answers = Answers()
        self._caller = caller
        self._random = random
        self._people: list[list[Person]] = [[] for _ in range(takers)]
        self._going = asyncio.Event()
        self._resting = [asyncio.Event() for _ in range(takers)]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._going.set()
        self._tasks = [asyncio.create_task(self._take(number)) for number in range(len(self._people))]
        self._tasks += [asyncio.create_task(self._look()) for _ in self._people]

    async def rest(self) -> None:
        """Let everybody come to the end of what they do, and pause."""
        self._going.clear()
        for each in self._resting:
            await each.wait()

    def resume(self) -> None:
        for each in self._resting:
            each.clear()
        self._going.set()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.answers.wrong += [repr(each) for each in ended if isinstance(each, Exception)]

    async def all_whole(self) -> bool:
        """Whether people drawn of all are found now, and every answer says that it is complete."""
        before = self.answers.whole
        everybody = [person for taken in self._people for person in taken]
        people = self._random.sample(everybody, min(len(everybody), _LOOKED_FOR))
        for person in people:
            await self._look_for(person)
        return self.answers.whole == before + len(people)

    async def _look(self) -> None:
        """Look for anybody, without a pause but while all rest."""
        while True:
            await self._going.wait()
            everybody = [person for taken in self._people for person in taken]
            if everybody:
                await self._look_for(self._random.choice(everybody))
            await asyncio.sleep(0)

    async def _take(self, number: int) -> None:
        people = self._people[number]
        while True:
            if not self._going.is_set():
                self._resting[number].set()
                await self._going.wait()
            try:
                await self._take_one(f"t{number}p{len(people)}", people)
            except grpc.aio.AioRpcError as error:
                self.answers.wrong.append(f"D-3 a write ended with {error.code().name}: {error.details()}")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _take_one(self, tag: str, people: list[Person]) -> None:
        """Write a person and look for them; look for another one, of whom less may be left."""
        people.append(await self._write(tag))
        await self._look_for(people[-1])
        person = self._random.choice(people)
        if len(person.names) > 1 and self._random.random() < _DELETED_SHARE:
            await self._delete(person)
        await self._look_for(person)

    async def _write(self, tag: str) -> Person:
        given, family = (self._drawn_name() for _ in range(2))
        values = {
            "given_name": given,
            "family_name": family,
            "email": f"{given}.{family}@example.com".lower(),
        }
        records = [contact(f"{tag}-{n}", **values) for n in range(_COPIES)]
        answer = await ingest(self._caller, records, str(uuid.uuid4()))
        self.answers.written += _COPIES
        now = asyncio.get_running_loop().time()
        return Person([each.name for each in records], [], answer.revision, now)

    def _drawn_name(self) -> str:
        """A name that nobody else is likely to have, nor one that sounds like it."""
        return "".join(self._random.choices(ascii_lowercase, k=_NAME_LETTERS)).capitalize()

    async def _delete(self, person: Person) -> None:
        name = self._random.choice(person.names)
        asked = DeleteRecordRequest(name=name, request_id=str(uuid.uuid4()))
        async with person.unchanged:
            answer = await self._caller.records.DeleteRecord(
                asked, metadata=IMPORTER, timeout=self._caller.seconds
            )
            person.names.remove(name)
            person.deleted.append(name)
            person.revision = answer.revision
            person.written_time = asyncio.get_running_loop().time()
        self.answers.deleted += 1

    async def _look_for(self, person: Person) -> None:
        """Ask for the others like one record: all of them, or the answer says that it may be short."""
        async with person.unchanged:
            name = self._random.choice(person.names)
            asked = MatchRequest(record=name)
            age_seconds = asyncio.get_running_loop().time() - person.written_time
            if age_seconds < _KNOWN_TO_ALL_SECONDS or self._random.random() < 0.5:
                asked.min_revision.CopyFrom(person.revision)
            try:
                answer = await MatchServiceStub(self._caller.channel).Match(
                    asked, metadata=IMPORTER, timeout=self._caller.seconds
                )
            except grpc.aio.AioRpcError as error:
                self._refused(error)
            else:
                self._hold_against(person, name, answer)

    def _hold_against(self, person: Person, name: str, answer: MatchResponse) -> None:
        """What was found, against who the person is."""
        answers = self.answers
        found = {match.record for match in answer.matches}
        if ghosts := found & {*person.deleted}:
            answers.wrong.append(f"D-2 Match found {sorted(ghosts)}, which were deleted")
        missed = {*person.names} - {name} - found
        if answer.complete and missed:
            answers.wrong.append(f"D-1 Match of {name} missed {sorted(missed)}, and says complete")
        if not answer.complete and not answer.incomplete_reasons:
            answers.wrong.append("D-1 an answer is not complete, and says no reason")
        answers.whole += answer.complete
        answers.said_short += not answer.complete

    def _refused(self, error: grpc.aio.AioRpcError) -> None:
        code, reason = refusal_of(error).reason
        if (code, reason) != (grpc.StatusCode.UNAVAILABLE, "INDEX_UNAVAILABLE"):
            self.answers.wrong.append(f"D-1 a match is refused with {code.name} {reason}")
        self.answers.unavailable += 1

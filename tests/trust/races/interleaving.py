"""Every pair of stopping points of two writes, each schedule against what one after the other gives.

These are all interleavings but for those that cannot be told apart. A transaction sees of another only its
locks and, once it has ended, what it wrote. So it is enough that the first stops anywhere, the second then
goes as far as anywhere, the first ends, and the second ends. And once the second waits for a lock of the
first, each schedule that would let it go further is the one that was run.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dedup_service.domain.errors import DedupError
from tests.merge_desk import Office, open_office
from tests.trust.invariants import Watch, watch
from tests.trust.races.pairs import PAIRS, Scene, Write, outcome
from tests.trust.races.stepping import NEVER, Stepped, stepping

Make = Callable[[Office, int], Awaitable[tuple[Scene, Write, Write]]]


@dataclass(slots=True)
class Interleaved:
    """What was seen of one pair.

    Schedules that were run, those among them in which one waited for the other, those that would have been
    one of these again, and what they came to.
    """

    name: str
    statements: tuple[int, int] = (0, 0)
    possible: int = 0
    schedules: int = 0
    blocked: int = 0
    same: int = 0
    outcomes: Counter[Any] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, order=True)
class Schedule:
    """Who begins, and after how many statements each stops, before the first goes to the end."""

    second_first: bool
    stop_first: int
    stop_second: int


class Interleaving:
    """One store on which pairs of writes meet, scene after scene."""

    def __init__(self, office: Office, watched: Watch, watching: psycopg.AsyncConnection) -> None:
        self._office = office
        self._watched = watched
        self._watching = watching
        self._number = 0

    async def serial(self, make: Make, *, second_first: bool) -> tuple[Any, tuple[int, int]]:
        """What one after the other gives, and how many statements each takes."""
        scene, one, other = await self._scene(make)
        writes = [other, one] if second_first else [one, other]
        answers, counts = [], []
        for write in writes:
            stepped = Stepped(_answer(write), self._watching)
            await stepped.go(NEVER)
            answers.append(await stepped.task)
            counts.append(stepped.gate.passed)
        if second_first:
            answers.reverse()
            counts.reverse()
        return await outcome(scene, answers), (counts[0], counts[1])

    async def overtaken(self, make: Make, schedule: Schedule) -> tuple[Any, int | None]:
        """What the schedule gives, and the statement at which the second waited for the first, if it did."""
        scene, one, other = await self._scene(make)
        stepped = [Stepped(_answer(write), self._watching) for write in (one, other)]
        first, second = reversed(stepped) if schedule.second_first else stepped
        await first.go(schedule.stop_first)
        await second.go(schedule.stop_second)
        waits = not second.task.done() and await second.blocked()
        waited_at = second.gate.passed if waits else None
        await asyncio.gather(first.gate.open(NEVER), second.gate.open(NEVER if waits else 0))
        await first.go(NEVER)
        await second.gate.open(NEVER)
        answers = await asyncio.gather(*(each.task for each in stepped))
        return await outcome(scene, list(answers)), waited_at

    async def broken(self) -> list[str]:
        return await self._watched.broken()

    async def _scene(self, make: Make) -> tuple[Scene, Write, Write]:
        self._number += 1
        return await make(self._office, self._number)


async def _answer(write: Write) -> Any:
    """The answer of a write, or its refusal."""
    try:
        return await write()
    except DedupError as refusal:
        return refusal


def schedules(statements: tuple[int, int]) -> list[Schedule]:
    """Every pair of stopping points, with either beginning."""
    counts = {False: statements, True: (statements[1], statements[0])}
    return [
        Schedule(second_first, stop_first, stop_second)
        for second_first, (first, second) in counts.items()
        for stop_first in range(1, first + 1)
        for stop_second in range(1, second + 1)
    ]


async def interleave(
    database_url: str, redis_url: str, name: str, draws: random.Random, wanted: Callable[[int], int]
) -> Interleaved:
    """Drive a pair through schedules: of all that there are, so many drawn ones as are wanted."""
    make = PAIRS[name]
    seen = Interleaved(name)
    async with (
        open_office(database_url, redis_url) as office,
        watch(database_url, "") as watched,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as watching,
        stepping(),
    ):
        meeting = Interleaving(office, watched, watching)
        allowed = set()
        for second_first in (False, True):
            result, counts = await meeting.serial(make, second_first=second_first)
            allowed.add(result)
            # Who comes second may be refused early: each counts as when it goes first.
            seen.statements = max(counts[0], seen.statements[0]), max(counts[1], seen.statements[1])
        every = schedules(seen.statements)
        seen.possible = len(every)
        drawn = sorted(draws.sample(every, min(wanted(len(every)), len(every))))
        waiting_at: dict[tuple[bool, int], int] = {}
        for schedule in drawn:
            beginning = schedule.second_first, schedule.stop_first
            if schedule.stop_second > waiting_at.get(beginning, NEVER):
                seen.same += 1
                continue
            result, waited_at = await meeting.overtaken(make, schedule)
            seen.schedules += 1
            if waited_at is not None:
                seen.blocked += 1
                waiting_at[beginning] = waited_at
            seen.outcomes[result] += 1
            problems = await meeting.broken()
            if result not in allowed:
                problems.append(f"{result} is what neither order gives: {allowed}")
            if problems:
                seen.broken.append(f"{name}, {schedule}: {'; '.join(problems)}")
                break
    return seen

"""Points, recorded as they are passed, and the one of them where something is to happen."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Moment(StrEnum):
    """Whether what a point is named for has been handed on, and answered."""

    BEFORE = "before"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`th time, from 1, that something of this label passes on a wire since the watch began."""

    wire: str
    label: str
    moment: Moment
    number: int

    def __str__(self) -> str:
        return f"{self.moment} {self.wire} {self.label} {self.number}"


class Session(Protocol):
    """A connection that is held at a point."""

    def cut(self) -> None:
        """End it on both sides; nothing more of it reaches either."""

    async def fail(self) -> None:
        """End it as the server at its other end does when it goes away."""

    async def hang(self, released: asyncio.Event) -> None:
        """Have the server take for ever, or its answer be for ever on its way, until released."""


Act = Callable[[Session], Awaitable[None]]


class Watch:
    """What passes on all wires; at most one point is armed at a time."""

    def __init__(self) -> None:
        self.passed: list[Point] = []
        self.reached = asyncio.Event()
        self._counts: Counter[tuple[str, str, Moment]] = Counter()
        self._target: Point | None = None
        self._act: Act | None = None

    def begin(self, target: Point | None = None, act: Act | None = None) -> None:
        """Count from here on, and do something at a point."""
        self.passed = []
        self._counts.clear()
        self.reached = asyncio.Event()
        self._target, self._act = target, act

    def end(self) -> None:
        """Let everything pass from here on."""
        self._target = None

    def awaits(self, wire: str, label: str, moment: Moment) -> bool:
        """Whether the next of this label is the one where something is to happen."""
        number = self._counts[wire, label, moment] + 1
        return self._target == Point(wire, label, moment, number)

    async def passes(self, wire: str, label: str, moment: Moment, session: Session) -> None:
        """Take note of a point, and do there what is to be done."""
        self._counts[wire, label, moment] += 1
        point = Point(wire, label, moment, self._counts[wire, label, moment])
        self.passed.append(point)
        if point == self._target and self._act is not None:
            self._target = None
            self.reached.set()
            await self._act(session)

"""What a part of the proof is given, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of a part to run.

    The same `seed` draws the same cases. `share` is 1 for the whole proof, and less for a part of each
    count; `directory` is empty, and the part's alone. `unhurried` leaves out what keeps the whole within its
    time: limits of seconds, and that of many cases which are much alike some are drawn.
    """

    seed: int
    share: float
    directory: Path
    unhurried: bool = False

    def count(self, whole: int, least: int = 1) -> int:
        """The share of a number of cases, at least some."""
        return max(least, round(whole * self.share))

    def some(self, whole: int, hurried: int, least: int = 1) -> int:
        """The share of all of them or, where there is no time for all, of so many."""
        return self.count(whole if self.unhurried else min(whole, hurried), least)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: what was done, the invariants that it shows, and whether they held.

    `figures` are counted or measured, never typed; `short` says what falls short, empty when nothing does.
    `details` name what broke, each with what one needs to see it again.
    """

    what: str
    invariants: tuple[str, ...]
    figures: Mapping[str, float]
    short: str = ""
    details: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool:
        return not self.short


def write_lines(path: Path, lines: list[Line]) -> None:
    path.write_bytes(msgspec.json.encode(lines))


def read_lines(path: Path) -> list[Line]:
    return msgspec.json.decode(path.read_bytes(), type=list[Line])

"""The phases of finding duplicates, and what is told of each while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What is done, in this order."""

    READ = "READ"
    PREPARE = "PREPARE"
    BLOCK = "BLOCK"
    TRAIN = "TRAIN"
    SCORE = "SCORE"
    CLUSTER = "CLUSTER"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is, in records (READ, PREPARE, TRAIN) or pairs; `total` is None where it is unknown."""

    phase: Phase
    done: int
    total: int | None


OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class Stopped(Exception):
    """Finding duplicates was asked to stop; the phases that were finished stay in the workspace."""

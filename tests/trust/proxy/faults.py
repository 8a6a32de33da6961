"""What goes wrong on a link, and how far in."""

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a link misbehaves."""

    LATENCY = "latency"
    TRICKLE = "trickle"
    CUT = "cut"
    RESET = "reset"
    BLACK_HOLE = "black hole"
    HALF_OPEN = "half-open"


class Direction(StrEnum):
    """Which way bytes travel, as the one who connects sees it."""

    SENT = "sent"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a link, from the moment that it is set until it is lifted.

    LATENCY holds every chunk back for `seconds`, TRICKLE lets pieces of `piece_bytes` through; both slow
    either direction. The others let `after_bytes` of one direction pass. Then CUT closes both ends, as a
    proxy that is restarted does; RESET aborts them; BLACK_HOLE lets nothing more arrive until it is lifted,
    on new connections either, as a partition does; HALF_OPEN drops the far end without a word to the near.
    """

    way: Way
    direction: Direction = Direction.SENT
    after_bytes: int = 0
    seconds: float = 0.05
    piece_bytes: int = 64

    def __str__(self) -> str:
        if self.way is Way.LATENCY:
            return f"latency of {self.seconds * 1000:.0f} ms"
        if self.way is Way.TRICKLE:
            return f"trickle of {self.piece_bytes} bytes"
        return f"{self.way} after {self.after_bytes} bytes {self.direction}"

"""What the service records with; as it stands here it records nothing, and costs next to nothing.

`recorder` has the same surface and keeps what it is told.
Handing one of the two in is all that turns metrics on or off, so the code that is measured has no branches.
All of it belongs to the thread of the event loop.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

Metadata = Iterable[tuple[str, str | bytes]]


class Phase(IntEnum):
    """The phases of a Match, in their order."""

    PREPARE = 0
    INDEX = 1
    SCORE = 2
    READ = 3
    ANSWER = 4


class PoolState(NamedTuple):
    """One pool of connections as it is now."""

    name: str
    used_count: int
    idle_count: int
    waiting_count: int


class Call:
    """One call from its admission to its end."""

    __slots__ = ()

    def end(self, code: int) -> None:
        """It ended, with this gRPC status code; say it exactly once."""


class MethodMeter:
    """The calls of one method; made once, when its handler is."""

    __slots__ = ()

    def begin(self, metadata: Callable[[], Metadata | None]) -> Call:  # noqa: ARG002  # the recorder reads it
        """A call begins; its metadata is asked for only if the call may be part of a caller's trace."""
        return _CALL


class MatchMeter:
    """One Match; the time since it was made, or since the phase before ended, goes to the phase that ends."""

    __slots__ = ()

    def done(self, phase: Phase) -> None:
        """A phase has ended. One that is never said was not reached."""

    def indexed(self, candidate_count: int, reasons: Sequence[str]) -> None:
        """The phase INDEX has ended with so many candidates to score.

        `reasons` say why some may be missing: an `IncompleteReason` for each, one for each truncated key.
        """


class IndexMeter:
    """The blocking index as the follower sees it."""

    __slots__ = ()

    def head(self, revision: int) -> None:
        """The ledger has reached this revision; in any order."""

    def rewound(self, head: int) -> None:
        """The ledger is of another history, and is at this revision."""

    def applied(self, revision: int) -> None:
        """The index that serves has this revision."""

    def checked(self, record_count: int, key_count: int, *, rebuilding: bool) -> None:
        """So much is in the index that serves, and whether anybody builds it anew."""

    def rebuild_begun(self, expected_count: int) -> None:
        """A rebuild begins that will write about so many records; 0 when nobody knows."""

    def rebuild_loaded(self, record_count: int) -> None:
        """It has written so many more records."""

    def rebuild_ended(self, *, published: bool) -> None:
        """It ended, and serves, or does not; nothing if none was begun."""


class Telemetry:
    """Where the parts of the service get what they record with."""

    __slots__ = ()

    @property
    def index(self) -> IndexMeter:
        return _INDEX

    def method(self, service: str, method: str) -> MethodMeter:  # noqa: ARG002  # the recorder needs both
        """The meter of one method of the API, such as ``dedup_service.v1.MatchService`` and ``Match``."""
        return _METHOD

    def refused(self, room: str) -> None:
        """A call was refused because too much is under way; `room` is its class, or BULK."""

    def match(self) -> MatchMeter:
        """The meter of a Match that begins now."""
        return _MATCH

    def watch_pools(self, read: Callable[[], Iterable[PoolState]]) -> None:
        """Have pools of connections read whenever somebody asks for metrics; from any thread, so cheaply."""


# They hold nothing, so one of each does for all.
_CALL, _METHOD, _MATCH, _INDEX = Call(), MethodMeter(), MatchMeter(), IndexMeter()

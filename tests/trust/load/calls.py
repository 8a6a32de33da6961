"""What a load consists of: calls with the moment at which each is due, in a file that a process reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Seconds = npt.NDArray[np.float64]

MATCH, WRITE, VOTE, MERGE = "match", "write", "vote", "merge"
METHODS: Mapping[str, tuple[str, str]] = {
    MATCH: ("MatchService/Match", "users/ben"),
    WRITE: ("RecordService/UpdateRecord", "services/importer"),
    VOTE: ("MergeProposalService/ApproveMergeProposal", "users/ann"),
    MERGE: ("MergeProposalService/ExecuteMergeProposal", "services/matcher"),
}
KINDS = tuple(METHODS)
SHARES: Mapping[str, float] = {MATCH: 0.80, WRITE: 0.14, VOTE: 0.05, MERGE: 0.01}


class Call(msgspec.Struct, frozen=True, array_like=True):
    """One call: its place in `KINDS`, that of its body, and when it is due, in seconds from the start."""

    kind: int
    body: int
    due: float


class Load(msgspec.Struct, frozen=True):
    """Calls in the order in which they are due. Without `due` times, `together` are under way at a time."""

    address: str
    bodies: list[bytes]
    calls: list[Call]
    deadline_seconds: float
    together: int = 0


class Answers(msgspec.Struct, frozen=True):
    """Of each call: its status code, whether it carried a retry hint, and when it ended, from the start."""

    status: list[int]
    hinted: list[bool]
    ended: list[float]
    cpu_seconds: float
    # The first of each unexpected status, as the service said it.
    said: list[str]


def arrivals(rates: Mapping[str, float], seconds: float, seed: int) -> list[tuple[float, str]]:
    """Poisson arrivals of each kind, merged."""
    found: list[tuple[float, str]] = []
    for place, (kind, rate) in enumerate(rates.items()):
        dice = np.random.default_rng((seed, place))
        count = int(dice.poisson(rate * seconds))
        found += [(float(due), kind) for due in dice.uniform(0, seconds, count)]
    return sorted(found)


def steady(rate: float) -> dict[str, float]:
    """So many calls a second, as a working day has them."""
    return {kind: rate * share for kind, share in SHARES.items()}


class Bodies:
    """Hands out requests: those of each kind in turn, and from the beginning again where they run out.

    A vote and a merge happen once each, so of them there must be enough.
    """

    def __init__(self, bodies: Mapping[str, Sequence[bytes]], deadline_seconds: float) -> None:
        self._bodies = bodies
        self._deadline_seconds = deadline_seconds
        self._next = dict.fromkeys(bodies, 0)

    def load(self, address: str, due: Sequence[tuple[float, str]], together: int = 0) -> Load:
        """The load of these arrivals."""
        places: dict[bytes, int] = {}
        calls = []
        for at, kind in due:
            body = self._take(kind)
            calls.append(Call(KINDS.index(kind), places.setdefault(body, len(places)), at))
        return Load(address, list(places), calls, self._deadline_seconds, together)

    def _take(self, kind: str) -> bytes:
        number = self._next[kind]
        self._next[kind] = number + 1
        bodies = self._bodies[kind]
        if kind in (VOTE, MERGE):
            assert number < len(bodies), f"{len(bodies)} requests of the kind {kind} are not enough"
        return bodies[number % len(bodies)]


def write_load(path: Path, load: Load) -> None:
    path.write_bytes(msgspec.msgpack.encode(load))


def read_load(path: Path) -> Load:
    return msgspec.msgpack.decode(path.read_bytes(), type=Load)

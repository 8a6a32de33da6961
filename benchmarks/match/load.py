"""An open-loop load of Match calls: each has a due time fixed in advance, and its latency counts from there.

A server that stalls therefore shows in every call that was due meanwhile; a client that waits for answers
before it asks again would hide them. Python's event loops wake on whole milliseconds, half a millisecond late
on average, so this one waits in select(2), which knows microseconds. Nothing is parsed during the run.

    python -m benchmarks.match.load FOLDER

runs the plan of a folder in a process of its own; `run` writes the plan and reads what came of it.
"""

import gc
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.match.connection import Answers, Connection, Headers, Request
from benchmarks.match.frames import (
    GRPC_HEAD_BYTES,
    MAX_STREAM_ID,
    ProtocolError,
    grpc_status,
    request_headers,
)
from benchmarks.match.population import read_frames, write_frames

PATH = "/dedup_service.v1.MatchService/Match"
# What the published client sends: its principal and its deadline.
PATIENCE_SECONDS = 5
PRINCIPAL = "users/ann"
METADATA = (("dedup-principal", PRINCIPAL), ("grpc-timeout", f"{PATIENCE_SECONDS}S"))
NO_ANSWER = -2
_START_SECONDS = 0.2
_GRACE_SECONDS = 1.0
_LONGEST_WAIT_SECONDS = 0.05

Nanoseconds = npt.NDArray[np.int64]


class Plan(msgspec.Struct, frozen=True):
    """What to send: call number n is request `first` + n, around the end of the requests.

    Due times are those of a Poisson process of `rate` calls a second for `seconds`, or evenly spaced. A
    connection is replaced after the stream `last_stream_id`.
    """

    host: str
    port: int
    rate: float
    seconds: float
    first: int = 0
    connections: int = 8
    poisson: bool = True
    seed: int = 1
    last_stream_id: int = MAX_STREAM_ID
    path: str = PATH
    principal: str = PRINCIPAL

    @property
    def call_count(self) -> int:
        return max(1, round(self.rate * self.seconds))

    def due_ns(self) -> Nanoseconds:
        """Nanoseconds from the start at which each call is due, rising."""
        gaps = np.full(self.call_count, 1 / self.rate)
        if self.poisson:
            gaps = np.random.default_rng(self.seed).exponential(1 / self.rate, self.call_count)
        return np.cumsum(gaps * 1e9).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of each call, in the order in which they were due.

    due_ns: on the monotonic clock. latency_ns: from the due time to the last byte, -1 where nothing came.
    status: the gRPC status, `NO_ANSWER` where nothing came. bodies: messages, empty but where status is 0.
    """

    plan: Plan
    due_ns: Nanoseconds
    latency_ns: Nanoseconds
    status: npt.NDArray[np.int64]
    bodies: list[bytes]
    cpu_seconds: float

    @property
    def ok(self) -> npt.NDArray[np.bool_]:
        good: npt.NDArray[np.bool_] = self.status == 0
        return good

    def latency_ms(self, percent: float, of: npt.NDArray[np.bool_] | None = None) -> float:
        """A percentile over all calls that were due, or some: what did not come well counts as infinite."""
        all_ms = np.where(self.ok, self.latency_ns / 1e6, np.inf)
        if of is not None:
            all_ms = all_ms[of]
        return float(np.sort(all_ms)[min(len(all_ms) - 1, int(len(all_ms) * percent / 100))])

    def share_within(self, seconds: float) -> float:
        """The share of the due calls that were answered well within so long."""
        return float(np.mean(self.ok & (self.latency_ns <= seconds * 1e9)))

    def query_of(self, call: int, query_count: int) -> int:
        return (self.plan.first + call) % query_count


def run(plan: Plan, requests: Sequence[bytes]) -> Outcome:
    """Carry a plan out in a process of its own, and read what came of it."""
    with tempfile.TemporaryDirectory(prefix="dedup-load-") as name:
        folder = Path(name)
        count = len(requests)
        wanted = min(plan.call_count, count)
        write_frames(folder / "requests.bin", (requests[(plan.first + n) % count] for n in range(wanted)))
        (folder / "plan.json").write_bytes(msgspec.json.encode(plan))
        subprocess.run([sys.executable, "-m", "benchmarks.match.load", name], check=True)
        return _outcome(plan, folder)


def _outcome(plan: Plan, folder: Path) -> Outcome:
    with np.load(folder / "times.npz") as times:
        due, done, cpu = times["due"], times["done"], float(times["cpu"])
    bodies = [message[GRPC_HEAD_BYTES:] for message in read_frames(folder / "answers.bin")]
    statuses: dict[bytes, int] = {}
    status = np.full(len(due), NO_ANSWER, np.int64)
    for call, block in enumerate(read_frames(folder / "trailers.bin")):
        if done[call]:
            if block not in statuses:
                statuses[block] = grpc_status(block)
            status[call] = statuses[block]
    latency = np.where(done > 0, done - due, -1)
    return Outcome(plan, due, latency, status, bodies, cpu)


class _Load:
    """The connections of a run, and the calls that are out on them."""

    def __init__(self, plan: Plan, requests: Sequence[Request]) -> None:
        self._plan = plan
        self._requests = requests
        metadata = (("dedup-principal", plan.principal), *METADATA[1:])
        self._headers = Headers.of(*request_headers(plan.path, f"{plan.host}:{plan.port}", metadata))
        self.answers = Answers.of(plan.call_count)
        # By descriptor: those in the rotation, and retired ones that still have answers to come.
        self._open: dict[int, Connection] = {}
        self._blocked: dict[int, Connection] = {}
        self._rotation = [self._opened() for _ in range(plan.connections)]
        self._left = plan.call_count

    def _opened(self) -> Connection:
        address = (self._plan.host, self._plan.port)
        connection = Connection(address, self._headers, self.answers, self._plan.last_stream_id)
        self._open[connection.fileno()] = connection
        self._flush(connection)
        return connection

    def settle(self, seconds: float) -> None:
        """Let every connection exchange settings before the first call is due."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._wait(until)

    def send_all(self, due_ns: Sequence[int]) -> None:
        """Send each call when it is due, and stay until all have answers or nobody would wait for more."""
        next_call, count = 0, len(due_ns)
        last_ns = due_ns[-1] + int((PATIENCE_SECONDS + _GRACE_SECONDS) * 1e9)
        requests, rotation = self._requests, self._rotation
        while self._left:
            now = time.monotonic_ns()
            while next_call < count and due_ns[next_call] <= now:
                place = next_call % len(rotation)
                rotation[place].call(next_call, requests[next_call % len(requests)])
                self._flush(rotation[place])
                if rotation[place].retired:
                    self._replace(place)
                next_call += 1
            if next_call == count and now > last_ns:
                return
            self._wait((due_ns[next_call] if next_call < count else last_ns) / 1e9)

    def _wait(self, until_seconds: float) -> None:
        """Wait until then at the latest, and read what has come."""
        wait = min(max(0.0, until_seconds - time.monotonic()), _LONGEST_WAIT_SECONDS)
        readable, writable, _ = select.select([*self._open], [*self._blocked], (), wait)
        now = time.monotonic_ns()
        for descriptor in readable:
            connection = self._open[descriptor]
            try:
                self._left -= connection.receive(now)
            except ProtocolError as error:
                print(f"a connection ended: {error}", file=sys.stderr)
                self._left -= connection.give_up()
            if connection.out:
                self._flush(connection)
            if connection.retired:
                self._retire(connection)
        for descriptor in writable:
            if descriptor in self._blocked:
                self._flush(self._blocked[descriptor])

    def _flush(self, connection: Connection) -> None:
        try:
            connection.flush()
        except OSError as error:
            print(f"a connection broke: {error}", file=sys.stderr)
            self._left -= connection.give_up()
            self._retire(connection)
            return
        if connection.out:
            self._blocked[connection.fileno()] = connection
        else:
            self._blocked.pop(connection.fileno(), None)

    def _retire(self, connection: Connection) -> None:
        """Put a new one in the place of a connection that takes no more calls; close it once it is idle."""
        if connection in self._rotation:
            self._replace(self._rotation.index(connection))
        if not connection.busy:
            self._open.pop(connection.fileno(), None)
            self._blocked.pop(connection.fileno(), None)
            connection.close()

    def _replace(self, place: int) -> None:
        """A new connection, to which the old one passes on the calls that it held."""
        old, fresh = self._rotation[place], self._opened()
        self._rotation[place] = fresh
        for number, request in old.unsent():
            fresh.call(number, request)
        self._flush(fresh)

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()


def _run(folder: Path) -> None:
    plan = msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)
    requests = [Request.of(body) for body in read_frames(folder / "requests.bin")]
    due = plan.due_ns()
    load = _Load(plan, requests)
    load.settle(_START_SECONDS)
    # Its pauses are not the server's.
    gc.collect()
    gc.freeze()
    gc.disable()
    due += time.monotonic_ns()
    before = time.process_time()
    load.send_all(due.tolist())
    cpu = time.process_time() - before
    load.close()
    answers = load.answers
    write_frames(folder / "answers.bin", answers.bodies)
    write_frames(folder / "trailers.bin", answers.trailers)
    np.savez(folder / "times.npz", due=due, done=np.array(answers.done_ns, np.int64), cpu=cpu)


if __name__ == "__main__":
    _run(Path(sys.argv[1]))

"""Keeps what the service records, in plain Python, until `endpoint` reads it and `tracing` sends it on."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Protocol

from dedup_service.telemetry import catalogue
from dedup_service.telemetry.index_recorder import IndexRecorder
from dedup_service.telemetry.instruments import NANOSECONDS, Distribution
from dedup_service.telemetry.recording import (
    Call,
    MatchMeter,
    Metadata,
    MethodMeter,
    Phase,
    PoolState,
    Telemetry,
)

# The names of gRPC's status codes, each at its number.
CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED"),
    *("OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"),
)
UNKNOWN_CODE = CODES.index("UNKNOWN")
TRUNCATED = "HOT_KEY_TRUNCATED"
REASONS = ("INDEX_REBUILDING", "INDEX_BEHIND", TRUNCATED)
# What a reason that nobody declared is counted under: labels stay few whatever is handed in.
OTHER = "other"
# A MatchStream of any length has one span; of its matches so many phases are kept.
PARTS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A phase within a traced call; times are of `perf_counter_ns`, the counts of a phase INDEX alone."""

    phase: Phase
    started_ns: int
    ended_ns: int
    candidate_count: int | None = None
    truncated_count: int | None = None


@dataclass(slots=True)
class TracedCall:
    """What a span of a call is made of once the call is over."""

    service: str
    method: str
    metadata: Metadata
    started_ns: int
    ended_ns: int = 0
    code: int = UNKNOWN_CODE
    parts: list[Part] = field(default_factory=list)
    left_out: int = 0

    def add(self, part: Part) -> None:
        if len(self.parts) < PARTS_LIMIT:
            self.parts.append(part)
        else:
            self.left_out += 1


class CallTracer(Protocol):
    """Makes spans of calls that are over, of those that are sampled."""

    def record(self, call: TracedCall) -> None: ...


# The call that a task works for. Each call has a task of its own, and the tasks that it starts inherit it.
_CURRENT: ContextVar[TracedCall | None] = ContextVar("traced_call", default=None)


class RecordedCall(Call):
    """One call, counted under its method when it ends."""

    __slots__ = ("_meter", "_started_ns", "_traced")

    def __init__(self, meter: "MethodRecorder", started_ns: int, traced: TracedCall | None) -> None:
        self._meter = meter
        self._started_ns = started_ns
        self._traced = traced

    def end(self, code: int) -> None:
        ended_ns = perf_counter_ns()
        if not 0 <= code < len(CODES):
            code = UNKNOWN_CODE
        self._meter.ended(code, ended_ns - self._started_ns)
        if self._traced is not None:
            self._traced.ended_ns, self._traced.code = ended_ns, code
            self._meter.trace(self._traced)


class MethodRecorder(MethodMeter):
    """The calls of one method: how many run, how they ended, by code, and how long they took."""

    __slots__ = ("_tracer", "codes", "duration", "method", "running", "service")

    def __init__(self, service: str, method: str, tracer: CallTracer | None) -> None:
        self.service = service
        self.method = method
        self.running = 0
        self.codes = [0] * len(CODES)
        self.duration = Distribution(catalogue.CALL_DURATION.bounds, NANOSECONDS)
        self._tracer = tracer

    def begin(self, metadata: Callable[[], Metadata | None]) -> Call:
        traced = None
        started_ns = perf_counter_ns()
        if self._tracer is not None:
            traced = TracedCall(self.service, self.method, metadata() or (), started_ns)
            _CURRENT.set(traced)
        self.running += 1
        return RecordedCall(self, started_ns, traced)

    def ended(self, code: int, duration_ns: int) -> None:
        self.running -= 1
        self.codes[code] += 1
        self.duration.add(duration_ns)

    def trace(self, call: TracedCall) -> None:
        assert self._tracer is not None, "a call is traced only by a tracer"
        self._tracer.record(call)


class MatchTotals:
    """All matches so far."""

    __slots__ = ("candidates", "incomplete", "phases", "truncated_count")

    def __init__(self) -> None:
        bounds = catalogue.MATCH_PHASE_DURATION.bounds
        self.phases = [Distribution(bounds, NANOSECONDS) for _ in Phase]
        self.candidates = Distribution(catalogue.MATCH_CANDIDATES.bounds)
        self.incomplete = dict.fromkeys((*REASONS, OTHER), 0)
        self.truncated_count = 0


class MatchRecorder(MatchMeter):
    """One Match."""

    __slots__ = ("_marked_ns", "_totals", "_traced")

    def __init__(self, totals: MatchTotals, traced: TracedCall | None) -> None:
        self._totals = totals
        self._traced = traced
        self._marked_ns = perf_counter_ns()

    def done(self, phase: Phase) -> None:
        now_ns = perf_counter_ns()
        self._totals.phases[phase].add(now_ns - self._marked_ns)
        if self._traced is not None:
            self._traced.add(Part(phase, self._marked_ns, now_ns))
        self._marked_ns = now_ns

    def indexed(self, candidate_count: int, reasons: Sequence[str]) -> None:
        now_ns = perf_counter_ns()
        totals, truncated_count = self._totals, 0
        totals.phases[Phase.INDEX].add(now_ns - self._marked_ns)
        totals.candidates.add(candidate_count)
        if reasons:
            truncated_count = list(reasons).count(TRUNCATED)
            totals.truncated_count += truncated_count
            for reason in {each if each in totals.incomplete else OTHER for each in reasons}:
                totals.incomplete[reason] += 1
        if self._traced is not None:
            part = Part(Phase.INDEX, self._marked_ns, now_ns, candidate_count, truncated_count)
            self._traced.add(part)
        self._marked_ns = now_ns


class Recorder(Telemetry):
    """Keeps everything; with a tracer it makes spans of calls too."""

    __slots__ = ("_index", "_pools", "_tracer", "matches", "methods", "refused_counts")

    def __init__(self, tracer: CallTracer | None = None) -> None:
        self._tracer = tracer
        self._index = IndexRecorder()
        self._pools: Callable[[], Iterable[PoolState]] = tuple
        self.methods: list[MethodRecorder] = []
        self.matches = MatchTotals()
        self.refused_counts: Counter[str] = Counter()

    @property
    def index(self) -> IndexRecorder:
        return self._index

    def method(self, service: str, method: str) -> MethodMeter:
        meter = MethodRecorder(service, method, self._tracer)
        self.methods.append(meter)
        return meter

    def refused(self, room: str) -> None:
        self.refused_counts[room] += 1

    def match(self) -> MatchMeter:
        return MatchRecorder(self.matches, None if self._tracer is None else _CURRENT.get())

    def watch_pools(self, read: Callable[[], Iterable[PoolState]]) -> None:
        self._pools = read

    def pools(self) -> Iterable[PoolState]:
        """The pools as they are now."""
        return self._pools()

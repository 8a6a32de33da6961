"""A working day's load on 200,000 records, then three times what the service can do, then the day again."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psutil

from tests.e2e.running_service import RunningService
from tests.trust.load.calls import KINDS, MATCH, MERGE, VOTE, WRITE, Bodies, arrivals, steady
from tests.trust.load.memory import Readings, watched
from tests.trust.load.outcome import Outcome
from tests.trust.load.outcome import run as send
from tests.trust.load.preparing import prepare
from tests.trust.report import Line, Plan

RECORDS = 200_000
RATE = 300.0
STEADY_SECONDS = 600
OVERLOAD_SECONDS = 60
RECOVERY_SECONDS = 20
DEADLINE_SECONDS = 5.0
MOST_P99_MS = 50.0
MOST_RECOVERY_SECONDS = 10
# A refusal is an answer that helps only when it comes soon.
MOST_REFUSAL_P99_MS = 1_000.0
MOST_GROWTH_MIB = 10.0
# Of the calls of a second: a few may wait for the disk.
SLOW_SHARE = 0.05
TIMES_CAPACITY = 3
_TOGETHER = 32
_CAPACITY_CALLS = 10_000
_WARM_UP_SECONDS = 20
# Votes and merges are as many as the dice say: some more than expected.
_SPARE = 1.2
_SPARE_COUNT = 40


@dataclass(frozen=True, slots=True)
class Times:
    """How long each stretch is, in seconds; `judged` says whether times are held against their limits."""

    warm_up: int
    steady: int
    overload: int
    recovery: int
    judged: bool

    @classmethod
    def of(cls, plan: Plan) -> "Times":
        return cls(
            plan.count(_WARM_UP_SECONDS),
            plan.count(STEADY_SECONDS, 3),
            plan.count(OVERLOAD_SECONDS, 2),
            plan.count(RECOVERY_SECONDS, 2),
            plan.share >= 1,
        )

    @property
    def total(self) -> int:
        return self.warm_up + self.steady + self.overload + self.recovery


def run(plan: Plan) -> list[Line]:
    """The whole of it: about 16 minutes at the full share."""
    times = Times.of(plan)
    with _service(plan) as service:
        bodies = Bodies(
            prepare(
                service.address,
                plan.count(RECORDS, 1_000),
                _enough(times.total * steady(RATE)[VOTE]),
                _enough(times.total * steady(RATE)[MERGE]),
            ),
            # As the published client has it; a machine that is busy otherwise must not decide what is seen.
            DEADLINE_SECONDS if times.judged else 6 * DEADLINE_SECONDS,
        )
        desk = _Stand(plan, service, bodies)
        desk.day(times.warm_up)
        with watched(_pids(service)) as memory:
            day = desk.day(times.steady)
        capacity = desk.capacity(plan.count(_CAPACITY_CALLS, 500))
        flood = desk.flood(capacity, times.overload)
        after = desk.day(times.recovery)
        incidents = tuple(service.logged_incidents())
    return [
        _steady_line(day, times, incidents),
        _memory_line(memory, times),
        _flood_line(flood, capacity, times),
        _recovery_line(after, times),
    ]


def _enough(expected: float) -> int:
    return round(expected * _SPARE) + _SPARE_COUNT


@contextmanager
def _service(plan: Plan) -> Iterator[RunningService]:
    plan.directory.chmod(0o711)
    # What one principal may do is not what is asked here: a rate would refuse before the places do.
    service = RunningService(
        plan.directory,
        DEDUP_RATE_LIMIT="1000000",
        DEDUP_ITEM_RATE_LIMIT="1000000",
        DEDUP_CLEANUP_RUNS="0",
    )
    try:
        service.start()
        yield service
    finally:
        service.end()


def _pids(service: RunningService) -> list[int]:
    """The service's own processes, without the servers that it started."""
    root = psutil.Process(service.process.pid)
    return [
        each.pid
        for each in (root, *root.children(recursive=True))
        if each.name().startswith(("python", "dedup"))
    ]


class _Stand:
    """Sends one load after the other to a service."""

    def __init__(self, plan: Plan, service: RunningService, bodies: Bodies) -> None:
        self._plan = plan
        self._service = service
        self._bodies = bodies
        self._seed = plan.seed

    def _sent(self, rates: dict[str, float], seconds: float) -> Outcome:
        self._seed += 1
        due = arrivals(rates, seconds, self._seed)
        return send(self._bodies.load(self._service.address, due), self._plan.directory)

    def day(self, seconds: float) -> Outcome:
        return self._sent(steady(RATE), seconds)

    def capacity(self, calls: int) -> float:
        """How many matches and writes a second, as many of each as on any day, it answers to callers who
        wait for each.
        """
        rates = steady(RATE)
        random = np.random.default_rng(self._seed)
        writes = random.random(calls) < rates[WRITE] / (rates[MATCH] + rates[WRITE])
        due = [(0.0, WRITE if write else MATCH) for write in writes]
        load = self._bodies.load(self._service.address, due, _TOGETHER)
        return send(load, self._plan.directory).per_second

    def flood(self, capacity: float, seconds: float) -> Outcome:
        """Three times as many matches and writes as it can do; people vote as on any day."""
        few = steady(RATE)
        # Matches and writes are so much of a day's calls, and all of what the capacity was measured with.
        many = steady(TIMES_CAPACITY * capacity * RATE / (few[MATCH] + few[WRITE]))
        rates = {MATCH: many[MATCH], WRITE: many[WRITE], VOTE: few[VOTE], MERGE: few[MERGE]}
        return self._sent(rates, seconds)


def _steady_line(day: Outcome, times: Times, incidents: tuple[str, ...]) -> Line:
    p99 = day.percentile(99)
    minutes = day.by_minute(99)
    short = []
    if wrong := int(np.sum(~day.answered)):
        short.append(f"{wrong} calls were not answered")
    if incidents:
        short.append(f"{len(incidents)} faults were logged")
    if times.judged and p99 > MOST_P99_MS:
        short.append(f"p99 is {p99:.1f} ms")
    figures = {
        "seconds": times.steady,
        "calls": len(day.load.calls),
        "answered": int(np.sum(day.answered)),
        "p50 ms": round(day.percentile(50), 1),
        "p99 ms": round(p99, 1),
        "max ms": round(day.percentile(100), 1),
        # One minute among others that is slow is the machine's, or when the store tidies up.
        "calmest minute: p99 ms": round(min(minutes), 1),
        "worst minute: p99 ms": round(max(minutes), 1),
        "worst minute": minutes.index(max(minutes)) + 1,
        **day.by_kind(),
    }
    return Line(
        f"open load of {RATE:g} calls a second: 80 % matches, 14 % writes, 5 % votes, 1 % merges",
        ("F-4", "A-2"),
        figures,
        "; ".join(short),
        (*day.answers.said, *incidents),
    )


def _memory_line(memory: Readings, times: Times) -> Line:
    growth = memory.growth_mib()
    grows = times.judged and growth > MOST_GROWTH_MIB
    figures = {"most MiB": round(memory.most_mib, 1), "growth in the second half MiB": round(growth, 1)}
    short = f"memory grows by {growth:.1f} MiB in the second half" if grows else ""
    return Line("memory of the service under that load", ("F-4",), figures, short)


def _flood_line(flood: Outcome, capacity: float, times: Times) -> Line:
    to_refusal = flood.percentile(99, flood.refused) if np.any(flood.refused) else 0.0
    votes = (flood.kind == KINDS.index(VOTE)) | (flood.kind == KINDS.index(MERGE))
    short = []
    # On a machine that is busy otherwise gRPC's own queue overflows before anybody of ours is asked.
    if times.judged and flood.failed_count:
        short.append(f"{flood.failed_count} calls ended neither well nor with RESOURCE_EXHAUSTED")
    if flood.unhinted_count:
        short.append(f"{flood.unhinted_count} refusals have no retry hint")
    lost = int(np.sum(votes & ~flood.answered))
    if times.judged and lost:
        short.append(f"{lost} votes and merges were not answered, though their places are their own")
    if times.judged and not np.any(flood.refused):
        short.append("nothing was refused: it was no overload")
    if times.judged and to_refusal > MOST_REFUSAL_P99_MS:
        short.append(f"99 % of refusals take up to {to_refusal:.0f} ms")
    figures = {
        "seconds": times.overload,
        "capacity, calls a second": round(capacity),
        "calls": len(flood.load.calls),
        "answered": int(np.sum(flood.answered)),
        "refused": int(np.sum(flood.refused)),
        "to refusal p50 ms": round(flood.percentile(50, flood.refused), 1) if np.any(flood.refused) else 0,
        "to refusal p99 ms": round(to_refusal, 1),
        **flood.by_kind(),
    }
    return Line(
        f"{TIMES_CAPACITY} times capacity: what is accepted keeps its deadline, the rest is refused at once",
        ("F-4",),
        figures,
        "; ".join(short),
        tuple(flood.answers.said),
    )


def _recovery_line(after: Outcome, times: Times) -> Line:
    """From when on everything is answered again, and as fast as before."""
    slow = after.latency > MOST_P99_MS if times.judged else np.zeros(len(after.latency), dtype=bool)
    seconds = int(times.recovery)
    bad = [
        second
        for second in range(seconds)
        if np.any((within := (after.due // 1 == second)) & ~after.answered)
        or (np.any(within) and np.mean(slow[within]) > SLOW_SHARE)
    ]
    recovered = bad[-1] + 1 if bad else 0
    short = ""
    if recovered > min(MOST_RECOVERY_SECONDS, seconds - 1):
        short = f"it takes {recovered} seconds or more"
    figures = {
        "seconds until all is as before": recovered,
        "calls": len(after.load.calls),
        "answered": int(np.sum(after.answered)),
        "p99 ms": round(after.percentile(99), 1),
    }
    return Line("the same day right after it", ("F-4",), figures, short, tuple(after.answers.said))

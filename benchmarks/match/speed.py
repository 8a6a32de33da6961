"""The highest rate that the service keeps up with, and how late it is at a steady one."""

import math
import sys

import numpy as np

from benchmarks.match import answers
from benchmarks.match.bench import Bench
from benchmarks.match.load import Outcome
from benchmarks.match.processes import POSTGRES, SERVER, VALKEY, cpu_seconds, resident_mib
from benchmarks.match.truth import Blocks
from benchmarks.report import Figure

TARGET_CAPACITY = 1500.0
TARGET_P50_MS, TARGET_P99_MS = 2.0, 10.0
TARGET_SERVER_MIB = 300.0
STEADY_RATE = 300.0
FIRST_RATE, LEAST_RATE = 300.0, 5.0
_STEP = 1.5
_PRECISION = 1.05
KEPT_UP_SECONDS, KEPT_UP_SHARE, KEPT_UP_P50_MS = 1.0, 0.99, 100.0


def kept_up(outcome: Outcome) -> bool:
    """Whether at least 99 % of the due calls came well within a second, and half of them in 100 ms."""
    in_time = outcome.share_within(KEPT_UP_SECONDS) >= KEPT_UP_SHARE
    return in_time and outcome.latency_ms(50) < KEPT_UP_P50_MS


def capacity(bench: Bench, seconds: float) -> list[Figure]:
    """Steps up by half until the service falls behind, then halves the gap until it is within 5 %."""
    good, bad, rate = 0.0, float("inf"), FIRST_RATE
    figures: list[Figure] = []
    while bad / good > _PRECISION if good else bad > LEAST_RATE:
        before = cpu_seconds(bench.service)
        outcome = bench.load(rate, seconds)
        spent = cpu_seconds(bench.service) - before
        held = kept_up(outcome)
        _say(outcome, held=held)
        if held:
            good, figures = rate, _cpu_figures(outcome, spent.by_role)
        else:
            bad = rate
        rate = _next_rate(good, bad)
    return [Figure("matches a second, 2 cores in all", good, "matches/s", TARGET_CAPACITY), *figures]


def _next_rate(good: float, bad: float) -> float:
    if not good:
        return bad / 2
    if bad == float("inf"):
        return good * _STEP
    return math.sqrt(good * bad)


def _say(outcome: Outcome, *, held: bool) -> None:
    """One line a step, for whoever waits."""
    errors = int((~outcome.ok).sum())
    print(
        f"  {outcome.plan.rate:8.0f}/s  p50 {outcome.latency_ms(50):8.1f} ms  "
        f"p99 {outcome.latency_ms(99):8.1f} ms  within 1 s {outcome.share_within(1):6.1%}  "
        f"not answered {errors}  {'kept up' if held else 'fell behind'}",
        file=sys.stderr,
    )


def _cpu_figures(outcome: Outcome, by_role: dict[str, float]) -> list[Figure]:
    each = {role: by_role[role] for role in (SERVER, VALKEY, POSTGRES)} | {"load": outcome.cpu_seconds}
    count = len(outcome.due_ns)
    return [Figure(f"CPU a call there, {role}", spent / count * 1e6, "us") for role, spent in each.items()]


def steady(bench: Bench, seconds: float, blocks: Blocks) -> list[Figure]:
    """At 300 a second: latency, candidates, completeness and recall."""
    outcome = bench.load(STEADY_RATE, seconds)
    _say(outcome, held=kept_up(outcome))
    found = answers.read(outcome, len(bench.population.queries))
    got = answers.recall(found, bench.population.duplicates, blocks.candidates)
    incomplete = 1 - float(np.mean(found.complete)) if len(found.complete) else 1.0
    return [
        Figure("p50 at 300 a second", outcome.latency_ms(50), "ms", TARGET_P50_MS, at_least=False),
        Figure("p99 at 300 a second", outcome.latency_ms(99), "ms", TARGET_P99_MS, at_least=False),
        Figure("not answered there", 100 * float(np.mean(~outcome.ok)), "%", 0.0, at_least=False),
        Figure("candidates a call, median", _percentile(found.candidate_counts, 50), "records"),
        Figure("candidates a call, p99", _percentile(found.candidate_counts, 99), "records"),
        Figure("matches an answer, mean", found.match_count / max(1, len(found.found)), "records"),
        Figure("answers that are not complete", 100 * incomplete, "%"),
        Figure("true duplicates among the candidates", 100 * _share(got.blocked, got.duplicates), "%"),
        Figure("true duplicates in the answers", 100 * _share(got.answered, got.duplicates), "%"),
        Figure("queries answered with a true duplicate", 100 * _share(got.queries_found, got.queries), "%"),
    ]


def memory(bench: Bench, empty_bytes: int, resident_count: int) -> list[Figure]:
    """The index, a million records, and the largest process of the service."""
    used = bench.service.used_memory_bytes() - empty_bytes
    sizes = resident_mib(bench.service)
    return [
        Figure("index a million records", used / resident_count * 1e6 / 2**30, "GiB", 1.0, at_least=False),
        Figure("server processes", len(sizes), "processes"),
        Figure("memory of the largest", max(sizes), "MiB", TARGET_SERVER_MIB, at_least=False),
    ]


def _percentile(values: np.ndarray[tuple[int], np.dtype[np.int64]], percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else float("nan")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")

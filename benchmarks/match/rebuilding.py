"""The index rebuilt while Matches go on: how long it takes, and that no answer finds less meanwhile."""

import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from benchmarks.match import answers
from benchmarks.match.answers import Answers
from benchmarks.match.bench import Bench
from benchmarks.match.residence import Residence, environment_of, is_complete, rebuild_command
from benchmarks.match.speed import STEADY_RATE
from benchmarks.report import Figure

TARGET_SECONDS_A_MILLION = 180.0
_SAY_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class _Piece:
    """A few seconds of load, always over the same queries. Percentages are of the good answers."""

    answers: Answers
    p99_ms: float
    lost_percent: float
    found_percent: float

    @classmethod
    def of(cls, bench: Bench, seconds: float) -> Self:
        outcome = bench.load(STEADY_RATE, seconds, first=0)
        read = answers.read(outcome, len(bench.population.queries))
        got = answers.recall(read, bench.population.duplicates, lambda _: frozenset())
        return cls(
            read,
            outcome.latency_ms(99),
            100 * float(np.mean(~outcome.ok)),
            100 * got.queries_found / got.queries if got.queries else float("nan"),
        )


def at_start(bench: Bench) -> list[Figure]:
    """Wait for the index that a start without one builds; till then answers are incomplete."""
    said = time.monotonic()
    with bench.service.client() as client:
        while not is_complete(client):
            time.sleep(_LOOK_AGAIN_SECONDS)
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                _say(f"index: {bench.service.used_memory_bytes() / 2**20:,.0f} MiB, not complete")
    seconds = time.monotonic() - bench.service.started_time
    return [Figure("start until the index is complete", seconds, "s")]


def under_load(bench: Bench, home: Residence, piece_seconds: float) -> list[Figure]:
    """The operator's `dedup rebuild-index` while the same queries are asked again and again.

    An answer that names fewer of a query's true duplicates than the one before the rebuild is counted.
    """
    before = _Piece.of(bench, piece_seconds)
    started = time.monotonic()
    process = subprocess.Popen(
        rebuild_command(), env=environment_of(home.data_dir), stdout=subprocess.PIPE, text=True
    )
    during: list[_Piece] = []
    try:
        while process.poll() is None:
            during.append(_Piece.of(bench, piece_seconds))
        # Pieces end later than the rebuild does: the command itself is waited for beside them.
        told = process.communicate()[0].strip()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    seconds = time.monotonic() - started
    if process.returncode:
        raise SystemExit(f"dedup rebuild-index failed with status {process.returncode}")
    _say(f"rebuilt in {seconds:.0f} s: {told}")
    after = _Piece.of(bench, piece_seconds)
    target = TARGET_SECONDS_A_MILLION * max(1.0, home.resident_count / 1e6)
    fewer = sum(lost(bench, before.answers, piece.answers) for piece in (*during, after))
    return [
        Figure("rebuild at 300 a second, within", seconds, "s", target, at_least=False),
        Figure("p99 during it, worst piece", max(piece.p99_ms for piece in during), "ms"),
        Figure("not answered during it, worst piece", max(piece.lost_percent for piece in during), "%"),
        Figure("answered with a true duplicate before", before.found_percent, "%"),
        Figure("answered with one during it, least piece", min(piece.found_percent for piece in during), "%"),
        Figure("answered with one after", after.found_percent, "%"),
        Figure("answers with fewer true duplicates than before", fewer, "answers", 0.0, at_least=False),
    ]


def lost(bench: Bench, before: Answers, found: Answers) -> int:
    """Answers that lack a true duplicate which the answer before named."""
    earlier = dict(zip(before.queries, before.found, strict=True))
    true = bench.population.duplicates
    return sum(
        not (true[query] & earlier.get(query, frozenset())) <= named
        for query, named in zip(found.queries, found.found, strict=True)
    )


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr)

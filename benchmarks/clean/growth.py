"""How time and memory of ours grow from 100,000 to 5,000,000 records, the engine's memory being the same."""

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clean.contestants import ENVIRONMENT, OURS, contestants
from benchmarks.clean.figures import MOST_MB, per_doubling
from benchmarks.clean.process import Cost, measured
from benchmarks.clean.rows import Asked
from benchmarks.clean.sets import KEPT, kept
from benchmarks.report import Figure

NAME = "clean-growth"
SIZES = (100_000, 200_000, 400_000, 1_000_000, 2_000_000, 4_000_000, 5_000_000)
JUDGED = 4_000_000
MOST_PER_DOUBLING = 220.0
"""Of the time, in percent."""
LIMIT_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Grown:
    """What ours took for so many records, and how many candidate pairs they had."""

    record_count: int
    candidate_count: int
    seconds: float
    peak_bytes: float


def measure(sizes: Sequence[int], asked: Asked) -> list[Figure]:
    """Each size so many times, one after the other."""
    return figures([_grown(size, asked) for size in sizes], asked.memory_mib)


def figures(grown: Sequence[Grown], memory_mib: int) -> list[Figure]:
    """Time, memory and candidates of each size; the growth of each step, and of the whole way."""
    found = [Figure("memory that the engine may hold", memory_mib, "MiB")]
    counts, seconds = [one.record_count for one in grown], [one.seconds for one in grown]
    steps: list[float | None] = [None, *per_doubling(counts, seconds)]
    for one, step in zip(grown, steps, strict=True):
        said = f"{one.record_count:,} records: "
        judged = one.record_count <= JUDGED
        found += [
            Figure(said + "seconds", one.seconds, "s"),
            Figure(said + "memory", one.peak_bytes / 1e6, "MB", MOST_MB, at_least=False),
            Figure(said + "candidate pairs a record", one.candidate_count / one.record_count, "pairs"),
        ]
        if step is not None:
            most = MOST_PER_DOUBLING if judged else None
            found.append(Figure(said + "time with twice the records", 100 * step, "%", most, at_least=False))
    return found


def _grown(record_count: int, asked: Asked) -> Grown:
    one, ours = kept(record_count), contestants()[OURS]
    costs: list[Cost] = []
    candidate_count = 0
    for _ in range(asked.run_count):
        with tempfile.TemporaryDirectory(prefix="run-", dir=KEPT) as name:
            output = Path(name)
            command = ours.command(one, output, asked.memory_mib)
            costs.append(measured(command, output, LIMIT_SECONDS, ENVIRONMENT))
            counted = json.loads((output / "counted.json").read_text("utf-8"))
            candidate_count = counted["candidates"]
    found = Grown(
        record_count,
        candidate_count,
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.peak_bytes for cost in costs),
    )
    print(
        f"{record_count:,} records: {found.seconds:.1f} s, {found.peak_bytes / 1e6:,.0f} MB", file=sys.stderr
    )
    return found

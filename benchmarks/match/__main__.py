"""Matches beside a million residents, on the service as shipped: python -m benchmarks.match.

Everything runs on two cores: service, index, PostgreSQL and load. The residents are ingested once and kept.
A run of all parts over a million residents writes the table; any other prints its figures alone.
"""

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks.match import (
    candidates,
    freshness,
    growth,
    hot_key,
    rebuilding,
    residence,
    side_by_side,
    speed,
    transport,
    truth,
)
from benchmarks.match.bench import Bench
from benchmarks.match.figures import tell
from benchmarks.match.processes import hold_to_two_cores
from benchmarks.match.residence import Ingested, Residence, empty_valkey_bytes, served
from benchmarks.match.truth import Blocks
from benchmarks.report import Figure

RESIDENTS = 1_000_000
PARTS = ("memory", "steady", "capacity", "candidates", "freshness", "rebuild")
WARM_SECONDS = 5.0


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.match", description=__doc__)
    parser.add_argument("--records", type=int, default=RESIDENTS, help="residents; fewer for a try")
    parser.add_argument("--workers", type=int, default=2, help="processes of the service")
    parser.add_argument("--connections", type=int, default=8, help="HTTP/2 connections of the load")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the steady load")
    parser.add_argument("--step-seconds", type=float, default=8.0, help="of each step to the capacity")
    parser.add_argument("--hot", action="store_true", help="a key with 100,000 members, in a run of its own")
    parser.add_argument("--peers", action="store_true", help="ours beside its peers, in a run of its own")
    parser.add_argument("--growth", action="store_true", help="tenfold as many records, in a run of its own")
    parser.add_argument("--parts", default=",".join(PARTS), help="of %(default)s")
    options = parser.parse_args()
    parts = options.parts.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    hold_to_two_cores()
    if options.hot:
        count = min(options.records, hot_key.RESIDENTS)
        figures = hot_key.measure(count, options.workers, options.seconds)
        return tell("match-hot", figures, whole=count == hot_key.RESIDENTS)
    if options.peers:
        count = min(options.records, side_by_side.RESIDENTS)
        peers = list(side_by_side.PEERS)
        figures = side_by_side.measure(count, options.workers, options.step_seconds, peers)
        return tell("match-peers", figures, whole=count == side_by_side.RESIDENTS)
    home = residence.residence(options.records)
    if options.growth:
        _ingested(home, options.workers)
        figures = growth.measure(home, options.workers, options.step_seconds)
        return tell("match-growth", figures, whole=options.records == RESIDENTS)
    figures = [Figure("residents", options.records, "records"), *_ingested(home, options.workers)]
    figures += _measured(home, options, parts)
    whole = options.records == RESIDENTS and set(parts) == set(PARTS)
    return tell("match", figures, whole=whole)


def _ingested(home: Residence, workers: int) -> list[Figure]:
    """What ingesting took, if it was this run that did it: another time's figure says nothing of today."""
    if home.ingested is not None:
        return []
    home.empty()
    _say(f"ingesting {home.resident_count:,} records, once")
    with served(home.data_dir, workers) as service:
        durable, indexed, _ = residence.ingest(service, home.population.residents())
    done = Ingested(home.resident_count / durable, home.resident_count / indexed)
    home.keep(done)
    return [
        Figure("ingested, durable", done.durable_per_second, "records/s"),
        Figure("ingested, durable and indexed", done.indexed_per_second, "records/s"),
    ]


def _measured(home: Residence, options: argparse.Namespace, parts: list[str]) -> list[Figure]:
    blocks = None
    if {"steady", "candidates"} & set(parts):
        _say("brute force of the blocking rules")
        blocks = truth.blocks(home.population)
    empty_bytes = empty_valkey_bytes()
    figures: list[Figure] = []
    if "steady" in parts:
        figures += transport.measure(options.workers, options.step_seconds, home.population.queries)
    with served(home.data_dir, options.workers) as service:
        bench = Bench(service, home.population, options.connections)
        figures += rebuilding.at_start(bench)
        bench.warm(WARM_SECONDS)

        def with_blocks(measure: Callable[[Blocks], list[Figure]]) -> list[Figure]:
            assert blocks is not None, "made for the parts that ask for it"
            return measure(blocks)

        measures: dict[str, Callable[[], list[Figure]]] = {
            "steady": lambda: with_blocks(lambda one: speed.steady(bench, options.seconds, one)),
            "capacity": lambda: speed.capacity(bench, options.step_seconds),
            # After the loads, when the processes are as large as they get.
            "memory": lambda: speed.memory(bench, empty_bytes, home.resident_count),
            "candidates": lambda: with_blocks(lambda one: candidates.check(bench, one)),
            "freshness": lambda: freshness.measure(bench),
            "rebuild": lambda: rebuilding.under_load(bench, home, options.step_seconds),
        }
        for name, measure in measures.items():
            if name in parts:
                started = time.monotonic()
                figures += measure()
                _say(f"{name}: {time.monotonic() - started:.0f} s")
    return figures


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""Ours beside its peers, on the same residents and queries: one caller who asks one record at a time.

People alone, because that is what the peers are set up for. A peer is one process that is called in memory,
ours answers over gRPC. Each rate is the best that the contestant reaches: a peer's is that of its one caller.
"""

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.accuracy.contestants import BENCH_PYTHON, ROOT
from benchmarks.match import rebuilding, residence, speed
from benchmarks.match.bench import Bench
from benchmarks.match.peers.exchange import asked_count
from benchmarks.match.population import Population, number_of
from benchmarks.match.residence import Ingested, Residence, served
from benchmarks.report import Figure
from dedup_service.v1.core_pb2 import Candidate
from dedup_service.v1.match_service_pb2 import MatchRequest

RESIDENTS = 100_000
PEERS = {
    "dedupe": BENCH_PYTHON,
    "splink": BENCH_PYTHON,
    "trigram": Path(sys.executable),
    "goldenmatch": BENCH_PYTHON,
}
OURS = "ours"
_LIMIT_SECONDS = 3600
_WARM_QUERIES = 200


class Answered(msgspec.Struct, frozen=True):
    """What a contestant answered, query by query, and what it took to get ready."""

    setup_seconds: float
    latencies_ms: list[float]
    found: list[list[int]]

    @property
    def p50_ms(self) -> float:
        return float(np.percentile(self.latencies_ms, 50))

    @property
    def p99_ms(self) -> float:
        return float(np.percentile(self.latencies_ms, 99))

    @property
    def per_second(self) -> float:
        return 1000 / float(np.mean(self.latencies_ms))


def measure(resident_count: int, workers: int, step_seconds: float, peers: list[str]) -> list[Figure]:
    """Ours first, then the peers one after the other, each alone on the machine."""
    if not all(PEERS[peer].exists() for peer in peers):
        raise SystemExit("the peers have an environment of their own: run `make bench-env` first")
    home = residence.residence(resident_count, "people", people_share=1.0)
    ours, rate = _ours(home, workers, step_seconds)
    population = home.population
    figures = [Figure("residents, all people", resident_count, "records")]
    figures += _rows(OURS, ours, population, rate)
    for peer in peers:
        print(f"{peer}", file=sys.stderr)
        try:
            theirs = asked(peer, population, resident_count)
        except subprocess.SubprocessError as error:
            print(f"{peer} did not finish: {error}", file=sys.stderr)
            continue
        figures += _rows(peer, theirs, population, theirs.per_second)
        figures += [
            Figure(f"{peer}: our matches a second to its", rate / theirs.per_second, "times"),
            Figure(f"{peer}: its p99 to ours", theirs.p99_ms / ours.p99_ms, "times"),
        ]
    return figures


def _rows(name: str, answered: Answered, population: Population, rate: float) -> list[Figure]:
    true = population.duplicates
    pairs = [(true[query], found) for query, found in enumerate(answered.found) if true[query]]
    recalled = sum(bool(some & set(found)) for some, found in pairs) / len(pairs)
    return [
        Figure(f"{name}: median", answered.p50_ms, "ms"),
        Figure(f"{name}: p99", answered.p99_ms, "ms"),
        Figure(f"{name}: matches a second", rate, "matches/s"),
        Figure(f"{name}: queries answered with a true duplicate", 100 * recalled, "%"),
        Figure(f"{name}: ready after", answered.setup_seconds, "s"),
    ]


def _ours(home: Residence, workers: int, step_seconds: float) -> tuple[Answered, float]:
    if home.ingested is None:
        home.empty()
        with served(home.data_dir, workers) as service:
            durable, indexed, _ = residence.ingest(service, home.population.residents())
        home.keep(Ingested(home.resident_count / durable, home.resident_count / indexed))
    with served(home.data_dir, workers) as service:
        bench = Bench(service, home.population, connections=8)
        [ready] = rebuilding.at_start(bench)
        queries = home.population.queries
        requests = list(map(MatchRequest.FromString, queries[: asked_count(len(queries))]))
        with service.client("users/ann") as client:

            def find(request: MatchRequest) -> list[int]:
                return [number_of(match.record) for match in client.matches.Match(request).matches]

            for request in requests[:_WARM_QUERIES]:
                find(request)
            answered = _one_by_one(requests, find, ready.value)
        [rate, *_] = speed.capacity(bench, step_seconds)
    return answered, rate.value


def _one_by_one(
    requests: list[MatchRequest], find: Callable[[MatchRequest], list[int]], ready: float
) -> Answered:
    latencies, found = [], []
    for request in requests:
        before = time.perf_counter()
        found.append(find(request))
        latencies.append((time.perf_counter() - before) * 1000)
    return Answered(ready, latencies, found)


def asked(peer: str, population: Population, resident_count: int) -> Answered:
    """A peer in a process of its own, asked query by query."""
    with tempfile.TemporaryDirectory(prefix="dedup-peer-") as name:
        folder = Path(name)
        _write_records(folder / "records.csv", population)
        np.save(
            folder / "clusters.npy", np.concatenate([population.resident_clusters, population.query_clusters])
        )
        module = f"benchmarks.match.peers.{peer}_peer"
        command = [str(PEERS[peer]), "-m", module, name, "PERSON", str(resident_count)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=sys.stderr, timeout=_LIMIT_SECONDS)
        return msgspec.json.decode((folder / "answers.json").read_bytes(), type=Answered)


def _write_records(path: Path, population: Population) -> None:
    """Residents, then queries, numbered on."""
    rows = [dict(record.values) for record in population.residents()]
    rows += [_values(MatchRequest.FromString(request).candidate) for request in population.queries]
    with path.open("w", newline="", encoding="utf-8") as file:
        columns = sorted({name for row in rows for name in row})
        writer = csv.DictWriter(file, ["record_id", *columns], restval="")
        writer.writeheader()
        writer.writerows({"record_id": number, **row} for number, row in enumerate(rows))


def _values(candidate: Candidate) -> dict[str, str]:
    return dict(candidate.values)

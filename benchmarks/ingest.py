"""Ingest 100,000 records over gRPC into a server as shipped: records a second, durable and indexed.

Also measured: CPU a record, and the memory of the server and of the index.
The server runs as `dedup serve --workers 2` starts it, PostgreSQL and Valkey as it starts them; this process
only sends, over several streams at a time, as several importers would. All share two cores.
A record counts when it is committed (fsync on) and a Match that asks for its revision answers `complete`.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import psutil
import redis

from benchmarks.report import Figure, report
from dedup_service.client import DedupClient, ServiceError
from dedup_service.embedded import start_valkey
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.sample import generate
from dedup_service.v1.core_pb2 import RecordKind, RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import Record

TARGET_RECORDS_PER_SECOND = 6000
WORKERS = 2
STREAMS = 4
TARGET_GIB_PER_MILLION = 1.0
# The generator makes 1.06 records a person and company of these proportions.
PEOPLE_PER_RECORD = 0.471
COMPANIES_PER_RECORD = 0.098


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(data_dir: Path, workers: int) -> Iterator[tuple[str, int]]:
    """A running server on an empty store: its address and its process id."""
    address = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "DEDUP_DATA_DIR": str(data_dir), "DEDUP_LISTEN": address}
    command = [
        str(Path(sys.executable).with_name("dedup")),
        "serve",
        "--quiet",
        "--no-console",
        "--workers",
        str(workers),
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def sample_records(count: int) -> list[Record]:
    """About this many records of the sample CRM, as messages, made before the clock starts."""
    sample = generate(
        people=int(count * PEOPLE_PER_RECORD),
        companies=int(count * COMPANIES_PER_RECORD),
        now=datetime.now(UTC),
    )
    return [draft_message(draft) for draft in sample.records]


def ingest(address: str, records: list[Record], streams: int) -> tuple[float, float, list[float]]:
    """Send everything and wait until it is matchable: seconds to durable, to indexed, and between the
    batches of a stream.
    """
    started = time.perf_counter()
    with ThreadPoolExecutor(streams) as pool:
        sent = list(pool.map(lambda first: _stream(address, records[first::streams]), range(streams)))
    durable = time.perf_counter() - started
    for revision, _ in sent:
        _wait_matchable(address, revision)
    return durable, time.perf_counter() - started, [gap for _, gaps in sent for gap in gaps]


def _stream(address: str, records: list[Record]) -> tuple[RevisionToken, list[float]]:
    """Send some of the records over a connection of their own."""
    gaps: list[float] = []
    last = time.perf_counter()
    revision = RevisionToken()
    with DedupClient(address, principal="services/importer", deadline_seconds=60) as client:
        for batch in client.ingest(records):
            if batch.answer.rejected:
                raise SystemExit(f"a record was refused: {batch.answer.rejected[0]}")
            revision = batch.answer.revision
            now = time.perf_counter()
            gaps.append(now - last)
            last = now
    return revision, gaps


def _wait_matchable(address: str, revision: RevisionToken) -> None:
    query = MatchRequest(min_revision=revision, page_size=1)
    query.candidate.kind = RecordKind.RECORD_KIND_CONTACT
    query.candidate.values["email"] = "nobody@nowhere.example"
    with DedupClient(address, principal="services/importer", deadline_seconds=60) as client:
        while not client.matches.Match(query).complete:
            time.sleep(0.01)


def _processes(pid: int) -> list[psutil.Process]:
    """The processes of the service itself, without the servers that it started."""
    server = psutil.Process(pid)
    return [each for each in (server, *server.children(recursive=True)) if "python" in each.name()]


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes of the service")
    parser.add_argument("--streams", type=int, default=STREAMS, help="that send at a time")
    options = parser.parse_args()
    records = sample_records(options.records)
    data_dir = Path(tempfile.mkdtemp(prefix="dedup-bench-"))
    data_dir.chmod(0o711)
    try:
        with served(data_dir, options.workers) as (address, pid):
            # A second user of the embedded Valkey: it is taken over, and left running for the server.
            valkey = start_valkey(data_dir)
            with redis.Redis.from_url(valkey.url) as index:
                before = int(index.info("memory")["used_memory"])
                servers = _processes(pid)
                cpu_before = _cpu_seconds(servers)
                durable, indexed, gaps = ingest(address, records, options.streams)
                cpu = _cpu_seconds(servers) - cpu_before
                used = int(index.info("memory")["used_memory"]) - before
                rss = max(server.memory_info().rss for server in servers)
            valkey.use.close()
    except ServiceError as error:
        raise SystemExit(f"the benchmark could not run: {error}") from error
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    count = len(records)
    return report(
        "ingest",
        [
            Figure("records", count, "records"),
            Figure("durable", count / durable, "records/s"),
            Figure("durable and indexed", count / indexed, "records/s", TARGET_RECORDS_PER_SECOND),
            Figure("batch of 500, median", statistics.median(gaps) * 1000, "ms"),
            Figure("batch of 500, p99", sorted(gaps)[int(len(gaps) * 0.99)] * 1000, "ms"),
            Figure("server CPU a record", cpu / count * 1e6, "us"),
            Figure("memory of the largest server process", rss / 2**20, "MiB"),
            Figure(
                "index a million records",
                used / count * 1e6 / 2**30,
                "GiB",
                TARGET_GIB_PER_MILLION,
                at_least=False,
            ),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())

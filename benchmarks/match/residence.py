"""The service as shipped on a data directory that is kept between runs, with the residents ingested once.

Kept under a hash of what the residents depend on: the schema, the generator and their number. The next run
starts the service on the directory, whose index was in memory and is rebuilt while it serves.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import msgspec
import redis

from benchmarks.ingest import free_port
from benchmarks.match import population
from benchmarks.match.population import Population
from dedup_service.client import DedupClient
from dedup_service.embedded import discard_data, start_postgres, start_valkey
from dedup_service.v1.core_pb2 import RecordKind, RevisionToken
from dedup_service.v1.match_service_pb2 import MatchRequest
from dedup_service.v1.record_service_pb2 import Record

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / ".kept"
IMPORTER = "services/importer"
START_SECONDS = 180.0
STOP_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.05
_DEPENDS_ON = (
    "dedup_service/store/migrations/*.sql",
    "benchmarks/hard_crm/**/*",
    "benchmarks/match/population.py",
)


class Ingested(msgspec.Struct, frozen=True):
    """What the first run of a residence took: records a second until committed, and until matchable."""

    durable_per_second: float
    indexed_per_second: float


@dataclass(frozen=True, slots=True)
class Residence:
    """A population and the data directory of the service that holds its residents, if `ingested` says so."""

    folder: Path
    population: Population
    resident_count: int

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def _mark(self) -> Path:
        return self.folder / "ingested.json"

    @property
    def ingested(self) -> Ingested | None:
        if not self._mark.is_file():
            return None
        return msgspec.json.decode(self._mark.read_bytes(), type=Ingested)

    def keep(self, ingested: Ingested) -> None:
        self._mark.write_bytes(msgspec.json.encode(ingested))

    def empty(self) -> None:
        """Begin anew, after a run that did not come to the end of ingesting."""
        discard_data(self.data_dir)
        self.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Service:
    """The service while it runs: where it listens, its process, and the servers that it started."""

    address: str
    pid: int
    postgres_pid: int
    valkey_pid: int
    valkey_url: str
    started_time: float

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def client(self, principal: str = IMPORTER) -> DedupClient:
        return DedupClient(self.address, principal=principal, deadline_seconds=60)

    def used_memory_bytes(self) -> int:
        """What Valkey says that it uses."""
        with redis.Redis.from_url(self.valkey_url) as valkey:
            return int(valkey.info("memory")["used_memory"])


def residence(
    resident_count: int, name: str = "usual", people_share: float = population.PEOPLE_SHARE
) -> Residence:
    """The place of so many residents; `name` keeps runs apart that add records of their own.

    What an older schema or generator has left of the same place is removed: it is gigabytes.
    """
    digest = hashlib.sha256(f"{name}|{resident_count}|{people_share}".encode())
    for pattern in _DEPENDS_ON:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.read_bytes())
    KEPT.mkdir(exist_ok=True, mode=0o711)
    place = f"{name}-{resident_count}"
    folder = KEPT / f"{place}-{digest.hexdigest()[:12]}"
    for older in KEPT.glob(f"{place}-*"):
        if older != folder:
            discard_data(older / "data")
            shutil.rmtree(older)
    return Residence(
        folder, population.written(folder / "population", resident_count, people_share), resident_count
    )


@contextmanager
def served(data_dir: Path, workers: int) -> Iterator[Service]:
    """The service as `dedup serve` starts it, with servers of its own, until it is told to stop."""
    address = f"127.0.0.1:{free_port()}"
    environment = environment_of(data_dir) | {"DEDUP_LISTEN": address}
    command = [_dedup(), "serve", "--quiet"]
    # An older release that is measured beside this one has neither.
    if _takes("--no-console"):
        command += ["--no-console"]
    if _takes("--workers"):
        command += ["--workers", str(workers)]
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment)
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=START_SECONDS)
        # A second user of its servers: they are taken over, and left running for the service.
        postgres, valkey = start_postgres(data_dir), start_valkey(data_dir)
        try:
            yield Service(address, process.pid, postgres.pid, valkey.pid, valkey.url, started)
        finally:
            postgres.use.close()
            valkey.use.close()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def environment_of(data_dir: Path) -> dict[str, str]:
    """What every command of `dedup` on this directory is started with."""
    return {**os.environ, "DEDUP_DATA_DIR": str(data_dir)}


def rebuild_command() -> list[str]:
    """The operator's command that builds the index anew beside the one that serves."""
    return [_dedup(), "rebuild-index", "--json"]


def ingest(service: Service, records: Iterable[Record]) -> tuple[float, float, RevisionToken]:
    """Send records in one stream: seconds until all are committed, and until all are matchable."""
    started = time.monotonic()
    revision = RevisionToken()
    with service.client() as client:
        for batch in client.ingest(records):
            if batch.answer.rejected:
                raise SystemExit(f"a record was refused: {batch.answer.rejected[0]}")
            revision = batch.answer.revision
        durable = time.monotonic() - started
        while not is_complete(client, revision):
            time.sleep(_LOOK_AGAIN_SECONDS)
    return durable, time.monotonic() - started, revision


def is_complete(client: DedupClient, revision: RevisionToken | None = None) -> bool:
    """Whether an answer is complete, of an index that holds at least this write."""
    query = MatchRequest(min_revision=revision, page_size=1)
    query.candidate.kind = RecordKind.RECORD_KIND_CONTACT
    query.candidate.values["email"] = "nobody@nowhere.example"
    return client.matches.Match(query).complete


def empty_valkey_bytes() -> int:
    """What a Valkey without any key uses."""
    with tempfile.TemporaryDirectory(prefix="dedup-empty-") as name:
        valkey = start_valkey(Path(name))
        try:
            with redis.Redis.from_url(valkey.url) as client:
                return int(client.info("memory")["used_memory"])
        finally:
            valkey.stop()


def _dedup() -> str:
    return str(Path(sys.executable).with_name("dedup"))


def _takes(option: str) -> bool:
    shown = subprocess.run(
        [_dedup(), "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    return option in shown.stdout

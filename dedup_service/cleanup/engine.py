"""The engine that runs the pipeline: one in this process, or any Spark 4 by its address.

The pipeline is the same for both. What differs is here: the embedded engine runs Python in this process,
under one lock, so that Python work goes to processes beside it (`spreading`); Spark has processes of its own.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.connect.client.retries import DefaultPolicy
from pyspark.sql.connect.session import SparkSession

from dedup_service.cleanup.cluster_check import check_cluster
from dedup_service.cleanup.errors import EngineError
from dedup_service.cleanup.workspace import Workspace
from scoring.resolution.processes import process_count

SCHEME = "sc"
DEFAULT_PORT = 15002
_CONNECT_SECONDS = 10.0
_MIB = 1024 * 1024
LEAST_MEMORY_MIB = 256
_BATCH_ROWS = 32_768
# A packed comparable with its number, as the engine holds it in a join: measured on a million records.
_RECORD_BYTES = 300
_HELD_SHARE = 0.7
# Processes beside the engine take longer to start, phase by phase, than they save on fewer records.
_FEW_RECORDS = 20_000
# The client would ask an engine that is away again for ten minutes; this is half a minute.
_RETRIES = 7
_LONGEST_RETRY_MILLISECONDS = 10_000


@dataclass(frozen=True, slots=True)
class Engine:
    """A session with an engine. `processes` work beside it: 1 where the engine has processes of its own.

    `partitions` is into how many parts the shuffles of a large step go; None leaves that to the engine.
    """

    session: SparkSession
    url: str
    processes: int

    @property
    def embedded(self) -> bool:
        """Whether it runs in this process."""
        return not self.url

    def read(self, path: str) -> DataFrame:
        """What was written to a folder of the workspace."""
        return self.session.read.parquet(path)


@contextmanager
def open_engine(
    url: str = "", *, memory_mib: int, workspace: Workspace, record_count: int = 0
) -> Iterator[Engine]:
    """An engine until the end of the block: the embedded one, or that at `url` ("sc://host:port").

    Args:
        url: Empty for the embedded engine. A cluster must be able to read and write the workspace.
        memory_mib: What the embedded engine may hold before it spills to the workspace; at least 256.
        workspace: Where it spills.
        record_count: How many records it is for. The embedded engine holds one side of a join in memory where
            so many fit, which takes a third of the time of sorting both, and spills where they do not; and
            it starts no processes for few of them. 0 is unknown.

    Raises:
        EngineError: nothing answers there, it is no Spark 4, or it cannot do the work: its Python lacks this
            package or has another release of it, or it does not see the workspace.
    """
    if memory_mib < LEAST_MEMORY_MIB:
        raise EngineError(
            f"{memory_mib} MiB", "are too few", f"give the engine at least {LEAST_MEMORY_MIB} MiB"
        )
    if url:
        _check_answers(url)
        session = _session(url)
        try:
            check_cluster(session, url, workspace)
            yield Engine(session, url, processes=1)
        finally:
            _close(session)
        return
    with _embedded(memory_mib, workspace, holds=_holds(record_count, memory_mib)) as address:
        session = _session(address)
        try:
            yield Engine(session, "", processes=_processes(record_count))
        finally:
            _close(session)


@contextmanager
def _embedded(memory_mib: int, workspace: Workspace, *, holds: bool) -> Iterator[str]:
    spill = workspace.path / "spill"
    spill.mkdir(mode=0o700, exist_ok=True)
    # The engine reads its settings from the environment, once, when it starts.
    settings = {
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(memory_mib * _MIB),
        "SAIL_RUNTIME__TEMPORARY_FILES__PATHS": f'["{spill}"]',
        "SAIL_OPTIMIZER__PREFER_HASH_JOIN": str(holds).lower(),
        "SAIL_EXECUTION__BATCH_SIZE": str(_BATCH_ROWS),
        "SAIL_PARQUET__COMPRESSION": "lz4_raw",
        "SAIL_TELEMETRY__EXPORT_LOGS": "false",
        "RUST_LOG": "error",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        from pysail.spark import SparkConnectServer  # noqa: PLC0415 -- reads the environment

        server = SparkConnectServer(port=0)
        server.start(background=True)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    try:
        host, port = server.listening_address
        yield f"{SCHEME}://{host}:{port}"
    finally:
        server.stop()


def _processes(record_count: int) -> int:
    """How many processes are worth starting; all where the number of records is not known."""
    return 1 if 0 < record_count < _FEW_RECORDS else process_count()


def _holds(record_count: int, memory_mib: int) -> bool:
    """Whether the records fit into the memory, twice, since pairs are joined with both their sides."""
    return 2 * record_count * _RECORD_BYTES <= memory_mib * _MIB * _HELD_SHARE


def _session(url: str) -> SparkSession:
    try:
        session = SparkSession.builder.remote(url).create()
        patience = DefaultPolicy(max_retries=_RETRIES, max_backoff=_LONGEST_RETRY_MILLISECONDS)
        session.client.set_retry_policies([patience])
        version = session.version
    except (PySparkException, OSError) as error:
        raise EngineError(url, "did not open a session", "look at the log of the engine") from error
    if not version.startswith("4."):
        _close(session)
        raise EngineError(url, f"is Spark {version}", "a Spark 4 is needed")
    return session


def _close(session: SparkSession) -> None:
    """Tell the engine that the session is over; one that went away is not waited for."""
    session.client.set_retry_policies([DefaultPolicy(max_retries=1)])
    session.stop()


def _check_answers(url: str) -> None:
    """The client itself would go on trying for minutes."""
    parts = urlsplit(url)
    if parts.scheme != SCHEME or not parts.hostname:
        raise EngineError(repr(url), "is no address of an engine", "write sc://host:port")
    address = (parts.hostname, parts.port or DEFAULT_PORT)
    try:
        socket.create_connection(address, _CONNECT_SECONDS).close()
    except OSError as error:
        raise EngineError(
            url,
            f"does not answer ({error.strerror or error})",
            "start it, or leave the engine out to use the embedded one",
        ) from error

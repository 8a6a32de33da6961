"""Several processes on one port: all serve, one that dies comes back, none outlives the service."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import psycopg
import pytest

from dedup_service.cli.workers import reserve_port
from dedup_service.client import DedupClient
from dedup_service.embedded.processes import wait_until
from dedup_service.index import RedisIndex
from dedup_service.index.rebuild import rebuild
from dedup_service.rpc.server import ListenError
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.v1.record_service_pb2 import UpdateRecordRequest
from tests.e2e.running_service import RunningService, running_service
from tests.e2e.worker_doors import (
    WAIT_SECONDS,
    WORKERS,
    Door,
    Doors,
    all_listen,
    listening,
    opened_doors,
    person,
    workers_of,
)
from tests.index.ledger_in_memory import contents

pytestmark = pytest.mark.proof

FRESH_SECONDS = 1.0


@pytest.fixture
def doors() -> Iterator[Doors]:
    with opened_doors() as open_doors:
        yield open_doors


@pytest.fixture
def service(database_url: str, redis_url: str) -> Iterator[RunningService]:
    """Two workers on the servers of the tests."""
    settings = {"DEDUP_DATABASE_URL": database_url, "DEDUP_REDIS_URL": redis_url}
    with running_service(DEDUP_WORKERS=str(WORKERS), DEDUP_GRACE_SECONDS="2", **settings) as running:
        assert wait_until(lambda: all_listen(running), WAIT_SECONDS), running.log_tail()
        yield running


def both(doors: Mapping[int, Door]) -> tuple[Door, Door]:
    first, second = doors.values()
    return first, second


def test_both_workers_serve_the_same_store(service: RunningService, doors: Doors) -> None:
    """Each worker is given connections; what one has written the other matches at once by its revision."""
    first, second = both(doors(service))
    for number in range(10):
        one, other = (first, second) if number % 2 else (second, first)
        since = one.write(person("crm", number))
        answer = other.matches(person("crm", number), since)
        assert answer.complete
        assert [each.record for each in answer.matches][:1] == [person("crm", number).name]


def test_without_a_revision_it_takes_a_second_at_most(service: RunningService, doors: Doors) -> None:
    """What was written through one worker, everybody finds through the other within a second."""
    first, second = both(doors(service))
    for number in range(5):
        first.write(person("crm", number))
        deadline = time.monotonic() + FRESH_SECONDS
        while not [each.record for each in second.matches(person("crm", number)).matches]:
            assert time.monotonic() < deadline


def test_a_killed_worker_is_started_again(service: RunningService, doors: Doors) -> None:
    """While one worker is away every new connection is served; soon there are two again."""
    killed, left = both(doors(service))
    known = left.write(person("crm", 1))
    os.kill(killed.pid, signal.SIGKILL)
    assert left.matches(person("crm", 1), known).complete
    assert wait_until(lambda: killed.pid not in {each.pid for each in workers_of(service)}, WAIT_SECONDS)
    for _ in range(5):
        assert service.serving()
    assert wait_until(lambda: all_listen(service), WAIT_SECONDS), service.log_tail()
    again = doors(service)
    assert killed.pid not in again
    assert len(again) == WORKERS
    assert all(each.matches(person("crm", 1), known).matches for each in again.values())
    assert service.terminate() == 0


def test_sigterm_ends_every_process(service: RunningService) -> None:
    """The service ends with 0 and nothing that it started is left."""
    started = psutil.Process(service.process.pid).children(recursive=True)
    assert len(started) >= WORKERS
    assert service.terminate() == 0
    assert [each for each in started if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("workers", [1, WORKERS])
def test_a_write_under_way_has_its_grace(database_url: str, redis_url: str, workers: int) -> None:
    """A write that runs when SIGTERM comes, and for a while after, is answered and kept."""
    settings = {"DEDUP_DATABASE_URL": database_url, "DEDUP_REDIS_URL": redis_url}
    written = person("crm", 1)
    with (
        running_service(DEDUP_WORKERS=str(workers), DEDUP_GRACE_SECONDS="10", **settings) as service,
        DedupClient(service.address, principal="services/importer", deadline_seconds=10) as client,
        psycopg.connect(database_url, autocommit=True) as observer,
        psycopg.connect(database_url) as holder,
        ThreadPoolExecutor(1) as caller,
    ):
        assert workers == 1 or wait_until(lambda: all_listen(service), WAIT_SECONDS)
        holder.execute("SELECT * FROM ledger_head FOR UPDATE")
        request = UpdateRecordRequest(record=written, allow_missing=True)
        answer = caller.submit(client.records.UpdateRecord, request)
        waiting = (
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        assert wait_until(lambda: observer.execute(waiting).fetchone() is not None, WAIT_SECONDS)
        service.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert service.process.poll() is None
        holder.rollback()
        assert answer.result(WAIT_SECONDS).name == written.name
        assert service.terminate() == 0
        assert "are killed" not in service.log.read_text(), service.log_tail()


def test_workers_do_not_outlive_a_killed_service(service: RunningService) -> None:
    """kill -9 of the parent: its workers end by themselves, and the port is free."""
    workers = workers_of(service)
    service.kill()
    _, alive = psutil.wait_procs(workers, WAIT_SECONDS / 2)
    assert alive == []
    held, _ = reserve_port(service.address)
    held.close()


def test_writers_through_both_leave_the_right_index(
    service: RunningService, doors: Doors, database_url: str, redis_url: str
) -> None:
    """Under writes through both at once, also of the same records, the index ends as a rebuild makes it."""

    def write(door: Door, source: str) -> None:
        for number in range(25):
            domain = f"{source}-{number}.example"
            door.write(person(source, number), person("both", number % 5, domain))

    with ThreadPoolExecutor(WORKERS) as writers:
        writing = [
            writers.submit(write, door, f"source{place}") for place, door in enumerate(both(doors(service)))
        ]
        for each in writing:
            each.result(WAIT_SECONDS)
    last = both(doors(service))[0]
    since = last.write(person("last", 1))
    assert last.matches(person("last", 1), since).complete
    assert service.terminate() == 0
    maintained, rebuilt = asyncio.run(before_and_after_a_rebuild(database_url, redis_url))
    assert len(maintained) > 50
    assert maintained == rebuilt


async def before_and_after_a_rebuild(
    database_url: str, redis_url: str
) -> tuple[dict[str, object], dict[str, object]]:
    store = PostgresStore(StoreOptions(database_url, pool_size=2))
    await store.open()
    index = RedisIndex(redis_url, await store.store_id())
    maintained = contents(redis_url)
    assert await rebuild(index, PostgresLedgerSource(store))
    await index.close()
    await store.close()
    return maintained, contents(redis_url)


def serve(address: str, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    environment = {name: text for name, text in os.environ.items() if not name.startswith("DEDUP_")}
    return subprocess.Popen(
        [Path(sys.executable).with_name("dedup"), "serve", *arguments],
        env=environment | {"DEDUP_LISTEN": address, "DEDUP_CONSOLE_LISTEN": "none"} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_option_says_how_many(database_url: str, redis_url: str, tmp_path: Path) -> None:
    """`serve --workers 2` at any free port says once where it serves, when both do, and ends on SIGTERM."""
    settings = {"DEDUP_DATABASE_URL": database_url, "DEDUP_REDIS_URL": redis_url}
    process = serve("127.0.0.1:0", "--workers", "2", "--json", DEDUP_DATA_DIR=str(tmp_path), **settings)
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["ready"] is True
        port = int(said["address"].rpartition(":")[2])
        workers = psutil.Process(process.pid).children()
        assert [listening(each, port) for each in workers] == [True] * WORKERS
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, rest) == (0, "")


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_in_use_is_refused(database_url: str, redis_url: str, tmp_path: Path, *, shared: bool) -> None:
    """Whoever has the port, willing to share it or not, the service says so in one line and ends with 1."""
    with closing(socket.socket()) as other:
        if shared:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        settings = {"DEDUP_DATABASE_URL": database_url, "DEDUP_REDIS_URL": redis_url}
        process = serve(address, "--workers", "2", DEDUP_DATA_DIR=str(tmp_path), **settings)
        said, error = process.communicate(timeout=WAIT_SECONDS)
    assert (process.returncode, said) == (1, "")
    assert error.count("\n") == 1
    assert error.startswith(f"dedup: cannot listen on {address}: another program has the port")


@pytest.mark.parametrize("address", ["192.0.2.1:0", "no-such-host.invalid:0"])
def test_an_address_of_another_machine_is_refused(address: str) -> None:
    """A host that is not here is named in the refusal."""
    with pytest.raises(ListenError, match=address):
        reserve_port(address)


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_just_given_up_is_taken(*, shared: bool) -> None:
    """Connections that the last service closed a moment ago keep nobody from starting again at its port."""
    with closing(socket.socket()) as before:
        before.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        before.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
        before.bind(("127.0.0.1", 0))
        before.listen()
        address = f"127.0.0.1:{before.getsockname()[1]}"
        with closing(socket.create_connection(before.getsockname())) as caller:
            before.accept()[0].close()
            assert caller.recv(1) == b""
    held, taken = reserve_port(address)
    held.close()
    assert taken == address


def test_the_port_is_kept_for_the_workers() -> None:
    """While the workers start, nobody who shares no port gets it, and each of them does."""
    held, address = reserve_port("127.0.0.1:0")
    port = int(address.rpartition(":")[2])
    with closing(held), closing(socket.socket()) as stranger:
        with pytest.raises(OSError, match="in use"):
            stranger.bind(("127.0.0.1", port))
        for _ in range(WORKERS):
            with closing(socket.socket()) as worker:
                worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                worker.bind(("127.0.0.1", port))
                worker.listen()

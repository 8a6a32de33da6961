"""A PostgreSQL of our own, with every durability setting at its safe value.

A cluster is made aside and renamed when it is whole: a start killed half-way leaves nothing to trip over.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from dedup_service.embedded.accounts import (
    Account,
    reachable_home,
    reachable_programs,
    server_account,
)
from dedup_service.embedded.binaries import Binaries, EmbeddedServerError, installed_binaries
from dedup_service.embedded.processes import (
    POLL_SECONDS,
    RunningServer,
    accepts,
    alive,
    command_line,
    log_tail,
    socket_directory,
    starting,
)

DATABASE = "dedup"
SOCKET_NAME = ".s.PGSQL.5432"
START_SECONDS = 120.0
RETRY_SECONDS = 0.2
SPAWN_LIMIT = 10
PRIVATE_UMASK = 0o077
NO_PROCESS = 2**31 - 1  # above every system's highest process id

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Statements and details carry personal values; neither belongs in a log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "fatal",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_duration": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
}


@dataclass(frozen=True, slots=True)
class _Cluster:
    """One data directory with what is needed to run it."""

    home: Path
    sockets: Path
    programs: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def socket(self) -> Path:
        return self.sockets / SOCKET_NAME

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.sockets), safe='')}"


def start_postgres(data_dir: Path, binaries: Binaries | None = None) -> RunningServer:
    """Start the PostgreSQL of a data directory, or take over the one that runs there.

    The first start makes the cluster and the database; every start waits until crash recovery is over.
    """
    choice = binaries or installed_binaries()
    choice.postgres_directory()
    account = server_account()
    home = reachable_home(data_dir.resolve() / "postgres", account)
    with starting(home) as use:
        version_file = home / "cluster" / "PG_VERSION"
        major = version_file.read_text().strip() if version_file.is_file() else ""
        programs = reachable_programs(choice.postgres_directory(major), account)
        cluster = _Cluster(home, socket_directory(home, SOCKET_NAME), programs, account)
        account.own(cluster.sockets)
        if not major:
            _initialise(cluster)
        pid = _running_pid(cluster)
        process = None
        if pid is None or not _wait_ready(cluster, pid, None):
            process = _start(cluster)
        _ensure_database(cluster)
        return RunningServer(
            cluster.url(DATABASE),
            process.pid if process else _pid_in_file(cluster),
            process is None,
            signal.SIGINT,  # fast shutdown: PostgreSQL ends its sessions and writes a checkpoint
            use,
            process,
        )


def _initialise(cluster: _Cluster) -> None:
    fresh = cluster.home / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    arguments = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    answer = subprocess.run(  # noqa: S603  program and arguments are ours
        [cluster.programs / "initdb", "-D", fresh, *arguments],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        cwd=cluster.home,
        env=_environment(),
        user=cluster.account.user,
        group=cluster.account.group,
        extra_groups=cluster.account.extra_groups,
        umask=PRIVATE_UMASK,
    )
    if answer.returncode != 0:
        raise EmbeddedServerError(f"initdb failed: {' | '.join(answer.stderr.splitlines()[-5:])}")
    fresh.rename(cluster.data)


def _start(cluster: _Cluster) -> subprocess.Popen[bytes]:
    """Spawn until one is ready: right after a kill -9 the old one's memory may still be in use."""
    for _ in range(SPAWN_LIMIT):
        _disown_stolen_pid(cluster)
        process = _spawn(cluster)
        if _wait_ready(cluster, process.pid, process):
            return process
        time.sleep(RETRY_SECONDS)
    raise EmbeddedServerError(f"PostgreSQL did not start: {log_tail(cluster.log)}")


def _spawn(cluster: _Cluster) -> subprocess.Popen[bytes]:
    settings = SETTINGS | {"unix_socket_directories": str(cluster.sockets)}
    arguments = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
    with cluster.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603  program and arguments are ours
            [cluster.programs / "postgres", "-D", cluster.data, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=cluster.home,
            # Ctrl-C in the terminal is for the service, which stops its servers after its last answer.
            start_new_session=True,
            env=_environment(),
            user=cluster.account.user,
            group=cluster.account.group,
            extra_groups=cluster.account.extra_groups,
            umask=PRIVATE_UMASK,
        )


def _wait_ready(cluster: _Cluster, pid: int, process: subprocess.Popen[bytes] | None) -> bool:
    """Wait until the server answers a query; False as soon as its process has ended."""
    deadline = time.monotonic() + START_SECONDS
    while alive(pid, process):
        if accepts(cluster.socket):
            try:
                with psycopg.connect(cluster.url("postgres"), connect_timeout=5):
                    return True
            except psycopg.OperationalError:
                pass  # in recovery, or gone between the probe and the call
        if time.monotonic() > deadline:
            raise EmbeddedServerError(f"PostgreSQL is not ready after {START_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)
    return False


def _running_pid(cluster: _Cluster) -> int | None:
    """The process that serves this cluster already, if there is one."""
    pid = _pid_in_file(cluster)
    if pid and alive(pid) and str(cluster.data) in command_line(pid):
        return pid
    return None


def _disown_stolen_pid(cluster: _Cluster) -> None:
    """Let a stale pid file not name another program, to which the number went after a reboot.

    The file itself stays: PostgreSQL finds by it whether old sessions still use the cluster's memory.
    """
    pid = _pid_in_file(cluster)
    if not pid or _running_pid(cluster) is not None:
        return
    pid_file = cluster.data / "postmaster.pid"
    rest = pid_file.read_text().split("\n", 1)[1:]
    pid_file.write_text("\n".join([str(NO_PROCESS), *rest]))
    cluster.socket.with_name(f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _pid_in_file(cluster: _Cluster) -> int:
    try:
        return int((cluster.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return 0


def _ensure_database(cluster: _Cluster) -> None:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

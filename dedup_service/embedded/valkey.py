"""A Valkey of our own: it holds what can be rebuilt from PostgreSQL, so it writes nothing to disk."""

import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import redis

from dedup_service.embedded.binaries import Binaries, EmbeddedServerError, installed_binaries
from dedup_service.embedded.processes import (
    RunningServer,
    accepts,
    log_tail,
    socket_directory,
    starting,
    wait_until,
)

SOCKET_NAME = "valkey.sock"
START_SECONDS = 20.0
ENDING_SECONDS = 5.0


def start_valkey(data_dir: Path, binaries: Binaries | None = None) -> RunningServer:
    """Start the Valkey of a data directory, or take over the one that runs there."""
    home = data_dir.resolve() / "valkey"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with starting(home) as use:
        socket_path = socket_directory(home, SOCKET_NAME) / SOCKET_NAME
        url = f"unix://{quote(str(socket_path))}?db=0"
        pid = _running_pid(url, socket_path)
        if pid is not None:
            return RunningServer(url, pid, True, signal.SIGTERM, use)
        program = (binaries or installed_binaries()).valkey_server()
        process = _spawn(program, home, socket_path)
        if not wait_until(lambda: accepts(socket_path) or process.poll() is not None, START_SECONDS):
            process.kill()
        if not accepts(socket_path):
            process.wait()
            raise EmbeddedServerError(f"Valkey did not start: {log_tail(home / 'server.log')}")
        return RunningServer(url, process.pid, False, signal.SIGTERM, use, process)


def _spawn(program: Path, home: Path, socket_path: Path) -> subprocess.Popen[bytes]:
    socket_path.unlink(missing_ok=True)
    settings = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(home),
        "save": "",
        "appendonly": "no",
        # The index must be whole or known to be missing; an evicted key would be a silent miss.
        "maxmemory-policy": "noeviction",
        "logfile": "",
        "loglevel": "warning",
    }
    arguments = [text for name, value in settings.items() for text in (f"--{name}", value)]
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603  program and arguments are ours
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            # Ctrl-C in the terminal is for the service, which stops its servers after its last answer.
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )


def _running_pid(url: str, socket_path: Path) -> int | None:
    """The process that serves this socket already, if there is one."""
    if not accepts(socket_path):
        return None
    try:
        with redis.Redis.from_url(url) as client:
            return int(client.info("server")["process_id"])
    except redis.ConnectionError:
        # Killed a moment ago: its other threads hold the socket open a little longer than it lives.
        if wait_until(lambda: not accepts(socket_path), ENDING_SECONDS):
            return None
        raise

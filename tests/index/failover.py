"""Valkey servers of which one takes the place of another, and the sentinel that says which is it."""

import subprocess
from pathlib import Path

import redis

from dedup_service.embedded.binaries import installed_binaries
from dedup_service.embedded.processes import wait_until
from tests.index.own_valkey import START_SECONDS, OwnValkey, free_port

SERVICE = "desk"
_DOWN_AFTER_MS = 200


class Sentinel:
    """One sentinel, whose word alone decides; it lets a replica take over soon after its server is gone."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.port}/{SERVICE}/0"

    def start(self, watched: OwnValkey) -> None:
        settings = self._home / "sentinel.conf"
        settings.write_text(
            f"port {self.port}\n"
            "bind 127.0.0.1\n"
            f"sentinel monitor {SERVICE} 127.0.0.1 {watched.port} 1\n"
            f"sentinel down-after-milliseconds {SERVICE} {_DOWN_AFTER_MS}\n"
            f"sentinel failover-timeout {SERVICE} 2000\n"
        )
        with (self._home / "sentinel.log").open("ab") as log:
            self._process = subprocess.Popen(
                [installed_binaries().valkey_server(), settings, "--sentinel"], stdout=log, stderr=log
            )
        assert wait_until(lambda: self.knows() == watched.port, START_SECONDS)

    def watch_instead(self, other: OwnValkey) -> None:
        """What an operator does who puts up a new server by hand."""
        with redis.Redis(port=self.port) as client:
            client.execute_command("SENTINEL", "REMOVE", SERVICE)
            client.execute_command("SENTINEL", "MONITOR", SERVICE, "127.0.0.1", str(other.port), "1")

    def knows(self) -> int:
        """The port of the server that it says is in charge; 0 while it answers nobody."""
        try:
            with redis.Redis(port=self.port) as client:
                return int(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)[1])
        except redis.ConnectionError:
            return 0

    def knows_replica(self) -> bool:
        """Whether it has found one that could take over."""
        with redis.Redis(port=self.port) as client:
            return bool(client.execute_command("SENTINEL", "REPLICAS", SERVICE))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def follow(replica: OwnValkey, leader: OwnValkey) -> None:
    """Make one the replica of the other, and wait until it has all."""
    with redis.Redis(port=replica.port) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", str(leader.port))
        assert wait_until(lambda: client.info("replication")["master_link_status"] == "up", START_SECONDS)

"""The ways in which an index server loses what it holds, one after the other, behind one sentinel."""

import time
from pathlib import Path
from random import Random

import redis

from tests.index.failover import Sentinel, follow
from tests.index.own_valkey import OwnValkey

_BEHIND_SECONDS = 0.3
# Of the keys, that stay: with all gone the loss would be plain to see.
_LEFT_SHARE = 0.9
_STEP_BYTES = 2048
_MOST_STEPS = 1000


class IndexServers:
    """The Valkey that holds the index, another one beside it, and the sentinel that says which is which."""

    def __init__(self, home: Path) -> None:
        self._homes = [home / "first", home / "second", home / "sentinel"]
        for each in self._homes:
            each.mkdir()
        self._leader, self._other = OwnValkey(self._homes[0]), OwnValkey(self._homes[1])
        self._sentinel = Sentinel(self._homes[2])

    def start(self) -> None:
        self._leader.start()
        self._sentinel.start(self._leader)

    def stop(self) -> None:
        for each in (self._sentinel, self._leader, self._other):
            each.kill()

    @property
    def service_url(self) -> str:
        """Where the service finds whichever is in charge."""
        return self._sentinel.url

    @property
    def url(self) -> str:
        """Where the one in charge answers now."""
        return f"redis://127.0.0.1:{self._leader.port}"

    def losses(self, random: Random) -> list[str]:
        """Names of the ways, in an order that is drawn."""
        ways = ["killed", "emptied", "evicted", "replaced", "replaced_by_old"]
        random.shuffle(ways)
        return ways

    def lose(self, way: str) -> None:
        """Lose what the index server holds in this way."""
        getattr(self, f"_{way}")()

    def _killed(self) -> None:
        """kill -9, and started again with nothing."""
        self._leader.kill()
        self._leader.start()

    def _emptied(self) -> None:
        """FLUSHALL."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _evicted(self) -> None:
        """Some keys are dropped for want of memory, those that are used least, by a change at run time."""
        with redis.Redis.from_url(self.url) as client:
            limit, left = int(client.info("memory")["used_memory"]), int(client.dbsize() * _LEFT_SHARE)
            client.config_set("maxmemory-policy", "allkeys-lru")
            for _ in range(_MOST_STEPS):
                if client.dbsize() <= left:
                    break
                limit -= _STEP_BYTES
                client.config_set("maxmemory", limit)
            client.config_set("maxmemory", 0)
            client.config_set("maxmemory-policy", "noeviction")

    def _replaced(self) -> None:
        """A replica that has all takes over."""
        self._other.start()
        follow(self._other, self._leader)
        self._take_over()

    def _replaced_by_old(self) -> None:
        """A replica takes over that has been cut off for a while."""
        self._other.start()
        follow(self._other, self._leader)
        with redis.Redis(port=self._other.port) as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        time.sleep(_BEHIND_SECONDS)
        self._take_over()

    def _take_over(self) -> None:
        with redis.Redis(port=self._other.port) as client:
            client.execute_command("REPLICAOF", "NO", "ONE")
        self._leader.kill()
        self._leader, self._other = self._other, self._leader
        self._sentinel.watch_instead(self._leader)

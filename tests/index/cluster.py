"""A real cluster of three nodes without replicas, started for a test."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.crc import key_slot

from dedup_service.embedded.binaries import installed_binaries
from dedup_service.index import layout
from tests.index.ledger_in_memory import eventually

SLOT = key_slot(layout.META.encode())
_RANGES = ((0, 5460), (5461, 10922), (10923, 16383))
# A node listens to the others ten thousand above.
_HIGHEST_PORT = 55_000


@dataclass(frozen=True)
class Node:
    """One server of a cluster."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, *words: str | int) -> object:
        """The reply of this very node."""
        with redis.Redis(port=self.port, decode_responses=True) as client:
            return client.execute_command(*words)


@asynccontextmanager
async def running_cluster(directory: Path) -> AsyncIterator[list[Node]]:
    """Three nodes, each with a third of the slots; the last one has that of the index."""
    nodes = [_start(directory / str(number)) for number in range(3)]
    try:
        await eventually(lambda: _all(nodes, _answers))
        for node, (first, last) in zip(nodes, _RANGES, strict=True):
            node.ask("CLUSTER", "ADDSLOTSRANGE", first, last)
        for node in nodes[1:]:
            nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port)
        await eventually(lambda: _all(nodes, _is_whole))
        yield nodes
    finally:
        for node in nodes:
            node.process.kill()
            node.process.wait()


def give_slot(to: Node, nodes: Sequence[Node]) -> None:
    """Let a node have the slot of the index, as whoever operates a cluster does when its node is lost."""
    identity = to.ask("CLUSTER", "MYID")
    assert isinstance(identity, str)
    for node in nodes:
        node.ask("CLUSTER", "SETSLOT", SLOT, "NODE", identity)


def _start(home: Path) -> Node:
    home.mkdir()
    port = _free_port()
    settings = {
        "port": port,
        "bind": "127.0.0.1",
        "cluster-enabled": "yes",
        "cluster-node-timeout": 500,
        "cluster-require-full-coverage": "no",
        "save": "",
        "appendonly": "no",
        "dir": home,
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    program = installed_binaries().valkey_server()
    with (home / "log").open("wb") as log:
        return Node(port, subprocess.Popen([program, *words], stdout=log, stderr=log))


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < _HIGHEST_PORT:
            return port


async def _all(nodes: Sequence[Node], holds: object) -> bool:
    assert callable(holds)
    return all(await asyncio.gather(*(asyncio.to_thread(holds, node) for node in nodes)))


def _answers(node: Node) -> bool:
    try:
        return node.ask("PING") is not None
    except redis.ConnectionError:
        return False


def _is_whole(node: Node) -> bool:
    info = node.ask("CLUSTER", "INFO")
    known = node.ask("CLUSTER", "NODES")
    return "cluster_state:ok" in str(info) and len(str(known).strip().splitlines()) == 3

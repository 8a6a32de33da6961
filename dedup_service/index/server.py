"""The connection to Redis or Valkey: what a server must be, and what its errors mean to us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisError

from dedup_service.domain.errors import IndexUnavailable
from dedup_service.index.connection import SharedConnection
from dedup_service.index.layout import META

LOWEST_VERSION = 7
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0


class UnsuitableIndexServer(RuntimeError):
    """The server can never hold the index as it is set up; the text says what to change."""


def open_connection(url: str) -> SharedConnection:
    """A connection with short limits: a server that hangs counts as away."""
    return SharedConnection(url, connect_seconds=CONNECT_SECONDS, answer_seconds=ANSWER_SECONDS)


@asynccontextmanager
async def reaching_server() -> AsyncIterator[None]:
    """Turn the client's errors into `IndexUnavailable`, without their texts, which may quote keys."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise IndexUnavailable(f"the index server does not answer ({type(error).__name__})") from error


async def check_server(server: SharedConnection) -> bool:
    """Refuse a server that could lose keys in silence or is too old; gives whether it is of a cluster.

    Raises:
        UnsuitableIndexServer: with what to change.
        IndexUnavailable: when it does not answer.
    """
    async with reaching_server():
        # Of a cluster, the node that holds the index.
        await server.ask("EXISTS", META)
        info = _info(await server.ask("INFO"))
    version = info.get("redis_version", "0")
    if int(version.split(".", 1)[0]) < LOWEST_VERSION:
        raise UnsuitableIndexServer(
            f"the index needs Redis {LOWEST_VERSION} or Valkey; this server is Redis {version}"
        )
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise UnsuitableIndexServer(
            f"the server's maxmemory-policy is {policy}, which drops parts of the index in silence: "
            "set it with `CONFIG SET maxmemory-policy noeviction`, and in the server's configuration file"
        )
    return info.get("cluster_enabled") == "1"


def _info(text: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in text.decode(errors="replace").splitlines() if ":" in line)
    return {name: value for name, _, value in lines}

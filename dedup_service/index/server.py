"""The connection to Redis or Valkey: what a server must be, and what its errors mean to us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError  # noqa: A004  the library's own name

from dedup_service.domain.errors import IndexUnavailable

LOWEST_VERSION = 7
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0


class UnsuitableIndexServer(RuntimeError):
    """The server can never hold the index as it is set up; the text says what to change."""


def open_client(url: str) -> "Redis":
    """A client with short limits: a server that hangs counts as away. What a connection that the server has
    closed meanwhile was asked is asked once more, which every script of the index bears.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        decode_responses=False,
        retry=Retry(NoBackoff(), 1, (ConnectionError,)),
    )


@asynccontextmanager
async def reaching_server() -> AsyncIterator[None]:
    """Turn the client's errors into `IndexUnavailable`, without their texts, which may quote keys."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise IndexUnavailable(f"the index server does not answer ({type(error).__name__})") from error


async def check_server(client: "Redis") -> None:
    """Refuse a server that could lose keys in silence or is too old.

    Raises:
        UnsuitableIndexServer: with what to change.
        IndexUnavailable: when it does not answer.
    """
    async with reaching_server():
        server: dict[str, Any] = await client.info("server")
        memory: dict[str, Any] = await client.info("memory")
    version = str(server.get("redis_version", "0"))
    if int(version.split(".", 1)[0]) < LOWEST_VERSION:
        raise UnsuitableIndexServer(
            f"the index needs Redis {LOWEST_VERSION} or Valkey; this server is Redis {version}"
        )
    if server.get("redis_mode") == "cluster":
        raise UnsuitableIndexServer(
            "the index needs one Redis or Valkey, not a cluster: its steps span many keys"
        )
    policy = memory.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise UnsuitableIndexServer(
            f"the server's maxmemory-policy is {policy}, which drops parts of the index in silence: "
            "set it with `CONFIG SET maxmemory-policy noeviction`, and in the server's configuration file"
        )

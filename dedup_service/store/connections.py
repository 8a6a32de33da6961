"""Connections to PostgreSQL that notice when the other end is gone without a word.

A host that lost its power, a route that was dropped or a server that stands still sends nothing at all, and
whoever waits for it would wait for ever. The kernel asks for a sign of life where there is a network between;
and nothing is waited for for longer than PostgreSQL lets a statement run.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")
C = TypeVar("C", bound=psycopg.AsyncConnection)

# Longer than the server's own limit for a statement by what a statement's way takes.
WAY_SECONDS = 5.0
_END_SECONDS = 1.0
# By libpq's names. What the operator's URL says of them holds.
_SIGNS_OF_LIFE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # In milliseconds: for what was sent and not even received.
    "tcp_user_timeout": 20_000,
}


def watched_conninfo(url: str) -> str:
    """The URL, with signs of life asked for as far as it does not say how."""
    return make_conninfo(url, **{**_SIGNS_OF_LIFE, **conninfo_to_dict(url)})


async def end_statement(connection: psycopg.AsyncConnection) -> None:
    """Have PostgreSQL end what it is working on for this connection, which is to be closed next: it would not
    notice by itself that nobody waits for the answer.
    """
    with suppress(psycopg.Error):
        await connection.cancel_safe(timeout=_END_SECONDS)


class WatchedConnection(psycopg.AsyncConnection):
    """A connection that gives its server up when it is silent for longer than it may be."""

    # How long an answer may take.
    longest_seconds: float | None = None

    async def wait(self, gen: PQGen[T], *how: Any, **named: Any) -> T:
        """What psycopg waits for, or psycopg.OperationalError when it does not come."""
        if self.longest_seconds is None:
            return await super().wait(gen, *how, **named)
        timer = asyncio.get_running_loop().call_later(self.longest_seconds, self._give_up)
        try:
            return await super().wait(gen, *how, **named)
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        """Let libpq find the connection lost: a wait that is cancelled waits for the server's consent."""
        with (
            suppress(OSError, psycopg.OperationalError),
            socket.socket(fileno=os.dup(self.pgconn.socket)) as way,
        ):
            way.shutdown(socket.SHUT_RDWR)


@asynccontextmanager
async def lent(pool: "AsyncConnectionPool[C]") -> AsyncIterator[C]:
    """A connection of a pool, which gets it back however the block ends.

    The pool waits for a lock to take one back. A call that is cancelled there, as by its deadline after its
    caller has gone, would lose the connection for good, and with it whoever it was to be given to next.
    """
    connection = await pool.getconn()
    try:
        async with connection:
            yield connection
    finally:
        await asyncio.shield(pool.putconn(connection))

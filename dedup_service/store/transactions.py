"""Transactions that do not outlive the call they are for.

The rest of a call's time goes to the server with the BEGIN, so that it costs no round trip: also where this
process hangs, or its cancellation is lost, no statement holds locks for longer than somebody waits for it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from dedup_service.workflows.deadlines import seconds_left

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


@asynccontextmanager
async def reading(connection: psycopg.AsyncConnection, longest_seconds: float) -> AsyncIterator[None]:
    """One snapshot, for as long as the context lasts."""
    # One message of the simple protocol, so one round trip.
    await connection.execute(f"{_BEGIN_READING}; {_limit(longest_seconds)}".encode())
    try:
        yield
    except BaseException:
        # Whoever is cancelled must not hear of a connection that is gone instead.
        with suppress(psycopg.OperationalError):
            await connection.rollback()
        raise
    await connection.commit()


@asynccontextmanager
async def writing(
    connection: psycopg.AsyncConnection, longest_seconds: float, *, undone: bool = False
) -> AsyncIterator[None]:
    """A transaction, which is `undone` at its end; in a pipeline its limit is sent with what follows."""
    async with connection.transaction(force_rollback=undone):
        if limit := _limit(longest_seconds):
            await connection.execute(limit.encode())
        yield


def _limit(longest_seconds: float) -> str:
    """No statement, nor its wait for a lock, takes longer than the call has left; nothing without a call."""
    left = seconds_left()
    if left is None or left >= longest_seconds:
        return ""
    return f"SET LOCAL statement_timeout = {max(round(left * 1000), 1)}"

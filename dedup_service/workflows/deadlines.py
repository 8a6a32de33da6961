"""When the answer of a call is due: said once by the edge, kept to by whatever the call does.

What is cancelled first asks its server to end the work, and a server that is silent never says that it has.
So `ended_in` cancels twice: the second time the work is left where it stands, and its connection is closed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from time import monotonic

from dedup_service.domain.errors import DeadlinePassed, StoreUnavailable, Unavailable

_END_SECONDS = 0.1
# A call has a task of its own, and the tasks that it starts inherit this.
_DUE: ContextVar[float | None] = ContextVar("due", default=None)


def due_in(seconds: float) -> None:
    """The answer of the call of this task is due in so many seconds."""
    _DUE.set(monotonic() + seconds)


def seconds_left() -> float | None:
    """How long the answer of this call may still take, 0 or more; None where nobody waits for one."""
    due = _DUE.get()
    return None if due is None else max(due - monotonic(), 0.0)


@asynccontextmanager
async def ended_in(seconds: float, end_seconds: float) -> AsyncIterator[None]:
    """Cancel what is under way after so many seconds, and give it `end_seconds` more to roll back.

    Raises:
        DeadlinePassed: it took longer, or failed because it was being ended.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with asyncio.timeout(seconds + end_seconds), limit:
            yield
    except (TimeoutError, Unavailable) as error:
        if not limit.expired():
            raise
        raise DeadlinePassed(f"there was no answer within {seconds:.3g} seconds") from error


@asynccontextmanager
async def store_answers_in(seconds: float) -> AsyncIterator[None]:
    """Give the store so long for reads that no call is waiting for: a connection that died in silence would
    hold them for ever.

    Raises:
        StoreUnavailable: it does not answer in time.
    """
    try:
        async with ended_in(seconds, _END_SECONDS):
            yield
    except DeadlinePassed as silent:
        raise StoreUnavailable("the store does not answer; go on where this ended") from silent

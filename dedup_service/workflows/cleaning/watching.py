"""Watch a run: as it is, and then each time that it is another."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from dedup_service.domain.cleanup.runs import CleanupRun

# A worker tells how far it is no more often.
_LOOK_SECONDS = 0.5


async def watched(
    look: Callable[[], Awaitable[CleanupRun]], look_seconds: float = _LOOK_SECONDS
) -> AsyncIterator[CleanupRun]:
    """What `look` sees, again whenever it differs from what was given last, until the run has ended."""
    given: CleanupRun | None = None
    while True:
        run = await look()
        if run != given:
            yield run
            given = run
        if not run.state.active:
            return
        await asyncio.sleep(look_seconds)

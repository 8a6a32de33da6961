"""A cleanup run as it changes, with a sign of life in silence."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from dedup_service.domain.cleanup.runs import CleanupRun
from dedup_service.workflows.background import end_tasks


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A run as it is; `changed` is False where nothing was new for as long as one may be silent."""

    run: CleanupRun
    changed: bool


async def glimpses(
    runs: AsyncIterator[CleanupRun], stopping: asyncio.Event, silence_seconds: float
) -> AsyncGenerator[Glimpse, None]:
    """What `runs` gives, as it comes, and the last of it again after each silence; until it ends, or the
    server stops.
    """
    stopped = asyncio.create_task(stopping.wait())
    coming = asyncio.ensure_future(_next(runs))
    last: CleanupRun | None = None
    try:
        while True:
            await asyncio.wait(
                (coming, stopped), timeout=silence_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if coming.done():
                last = coming.result()
                if last is None:
                    return
                coming = asyncio.ensure_future(_next(runs))
                yield Glimpse(last, changed=True)
            elif stopped.done():
                return
            elif last is not None:
                yield Glimpse(last, changed=False)
    finally:
        await end_tasks([stopped, coming])


async def _next(runs: AsyncIterator[CleanupRun]) -> CleanupRun | None:
    return await anext(runs, None)

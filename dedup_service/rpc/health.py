"""The health of each service as grpc.health.v1 tells it: what a service needs is asked again and again.

The empty name stands for the whole: whoever balances load asks for it, and sends nothing while it is
NOT_SERVING. `liveness` says only that the process answers: whoever restarts a process asks for that, since
a PostgreSQL that is away does not come back by restarting us.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from grpc_health.v1 import health_pb2
from grpc_health.v1.health import aio as health

from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.desk import Desk

WHOLE = ""
LIVENESS = "liveness"
# Services that answer next to nothing without the blocking index.
_NEED_INDEX = ("dedup_service.v1.MatchService", "dedup_service.v1.IntakeService")
_NEED_NOTHING = ("dedup_service.v1.IdentityService", LIVENESS)
# A server that takes longer to say a word counts as away.
_PATIENCE_SECONDS = 2.0
# No record has it: what is asked is whether there is an answer.
_NO_RECORD = 0
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Health:
    """Watches what the services need, every `interval_seconds`, and tells by `servicer`."""

    def __init__(self, desk: Desk, services: Iterable[str], interval_seconds: float) -> None:
        self.servicer = health.HealthServicer()
        self._desk = desk
        self._services = (WHOLE, LIVENESS, *services)
        self._interval_seconds = interval_seconds
        self._told: dict[str, int] = {}
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell how it is now, then watch until `stop`."""
        await self._look()
        self._watching = asyncio.create_task(self._watch(), name="health")

    async def stop(self) -> None:
        """Say NOT_SERVING for all, for good."""
        await self.servicer.enter_graceful_shutdown()
        if self._watching is not None:
            await end_tasks([self._watching])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._interval_seconds)
            await self._look()

    async def _look(self) -> None:
        # The lookups of Match have a connection of their own, so that calls that fill the pools do not make
        # the store look as if it was away.
        store, index = await asyncio.gather(
            _answers(lambda: self._desk.store.live_records([_NO_RECORD])), _answers(self._desk.index.status)
        )
        for name in self._services:
            serves = (store or name in _NEED_NOTHING) and (index or name not in _NEED_INDEX)
            status = _SERVING if serves else _NOT_SERVING
            if self._told.get(name) != status:
                self._told[name] = status
                await self.servicer.set(name, status)


async def _answers(ask: Callable[[], Awaitable[object]]) -> bool:
    """Whether a server answers, and in time."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await ask()
    except Exception:  # noqa: BLE001  whatever it is, calls would meet it too
        return False
    return True

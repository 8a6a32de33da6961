"""A merge desk served over gRPC from a thread, for tests of what calls it synchronously."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from dedup_service.authenticating import tls_files
from dedup_service.composition import RunningDesk, Servers, running_desk
from dedup_service.rpc.server import RunningGrpc, ServerOptions, start_server
from dedup_service.settings import Settings

T = TypeVar("T")
OPTIONS = ServerOptions(
    listen="127.0.0.1:0",
    reflection=False,
    max_concurrent_calls=32,
    grace_seconds=2.0,
    checkpoint_seconds=0.2,
)


@dataclass(slots=True)
class ServedDesk:
    """A desk that answers at `address`; `stop_answering` and `answer_again` interrupt it."""

    loop: asyncio.AbstractEventLoop
    running: RunningDesk
    server: RunningGrpc
    address: str

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, run where the desk lives."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def stop_answering(self) -> None:
        """Stop the gRPC server; the desk itself goes on."""
        self.run(self.server.stop())

    def answer_again(self) -> None:
        """Start the gRPC server at the same address."""
        options = replace(OPTIONS, listen=self.address)
        self.server = self.run(
            start_server(self.running.desk, options, authentication=self.running.authentication)
        )


async def end_all_else() -> None:
    """Let what grpc still runs in the background end before its loop does."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def served_desk(
    database_url: str, redis_url: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[ServedDesk]:
    """Serve a desk on these servers, at any free port, with the settings of this environment."""
    settings = replace(
        Settings.from_environment(environment), database_url=database_url, redis_url=redis_url, pool_size=4
    )
    options = replace(OPTIONS, tls=tls_files(settings))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="served-desk")
    thread.start()
    ended = asyncio.Event()
    started: list[ServedDesk] = []
    up = threading.Event()

    async def live() -> None:
        try:
            async with running_desk(settings, Servers(database_url, redis_url)) as running:
                # A first search should be complete.
                while not (await running.index.status()).epoch:  # noqa: ASYNC110  the index tells nobody
                    await asyncio.sleep(0.01)
                server = await start_server(running.desk, options, authentication=running.authentication)
                started.append(ServedDesk(loop, running, server, server.address))
                up.set()
                await ended.wait()
                await started[0].server.stop()
        finally:
            up.set()

    living = asyncio.run_coroutine_threadsafe(live(), loop)
    try:
        up.wait(30)
        if not started:
            living.result(1)
        yield started[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        living.result(30)
        asyncio.run_coroutine_threadsafe(end_all_else(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

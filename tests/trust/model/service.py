"""The service under test: a desk and its gRPC server on real servers, stopped and started again at will."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import grpc
import redis
from google.protobuf.message import Message

from dedup_service.company_files import parse_policy, policy_text
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.index import IndexFollower, RedisIndex
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.wiring import wire
from dedup_service.workflows.rules import Rules
from tests.conftest import StandingDatabase
from tests.merge_desk import DIRECTORY, POLICY, Office
from tests.rpc.api import Api, by, served
from tests.trust.invariants import Watch, watch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answered:
    """How a call ended: its status code by name, and the answer where that is OK."""

    code: str
    answer: Any = None


# Every start reads the same text.
_parsed = cache(parse_policy)


class Service:
    """One desk at a time, on a store that is empty when a machine begins.

    Ids are counted, so that a machine that is run again gets the same ones.
    """

    def __init__(self, standing: StandingDatabase, redis_url: str) -> None:
        self._standing = standing
        self._redis_url = redis_url
        self._database_url = ""
        self._ids = itertools.count(1)
        self._runner = asyncio.Runner()
        self._desk = AsyncExitStack()
        self._watching = AsyncExitStack()
        self.api: Api
        self.watch: Watch

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, run where the desk lives."""
        return self._runner.run(work)

    def begin(self) -> None:
        """Start on an empty store and an empty index."""
        self.run(self._stop())
        self._database_url = self._standing.emptied()
        with redis.Redis.from_url(self._redis_url) as client:
            client.flushall()
        self._ids = itertools.count(1)
        self.run(self._start())
        self.watch = self.run(self._watching.enter_async_context(watch(self._database_url, self._redis_url)))

    def restart(self) -> None:
        """Stop the service and start it again on what it has left."""
        self.run(self._desk.aclose())
        self.run(self._start())

    def close(self) -> None:
        self.run(self._stop())
        self._runner.close()

    async def _start(self) -> None:
        office = await self._desk.enter_async_context(self._opened())
        self.api = await self._desk.enter_async_context(served(office))

    async def _stop(self) -> None:
        await self._watching.aclose()
        await self._desk.aclose()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Office]:
        """A desk without its background tasks: what they do is a step of its own."""
        async with AsyncExitStack() as stack:
            store = PostgresStore(StoreOptions(self._database_url, pool_size=2))
            await store.open()
            stack.push_async_callback(store.close)
            store_id = await store.store_id()
            index = RedisIndex(self._redis_url, store_id)
            stack.push_async_callback(index.close)
            follower = IndexFollower(index, PostgresLedgerSource(store), 5.0)
            store.on_commit(lambda update: follower.nudge([update]))
            follower.start()
            stack.push_async_callback(follower.stop)
            rules = Rules(POLICY, DIRECTORY, _parsed)
            desk = wire(store, store_id, index, follower, rules, new_id=lambda: f"{next(self._ids):032x}")
            await desk.policies.seed(policy_text(None), PolicyOrigin.SHIPPED)
            yield Office(desk, store, follower, index)

    def call(self, method: Any, message: Message, who: str) -> Answered:
        """Call a method as somebody."""

        async def called() -> Answered:
            try:
                return Answered("OK", await method(message, metadata=by(who)))
            except grpc.aio.AioRpcError as error:
                return Answered(error.code().name)

        return self.run(called())

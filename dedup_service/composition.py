"""The one place that knows every part: settings in, a wired merge desk out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import psycopg

from dedup_service.authenticating import Identity
from dedup_service.company_files import load_policy, parse_policy, policy_text
from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.embedded import start_postgres, start_valkey
from dedup_service.index.follower import IndexFollower
from dedup_service.index.redis_index import RedisIndex
from dedup_service.settings import Settings
from dedup_service.store.index_source import PostgresLedgerSource
from dedup_service.store.migrate import migrate
from dedup_service.store.postgres import PostgresStore, StoreOptions
from dedup_service.store.server_checks import check_server
from dedup_service.telemetry.recording import Telemetry
from dedup_service.wiring import wire
from dedup_service.workflows.authentication import Authentication
from dedup_service.workflows.background import end_tasks
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.rules import Rules


@dataclass(frozen=True, slots=True)
class Servers:
    """Where PostgreSQL and Redis or Valkey answer; secrets may be in the URLs, so they are never logged."""

    database_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class RunningDesk:
    """A desk with the parts that an operator may ask about."""

    desk: Desk
    follower: IndexFollower
    index: RedisIndex
    postgres_version: str
    authentication: Authentication


@asynccontextmanager
async def servers(settings: Settings) -> AsyncIterator[Servers]:
    """The servers of the settings; those with no URL are started here and stopped at the end."""
    async with AsyncExitStack() as stack:
        urls = {"database": settings.database_url, "redis": settings.redis_url}
        for name, start in (("database", start_postgres), ("redis", start_valkey)):
            if not urls[name]:
                started = await asyncio.to_thread(start, settings.data_dir)
                stack.push_async_callback(asyncio.to_thread, started.stop)
                urls[name] = started.url
        yield Servers(urls["database"], urls["redis"])


@asynccontextmanager
async def opened_store(settings: Settings) -> AsyncIterator[PostgresStore]:
    """The store of the settings, checked and migrated, with no desk and no index: for what only reads it or
    keeps models in it.

    Raises:
        UnsuitableServer, SchemaMismatch, StoreUnavailable: as `running_desk` does.
    """
    async with AsyncExitStack() as stack:
        url = settings.database_url
        if not url:
            started = await asyncio.to_thread(start_postgres, settings.data_dir)
            stack.push_async_callback(asyncio.to_thread, started.stop)
            url = started.url
        await _prepare(url, settings)
        store = PostgresStore(StoreOptions(url, settings.pool_size // 2))
        await store.open()
        stack.push_async_callback(store.close)
        yield store


async def _prepare(database_url: str, settings: Settings) -> str:
    """Check PostgreSQL, bring the schema up, and say which version serves."""
    try:
        version = await check_server(database_url, settings.allow_unsafe_durability)
        await migrate(database_url)
    except psycopg.OperationalError as error:
        raise StoreUnavailable("PostgreSQL does not answer at the configured URL") from error
    return version


@asynccontextmanager
async def running_desk(
    settings: Settings, where: Servers, telemetry: Telemetry | None = None
) -> AsyncIterator[RunningDesk]:
    """Check the servers, migrate, and keep a desk running with its index following the ledger.

    Raises:
        CompanyFileError: the policy or the principals cannot be used.
        UnsuitableServer, UnsuitableIndexServer: a server that would lose something; says what to change.
        SchemaMismatch: the database is of a newer release.
        StoreUnavailable, IndexUnavailable: a server does not answer.
    """
    telemetry = telemetry or Telemetry()
    policy = load_policy(settings.policy)
    identity = Identity(settings, policy, where.database_url)
    rules = Rules(policy, identity.principals, parse_policy)
    version = await _prepare(where.database_url, settings)
    async with AsyncExitStack() as stack:
        store = PostgresStore(StoreOptions(where.database_url, settings.pool_size // 2))
        await store.open()
        stack.push_async_callback(store.close)
        await stack.enter_async_context(identity.running(rules))
        telemetry.watch_pools(store.pools)
        store_id = await store.store_id()
        index = RedisIndex(where.redis_url, store_id)
        stack.push_async_callback(index.close)
        await index.connect()
        follower = IndexFollower(
            index, PostgresLedgerSource(store), settings.index_health_interval_seconds, telemetry.index
        )
        store.on_commit(lambda update: follower.nudge([update]))
        follower.start()
        stack.push_async_callback(follower.stop)
        desk = wire(
            store,
            store_id,
            index,
            follower,
            rules,
            engines=settings.cleanup_engines,
            retention=settings.keep_days,
            head_interval=settings.audit_head_minutes,
        )
        origin = PolicyOrigin.FILE if settings.policy else PolicyOrigin.SHIPPED
        await desk.policies.seed(policy_text(settings.policy), origin)
        in_use = desk.matching.models.in_use
        # Before the first answer: a service that was using a trained model goes on with it.
        await in_use.renew()
        tasks = [
            asyncio.create_task(desk.upkeep.run(), name="upkeep"),
            asyncio.create_task(in_use.run(), name="scoring model"),
            asyncio.create_task(desk.vocabulary.run(), name="vocabulary"),
        ]
        stack.push_async_callback(end_tasks, tasks)
        yield RunningDesk(desk, follower, index, version, identity.authentication())

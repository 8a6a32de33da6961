"""The servers, the wires and the service between them, begun anew every few cases."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import redis
from psycopg import sql

from dedup_service.embedded import RunningServer, discard_data, start_postgres, start_valkey
from dedup_service.store.migrate import migrate
from dedup_service.store.postgres import PostgresStore, StoreOptions
from tests.canonical_dump import Dump, full_dump
from tests.conftest import TEMPLATE, StandingDatabase, with_database
from tests.merge_desk import POLICY
from tests.trust import invariants
from tests.trust.failpoints.calls import within
from tests.trust.nursery import Child, Nursery
from tests.trust.seams.index_wire import IndexWire
from tests.trust.seams.reply_wire import ReplyWire
from tests.trust.seams.sql_wire import SqlWire
from tests.trust.seams.watch import Watch

PATIENCE_SECONDS = 20.0
# The service's, and not those that ask.
_AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle'
  AND pid <> pg_backend_pid()
"""


class Servers:
    """A PostgreSQL and a Valkey of this part alone, and a process that forks what is tested."""

    def __init__(self, directory: Path) -> None:
        directory.chmod(0o711)
        self.directory = directory
        # The paths of sockets may be a hundred characters long.
        self.sockets = Path(tempfile.mkdtemp(prefix="dedup-"))
        self.postgres: RunningServer = start_postgres(directory)
        self.valkey: RunningServer = start_valkey(directory)
        self.nursery = Nursery(directory / "service.log")

    @property
    def postgres_socket(self) -> Path:
        _, _, home = urlsplit(self.postgres.url).query.partition("host=")
        return Path(unquote(home)) / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return Path(urlsplit(self.valkey.url).path)

    def administer(self, text: str, *names: str) -> None:
        """Run a statement on the server, with these identifiers in it."""
        composed = sql.SQL(text).format(*map(sql.Identifier, names))
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(composed)

    def url(self, database: str) -> str:
        return with_database(self.postgres.url, database)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        discard_data(self.directory)
        shutil.rmtree(self.sockets)


@asynccontextmanager
async def running_servers(directory: Path) -> AsyncIterator[Servers]:
    servers = Servers(directory)
    try:
        await servers.nursery.open()
        yield servers
    finally:
        await servers.nursery.close()
        servers.stop()


class Stand:
    """A service on an empty database, every connection of which goes through a wire."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._database = StandingDatabase(servers.postgres.url)
        self._url = ""
        self._while_standing = AsyncExitStack()
        self._child: Child | None = None
        self._store: PostgresStore | None = None
        self._watched: invariants.Watch | None = None
        self.watch = Watch()
        home = servers.sockets
        self._sql = SqlWire(self.watch, servers.postgres_socket, home / "writes", servers.postgres.url)
        self._index = IndexWire(self.watch, servers.valkey_socket, home / "index.sock")
        self._reply = ReplyWire(self.watch)

    @property
    def address(self) -> str:
        """Where callers call; the same however often the service is started."""
        return self._reply.address

    async def open(self) -> None:
        self._servers.administer("CREATE DATABASE {}", TEMPLATE)
        await migrate(self._servers.url(TEMPLATE))
        for wire in (self._sql, self._index, self._reply):
            await wire.open()

    async def close(self) -> None:
        await self._fold()
        for wire in (self._reply, self._index, self._sql):
            await wire.close()

    async def renew(self) -> None:
        """Begin anew: no record, no index, another service."""
        await self._fold()
        self._url = await asyncio.to_thread(self._database.emptied)
        with redis.Redis.from_url(self._servers.valkey.url) as client:
            client.flushall()
        self._store = PostgresStore(StoreOptions(self._url, pool_size=2))
        await self._store.open()
        self._while_standing.push_async_callback(self._store.close)
        watching = invariants.watch(self._url, self._servers.valkey.url)
        self._watched = await self._while_standing.enter_async_context(watching)
        await self.start()

    async def _fold(self) -> None:
        await self.kill()
        await self._while_standing.aclose()
        self._while_standing = AsyncExitStack()

    async def start(self) -> None:
        """Start the service, which is not running."""
        through = self._sql.url(urlsplit(self._url).path[1:])
        self._child = await self._servers.nursery.serve(through, self._index.url)
        self._reply.service = self._child.address

    async def kill(self) -> None:
        """kill -9 the service, if it runs."""
        if self._child is not None:
            await self._child.kill()
            self._child = None

    @property
    def running(self) -> bool:
        return self._child is not None

    async def quiet(self) -> bool:
        """Wait until no session of the service is in a transaction; False when one never ends."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:

            async def is_quiet() -> bool:
                cursor = await connection.execute(_AT_WORK)
                row = await cursor.fetchone()
                return row is not None and row[0] == 0

            return await within(is_quiet, PATIENCE_SECONDS)

    async def dump(self) -> Dump:
        """Everything that the store holds."""
        assert self._store is not None, "the stand was renewed"
        return await full_dump(self._store, POLICY)

    async def broken(self) -> list[str]:
        """What does not hold of the store and its index."""
        assert self._watched is not None, "the stand was renewed"
        return await self._watched.broken()

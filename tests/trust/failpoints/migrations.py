"""A migration is interrupted at each statement of each of its files; run again, it comes to its end."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psycopg

from dedup_service.domain.records import Owner
from dedup_service.store.migrate import Migration, migrate, migrations
from dedup_service.store.postgres import PostgresStore, StoreOptions
from tests.canonical_dump import Dump, canonical_dump
from tests.merge_desk import POLICY
from tests.store.pending_proposals import pending
from tests.store.test_migrated_proposals import insert, insert_record
from tests.trust.failpoints.calls import within
from tests.trust.failpoints.cases import Found, Way
from tests.trust.failpoints.interruption import Interruption
from tests.trust.failpoints.stand import Servers
from tests.trust.nursery import Child
from tests.trust.seams.sql_wire import SqlWire
from tests.trust.seams.watch import Moment, Point, Watch

_PATIENCE_SECONDS = 20.0
_NOTING = "INSERT INTO schema_migrations"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_PROPOSED = "SELECT proposal_id || ' ' || state || ' ' || (SELECT count(*) FROM votes) FROM proposals"
_numbers = itertools.count(1)
_LEDGER = (
    "CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
    " checksum text NOT NULL, time timestamptz NOT NULL DEFAULT now())"
)
# What there is in the schema, whatever it is called within the server.
_SCHEMA = """
SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
       || coalesce(column_default, '') AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL SELECT version || ' ' || checksum FROM schema_migrations
ORDER BY line
"""


@dataclass(frozen=True, slots=True)
class MigrationCase:
    """A point of one of the files, reached from the version before it."""

    version: int
    point: Point
    way: Way

    def __str__(self) -> str:
        return f"migration {self.version}: {self.way} {self.point}"


class MigrationCases:
    """Databases of each version, with the data of the first; and what the last one should be."""

    def __init__(self, servers: Servers) -> None:
        self.found = Found()
        self._servers = servers
        self._watch = Watch()
        self._wire = SqlWire(
            self._watch, servers.postgres_socket, servers.sockets / "migration", servers.postgres.url
        )
        self._versions = [0]
        self._schema: list[object] = []
        self._data: tuple[Dump, object] = ({}, None)

    async def open(self) -> None:
        """Make a database of each version, each from the one before it, and migrate the last one."""
        await self._wire.open()
        self._servers.administer("CREATE DATABASE {}", _name(0))
        with psycopg.connect(self._servers.url(_name(0)), autocommit=True) as connection:
            connection.execute(_LEDGER)
        for migration in migrations():
            before, name = _name(self._versions[-1]), _name(migration.version)
            self._servers.administer("CREATE DATABASE {} TEMPLATE {}", name, before)
            with psycopg.connect(self._servers.url(name), autocommit=True) as connection:
                _apply(connection, migration)
                if len(self._versions) == 1:
                    _fill(connection)
            self._versions.append(migration.version)
        last = self._servers.url(_name(self._versions[-1]))
        self._schema, self._data = _rows(last, _SCHEMA), await _data_of(last)
        assert self._data[0]["records"], "the first version holds data"

    async def close(self) -> None:
        await self._wire.close()

    async def cases(self, versions: Sequence[int]) -> list[MigrationCase]:
        """Every statement of these files, each in every way."""
        found: list[MigrationCase] = []
        for version in versions:
            async with self._copied(self._before(version)) as copy:
                self._watch.begin()
                await copy.work()
                outcome = await self._servers.nursery.outcome()
                assert outcome == "done", outcome
            passed = self._watch.passed
            # The files after this one are passed here, too, and have their own turn.
            noted = next(n for n, point in enumerate(passed) if point.label.startswith(_NOTING))
            upto = next(n for n, p in enumerate(passed[noted:], noted) if p.moment is Moment.ANSWERED)
            found += [MigrationCase(version, point, way) for point in passed[: upto + 1] for way in Way]
        return found

    async def run(self, case: MigrationCase) -> None:
        """Interrupt a migration, look at what it left, and run another one to its end."""
        self.found.case_count += 1
        before = self._before(case.version)
        async with self._copied(before) as copy:
            self._watch.begin(case.point, Interruption(case.way, copy.kill).act)
            await copy.work()
            if case.way is Way.KILL:
                await copy.killed()
            else:
                await self._servers.nursery.outcome()
            self._watch.end()
            if not self._watch.reached.is_set():
                self.found.unreached.append(str(case))
            wrong = [*self._torn(copy.url, before), *await self._wrong_at_end(copy.url, before)]
            self.found.wrong += [f"{case}: {each}" for each in wrong]

    async def _wrong_at_end(self, url: str, before: int) -> list[str]:
        """Run what is left to its end, and hold schema and data against those of a clean run."""
        try:
            await migrate(url)
        except psycopg.Error as error:
            return [f"A-5 it cannot be run to its end: {type(error).__name__}"]
        wrong = []
        if (schema := _rows(url, _SCHEMA)) != self._schema:
            wrong.append(f"A-5 the schema differs: {[*({*schema} ^ {*self._schema})][:4]}")
        if before and await _data_of(url) != self._data:
            wrong.append("A-5 what the older schema held is not what it was")
        return wrong

    def _torn(self, url: str, before: int) -> list[str]:
        """Whether what was left is the schema of one version: of that before, or of one after it."""
        left = _rows(url, _SCHEMA)
        whole = [_rows(self._servers.url(_name(each)), _SCHEMA) for each in self._versions if each >= before]
        return [] if left in whole else ["A-5 the schema that was left is of no version"]

    def _before(self, version: int) -> int:
        return self._versions[self._versions.index(version) - 1]

    @asynccontextmanager
    async def _copied(self, version: int) -> AsyncIterator["_Copy"]:
        name = f"migrated_{next(_numbers)}"
        self._servers.administer("CREATE DATABASE {} TEMPLATE {}", name, _name(version))
        copy = _Copy(self._servers, name, self._wire.url(name))
        try:
            yield copy
        finally:
            self._servers.administer("DROP DATABASE {} WITH (FORCE)", name)


class _Copy:
    """A database of some version, and the process that migrates it."""

    def __init__(self, servers: Servers, name: str, through: str) -> None:
        self.url = servers.url(name)
        self._through = through
        self._servers = servers
        self._migrating: Child | None = None
        self._is_killed = asyncio.Event()

    async def work(self) -> None:
        """Start to migrate it."""
        self._migrating = await self._servers.nursery.migrate(self._through)

    async def kill(self) -> None:
        assert self._migrating is not None, "it was started"
        await self._migrating.kill()
        self._is_killed.set()

    async def killed(self) -> None:
        """Wait until it was killed, or has passed the point unseen, and PostgreSQL has noticed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._is_killed.wait()
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:

            async def is_alone() -> bool:
                row = await (await connection.execute(_OTHERS)).fetchone()
                return row is not None and row[0] == 0

            assert await within(is_alone, _PATIENCE_SECONDS)


def _name(version: int) -> str:
    return f"version_{version}"


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    connection.execute(migration.sql.encode())
    row = [migration.version, migration.name, migration.checksum]
    connection.execute("INSERT INTO schema_migrations VALUES (%s, %s, %s)", row)


def _fill(connection: psycopg.Connection) -> None:
    """Two golden records with their records, and proposals to merge them, as the first release wrote them."""
    insert(connection, pending("a"))
    insert_record(connection, "a-a", "erp/1", owner=Owner("users/zoe", "sales", "queues/x"))
    insert_record(connection, "a-b", "desk/2", active=False)
    insert_record(connection, "a-b", "crm/3")


def _rows(url: str, query: str) -> list[object]:
    with psycopg.connect(url, autocommit=True) as connection:
        return [row[0] for row in connection.execute(query.encode())]


async def _data_of(url: str) -> tuple[Dump, object]:
    """All that a reader could see, but for when the migration was."""
    store = PostgresStore(StoreOptions(url, pool_size=2))
    await store.open()
    try:
        return await canonical_dump(store, POLICY), _rows(url, _PROPOSED)
    finally:
        await store.close()

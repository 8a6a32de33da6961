"""Real servers for the tests: one PostgreSQL and one Valkey a test process, one fresh database a test."""

import asyncio
import itertools
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql

from dedup_service.embedded import RunningServer, discard_data, start_postgres, start_valkey
from dedup_service.store.migrate import migrate

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it runs in the background so, and the commands that tests start would be deaf, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

TEMPLATE = "dedup_template"
_database_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """A directory that PostgreSQL's account can reach when root runs the tests; pytest's own is private."""
    path = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    path.chmod(0o711)
    yield path
    discard_data(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_directory: Path) -> Iterator[RunningServer]:
    """The PostgreSQL of this test process; tests that kill a server start their own."""
    server = start_postgres(server_directory)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey_server(server_directory: Path) -> Iterator[RunningServer]:
    """The Valkey of this test process."""
    server = start_valkey(server_directory)
    yield server
    server.stop()


def with_database(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def template_database(postgres_server: RunningServer) -> str:
    """A migrated database; copying it is much faster than migrating each test's own."""
    _administer(postgres_server.url, sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
    asyncio.run(migrate(with_database(postgres_server.url, TEMPLATE)))
    return TEMPLATE


class StandingDatabase:
    """One migrated database, emptied before each test: to copy the template takes many times as long."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._url = ""
        self._schema = ""

    def emptied(self) -> str:
        """Its URL, with no row but what a migration makes; a new one where a test changed the schema."""
        if self._url:
            with psycopg.connect(self._server_url, autocommit=True) as connection:
                name = urlsplit(self._url).path[1:]
                connection.execute(sql.SQL("alter database {} reset all").format(sql.Identifier(name)))
                connection.execute(_END_OTHERS, [name])
            with psycopg.connect(self._url) as connection:
                if _schema_of(connection) == self._schema:
                    connection.execute(_EMPTY)
                    return self._url
        name = f"test_{next(_database_numbers)}"
        copy = sql.SQL("create database {} template {}")
        _administer(self._server_url, copy.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        self._url = with_database(self._server_url, name)
        with psycopg.connect(self._url) as connection:
            self._schema = _schema_of(connection)
        return self._url


# A session that a test left behind would hold its locks.
_END_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
# Numbers begin anew, and the store is another one. Deleting is quicker than truncating tables this small.
_EMPTY = """
do $$
declare name text;
begin
    set local session_replication_role = replica;
    for name in select tablename from pg_tables where schemaname = 'public'
        and tablename not in ('schema_migrations', 'store_identity', 'ledger_head')
    loop
        execute format('delete from %I', name);
    end loop;
    for name in select sequencename from pg_sequences where schemaname = 'public' and last_value is not null
    loop
        execute format('alter sequence %I restart', name);
    end loop;
    update ledger_head set revision = 0, hash = repeat('0', 64), rules_no = 0, dropped_upto = 0;
    update store_identity set store_id = gen_random_uuid()::text;
end $$
"""


def _schema_of(connection: psycopg.Connection) -> str:
    """What tables, columns, constraints and triggers there are, and which migrations made them."""
    found = connection.execute(
        "select md5(string_agg(line, ',' order by line)) from ("
        " select table_name || column_name || data_type from information_schema.columns"
        "  where table_schema = 'public'"
        " union all select conname || pg_get_constraintdef(oid) from pg_constraint"
        " union all select tgname || tgenabled::text from pg_trigger where not tgisinternal"
        " union all select m::text from schema_migrations m) as lines (line)"
    ).fetchone()
    assert found is not None, "an aggregate gives a row"
    return str(found[0])


@pytest.fixture(scope="session")
def standing_database(postgres_server: RunningServer, template_database: str) -> StandingDatabase:
    """The database of this test process; whoever needs one of another shape makes it."""
    assert template_database == TEMPLATE
    return StandingDatabase(postgres_server.url)


@pytest.fixture
def database_url(standing_database: StandingDatabase) -> str:
    """An empty database, for this test alone while it runs."""
    return standing_database.emptied()


@pytest.fixture
def redis_url(valkey_server: RunningServer) -> str:
    """An empty Valkey; one test process runs one test at a time, so flushing harms nobody."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)

"""Real servers for the tests: one PostgreSQL and one Valkey a test process, one fresh database a test."""

import asyncio
import itertools
import shutil
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


@pytest.fixture
def database_url(postgres_server: RunningServer, template_database: str) -> Iterator[str]:
    """A database of this test's own, empty but for the schema."""
    name = f"test_{next(_database_numbers)}"
    copy = sql.SQL("create database {} template {}")
    _administer(postgres_server.url, copy.format(sql.Identifier(name), sql.Identifier(template_database)))
    yield with_database(postgres_server.url, name)
    _administer(postgres_server.url, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def redis_url(valkey_server: RunningServer) -> str:
    """An empty Valkey; one test process runs one test at a time, so flushing harms nobody."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    return valkey_server.url


def _administer(url: str, statement: sql.Composed) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)

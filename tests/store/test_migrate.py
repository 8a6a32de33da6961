"""The schema comes up whole from anywhere it was left, and an unknown one is refused (A-5)."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from dedup_service.embedded import RunningServer
from dedup_service.store.migrate import SchemaMismatch, migrate, migrations

_numbers = itertools.count(1)
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"


@pytest.fixture
def empty_database(postgres_server: RunningServer) -> Iterator[str]:
    """A database without any schema."""
    name = f"empty_{next(_numbers)}"
    with psycopg.connect(postgres_server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlunsplit(urlsplit(postgres_server.url)._replace(path=f"/{name}"))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(query.encode()).fetchall()


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


async def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    """The second run finds everything done and keeps the store's identity."""
    version = await migrate(empty_database)
    identity, tables = (
        rows(empty_database, "SELECT store_id FROM store_identity"),
        rows(empty_database, TABLES),
    )
    assert version == migrations()[-1].version
    assert await migrate(empty_database) == version
    assert rows(empty_database, "SELECT store_id FROM store_identity") == identity
    assert rows(empty_database, TABLES) == tables
    assert len(tables) > 10


async def test_two_services_may_migrate_at_once(empty_database: str) -> None:
    """Started together they wait for each other, and each finds the schema there."""
    versions = await asyncio.gather(*(migrate(empty_database) for _ in range(4)))
    assert len(set(versions)) == 1
    assert rows(empty_database, "SELECT count(*) FROM schema_migrations") == [(len(migrations()),)]


async def kill_where_it_waits(url: str, holding_up: LiteralString, waiting_in: str) -> None:
    """Start a migration, hold it up by another session's lock, and kill its connection there."""
    async with await psycopg.AsyncConnection.connect(url) as other:
        await other.execute(holding_up)
        task = asyncio.create_task(migrate(url))
        killed = False
        while not killed:
            assert not task.done()
            killed = bool(
                rows(
                    url,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    f" AND datname = current_database() AND query LIKE '%{waiting_in}%'",
                )
            )
            await asyncio.sleep(0.01)
        with pytest.raises(psycopg.OperationalError):
            await task
        await other.rollback()


async def test_a_migration_killed_halfway_is_run_to_its_end(empty_database: str) -> None:
    """Killed amid its tables or before it is noted down, a migration leaves none; the next run makes all."""
    for holding_up, waiting_in in (
        # An uncommitted table of the same name holds the migration up at that point.
        ("CREATE TABLE changes (only_here text)", "CREATE TABLE store_identity"),
        ("LOCK TABLE schema_migrations IN SHARE MODE", "INSERT INTO schema_migrations"),
    ):
        await kill_where_it_waits(empty_database, holding_up, waiting_in)
        assert rows(empty_database, TABLES) == [("schema_migrations",)]
        assert rows(empty_database, "SELECT * FROM schema_migrations") == []
    await migrate(empty_database)
    assert ("changes",) in rows(empty_database, TABLES)


async def test_a_schema_of_a_newer_release_is_refused(empty_database: str) -> None:
    """A version that this binary does not know is refused, and nothing is written."""
    await migrate(empty_database)
    execute(
        empty_database, "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'new', 'x')"
    )
    with pytest.raises(SchemaMismatch, match="999"):
        await migrate(empty_database)


async def test_a_migration_changed_after_it_ran_is_refused(empty_database: str) -> None:
    """A checksum that is not the shipped one is refused."""
    await migrate(empty_database)
    execute(empty_database, "UPDATE schema_migrations SET checksum = 'other' WHERE version = 1")
    with pytest.raises(SchemaMismatch, match="differs"):
        await migrate(empty_database)


def test_migrations_are_numbered_without_gaps() -> None:
    """Versions count from one; none is missing and none stands twice."""
    assert [m.version for m in migrations()] == list(range(1, len(migrations()) + 1))

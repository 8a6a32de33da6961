"""A server that would lose what was answered OK is refused by name, unless that is meant (A-2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from dedup_service.embedded import RunningServer
from dedup_service.store.server_checks import UnsuitableServer, check_server


@contextmanager
def altered(url: str, change: LiteralString, undo: LiteralString) -> Iterator[None]:
    """The server with a statement's effect on its settings, taken back at the end."""
    with psycopg.connect(url, autocommit=True) as connection:
        database = sql.Identifier(urlsplit(url).path[1:])
        for statement in (change, undo):
            connection.execute(sql.SQL(statement).format(database=database))
            connection.execute("SELECT pg_reload_conf()")
            if statement is change:
                _wait_for_reload(url, change)
                yield
        _wait_for_reload(url, undo)


def _wait_for_reload(url: str, statement: str) -> None:
    """Settings of the whole server arrive some milliseconds after the reload is asked for."""
    if not statement.startswith("ALTER SYSTEM"):
        return
    name = statement.split()[3]
    wanted = "off" if "off" in statement else "on"
    for _ in range(1000):
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row == (wanted,):
                return
    raise AssertionError(f"{name} did not become {wanted}")


async def test_a_safe_server_is_taken(database_url: str) -> None:
    """The server as shipped passes, and its version is told."""
    assert int((await check_server(database_url, allow_unsafe_durability=False)).split(".")[0]) >= 15


@pytest.mark.parametrize(
    ("change", "undo", "named"),
    [
        (
            "ALTER DATABASE {database} SET synchronous_commit = off",
            "ALTER DATABASE {database} RESET synchronous_commit",
            "synchronous_commit is off",
        ),
        (
            "ALTER SYSTEM SET synchronous_commit = off",
            "ALTER SYSTEM RESET synchronous_commit",
            "synchronous_commit is off",
        ),
        ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM RESET fsync", "fsync is off"),
        (
            "ALTER SYSTEM SET full_page_writes = off",
            "ALTER SYSTEM RESET full_page_writes",
            "full_page_writes is off",
        ),
    ],
)
async def test_an_unsafe_server_is_refused_unless_it_is_meant(
    database_url: str, postgres_server: RunningServer, change: LiteralString, undo: LiteralString, named: str
) -> None:
    """Each setting that could lose an answered write is named, for the server and for the database."""
    assert postgres_server.url
    with altered(database_url, change, undo):
        with pytest.raises(UnsuitableServer, match=named):
            await check_server(database_url, allow_unsafe_durability=False)
        assert await check_server(database_url, allow_unsafe_durability=True)
    assert await check_server(database_url, allow_unsafe_durability=False)


async def test_every_unsafe_setting_is_named_at_once(database_url: str) -> None:
    """One refusal names all that is wrong."""
    with (
        altered(database_url, "ALTER SYSTEM SET fsync = off", "ALTER SYSTEM RESET fsync"),
        altered(
            database_url,
            "ALTER DATABASE {database} SET synchronous_commit = off",
            "ALTER DATABASE {database} RESET synchronous_commit",
        ),
        pytest.raises(UnsuitableServer, match=r"fsync is off.*synchronous_commit is off"),
    ):
        await check_server(database_url, allow_unsafe_durability=False)

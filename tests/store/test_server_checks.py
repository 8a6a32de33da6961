"""A server that would lose what was answered OK is refused by name, unless that is meant (A-2)."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from dedup_service.embedded import Binaries, RunningServer, installed_binaries, start_postgres
from dedup_service.embedded.accounts import reachable_programs, server_account
from dedup_service.store.server_checks import UnsuitableServer, check_server

CARELESS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off"


@pytest.fixture(scope="module")
def careless_server(server_directory: Path) -> Iterator[RunningServer]:
    """A PostgreSQL that flushes nothing: its program appends the settings to its command line."""
    programs = server_directory / "careless-programs"
    programs.mkdir(mode=0o755)
    real = reachable_programs(installed_binaries().postgres_directory(), server_account())
    for name, arguments in (("postgres", CARELESS), ("initdb", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{real / name}" "$@" {arguments}\n')
        (programs / name).chmod(0o755)
    data = server_directory / "careless"
    server = start_postgres(data, Binaries(postgres=(programs,)))
    yield server
    server.stop()


async def test_a_safe_server_is_taken(database_url: str) -> None:
    """The server as shipped passes, and its version is told."""
    assert int((await check_server(database_url, allow_unsafe_durability=False)).split(".")[0]) >= 15


async def test_a_careless_server_is_refused_with_all_its_settings(careless_server: RunningServer) -> None:
    """Each setting that could lose an answered write is named in the one refusal."""
    with pytest.raises(UnsuitableServer) as refused:
        await check_server(careless_server.url, allow_unsafe_durability=False)
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert f"{name} is off" in str(refused.value)


async def test_a_careless_server_is_taken_when_that_is_meant(careless_server: RunningServer) -> None:
    """With the setting for it, the same server passes."""
    assert await check_server(careless_server.url, allow_unsafe_durability=True)


async def test_a_setting_of_the_database_alone_is_seen(database_url: str) -> None:
    """A safe server whose database turns synchronous_commit off is refused."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(database_url).path[1:])
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    with pytest.raises(UnsuitableServer, match="synchronous_commit is off"):
        await check_server(database_url, allow_unsafe_durability=False)


async def test_a_setting_in_the_url_is_seen(database_url: str) -> None:
    """What the URL itself sets counts, since the service connects with it."""
    careless = f"{database_url}&options=-c%20synchronous_commit%3Doff"
    with pytest.raises(UnsuitableServer, match="synchronous_commit is off"):
        await check_server(careless, allow_unsafe_durability=False)

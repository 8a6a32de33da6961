"""The desks that attacks are made on: one that those of a module share, and a test's own with secrets."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from dedup_service.embedded import RunningServer
from tests.conftest import StandingDatabase
from tests.console.served_console import Console, WebClient, served_console
from tests.merge_desk import Office
from tests.rpc.sight_world import World, sight_office, sight_world
from tests.served_desk import ServedDesk, served_desk


@pytest.fixture
async def sighted_office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """A desk on which some fields and sources are kept from some."""
    async with sight_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def world(sighted_office: Office) -> AsyncIterator[World]:
    """The same with its secrets, served."""
    async with sight_world(sighted_office) as world:
        yield world


@pytest.fixture(scope="module")
def shared_database(standing_database: StandingDatabase) -> str:
    """The URL of the database of a module, empty when the module begins."""
    return standing_database.emptied()


@pytest.fixture(scope="module")
def shared_desk(shared_database: str, valkey_server: RunningServer) -> Iterator[ServedDesk]:
    """The desk that the attacks of a module share: none of them may do it any harm."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    with served_desk(shared_database, valkey_server.url) as served:
        yield served


@pytest.fixture(scope="module")
def console(shared_desk: ServedDesk) -> Iterator[Console]:
    """The console in front of it, and clients of it."""
    with served_console(shared_desk) as served:
        yield served


@pytest.fixture(scope="module")
def web(console: Console) -> WebClient:
    """Asks the console without a browser."""
    return console.web

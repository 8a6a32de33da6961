"""A served desk for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.merge_desk import Office, open_office
from tests.rpc.api import Api, served


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """The desk on a database and an index of this test's own."""
    async with open_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def api(office: Office) -> AsyncIterator[Api]:
    """The desk, served."""
    async with served(office) as api:
        yield api

"""A wired desk for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.merge_desk import Office, open_office


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    """The desk on a database and an index of this test's own."""
    async with open_office(database_url, redis_url) as office:
        yield office

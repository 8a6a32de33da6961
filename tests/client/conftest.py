"""A served desk and a client of it."""

from collections.abc import Iterator

import pytest

from dedup_service.client import DedupClient
from tests.served_desk import ServedDesk, served_desk


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[ServedDesk]:
    """A desk of this test's own."""
    with served_desk(database_url, redis_url) as served:
        yield served


@pytest.fixture
def client(desk: ServedDesk) -> Iterator[DedupClient]:
    """A client of that desk, as somebody of sales."""
    with DedupClient(desk.address, principal="users/ann", deadline_seconds=10) as connected:
        yield connected

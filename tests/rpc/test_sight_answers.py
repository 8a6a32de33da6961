"""No answer of the API holds what its caller may not read; a caller who may read it is told."""

from collections.abc import AsyncIterator

import pytest

from tests.merge_desk import Office
from tests.rpc.sight_calls import METHODS, READING, answers, full_name, holds, requests_of
from tests.rpc.sight_world import SECRETS, VERA, World, sight_office, sight_world

BLIND, SIGHTED = "users/ann", VERA.name


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with sight_office(database_url, redis_url) as office:
        yield office


@pytest.fixture
async def world(office: Office) -> AsyncIterator[World]:
    async with sight_world(office) as world:
        yield world


async def test_no_answer_holds_a_secret(world: World) -> None:
    """Each method that reads is asked; what the blind one gets holds none of the secrets in any form."""
    told: set[str] = set()
    asked: set[str] = set()
    leaks = []
    for method, request in requests_of(world):
        asked.add(full_name(method))
        blind = await answers(world.api.channel, method, request, BLIND)
        sighted = await answers(world.api.channel, method, request, SIGHTED)
        told |= {what for what, secret in SECRETS.items() if holds(sighted, secret)}
        named = f"{request}"
        leaks += [
            f"{method} tells the {what}: {request}"
            for what, secret in SECRETS.items()
            if not holds(named.encode(), secret) and holds(blind, secret)
        ]
    assert not leaks, "\n".join(leaks)
    assert told == set(SECRETS)
    assert set(METHODS) >= asked >= READING

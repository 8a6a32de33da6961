"""Floods of forged tokens: they end by themselves, and keep nobody out who calls from the same address."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import redis

from dedup_service.client import ServiceError
from dedup_service.embedded import RunningServer
from dedup_service.rpc.rates import FAILED_ATTEMPTS, FAILED_ON_CONNECTION
from tests.identity.asking import Door, bearer, token_desk
from tests.identity.minting import claims_of, kid_of, minted, signed
from tests.oidc_provider import Provider, running_provider
from tests.oidc_provider.provider import new_key
from tests.served_desk import ServedDesk


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider that the service trusts."""
    with running_provider(Path(tmp_path_factory.mktemp("provider"))) as running:
        yield running


@pytest.fixture
def desk(provider: Provider, database_url: str, valkey_server: RunningServer) -> Iterator[ServedDesk]:
    """A desk of a test's own: what failed is remembered for a while."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    with token_desk(provider, database_url, valkey_server.url) as served:
        yield served


@contextmanager
def connection(desk: ServedDesk) -> Iterator[Door]:
    """A door behind a connection that no other of this process is joined with."""
    apart = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(desk.address, options=apart) as channel:
        yield Door(desk.address, open_channel=channel)


def forged(provider: Provider) -> str:
    """A token of somebody else's key, under the name of a key that is published: it must be verified."""
    published = {"kid": kid_of(provider.state.keys[0])}
    return signed(claims_of(provider, "ann"), new_key(), headers=published)


def flood(door: Door, provider: Provider, count: int) -> list[ServiceError]:
    """How a forged token is answered each of so many times: what did not hold is not remembered."""
    token = forged(provider)
    return [door.refused(bearer(token)) for _ in range(count)]


def test_a_flood_is_no_longer_listened_to(desk: ServedDesk, provider: Provider) -> None:
    """What fails is refused for what it is until there was too much of it, and then unread, for a while."""
    with connection(desk) as attacker:
        answers = flood(attacker, provider, FAILED_ATTEMPTS + 60)
    codes = [each.code for each in answers]
    assert set(codes[:FAILED_ATTEMPTS]) == {grpc.StatusCode.UNAUTHENTICATED}
    busy = [each for each in answers if each.code is grpc.StatusCode.RESOURCE_EXHAUSTED]
    assert busy, "the flood was verified to its end"
    assert all(each.reason == "OVERLOADED" and each.retry_seconds for each in busy)


def test_whoever_called_before_goes_on_beside_a_flood(desk: ServedDesk, provider: Provider) -> None:
    """Over the very connection of the attacker, as behind a proxy that joins connections."""
    known = bearer(minted(provider))
    with connection(desk) as shared:
        assert shared.ask(known).name == "users/ann"
        flood(shared, provider, FAILED_ATTEMPTS + 20)
        for _ in range(20):
            assert shared.ask(known).name == "users/ann"
            flood(shared, provider, 2)


def test_somebody_new_is_let_in_on_a_connection_of_their_own(desk: ServedDesk, provider: Provider) -> None:
    """From the address of a flood that goes on: a token that nobody has seen is verified."""
    with connection(desk) as attacker:
        flood(attacker, provider, FAILED_ATTEMPTS + 20)
        for name in ("ann", "ben", "carla", "fiona", "mia"):
            with connection(desk) as own:
                assert own.open_channel is not None
                grpc.channel_ready_future(own.open_channel).result(10)
                # An address is listened to ten times a second beside: this time it is the attacker.
                flood(attacker, provider, 10)
                assert own.ask(bearer(minted(provider, name))).name == f"users/{name}"


def test_new_connections_do_not_go_on_with_a_flood(desk: ServedDesk, provider: Provider) -> None:
    """Each is good for a few attempts alone once its address has failed too often."""
    with connection(desk) as attacker:
        flood(attacker, provider, FAILED_ATTEMPTS + 20)
        for _ in range(3):
            with connection(desk) as another:
                flood(attacker, provider, 20)
                answers = flood(another, provider, FAILED_ON_CONNECTION + 15)
                listened = [e for e in answers if e.code is grpc.StatusCode.UNAUTHENTICATED]
                # An address is listened to ten times a second beside, however it connects.
                assert FAILED_ON_CONNECTION <= len(listened) < FAILED_ON_CONNECTION + 15


def test_a_token_that_has_expired_is_told_so_beside_a_flood(desk: ServedDesk, provider: Provider) -> None:
    """That a token was verified once does not make it count for longer than it says."""
    # Clocks may differ by ten seconds.
    ending = bearer(minted(provider, exp=int(time.time()) - 8))
    with connection(desk) as shared:
        assert shared.ask(ending).name == "users/ann"
        flood(shared, provider, FAILED_ATTEMPTS + 20)
        time.sleep(3)
        refused = shared.refused(ending)
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")

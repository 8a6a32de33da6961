"""Attacks with certificates, and on the connection that they protect."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
import redis
import trustme

from dedup_service.embedded import RunningServer
from tests.identity.asking import Door, bearer
from tests.identity.authorities import Authority, Leaf, authority_of, client_leaf, leaf_of, uri_of
from tests.served_desk import ServedDesk, served_desk

UNREACHABLE = grpc.StatusCode.UNAVAILABLE
NO_SINGLE = "names no single principal"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The company's authority, with the service's certificate."""
    return Authority(Path(tmp_path_factory.mktemp("tls")))


@pytest.fixture(scope="module")
def desk(authority: Authority, shared_database: str, valkey_server: RunningServer) -> Iterator[ServedDesk]:
    """A desk that takes certificates alone, which no attack of the module may do any harm."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    with served_desk(shared_database, valkey_server.url, authority.environment("certificates")) as served:
        yield served


@pytest.fixture
def door_for(desk: ServedDesk, authority: Authority) -> Callable[..., Door]:
    """The door as somebody with this certificate finds it; ann's own opens it."""

    def door(certificate: Leaf | None) -> Door:
        return Door(desk.address, authority.credentials(certificate))

    assert door(authority.of("users/ann")).ask().name == "users/ann"
    return door


def test_no_certificate(door_for: Callable[..., Door]) -> None:
    """A connection by TLS without any: it does not come about."""
    assert door_for(None).refused().code is UNREACHABLE


def test_a_certificate_of_another_authority(door_for: Callable[..., Door]) -> None:
    """The right name, by an authority of the attacker's own."""
    forged = client_leaf(authority_of(trustme.CA()), uri_of("users/fiona"))
    assert door_for(forged).refused().code is UNREACHABLE


def test_a_certificate_that_another_certificate_signed(
    authority: Authority, door_for: Callable[..., Door]
) -> None:
    """A leaf signed with ann's own key, with her certificate as if she were an authority."""
    ann = authority.of("users/ann")
    forged = client_leaf(ann, uri_of("users/fiona"))
    forged = Leaf(forged.key, forged.chain + ann.chain)
    assert door_for(forged).refused().code is UNREACHABLE


def test_an_expired_certificate(authority: Authority, door_for: Callable[..., Door]) -> None:
    """A certificate whose time is over, kept by somebody who has left."""
    past = datetime.now(UTC) - timedelta(days=1)
    old = client_leaf(authority_of(authority.ca), uri_of("users/fiona"), not_after=past)
    assert door_for(old).refused().code is UNREACHABLE


def test_a_certificate_that_expires_on_an_open_connection(desk: ServedDesk, authority: Authority) -> None:
    """A connection that is kept open beyond the time of its certificate: its next call is of nobody."""
    soon = datetime.now(UTC) + timedelta(seconds=3)
    short = client_leaf(authority_of(authority.ca), uri_of("users/ann"), not_after=soon)
    door = Door(desk.address, authority.credentials(short))
    with door.held() as held:
        assert held.ask().name == "users/ann"
        while datetime.now(UTC) <= soon + timedelta(seconds=1):
            threading.Event().wait(0.2)
        held.refuses((), "has expired")


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://example.com/users/fiona/../ann",
        "spiffe://example.com/x/users/fiona",
        "spiffe://example.com/users/fiona/x",
        "spiffe://example.com/USERS/fiona",
        "spiffe://example.com/users/",
        "spiffe://example.com/users/%66iona",
        "spiffe://example.com//users/fiona",
        "urn:users/fiona",
        "users:fiona",
        "users/fiona",
        "spiffe:///users/fiona",
        "spiffe://example.com/users/ann?/users/fiona",
        "spiffe://example.com/users/fiona#x",
        "spiffe://example.com@evil.example/users/fiona",
    ],
)
def test_a_name_that_only_looks_like_a_principal(
    authority: Authority, door_for: Callable[..., Door], uri: str
) -> None:
    """Alternative names that a careless reader would take for fiona."""
    error = door_for(client_leaf(authority_of(authority.ca), uri)).refused()
    assert error.code is grpc.StatusCode.UNAUTHENTICATED, error


def test_two_names_in_one_certificate(authority: Authority, door_for: Callable[..., Door]) -> None:
    """Two principals in one certificate: it is not for the caller to choose."""
    both = client_leaf(authority_of(authority.ca), uri_of("users/ann"), uri_of("users/fiona"))
    door_for(both).refuses((), NO_SINGLE)


def test_a_common_name_beside_an_alternative_name(
    authority: Authority, door_for: Callable[..., Door]
) -> None:
    """A common name of finance under an alternative name of nobody, which alone is looked at."""
    mixed = client_leaf(authority_of(authority.ca), uri_of("printers/7"), common_name="users/fiona")
    door_for(mixed).refuses((), NO_SINGLE)


def test_an_e_mail_address_or_host_as_name(authority: Authority, door_for: Callable[..., Door]) -> None:
    """Certificates that the same authority gives to hosts and mailboxes are of no principal."""
    door_for(leaf_of(authority.ca.issue_cert("users/fiona@example.com"))).refuses((), NO_SINGLE)
    door_for(leaf_of(authority.ca.issue_cert("fiona.example.com"))).refuses((), NO_SINGLE)


def test_a_principal_that_is_not_known(authority: Authority, door_for: Callable[..., Door]) -> None:
    """A good certificate of somebody whom the principals file does not have."""
    unknown = authority.of("users/mallory")
    door_for(unknown).refuses((), "not one that the service knows")


def test_a_claimed_name_over_a_certificate(authority: Authority, door_for: Callable[..., Door]) -> None:
    """Ann's certificate, and metadata that say she is somebody of finance."""
    ann = authority.of("users/ann")
    door_for(ann).refuses((("dedup-principal", "users/fiona"),), "another principal")


def test_a_token_over_a_certificate(authority: Authority, door_for: Callable[..., Door]) -> None:
    """A token where none is taken is refused, and not passed over."""
    ann = authority.of("users/ann")
    door_for(ann).refuses(bearer("e30.e30.e30"), "tokens are not taken")


def test_the_services_certificate_as_a_callers(authority: Authority, door_for: Callable[..., Door]) -> None:
    """The certificate of the service itself, which a host of the company may hold."""
    door_for(authority.server).refuses((), NO_SINGLE)


def test_plain_text_to_a_port_of_tls(desk: ServedDesk) -> None:
    """A call without TLS, with a name in its metadata."""
    error = Door(desk.address).refused((("dedup-principal", "users/fiona"),))
    assert error.code is UNREACHABLE


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_a_downgrade_to_an_old_tls(desk: ServedDesk, authority: Authority, version: ssl.TLSVersion) -> None:
    """A client that speaks nothing newer than TLS 1.1: the handshake fails, and with TLS 1.2 it does not."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(desk.address, authority, version)
    assert handshake(desk.address, authority, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"


def test_a_cipher_that_is_weak(desk: ServedDesk, authority: Authority) -> None:
    """A client that can do nothing that authenticates what it enciphers: no connection."""
    with pytest.raises((ssl.SSLEOFError, ConnectionError)):
        handshake(desk.address, authority, ssl.TLSVersion.TLSv1_2, "ALL:!AESGCM:!CHACHA20")


def handshake(
    address: str, authority: Authority, version: ssl.TLSVersion, ciphers: str = "ALL"
) -> str | None:
    """Connect with ann's certificate and just this version, as weak as the library lets one be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.ca.configure_trust(context)
    ann = authority.of("users/ann")
    files = authority.directory / "ann.pem"
    files.write_bytes(ann.key + ann.chain)
    context.load_cert_chain(files)
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    context.minimum_version = context.maximum_version = version
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return secured.version()


def test_a_service_that_is_another_one(desk: ServedDesk, authority: Authority) -> None:
    """Somebody between client and service, with a certificate of another authority: no call is made."""
    ann = authority.of("users/ann")
    door = Door(desk.address, authority.credentials(ann, trusted=trustme.CA()))
    assert door.refused().code is UNREACHABLE

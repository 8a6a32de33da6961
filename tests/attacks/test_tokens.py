"""Attacks with bearer tokens: forged, borrowed, stale, or put where a token does not belong."""

import base64
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
import redis
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwk

from dedup_service.domain.errors import Unauthenticated
from dedup_service.embedded import RunningServer
from dedup_service.identity.signing_keys import ALGORITHMS as ALGORITHMS_TAKEN
from dedup_service.identity.signing_keys import STALE_SECONDS, SigningKeys
from dedup_service.identity.tokens import BearerTokens
from dedup_service.v1.audit_service_pb2 import VerifyAuditRequest
from dedup_service.v1.audit_service_pb2_grpc import AuditServiceStub
from tests.identity.asking import Door, bearer, token_desk
from tests.identity.key_sets import Clock, FromProvider, rules_of
from tests.identity.minting import claims_of, kid_of, minted, public_of, sealed, signed
from tests.oidc_provider import Provider, running_provider, sign_in
from tests.oidc_provider.provider import new_key
from tests.served_desk import ServedDesk

NO_TOKEN = "no token"
BAD_SIGNATURE = "signature"
UNKNOWN_KEY = "does not publish"
ALGORITHM = "is not signed by one of"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """The provider that the service trusts."""
    with running_provider(Path(tmp_path_factory.mktemp("provider"))) as running:
        yield running


@pytest.fixture(scope="module")
def desk(provider: Provider, shared_database: str, valkey_server: RunningServer) -> Iterator[ServedDesk]:
    """A desk that takes tokens alone, which no attack of the module may do any harm."""
    with redis.Redis.from_url(valkey_server.url) as client:
        client.flushall()
    with token_desk(provider, shared_database, valkey_server.url) as served:
        yield served


@pytest.fixture
def door(desk: ServedDesk, provider: Provider) -> Door:
    """Its door, at which a good token is let in: what is refused is refused for what it is."""
    door = Door(desk.address)
    assert door.ask(bearer(minted(provider))).name == "users/ann"
    return door


def test_a_claimed_name_alone(door: Door) -> None:
    """Metadata that only say who calls, as the demo believes them."""
    door.refuses((("dedup-principal", "users/fiona"),), "carries no token")


def test_a_claimed_name_beside_a_token_of_somebody_else(door: Door, provider: Provider) -> None:
    """Ann's token, with the name of somebody of finance beside it."""
    both = (("dedup-principal", "users/fiona"), *bearer(minted(provider)))
    door.refuses(both, "another principal")


def test_no_proof_at_all(door: Door) -> None:
    """A call without any metadata, to a method that changes nothing and to one that reads everything."""
    door.refuses((), "carries no token")
    with door.channel() as channel, pytest.raises(grpc.RpcError) as refused:
        AuditServiceStub(channel).VerifyAudit(VerifyAuditRequest(), timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_signed_by_nobody(door: Door, provider: Provider) -> None:
    """The algorithm "none", in each spelling that libraries have fallen for."""
    for spelling in ("none", "None", "NONE", "nOnE", ""):
        header = {"alg": spelling, "kid": kid_of(provider.state.keys[0]), "typ": "JWT"}
        door.refuses(bearer(sealed(header, claims_of(provider, "fiona"), b"x")), ALGORITHM)
    unsigned = sealed({"alg": "none", "typ": "JWT"}, claims_of(provider, "fiona"))
    door.refuses(bearer(unsigned), NO_TOKEN)


def test_a_token_signed_with_the_public_key_as_a_shared_secret(door: Door, provider: Provider) -> None:
    """HS256 with the published key as the secret: whoever can read the key set could sign."""
    key = provider.state.keys[0]
    secret = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(public_of(key).encode()).decode())
    header = {"alg": "HS256", "kid": kid_of(key), "typ": "JWT"}
    claims = claims_of(provider, "fiona")
    unsigned = sealed(header, claims).rsplit(".", 1)[0]
    octets = base64.urlsafe_b64decode(str(secret.get("k")))
    signature = jwt.api_jws.PyJWS().get_algorithm_by_name("HS256").sign(unsigned.encode(), octets)
    door.refuses(bearer(sealed(header, claims, signature)), ALGORITHM)


def test_a_token_of_another_key_under_the_name_of_a_published_one(door: Door, provider: Provider) -> None:
    """A key of the attacker's own, that says it is the provider's."""
    headers = {"kid": kid_of(provider.state.keys[0])}
    door.refuses(bearer(signed(claims_of(provider, "fiona"), new_key(), headers=headers)), BAD_SIGNATURE)


def test_a_token_whose_claims_were_changed(door: Door, provider: Provider) -> None:
    """Ann's own token with somebody else's claims between its header and its signature."""
    header, _, signature = minted(provider).split(".")
    _, claims, _ = sealed({}, claims_of(provider, "fiona")).split(".")
    door.refuses(bearer(f"{header}.{claims}.{signature}"), BAD_SIGNATURE)


def test_a_token_without_its_signature(door: Door, provider: Provider) -> None:
    """The signature cut off, or cut short."""
    header, claims, signature = minted(provider, "fiona").split(".")
    door.refuses(bearer(f"{header}.{claims}."), NO_TOKEN)
    cut = door.refused(bearer(f"{header}.{claims}.{signature[:-8]}"))
    assert cut.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_that_brings_its_own_key(door: Door, provider: Provider) -> None:
    """A header with the attacker's public key, as `jwk`."""
    key = new_key()
    public = jwk.JWK.from_pem(key.encode()).export_public(as_dict=True)
    token = signed(claims_of(provider, "fiona"), key, headers={"jwk": public})
    door.refuses(bearer(token), UNKNOWN_KEY)


def test_a_token_that_says_where_its_key_is(door: Door, provider: Provider) -> None:
    """A header with an address of keys, as `jku` and `x5u`: nobody is asked there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/jwks.json"
        headers = {"jku": address, "x5u": address}
        token = signed(claims_of(provider, "fiona"), new_key(), headers=headers)
        door.refuses(bearer(token), UNKNOWN_KEY)
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_a_token_that_brings_its_own_certificate(door: Door, provider: Provider) -> None:
    """A header with a chain of certificates of the attacker's own, as `x5c`."""
    headers = {"x5c": [base64.b64encode(b"certificate").decode()]}
    token = signed(claims_of(provider, "fiona"), new_key(), headers=headers)
    door.refuses(bearer(token), UNKNOWN_KEY)


@pytest.mark.parametrize(
    "kid",
    ["../../../../dev/null", "/dev/null", "x' UNION SELECT 'k", "|whoami", "file:///etc/passwd", "\u0000"],
)
def test_a_key_name_that_is_a_path_or_a_query(door: Door, provider: Provider, kid: str) -> None:
    """A `kid` that a service would open, run or ask its database for: it is only ever compared."""
    token = signed(claims_of(provider, "fiona"), new_key(), headers={"kid": kid})
    door.refuses(bearer(token), UNKNOWN_KEY)


def test_a_key_name_that_is_no_text(door: Door, provider: Provider) -> None:
    """A `kid` that is a list, a number, nothing, or empty."""
    for kid in (["a"], 7, None, ""):
        header = {"alg": "RS256", "typ": "JWT", "kid": kid}
        error = door.refused(bearer(sealed(header, claims_of(provider, "fiona"), b"x")))
        assert error.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_of_another_algorithm_than_its_key(door: Door, provider: Provider) -> None:
    """The name of the provider's RSA key over a signature on a curve."""
    private = ec.generate_private_key(ec.SECP256R1())
    headers = {"kid": kid_of(provider.state.keys[0])}
    token = jwt.encode(claims_of(provider, "fiona"), private, algorithm="ES256", headers=headers)
    door.refuses(bearer(token), UNKNOWN_KEY)


def test_an_expired_token(door: Door, provider: Provider) -> None:
    """A token that was good an hour ago."""
    past = int(time.time()) - 3600
    token = minted(provider, iat=past - 300, nbf=past - 300, exp=past)
    door.refuses(bearer(token), "has expired")
    assert door.refused(bearer(token)).reason == "TOKEN_EXPIRED"


def test_a_token_of_tomorrow(door: Door, provider: Provider) -> None:
    """A token that is not valid yet, by `nbf` or by when it says it was issued."""
    soon = int(time.time()) + 3600
    door.refuses(bearer(minted(provider, nbf=soon, exp=soon + 300)), "of the future")
    door.refuses(bearer(minted(provider, iat=soon, exp=soon + 300)), "of the future")


def test_a_token_for_another_service(door: Door, provider: Provider) -> None:
    """A token that the provider made out to somebody else, who passes it on; and one made out to nobody."""
    door.refuses(bearer(minted(provider, aud="payroll")), "another service")
    door.refuses(bearer(minted(provider, aud=["payroll", "merge-desk-2"])), "another service")
    assert door.refused(bearer(minted(provider, aud=[]))).code is grpc.StatusCode.UNAUTHENTICATED


def test_the_id_token_of_a_sign_in(door: Door, provider: Provider) -> None:
    """What tells the console who signed in is no permission to call the service."""
    given = sign_in(provider, "fiona")
    door.refuses(bearer(given["id_token"]), "another service")
    assert door.ask(bearer(given["access_token"])).name == "users/fiona"


def test_a_refresh_token(door: Door, provider: Provider) -> None:
    """What gets new tokens at the provider is none."""
    door.refuses(bearer(sign_in(provider, "fiona")["refresh_token"]), NO_TOKEN)


def test_a_token_of_another_provider(door: Door, provider: Provider) -> None:
    """Claims that name another issuer, and ones of the right issuer by a provider of the attacker's."""
    door.refuses(bearer(minted(provider, iss="https://evil.example")), "another provider")
    door.refuses(bearer(minted(provider, iss=f"{provider.issuer}/")), "another provider")
    door.refuses(bearer(signed(claims_of(provider, "fiona"), new_key())), UNKNOWN_KEY)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "iat"])
def test_a_token_that_leaves_a_claim_out(door: Door, provider: Provider, claim: str) -> None:
    """A token that would never expire, or is of nobody, for nobody, from nobody."""
    left = {name: value for name, value in claims_of(provider).items() if name != claim}
    error = door.refused(bearer(signed(left, provider.state.keys[0])))
    assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED_PRINCIPAL")


@pytest.mark.parametrize("expiry", ["never", [], {}, True, 1e400, -1])
def test_a_token_whose_end_is_no_time(door: Door, provider: Provider, expiry: object) -> None:
    """An `exp` that is no number, or one that no clock reaches."""
    error = door.refused(bearer(minted(provider, exp=expiry)))
    assert error.code is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    "name", ["../services/importer", "fiona/../ann", "", " fiona", "fiona\n", "FIONA", ["fiona"], 7, "nobody"]
)
def test_a_name_that_is_nobody(door: Door, provider: Provider, name: object) -> None:
    """A person's name that would be another principal's if it were joined, trimmed or folded."""
    error = door.refused(bearer(minted(provider, preferred_username=name)))
    assert error.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_program_that_calls_itself_a_person(door: Door, provider: Provider) -> None:
    """A client's own token, with a claim that has the name of somebody of finance: it stays a client."""
    token = minted(provider, "fiona", sub="matcher", client_id="matcher")
    assert door.ask(bearer(token)).name == "services/matcher"


def test_two_tokens_in_one_call(door: Door, provider: Provider) -> None:
    """Two authorizations, of which a proxy may have looked at the other one."""
    both = (*bearer(minted(provider, "ann")), *bearer(minted(provider, "fiona")))
    door.refuses(both, "no single token")


@pytest.mark.parametrize("scheme", ["Basic {}", "{}", "Bearer {} {}", "Bearer", "Token {}", "Bearer,{}"])
def test_an_authorization_of_another_form(door: Door, provider: Provider, scheme: str) -> None:
    """A good token behind another word, without one, or twice."""
    token = minted(provider)
    error = door.refused((("authorization", scheme.format(token, token)),))
    assert error.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_token_that_is_too_long(door: Door, provider: Provider) -> None:
    """A well-signed token of more than 8 KiB, which nobody begins to read."""
    long = minted(provider, padding="x" * 7000)
    assert 8 * 1024 < len(long) < 12 * 1024
    door.refuses(bearer(long), "more than 8192 bytes")


def test_a_token_that_is_deep(door: Door) -> None:
    """Thousands of nested lists in a header, which would end a reader that follows them."""
    nested = b"[" * 2900 + b"]" * 2900
    header = base64.urlsafe_b64encode(nested).rstrip(b"=").decode()
    door.refuses(bearer(f"{header}.e30.eA"), NO_TOKEN)


def test_a_token_of_another_kind(door: Door, provider: Provider) -> None:
    """What the provider signs for other ends, such as a logout; and a header that must be understood."""
    claims, key = claims_of(provider), provider.state.keys[0]
    door.refuses(bearer(signed(claims, key, headers={"typ": "logout+jwt"})), "of a kind")
    door.refuses(bearer(signed(claims, key, headers={"crit": ["exp"], "exp": 0})), NO_TOKEN)


async def test_a_token_of_a_key_that_was_withdrawn(provider: Provider) -> None:
    """A stolen key: once its provider does not publish it, no token of it counts, remembered ones neither."""
    clock = Clock()
    tokens = BearerTokens(rules_of(provider), SigningKeys(FromProvider(provider).keys, clock))
    stolen = provider.state.keys[0]
    token = signed(claims_of(provider), stolen)
    assert (await tokens.claims(token)).principal_name == "users/ann"
    provider.rotate(keep_old=False)
    clock.seconds += STALE_SECONDS + 1
    for each in (token, signed(claims_of(provider, "fiona"), stolen)):
        with pytest.raises(Unauthenticated, match=UNKNOWN_KEY):
            await tokens.claims(each)
    assert (await tokens.claims(minted(provider))).principal_name == "users/ann"


async def test_a_flood_of_unknown_keys(provider: Provider) -> None:
    """Thousands of tokens that each name another key: the provider is asked once, and nobody waits for it."""
    fetching = FromProvider(provider)
    keys = SigningKeys(fetching.keys, Clock())
    for number in range(2000):
        with pytest.raises(Unauthenticated):
            await keys.find(f"unknown-{number}", "RS256")
    assert fetching.asked == 1


@pytest.mark.parametrize(
    "published",
    [
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"},
        {**jwk.JWK.generate(kty="RSA", size=1024).export_public(as_dict=True)},
        {**jwk.JWK.generate(kty="RSA", size=2048).export_public(as_dict=True), "use": "enc"},
        {**jwk.JWK.generate(kty="RSA", size=2048).export_private(as_dict=True)},
        {**jwk.JWK.generate(kty="RSA", size=2048).export_public(as_dict=True), "alg": "RSA-OAEP"},
        {"kty": "RSA", "n": "", "e": ""},
    ],
    ids=["shared secret", "short", "for encryption", "private", "another use", "empty"],
)
async def test_a_published_key_that_proves_nothing(published: dict[str, str]) -> None:
    """A key set with a shared secret, a key of 1,024 bits, a private one: none ever proves a signature."""

    async def fetched() -> list[dict[str, str]]:
        return [{**published, "kid": "k"}]

    keys = SigningKeys(fetched)
    for algorithm in ALGORITHMS_TAKEN:
        with pytest.raises(Unauthenticated):
            await keys.find("k", algorithm)


GIVEN: list[dict[str, Any]] = [
    {"scope": "openid merge-desk"},
    {"scp": "merge-desk"},
    {"scp": ["profile", "merge-desk"]},
]
NOT_GIVEN: list[dict[str, Any]] = [
    {},
    {"scope": ""},
    {"scope": "merge-desk-reports"},
    {"scope": 7},
    {"scp": {"merge-desk": True}},
]


async def test_a_token_that_was_given_for_something_else(provider: Provider) -> None:
    """One of the right person and audience, for a program that was not given the scope of the service."""
    rules = replace(rules_of(provider), scope="merge-desk")
    tokens = BearerTokens(rules, SigningKeys(FromProvider(provider).keys))
    for given in GIVEN:
        assert (await tokens.claims(minted(provider, **given))).principal_name == "users/ann"
    for given in NOT_GIVEN:
        with pytest.raises(Unauthenticated, match="scope"):
            await tokens.claims(minted(provider, **given))

"""What the console believes of a provider: an ID token that proves one sign-in, and nothing else."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dedup_service.console.options import ProviderOptions
from dedup_service.console.security.provider import (
    Provider,
    ProviderUnreachableError,
    SignInRefusedError,
    Tokens,
)
from tests.console.lying_provider import KEY_ID, METADATA_PATH, LyingProvider, lying_provider

NONCE = "n" * 43
STRANGE_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def running() -> Iterator[LyingProvider]:
    with lying_provider() as provider:
        yield provider


@pytest.fixture
def liar(running: LyingProvider) -> LyingProvider:
    """A provider that behaves, when the test begins."""
    running.behave()
    return running


def options_of(liar: LyingProvider) -> ProviderOptions:
    return ProviderOptions(liar.url, "desk", "secret", "openid", "https://desk.example.com")


def claims_of(liar: LyingProvider, **changed: Any) -> dict[str, Any]:
    """Those of a good ID token, with some changed; None takes one away."""
    now = int(time.time())
    claims = {"iss": liar.url, "aud": "desk", "sub": "1", "iat": now, "exp": now + 60, "nonce": NONCE}
    return {name: value for name, value in {**claims, **changed}.items() if value is not None}


def token_of(liar: LyingProvider, **changed: Any) -> str:
    """An ID token signed by the provider."""
    return jwt.encode(claims_of(liar, **changed), liar.key, "RS256", {"kid": KEY_ID})


def refusal_of(liar: LyingProvider, id_token: object, **more: Any) -> str:
    """Why the console does not believe it."""
    liar.give(id_token, **more)
    with pytest.raises(SignInRefusedError) as refused:
        Provider(options_of(liar)).signed_in("code", "verifier", NONCE)
    return refused.value.code


def test_a_good_id_token_says_who_signed_in(liar: LyingProvider) -> None:
    """Its subject and name; the tokens are in no `repr`, which may come to stand in a log."""
    liar.give(token_of(liar, name="Ann Abel"), access_token="the access", refresh_token="the refresh")
    who = Provider(options_of(liar)).signed_in("code", "verifier", NONCE)
    assert (who.subject, who.display_name) == ("1", "Ann Abel")
    assert (who.tokens.access, who.tokens.refresh) == ("the access", "the refresh")
    assert "the access" not in repr(who)
    assert "the refresh" not in repr(who)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"nonce": "m" * 43}, "another_nonce"),
        ({"nonce": None}, "another_nonce"),
        ({"aud": "another"}, "bad_id_token"),
        ({"aud": ["desk", "another"]}, "bad_id_token"),
        ({"aud": ["desk", "another"], "azp": "another"}, "bad_id_token"),
        ({"azp": "another"}, "bad_id_token"),
        ({"iss": "https://evil.example"}, "bad_id_token"),
        ({"exp": 1}, "bad_id_token"),
        ({"exp": None}, "bad_id_token"),
        ({"iat": 9_999_999_999}, "bad_id_token"),
        ({"sub": None}, "bad_id_token"),
        ({"sub": 7}, "bad_id_token"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in(
    liar: LyingProvider, changed: dict[str, Any], code: str
) -> None:
    """Well signed, and of another sign-in, client, provider or time, or without what it has to say."""
    assert refusal_of(liar, token_of(liar, **changed)) == code


def test_an_id_token_that_the_provider_did_not_sign(liar: LyingProvider) -> None:
    """Unsigned, by another key, by the public key as a secret, of an unknown key, changed, or none at all."""
    claims = claims_of(liar)
    public = liar.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": KEY_ID}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(header + b"." + body, public)
    confused = b".".join((header, body, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()
    good = token_of(liar)
    for forged in (
        jwt.encode(claims, "", "none", {"kid": KEY_ID}),
        jwt.encode(claims, STRANGE_KEY, "RS256", {"kid": KEY_ID}),
        confused,
        f"{good.rpartition('.')[0]}.{'A' * 342}",
        "x.y.z",
        "",
    ):
        assert refusal_of(liar, forged) == "bad_id_token", forged[:40]
    assert refusal_of(liar, jwt.encode(claims, STRANGE_KEY, "RS256", {"kid": "strange"})) == "unknown_key"
    assert refusal_of(liar, None) == "no_id_token"
    assert refusal_of(liar, 7) == "no_id_token"


def test_keys_that_are_not_known_are_not_asked_for_without_end(liar: LyingProvider) -> None:
    """A flood of tokens of unknown keys fetches the keys once, and again only after a while."""
    seconds = 1e9
    provider = Provider(options_of(liar), lambda: seconds)
    liar.give(jwt.encode(claims_of(liar), STRANGE_KEY, "RS256", {"kid": "strange"}))
    before = liar.asked.get("/keys", 0)
    for _ in range(10):
        with pytest.raises(SignInRefusedError):
            provider.signed_in("code", "verifier", NONCE)
    assert liar.asked["/keys"] == before + 1
    seconds += 31
    with pytest.raises(SignInRefusedError):
        provider.signed_in("code", "verifier", NONCE)
    assert liar.asked["/keys"] == before + 2


def test_a_key_that_was_withdrawn_proves_nothing(liar: LyingProvider) -> None:
    """Keys are asked for anew each hour: a stolen one counts no more once it is published no more."""
    seconds = 1e9
    provider = Provider(options_of(liar), lambda: seconds)
    liar.give(token_of(liar))
    assert provider.signed_in("code", "verifier", NONCE).subject == "1"
    liar.answers["/keys"] = (200, {"keys": []})
    seconds += 3600
    with pytest.raises(ProviderUnreachableError, match="keys cannot be read"):
        provider.signed_in("code", "verifier", NONCE)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (METADATA_PATH, (200, {"issuer": "https://evil.example"})),
        (METADATA_PATH, (200, [])),
        (METADATA_PATH, (200, b"<html>")),
        (METADATA_PATH, (500, {})),
        (METADATA_PATH, (302, {})),
        ("/token", (500, {})),
        ("/token", (200, b"<html>")),
        ("/token", (200, ["access_token"])),
        ("/keys", (200, {"keys": [{"kty": "nothing"}]})),
        ("/keys", (200, b"x")),
    ],
)
def test_what_is_no_answer_of_a_provider(liar: LyingProvider, path: str, answer: tuple[int, Any]) -> None:
    """Pages of a proxy, other documents, redirects and failures: the provider is not there."""
    liar.give(token_of(liar))
    liar.answers[path] = answer
    with pytest.raises(ProviderUnreachableError):
        Provider(options_of(liar)).signed_in("code", "verifier", NONCE)


def test_what_is_sent_goes_by_https_or_stays_on_this_machine(liar: LyingProvider) -> None:
    """A document that names an address in plain text elsewhere is not followed: it would hear the secret."""
    status, document = liar.answers[METADATA_PATH]
    liar.answers[METADATA_PATH] = (status, {**document, "token_endpoint": "http://evil.example/token"})
    with pytest.raises(ProviderUnreachableError):
        Provider(options_of(liar)).signed_in("code", "verifier", NONCE)


def test_a_renewal_for_somebody_else(liar: LyingProvider) -> None:
    """Tokens of another person in the place of renewed ones are refused; those of the same one are taken."""
    provider = Provider(options_of(liar))
    tokens = Tokens("a", "r", 0)
    liar.give(token_of(liar, sub="2"))
    with pytest.raises(SignInRefusedError, match="another_subject"):
        provider.refreshed(tokens, "1")
    liar.give(token_of(liar), access_token="new")
    renewed = provider.refreshed(tokens, "1")
    assert (renewed.access, renewed.refresh) == ("new", "r")
    assert renewed.end_seconds > time.time()


def test_an_error_of_the_provider_is_a_refusal(liar: LyingProvider) -> None:
    """What RFC 6749 calls an error comes as its code."""
    liar.answers["/token"] = (400, {"error": "invalid_grant", "error_description": "<b>no</b>"})
    with pytest.raises(SignInRefusedError, match="invalid_grant"):
        Provider(options_of(liar)).signed_in("code", "verifier", NONCE)

"""The OpenID provider that stewards sign in at: authorization code flow with PKCE (S256), and a nonce.

```text
ProviderError
+- ProviderUnreachableError   nobody answers there, or not as a provider does
+- SignInRefusedError         the provider refused, or what it gave does not prove who signed in
```
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import jwt
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # published without types
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]  # published without types

from dedup_service.console.options import ProviderOptions
from dedup_service.provider_trust import UnreadableAuthorityError, distrust, trusted

TIMEOUT_SECONDS = 5.0
_METADATA_SECONDS = 60 * 60
# Keys that are not known may be new ones: they are asked for at most so often.
_KEYS_SECONDS = 30
_LEEWAY_SECONDS = 30
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_DEFAULT_TOKEN_SECONDS = 300


class ProviderError(Exception):
    """Nobody could be signed in."""


class ProviderUnreachableError(ProviderError):
    """The provider does not answer, or not as a provider does."""


class SignInRefusedError(ProviderError):
    """The provider refused; `code` is its error code, or says which proof does not hold."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the provider gave; `repr` shows none of it. `end_seconds` is of the clock of the console."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    end_seconds: float


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in: `subject` is theirs at the provider, for good; `display_name` may be empty.

    `proven_seconds` is when they last proved there who they are, in seconds of the epoch; 0 where the
    provider does not say.
    """

    subject: str
    display_name: str
    tokens: Tokens
    proven_seconds: float = 0.0


class Provider:
    """One provider, found by the discovery document of its issuer; calls block, for five seconds at most."""

    def __init__(self, options: ProviderOptions, clock: Callable[[], float] = time.time) -> None:
        self._options = options
        self._clock = clock
        self._lock = Lock()
        self._metadata: Mapping[str, Any] = {}
        self._metadata_seconds = 0.0
        self._keys: jwt.PyJWKSet | None = None
        self._keys_seconds = 0.0

    def sign_in_address(self, state: str, nonce: str, verifier: str, *, again: bool = False) -> str:
        """Where a browser signs in; `again` also whom the provider knows already."""
        endpoint = self._endpoint("authorization_endpoint")
        # With `max_age` the ID token says when that was (OpenID Connect Core 3.1.2.1).
        asked = {"prompt": "login", "max_age": "0"} if again else {}
        with self._session() as (client, _who):
            address, _ = client.create_authorization_url(
                endpoint, state=state, nonce=nonce, code_verifier=verifier, **asked
            )
        return str(address)

    def check_issuer(self, given: str | None) -> None:
        """Refuse an answer of another provider, also one that is silent where ours says it (RFC 9207)."""
        must_say = self._found().get("authorization_response_iss_parameter_supported") is True
        if (given is not None and given != self._options.issuer) or (given is None and must_say):
            raise SignInRefusedError("another_issuer")

    def signed_in(self, code: str, verifier: str, nonce: str) -> SignedIn:
        """Who the code of an answer stands for; a code counts once.

        Raises:
            SignInRefusedError: the provider does not take the code, or its ID token is not for this sign-in.
        """
        endpoint = self._endpoint("token_endpoint")
        with self._session() as (client, who):
            given = client.fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=verifier, **who
            )
        claims = self._claims(given.get("id_token"))
        if not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInRefusedError("another_nonce")
        name, proven = claims.get("name"), claims.get("auth_time")
        return SignedIn(
            claims["sub"],
            name if isinstance(name, str) else "",
            self._tokens(given),
            float(proven) if isinstance(proven, int) else 0.0,
        )

    def refreshed(self, tokens: Tokens, subject: str) -> Tokens:
        """New tokens for the same person.

        Raises:
            SignInRefusedError: the provider no longer gives any, or gives those of somebody else.
        """
        endpoint = self._endpoint("token_endpoint")
        with self._session() as (client, who):
            given = client.refresh_token(endpoint, refresh_token=tokens.refresh, **who)
        if given.get("id_token") and self._claims(given["id_token"])["sub"] != subject:
            raise SignInRefusedError("another_subject")
        return self._tokens(given, tokens.refresh)

    def revoke(self, tokens: Tokens) -> None:
        """Have the provider take tokens back, where it can."""
        endpoint = self._found().get("revocation_endpoint")
        token, kind = (tokens.refresh, "refresh_token") if tokens.refresh else (tokens.access, "access_token")
        if isinstance(endpoint, str) and _is_safe(endpoint):
            with self._session() as (client, who):
                body = urlencode({"client_id": who["client_id"]}) if "client_id" in who else ""
                client.revoke_token(endpoint, token=token, token_type_hint=kind, body=body, auth=who["auth"])

    def sign_out_address(self, back: str) -> str:
        """Where a browser ends its session at the provider, to come back; empty where it has no page."""
        endpoint = self._found().get("end_session_endpoint")
        if not (isinstance(endpoint, str) and _is_safe(endpoint)):
            return ""
        # Without an ID token as a hint, which would have to pass through the browser: the provider asks.
        told = urlencode({"client_id": self._options.client_id, "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{told}"

    @contextmanager
    def _session(self) -> Iterator[tuple[OAuth2Client, Mapping[str, Any]]]:
        """A client for one exchange, and how the console says who it is; its failures are ours."""
        client_id, secret = self._options.client_id, self._options.client_secret
        who: Mapping[str, Any] = (
            {"auth": httpx.BasicAuth(client_id, secret)}
            if secret
            else {"auth": httpx.Auth(), "client_id": client_id}
        )
        with _explained(), self._connection() as session:
            yield (
                OAuth2Client(
                    session,
                    client_id=client_id,
                    scope=self._options.scopes,
                    redirect_uri=self._options.redirect_uri,
                    code_challenge_method="S256",
                ),
                who,
            )

    def _connection(self) -> httpx.Client:
        # A proxy of the network is no way to this machine.
        through_proxy = urlsplit(self._options.issuer).hostname not in _LOOPBACK_HOSTS
        verified_by = trusted(self._options.authority)
        return httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=through_proxy, verify=verified_by)

    def _tokens(self, given: Mapping[str, Any], refresh: str = "") -> Tokens:
        access, seconds = given.get("access_token"), given.get("expires_in")
        if not isinstance(access, str) or not access:
            raise SignInRefusedError("no_access_token")
        lasting = seconds if isinstance(seconds, int) and seconds > 0 else _DEFAULT_TOKEN_SECONDS
        return Tokens(access, str(given.get("refresh_token") or refresh), self._clock() + lasting)

    def _claims(self, id_token: object) -> dict[str, Any]:
        """The claims of an ID token that our provider signed for us and that has not ended."""
        if not isinstance(id_token, str):
            raise SignInRefusedError("no_id_token")
        try:
            claims = jwt.decode(
                id_token,
                self._key(str(jwt.get_unverified_header(id_token).get("kid", ""))),
                algorithms=_ALGORITHMS,
                audience=self._options.client_id,
                issuer=self._options.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise SignInRefusedError("bad_id_token") from error
        # Of a token for several parties it must say that we are the one that it was given to.
        for_us_alone = claims["aud"] in (self._options.client_id, [self._options.client_id])
        if claims.get("azp", self._options.client_id if for_us_alone else None) != self._options.client_id:
            raise SignInRefusedError("bad_id_token")
        return claims

    def _key(self, key_id: str) -> jwt.PyJWK:
        with self._lock:
            known, asked = self._keys, self._keys_seconds
        age = self._clock() - asked
        # A key that is no longer published proves nothing.
        found = _key_of(known, key_id) if age < _METADATA_SECONDS else None
        if found is None and age >= _KEYS_SECONDS:
            fetched = self._fetched(self._endpoint("jwks_uri"))
            try:
                keys = jwt.PyJWKSet.from_dict(dict(fetched))
            except jwt.PyJWTError as error:
                raise ProviderUnreachableError("its keys cannot be read") from error
            with self._lock:
                self._keys, self._keys_seconds = keys, self._clock()
            found = _key_of(keys, key_id)
        if found is None:
            raise SignInRefusedError("unknown_key")
        return found

    def _endpoint(self, name: str) -> str:
        endpoint = self._found().get(name)
        if not (isinstance(endpoint, str) and _is_safe(endpoint)):
            raise ProviderUnreachableError(f"its document names no usable {name}")
        return endpoint

    def _found(self) -> Mapping[str, Any]:
        """The discovery document, kept for an hour."""
        with self._lock:
            if self._metadata and self._clock() - self._metadata_seconds < _METADATA_SECONDS:
                return self._metadata
        found = self._fetched(f"{self._options.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self._options.issuer:
            raise ProviderUnreachableError("its document is of another issuer")
        with self._lock:
            self._metadata, self._metadata_seconds = found, self._clock()
        return found

    def _fetched(self, url: str) -> Mapping[str, Any]:
        with _explained(), self._connection() as connection:
            answer = connection.get(url)
            answer.raise_for_status()
            found = answer.json()
        if not isinstance(found, dict):
            raise ProviderUnreachableError("its document cannot be read")
        return found


def _key_of(keys: jwt.PyJWKSet | None, key_id: str) -> jwt.PyJWK | None:
    """The key of that id; where the token names none, the only one there is."""
    if keys is None:
        return None
    if not key_id:
        return keys.keys[0] if len(keys.keys) == 1 else None
    return next((each for each in keys.keys if each.key_id == key_id), None)


def _is_safe(url: str) -> bool:
    """Whether what is sent there stays between us and them."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS)


@contextmanager
def _explained() -> Iterator[None]:
    """Failures of a call of the provider as ours."""
    try:
        yield
    except AuthlibBaseError as error:
        raise SignInRefusedError(str(error.error or "refused")) from error
    except UnreadableAuthorityError as error:
        raise ProviderUnreachableError(str(error)) from error
    # What is not JSON is a ValueError, and a token endpoint that answers a list a TypeError.
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, AttributeError) as error:
        raise ProviderUnreachableError(distrust(error) or type(error).__name__) from error

"""Bearer tokens: what is checked of each before one word of it is believed.

Length, then form, then the signature by a key that the provider publishes, then issuer, audience and times.
The header chooses only among keys that were fetched from the provider: an address or a key that it carries is
never looked at. No message holds anything of a token.
"""

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    MissingRequiredClaimError,
    PyJWTError,
)

from dedup_service.domain.errors import Reason, Unauthenticated
from dedup_service.identity.signing_keys import ALGORITHMS, SigningKey, SigningKeys

MAX_TOKEN_BYTES = 8 * 1024
# How far the clocks of the provider and of the service may differ.
LEEWAY_SECONDS = 10
MAX_ROLES = 1000
_REMEMBERED = 10_000
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_TYPES = ("jwt", "at+jwt", "application/at+jwt")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,199}", re.ASCII)
# `nbf` is checked where it is said; RFC 9068 does not ask for it, and many providers leave it out.
_REQUIRED = ("iss", "aud", "sub", "exp", "iat")
_WHY: Mapping[type[PyJWTError], str] = {
    ImmatureSignatureError: "the token is of the future: look at the clocks of provider and service",
    InvalidAudienceError: "the token is made out to another service",
    InvalidIssuerError: "the token is of another provider",
    InvalidSignatureError: "the signature of the token does not hold",
    MissingRequiredClaimError: f"the token lacks one of the claims {', '.join(_REQUIRED)}",
}
EXPIRED = "the token has expired: get a new one"


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What tokens must say, and which claims hold what; a dot in a claim leads into an object.

    `scope` is one that each token must have been given; empty for none.
    """

    issuer: str
    audience: str
    name_claim: str = "sub"
    service_claim: str = "client_id"
    functions_claim: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a verified token says: of whom it is, their roles where it says any, and its times.

    Times are seconds since 1970.
    """

    principal_name: str
    roles: frozenset[str] | None
    issued_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class _Remembered:
    key: SigningKey
    algorithm: str
    claims: TokenClaims = field(repr=False)


class BearerTokens:
    """Verifies tokens of one provider. What was verified is remembered by the hash of the token until it
    expires or its key is withdrawn, since a check of the signature takes many times as long.
    """

    def __init__(self, rules: TokenRules, keys: SigningKeys, clock: Callable[[], float] = time.time) -> None:
        self._rules = rules
        self._keys = keys
        self._clock = clock
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()

    async def claims(self, token: str) -> TokenClaims:
        """What a token says, once it is proven.

        Raises:
            Unauthenticated: it proves nothing; the reason is TOKEN_EXPIRED where it once did.
            ProviderUnavailable: the keys of its provider cannot be had.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated(f"the token has more than {MAX_TOKEN_BYTES} bytes")
        digest = _digest(token)
        known = self._remembered.get(digest)
        if known is not None:
            self._check_time(known.claims)
            if await self._keys.find(known.key.kid, known.algorithm) == known.key:
                return known.claims
            del self._remembered[digest]
        return await self._verified(token, digest)

    def remembers(self, token: str) -> bool:
        """Whether its signature was verified before; it may have expired since."""
        return len(token) <= MAX_TOKEN_BYTES and _digest(token) in self._remembered

    def _check_time(self, claims: TokenClaims) -> None:
        if self._clock() > claims.end_seconds:
            raise Unauthenticated(EXPIRED, Reason.TOKEN_EXPIRED)

    async def _verified(self, token: str, digest: bytes) -> TokenClaims:
        kid, algorithm = _header(token)
        key = await self._keys.find(kid, algorithm)
        claims = self._read(self._payload(token, key, algorithm))
        self._check_time(claims)
        self._remembered[digest] = _Remembered(key, algorithm, claims)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return claims

    def _payload(self, token: str, key: SigningKey, algorithm: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = jwt.decode(
                token,
                key.public,
                algorithms=[algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(_REQUIRED)},
            )
        except ExpiredSignatureError:
            raise Unauthenticated(EXPIRED, Reason.TOKEN_EXPIRED) from None
        except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            known = next((said for kind, said in _WHY.items() if isinstance(error, kind)), "")
            raise Unauthenticated(known or "the token cannot be read as one of the provider's") from None
        return found

    def _read(self, payload: Mapping[str, Any]) -> TokenClaims:
        if self._rules.scope and self._rules.scope not in _scopes(payload):
            raise Unauthenticated("the token was not given the scope of this service")
        return TokenClaims(
            principal_name=self._principal_name(payload),
            roles=_roles(payload, self._rules.functions_claim),
            issued_seconds=float(payload["iat"]),
            end_seconds=float(payload["exp"]) + LEEWAY_SECONDS,
        )

    def _principal_name(self, payload: Mapping[str, Any]) -> str:
        """Of a person, unless the token has no name of one or is a client's for itself (RFC 9068, 2.2)."""
        name = _claim(payload, self._rules.name_claim)
        service = _claim(payload, self._rules.service_claim)
        own = service is not None and (name is None or payload["sub"] == service)
        found, collection = (service, "services") if own else (name, "users")
        if not isinstance(found, str) or not _NAME.fullmatch(found):
            raise Unauthenticated("the token names no person and no service account")
        return f"{collection}/{found}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _header(token: str) -> tuple[str, str]:
    """The key and the algorithm that a token says it is signed with; nothing else of its header counts."""
    if not _FORM.fullmatch(token):
        raise Unauthenticated("what was sent is no token")
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated("what was sent is no token") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unauthenticated(f"the token is not signed by one of {', '.join(ALGORITHMS)}")
    if not isinstance(kid, str) or not kid:
        raise Unauthenticated("the token does not say which key it is signed with")
    if str(header.get("typ", "jwt")).lower() not in _TYPES or "crit" in header:
        raise Unauthenticated("the token is of a kind that proves nothing here")
    return kid, algorithm


def _claim(payload: Mapping[str, Any], path: str) -> object:
    """A claim by its name or, where there is none of that name, by a path of names; None for none."""
    if path in payload:
        return payload[path]
    found: object = payload
    for part in path.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _scopes(payload: Mapping[str, Any]) -> list[object]:
    """What a token was given: words of `scope` (RFC 9068, 2.2.3), or `scp`, as some providers write it."""
    found = payload.get("scope", payload.get("scp"))
    if isinstance(found, str):
        return list(found.split())
    return found if isinstance(found, list) else []


def _roles(payload: Mapping[str, Any], path: str) -> frozenset[str] | None:
    """The roles of a claim, one or a list; None where the directory has them, and not the token."""
    if not path:
        return None
    found = _claim(payload, path)
    several = [found] if isinstance(found, str) else found
    if not isinstance(several, list):
        return frozenset()
    if len(several) > MAX_ROLES:
        raise Unauthenticated(f"the token has more than {MAX_ROLES} roles")
    return frozenset(role for role in several if isinstance(role, str))

"""Tokens as the provider makes them, and as somebody does who is not the provider."""

import base64
import json
import time
import uuid
from typing import Any

import jwt
from jwcrypto import jwk

from tests.oidc_provider import Provider

NAME_CLAIM = "preferred_username"


def claims_of(provider: Provider, name: str = "ann", **changes: Any) -> dict[str, Any]:
    """What a token of the provider says of a person; a change to None leaves the claim out."""
    now = int(time.time())
    claims = {
        "iss": provider.issuer,
        "aud": provider.state.audience,
        "sub": f"person-{name}",
        "iat": now - 1,
        "nbf": now - 1,
        "exp": now + 300,
        "jti": uuid.uuid4().hex,
        "client_id": "merge-desk-console",
        NAME_CLAIM: name,
        "roles": list(provider.state.roles_of(name)),
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def kid_of(key: str) -> str:
    """The name under which the provider publishes a key."""
    return str(jwk.JWK.from_pem(key.encode()).thumbprint())


def public_of(key: str) -> str:
    """The public half of a key, as PEM."""
    return str(jwk.JWK.from_pem(key.encode()).export_to_pem().decode())


def minted(provider: Provider, name: str = "ann", **changes: Any) -> str:
    """A token with the provider's own signature."""
    return signed(claims_of(provider, name, **changes), provider.state.keys[0])


def signed(
    claims: dict[str, Any], key: Any, algorithm: str = "RS256", headers: dict[str, Any] | None = None
) -> str:
    """A token with these claims, of this key."""
    named = {"kid": kid_of(key)} if isinstance(key, str) and "PRIVATE" in key else {}
    return jwt.encode(claims, key, algorithm=algorithm, headers={**named, **(headers or {})})


def sealed(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand, for what no library would make."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

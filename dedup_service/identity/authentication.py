"""The ways in which callers prove who they are, as one: what `Credentials` hold becomes a principal.

A token names the caller wherever one is sent, over a connection with a certificate too: a program may carry
the tokens of people. One that does not hold is refused, whatever else was sent. A name in the metadata proves
nothing; it must not be another than the proven one.
"""

import re

from dedup_service.domain.errors import Unauthenticated
from dedup_service.domain.principals import Principal, Principals
from dedup_service.identity.certificates import Certificates
from dedup_service.identity.claims import ClaimedRoles
from dedup_service.identity.tokens import BearerTokens
from dedup_service.workflows.authentication import Credentials, Proven

_BEARER = re.compile(r"bearer +([^ ]+)", re.IGNORECASE)
_INVALID = 'Bearer error="invalid_token"'


class ProvenCallers:
    """Implements `workflows.authentication.Authentication` by tokens, certificates, or both."""

    believes = False

    def __init__(
        self,
        principals: Principals,
        tokens: BearerTokens | None,
        certificates: Certificates | None,
        roles: ClaimedRoles | None = None,
    ) -> None:
        self._principals = principals
        self._tokens = tokens
        self._certificates = certificates
        self._roles = roles

    def knows(self, given: Credentials) -> bool:
        if not given.authorizations:
            # TLS has verified it before the first call on its connection.
            return self._certificates is not None and bool(given.certificate)
        token = _bearer(given)
        return self._tokens is not None and token is not None and self._tokens.remembers(token)

    async def proven(self, given: Credentials) -> Proven:
        name, end_seconds = await self._proven_name(given)
        if any(claimed != name for claimed in given.names):
            raise Unauthenticated("the call names another principal than the one it proves")
        return Proven(self._known(name), end_seconds)

    async def _proven_name(self, given: Credentials) -> tuple[str, float]:
        if self._tokens is not None and given.authorizations:
            try:
                return await self._by_token(self._tokens, given)
            except Unauthenticated as refused:
                raise Unauthenticated(str(refused), refused.reason, _INVALID) from None
        if given.authorizations:
            raise Unauthenticated("tokens are not taken here: connect with a certificate")
        if self._certificates is not None and given.certificate:
            found = self._certificates.claims(given.certificate)
            return found.principal_name, found.end_seconds
        if self._tokens is None:
            raise Unauthenticated("the connection was made without a certificate")
        raise Unauthenticated(
            "the call carries no token: send authorization: Bearer TOKEN", challenge="Bearer"
        )

    async def _by_token(self, tokens: BearerTokens, given: Credentials) -> tuple[str, float]:
        token = _bearer(given)
        if token is None:
            raise Unauthenticated("the call carries no single token: send authorization: Bearer TOKEN once")
        claims = await tokens.claims(token)
        if claims.roles is not None and self._roles is not None:
            await self._roles.said(claims.principal_name, claims.roles, claims.issued_seconds)
        return claims.principal_name, claims.end_seconds

    def _known(self, name: str) -> Principal:
        found = self._principals.find(name)
        if found is None:
            # Not by name: whoever holds a token learns nothing of the directory.
            raise Unauthenticated("the principal is not one that the service knows")
        return found


def _bearer(given: Credentials) -> str | None:
    """The one token that a call carries; None where it carries several, or something else."""
    [first, *others] = given.authorizations
    found = _BEARER.fullmatch(first) if isinstance(first, str) and not others else None
    return found[1] if found is not None else None

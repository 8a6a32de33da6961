"""What a call carries as proof of who calls, and what is made of it: a port for the ways of `identity`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dedup_service.domain.principals import Principal


@dataclass(frozen=True, slots=True)
class Credentials:
    """What came with a call, as it came; `repr` shows none of it.

    `names` are those that the caller claims, `authorizations` the values of that metadata key, `certificate`
    the PEM of the certificate that the connection was made with, once TLS has verified it.
    """

    names: tuple[str | bytes, ...] = field(default=(), repr=False)
    authorizations: tuple[str | bytes, ...] = field(default=(), repr=False)
    certificate: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Proven:
    """A principal, and until when the proof counts: seconds since 1970, None where it has no end."""

    principal: Principal
    end_seconds: float | None = None


class Authentication(Protocol):
    """How callers prove who they are."""

    @property
    def believes(self) -> bool:
        """Whether everybody is who they say: for this machine alone."""
        ...

    def knows(self, given: Credentials) -> bool:
        """Whether this proof was found to hold before, or costs nothing to look at: it is never refused for
        what others tried. Who it proves may have gone since, so `proven` has the last word.
        """
        ...

    async def proven(self, given: Credentials) -> Proven:
        """The principal of a call, as the directory knows them now.

        Raises:
            Unauthenticated: nobody, or nobody we know, has proven to be calling.
            ProviderUnavailable: what would prove it cannot be had at the moment.
        """
        ...


@dataclass(frozen=True, slots=True)
class SaidRoles:
    """What the newest token of somebody said; times are seconds since 1970."""

    roles: frozenset[str]
    issued_seconds: float
    seen_seconds: float


class ClaimsStore(Protocol):
    """Where all processes of a service find what each has seen."""

    async def save(self, principal_name: str, said: SaidRoles) -> SaidRoles:
        """Keep what a token said, unless a newer one has said otherwise; what counts now."""
        ...

    async def seen_since(self, seconds: float) -> Mapping[str, SaidRoles]:
        """What was saved since then, by principal."""
        ...

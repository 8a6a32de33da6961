"""Who is calling, and what they may decide (domain 7.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.policy import Policy

# A service account of every source, such as the one that carries imports.
EVERY_SOURCE = "*"


class PrincipalType(StrEnum):
    """People may approve; service accounts may only propose (C-3)."""

    HUMAN = "HUMAN"
    SERVICE = "SERVICE"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a service account; `name` is ``users/ann`` or ``services/cleanup``.

    `sources` are those whose records a service account may write; people write those of their functions.
    """

    name: str
    type: PrincipalType
    functions: frozenset[str]
    display_name: str = ""
    sources: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    manager: str = ""

    @property
    def human(self) -> bool:
        return self.type is PrincipalType.HUMAN


class Principals(Protocol):
    """Where the service learns who somebody is: a file, a directory service, the claims of a token."""

    def find(self, name: str) -> Principal | None:
        """The principal of that name as they are now, or None: unknown is never approved (C-5)."""
        ...

    def people_of(self, function: str) -> tuple[str, ...]:
        """The names of the people who hold a function, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """The principals of a file, by name; implements `Principals`."""

    principals: Mapping[str, Principal]

    def find(self, name: str) -> Principal | None:
        """The principal of that name, or None."""
        return self.principals.get(name)

    def people_of(self, function: str) -> tuple[str, ...]:
        """The names of the people who hold a function, in order."""
        return tuple(sorted(p.name for p in self.principals.values() if p.human and function in p.functions))


def check_may_write(
    principals: Principals, principal_name: str, sources: Iterable[str], policy: Policy
) -> None:
    """Refuse a write to records of a source that this principal does not answer for.

    Otherwise anybody could take an account's customer number away and merge it without finance (C-2).

    Raises:
        PermissionRefused: MISSING_ROLE, naming the sources and the functions they belong to.
    """
    principal = principals.find(principal_name)
    refused = sorted({source for source in sources if not may_write(principal, source, policy)})
    if refused:
        owners = sorted({policy.source(source).function for source in refused})
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal_name} may not write records of {', '.join(refused)}: "
            f"people of {', '.join(owners)} and the service accounts of these sources may",
            owners,
        )


def may_write(principal: Principal | None, source: str, policy: Policy) -> bool:
    """Whether this principal answers for the records of a source: people by function, services by name."""
    if principal is None:
        return False
    if principal.human:
        return policy.source(source).function in principal.functions
    return EVERY_SOURCE in principal.sources or source in principal.sources

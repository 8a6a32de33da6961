"""Who is calling, and what they may decide (domain 7.4)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import RecordKind

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
    """The principals of a file, by name; implements `Principals`.

    `roles` are, by function, the roles of tokens that give it; a function that is not among them is given by
    the role of its own name.
    """

    principals: Mapping[str, Principal]
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def find(self, name: str) -> Principal | None:
        """The principal of that name, or None."""
        return self.principals.get(name)

    def people_of(self, function: str) -> tuple[str, ...]:
        """The names of the people who hold a function, in order."""
        return tuple(sorted(p.name for p in self.principals.values() if p.human and function in p.functions))

    def functions_of(self, roles: Collection[str], functions: Iterable[str]) -> frozenset[str]:
        """Those of these functions that the roles of a token give."""
        held = set(roles)
        return frozenset(name for name in functions if held & self.roles.get(name, {name}))


def check_may_write(
    principals: Principals,
    principal_name: str,
    targets: Iterable[tuple[str, RecordKind | None]],
    policy: Policy,
) -> None:
    """Refuse a write to records of a source, and where it is known of a kind, that is not this principal's.

    Otherwise anybody could take an account's customer number away and merge it without finance (C-2).

    Raises:
        PermissionRefused: MISSING_ROLE, naming the sources and the functions they belong to.
    """
    principal = principals.find(principal_name)
    refused = sorted(
        {source for source, kind in set(targets) if not may_write(principal, source, policy, kind)}
    )
    if refused:
        owners = sorted({policy.source(source).function for source in refused})
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal_name} may not write records of {', '.join(refused)}: "
            f"people of {', '.join(owners)} and the service accounts of these sources may",
            owners,
        )


def may_write(
    principal: Principal | None, source: str, policy: Policy, kind: RecordKind | None = None
) -> bool:
    """Whether this principal answers for the records of a source: people by function, services by name.

    Of those, the policy may let only some write records of a kind; without a kind, whether of any kind.
    """
    if principal is None or not policy.visibility.may_write(principal, source, kind):
        return False
    if principal.human:
        return policy.source(source).function in principal.functions
    return EVERY_SOURCE in principal.sources or source in principal.sources


def check_speaks_for(principals: Principals, principal_name: str, source: str) -> None:
    """Refuse to take somebody's word for what a source has done: its own service account says it, or one of
    every source.

    Raises:
        PermissionRefused: NOT_AN_APPROVER for people, MISSING_ROLE for service accounts of other sources.
    """
    principal = principals.find(principal_name)
    if principal is None or principal.human:
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER,
            f"{principal_name} is no service account: those named for {source} say what it has carried out",
        )
    if not principal.sources & {EVERY_SOURCE, source}:
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal_name} is not named for {source}: its service accounts say what it has carried out",
        )

"""Who is calling, and what they may decide (domain 7.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PrincipalType(StrEnum):
    """People may approve; service accounts may only propose (C-3)."""

    HUMAN = "HUMAN"
    SERVICE = "SERVICE"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a service account; `name` is ``users/ann`` or ``services/cleanup``."""

    name: str
    type: PrincipalType
    functions: frozenset[str]
    display_name: str = ""

    @property
    def human(self) -> bool:
        return self.type is PrincipalType.HUMAN


@dataclass(frozen=True, slots=True)
class Directory:
    """The principals known to the service, by name."""

    principals: Mapping[str, Principal]

    def find(self, name: str) -> Principal | None:
        """The principal of that name as they are now, or None: unknown is never approved (C-5)."""
        return self.principals.get(name)

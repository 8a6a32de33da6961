"""What the policy needs of a store, and what the store needs of whoever decides by it."""

from typing import Protocol

from dedup_service.domain.policy import Policy
from dedup_service.domain.policy_versions import PolicyVersion
from dedup_service.workflows.pages import Listed, Page


class PolicyReads(Protocol):
    """Versions of the policy as a snapshot has them."""

    async def policy_in_force(self) -> PolicyVersion | None:
        """The newest version of the policy; None before the first is stored."""
        ...

    async def policy_version(self, version: str) -> PolicyVersion | None: ...

    async def list_policy_versions(self, page: Page) -> Listed[PolicyVersion]: ...


class PolicyWrites(Protocol):
    """Policy as a write changes it."""

    async def insert_policy_version(self, version: PolicyVersion) -> None:
        """Put a version in force: every write that was decided by the one before it starts again."""
        ...


class RulesInForce(Protocol):
    """The policy that this process decides by; `number` is its version's, 0 before the first is stored."""

    @property
    def number(self) -> int: ...

    @property
    def policy(self) -> Policy: ...

    async def renew(self) -> None:
        """Take up the version that the store holds now."""
        ...

"""The policy and the principals that this process decides by.

The store holds the policy in force; a write that began under another one is started again under the new
(`policy_ports.RulesInForce`), so no decision is ever committed under rules that were no longer in force.
"""

import asyncio
from collections.abc import Callable

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.workflows.ports import Store


class Rules:
    """The rules in force as this process knows them; `parse` reads the text of a stored version.

    `changed` is set when another version was taken up.
    """

    def __init__(self, policy: Policy, principals: Principals, parse: Callable[[str], Policy]) -> None:
        self.policy = policy
        self.principals = principals
        self.parse = parse
        self.changed = asyncio.Event()
        self._number = 0
        self._store: Store | None = None

    @property
    def number(self) -> int:
        """The number of the stored version that `policy` is; 0 before any is stored."""
        return self._number

    def read_from(self, store: Store) -> None:
        """Where `renew` finds the version in force."""
        self._store = store

    async def renew(self) -> None:
        """Take up the version that the store holds now, if it is another one."""
        assert self._store is not None, "the composition root says where to read"
        found = await self._store.read(lambda tx: tx.policy_in_force())
        if found is not None and found.number != self._number:
            try:
                self.policy = self.parse(found.text)
            except ValueError as error:
                # Of a newer release that shares this store: this one decides nothing until it is replaced.
                raise StoreUnavailable(f"{found.name} cannot be read by this release") from error
            self._number = found.number
            self.changed.set()

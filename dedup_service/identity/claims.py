"""The roles that people's tokens last said, remembered for the moments at which they do not call.

A vote is weighed when it is carried out, maybe days after it was cast: by what is known then. Roles count for
a bounded time after the last call that said them. Nobody gets a role back with an older token: those of the
token that was issued last count, and of two that were issued in one second only what both say.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from dedup_service.domain.errors import Unavailable
from dedup_service.workflows.authentication import ClaimsStore, SaidRoles

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
# Calls of one person renew what is stored so often, as a part of how long it counts.
_RENEWALS = 10


class ClaimedRoles:
    """The roles of people by their tokens; `valid_seconds` is how long they count after the last call."""

    def __init__(
        self, store: ClaimsStore, valid_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._valid_seconds = valid_seconds
        self._clock = clock
        self._said: dict[str, SaidRoles] = {}

    def of(self, principal_name: str) -> frozenset[str] | None:
        """The roles of somebody now: none once they have not called for long; None where they never did."""
        said = self._said.get(principal_name)
        if said is None:
            return None
        return said.roles if self._clock() < said.seen_seconds + self._valid_seconds else frozenset()

    def people(self) -> tuple[str, ...]:
        """Everybody who ever called, in order."""
        return tuple(sorted(self._said))

    async def said(self, principal_name: str, roles: frozenset[str], issued_seconds: float) -> None:
        """Take note of what a verified token says; stored when it is new, and now and then.

        Raises:
            StoreUnavailable: it is new, and cannot be stored.
        """
        now = self._clock()
        known = self._said.get(principal_name)
        if known is not None:
            if issued_seconds < known.issued_seconds:
                return
            fresh = now < known.seen_seconds + self._valid_seconds / _RENEWALS
            if fresh and issued_seconds == known.issued_seconds and roles >= known.roles:
                return
        counts = await self._store.save(principal_name, SaidRoles(roles, issued_seconds, now))
        self._take({principal_name: counts})

    def _take(self, found: Mapping[str, SaidRoles]) -> None:
        for name, said in found.items():
            known = self._said.get(name)
            if known is not None and known.issued_seconds > said.issued_seconds:
                continue
            if known is not None and known.issued_seconds == said.issued_seconds:
                seen = max(known.seen_seconds, said.seen_seconds)
                said = replace(said, roles=said.roles & known.roles, seen_seconds=seen)  # noqa: PLW2901  what counts
            self._said[name] = said

    async def look(self, since_seconds: float = 0.0) -> None:
        """Take over what other processes have seen since then."""
        self._take(await self._store.seen_since(since_seconds))

    async def run(self) -> None:
        """Look every second until cancelled; while the store is away what is known counts until its time."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                # Of a while, since clocks differ and what was saved first may be seen last.
                await self.look(self._clock() - 60)
            except Unavailable as error:
                LOG.warning("the roles of callers stay as they are: %s", error.detail)

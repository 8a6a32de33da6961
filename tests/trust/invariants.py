"""What must hold of the durable state at any moment: `broken_invariants`, the one check of every story.

Each string that it gives begins with the line of invariants.md that is broken. `Watch` does the same step by
step: it reads again only what was written, and checks everything.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import redis.asyncio

from dedup_service.company_files import parse_policy
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from tests.merge_desk import DIRECTORY, POLICY
from tests.trust.checks import counts, golden, merges, votes
from tests.trust.checks.decided import Oracle
from tests.trust.checks.index import BruteForce, Contents, read_index
from tests.trust.checks.ledger import Chain
from tests.trust.checks.stored import Stored, StoreReader

CATCH_UP_SECONDS = 20.0
_POLL_SECONDS = 0.001


async def broken_invariants(
    database_url: str, redis_url: str, policy: Policy = POLICY, principals: Principals = DIRECTORY
) -> list[str]:
    """Every invariant of groups A to E that the store and its index break now, and where.

    `policy` is the one that holds where the store has no version of its own. An empty `redis_url` leaves the
    index out. Nobody may write meanwhile. The index is awaited up to 20 seconds, as after a restart.
    """
    async with watch(database_url, redis_url, policy, principals) as watched:
        return await watched.broken()


@asynccontextmanager
async def watch(
    database_url: str, redis_url: str, policy: Policy = POLICY, principals: Principals = DIRECTORY
) -> AsyncIterator["Watch"]:
    """The check as a companion: each `broken()` reads what was written since the one before."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("SET timezone = 'UTC'")
        client = redis.asyncio.Redis.from_url(redis_url) if redis_url else None
        try:
            yield Watch(StoreReader(connection), client, policy, principals)
        finally:
            if client is not None:
                await client.aclose()


class Watch:
    """Everything that is checked, with what was read and computed before."""

    def __init__(
        self, reader: StoreReader, client: redis.asyncio.Redis | None, policy: Policy, principals: Principals
    ) -> None:
        self._store_reader = reader
        self._client = client
        self._policy = policy
        self._principals = principals
        self._policies: dict[str, Policy] = {}
        self._chain = Chain()
        self._changes = golden.Reader()
        self._brute_force = BruteForce()
        self.oracle = Oracle(self._policy_at, principals, POLICY)

    @property
    def stored(self) -> Stored:
        """What was read last."""
        return self._store_reader.stored

    async def broken(self) -> list[str]:
        """Every invariant that is broken now."""
        stored = await self._store_reader.read()
        self._changes.read(stored)
        problems = [
            *merges.whole(stored),
            *golden.membership(stored),
            *self._changes.conserved(stored),
            *golden.redirects(stored),
            *merges.unique(stored),
            *merges.planned(stored),
            *self._changes.agrees(stored, self._policy_at),
            *votes.folded(stored),
            *votes.plans(stored),
            *votes.finance_agreed(stored, self._policy_at(stored.head.revision), self._principals),
            *votes.inboxes(stored),
            *self.oracle.disagrees(stored),
            *self._chain.broken(stored),
            *counts.counted(stored),
        ]
        if self._client is not None:
            problems += await self._index_problems(stored, self._client)
        return problems

    async def _index_problems(self, stored: Stored, client: redis.asyncio.Redis) -> list[str]:
        """The index against brute force, once it has come as far as the ledger."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CATCH_UP_SECONDS
        while True:
            contents = await read_index(client)
            if contents is not None and _has_caught_up(stored, contents):
                return self._brute_force.differences(stored, contents)
            if loop.time() > deadline:
                at = contents.revision if contents else "nothing"
                return [f"D-3 the index stays at {at}, the ledger is at {stored.head.revision}"]
            await asyncio.sleep(_POLL_SECONDS)

    def _policy_at(self, revision: int) -> Policy:
        """The policy by which this revision was written."""
        lines = self.stored.of("policy_versions").values()
        text = max(((p.number, p.text) for p in lines if p.revision <= revision), default=(0, ""))[1]
        if not text:
            return self._policy
        if text not in self._policies:
            self._policies[text] = parse_policy(text)
        return self._policies[text]


def _has_caught_up(stored: Stored, contents: Contents) -> bool:
    """A revision that touches no record need not be applied."""
    touched = [change.revision for change in stored.changes.values() if change.record_nos]
    return contents.revision >= max(touched, default=0) and not contents.building

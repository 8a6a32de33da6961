"""No write commits that was decided by another policy than the one in force, and versions have no gaps."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.domain.policy import Policy
from dedup_service.domain.policy_versions import PolicyOrigin, PolicyVersion
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction, Request, Work, WriteTransaction, Written
from tests.merge_desk import JANUARY, POLICY
from tests.store.pending_proposals import open_store

HOLD = Request("users/ann", "UpdateRecord")
Step = Callable[[], Awaitable[object]]


@dataclass
class Rules:
    """What a process decides by; takes up what its store holds."""

    store: PostgresStore
    number: int = 0
    renewals: int = 0
    policy: Policy = POLICY

    async def renew(self) -> None:
        found = await self.store.read(in_force)
        self.number = found.number if found is not None else 0
        self.renewals += 1


@dataclass
class Deciding:
    """A write that notes the rules of each of its runs; `before_head` happens in its first run."""

    rules: Rules
    before_head: Step
    runs: list[int] = field(default_factory=list)

    async def __call__(self, tx: WriteTransaction) -> Written[int]:
        decided_by = self.rules.number
        self.runs.append(decided_by)
        if len(self.runs) == 1:
            await self.before_head()
        await tx.revision()
        return Written(decided_by, targets=("records",))


async def in_force(tx: ReadTransaction) -> PolicyVersion | None:
    return await tx.policy_in_force()


def version(number: int) -> PolicyVersion:
    return PolicyVersion(
        number=number,
        version=f"2026-{number}",
        text=f"version: 2026-{number}",
        origin=PolicyOrigin.CALL,
        author="users/fiona",
        comment="stricter",
        create_time=JANUARY + timedelta(days=number),
        revision=number,
    )


def putting(number: int, before_commit: Step | None = None) -> Work[int]:
    """A write that puts this version in force, and then waits before it commits."""

    async def work(tx: WriteTransaction) -> Written[int]:
        await tx.insert_policy_version(version(number))
        if before_commit is not None:
            await before_commit()
        return Written(number, targets=(version(number).name,))

    return work


async def put(store: PostgresStore, number: int, before_commit: Step | None = None) -> int:
    return await store.write(
        Request("users/fiona", "UpdatePolicy", f"put-{number}"), putting(number, before_commit), int
    )


async def wait_for_a_waiting_lock(database_url: str) -> None:
    """Return when some session of this database waits for another one's lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger_head%'"
    )
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while (await (await connection.execute(query)).fetchone()) == (0,):  # noqa: ASYNC110 - the other side is a server
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", ["write", "preview"])
async def test_a_policy_put_in_force_meanwhile_starts_a_write_again(database_url: str, kind: str) -> None:
    """Committed by another process between the start of a write and its ledger head, it decides the write."""
    async with open_store(database_url, 1) as here, open_store(database_url, 1) as there:
        rules = Rules(here)
        here.follow_rules(rules)
        work = Deciding(rules, lambda: put(there, 1))
        decided_by = await (here.write(HOLD, work, int) if kind == "write" else here.preview(work))
        head = await here.read(lambda tx: tx.head_revision())
    assert (decided_by, work.runs, rules.renewals) == (1, [0, 1], 1)
    assert head == (2 if kind == "write" else 1)


async def test_a_policy_committed_while_a_write_waits_for_the_head(database_url: str) -> None:
    """The head is read as it is once the lock is granted, not as it was when the write began to wait."""
    async with open_store(database_url, 1) as here, open_store(database_url, 1) as there:
        rules = Rules(here)
        here.follow_rules(rules)
        inserted = asyncio.Event()

        async def before_commit() -> None:
            inserted.set()
            await wait_for_a_waiting_lock(database_url)

        other = asyncio.create_task(put(there, 1, before_commit))
        work = Deciding(rules, inserted.wait)
        assert await asyncio.wait_for(here.write(HOLD, work, int), 30) == 1
        await other
    assert work.runs == [0, 1]


async def test_many_stale_writes_at_once_renew_without_standing_in_each_others_way(database_url: str) -> None:
    """With one connection to write and one to read, all of them end, decided by the new rules."""
    async with open_store(database_url, 1) as here, open_store(database_url, 1) as there:
        await put(there, 1)
        rules = Rules(here)
        here.follow_rules(rules)
        writes = [here.write(HOLD, Deciding(rules, lambda: asyncio.sleep(0)), int) for _ in range(12)]
        assert await asyncio.wait_for(asyncio.gather(*writes), 30) == [1] * 12


async def test_rules_that_cannot_be_renewed_commit_nothing(database_url: str) -> None:
    """A process that does not get hold of the policy in force says so and writes nothing."""

    class Stuck(Rules):
        async def renew(self) -> None:
            self.renewals += 1

    async with open_store(database_url) as here, open_store(database_url) as there:
        await put(there, 1)
        here.follow_rules(Stuck(here))
        with pytest.raises(StoreUnavailable, match="policy"):
            await here.write(HOLD, Deciding(Rules(here), lambda: asyncio.sleep(0)), int)
        assert await here.read(lambda tx: tx.head_revision()) == 1


async def test_the_write_that_puts_a_policy_in_force_is_decided_by_the_one_before(database_url: str) -> None:
    """It does not start again over its own version; the next write is decided by that."""
    async with open_store(database_url) as store:
        rules = Rules(store)
        store.follow_rules(rules)

        async def nothing() -> None: ...

        assert await put(store, 1) == 1
        assert rules.renewals == 0
        assert await put(store, 2) == 2
        assert (rules.number, rules.renewals) == (1, 1)
        assert await store.write(HOLD, Deciding(rules, nothing), int) == 2


@pytest.mark.parametrize("number", [1, 3, 7])
async def test_a_gap_or_a_number_taken_is_refused(database_url: str, number: int) -> None:
    """After the first version only the second may come, and what is refused changes nothing."""
    async with open_store(database_url) as store:
        await put(store, 1)
        with pytest.raises((ValueError, StoreUnavailable)):
            await store.write(Request("users/fiona", "UpdatePolicy"), putting(number), int)
        assert await store.read(in_force) == version(1)
        assert await put(store, 2) == 2


async def test_versions_put_in_force_at_once_follow_one_another(database_url: str) -> None:
    """Each reads the version in force and puts the next one; who loses the race reads again."""

    async def work(tx: WriteTransaction) -> Written[int]:
        found = await tx.policy_in_force()
        number = found.number + 1 if found is not None else 1
        await asyncio.sleep(0.02)
        await tx.insert_policy_version(version(number))
        return Written(number, targets=(version(number).name,))

    async with open_store(database_url) as here, open_store(database_url) as there:
        stores = (here, there, here, there)
        puts = (store.write(Request("users/fiona", "UpdatePolicy"), work, int) for store in stores)
        assert sorted(await asyncio.gather(*puts)) == [1, 2, 3, 4]
        assert await here.read(in_force) == version(4)


async def test_versions_are_kept_and_listed_newest_first(database_url: str) -> None:
    """Each can be read by its name as it was put in force; an unknown one is None."""
    async with open_store(database_url) as store:
        assert await store.read(in_force) is None
        for number in (1, 2, 3):
            await put(store, number)
        assert await store.read(in_force) == version(3)
        assert await store.read(lambda tx: tx.policy_version("2026-2")) == version(2)
        assert await store.read(lambda tx: tx.policy_version("2027-1")) is None
        first = await store.read(lambda tx: tx.list_policy_versions(Page(size=2)))
        second = await store.read(lambda tx: tx.list_policy_versions(Page(size=2, after=first.next)))
    assert first.items == (version(3), version(2))
    assert (second.items, second.next) == ((version(1),), None)

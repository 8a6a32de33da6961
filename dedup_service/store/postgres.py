"""The store on PostgreSQL: one transaction a write, ordered and audited by the ledger.

A write that loses a race (deadlock, a row that appeared or moved meanwhile, another policy put in force) is
rolled back and run again; its workflow sees the new state. What reaches the caller is the answer of exactly
one committed run.
"""

import asyncio
import select
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from dedup_service.domain.errors import (
    DeadlinePassed,
    DedupError,
    RequestIdReused,
    StateNotAllowed,
    StoreUnavailable,
)
from dedup_service.domain.records import LiveRecord
from dedup_service.domain.retention import Retention
from dedup_service.store import forgetting, ledger
from dedup_service.store.answers import found_answers, keep_answers
from dedup_service.store.connections import WAY_SECONDS, WatchedConnection, lent, watched_conninfo
from dedup_service.store.lookups import RecordLookups
from dedup_service.store.reading import Reading
from dedup_service.store.rows import keep_json_as_bytes
from dedup_service.store.statements import statement
from dedup_service.store.transactions import reading, writing
from dedup_service.store.writing import StaleRulesError, Writing
from dedup_service.telemetry.recording import PoolState
from dedup_service.workflows.deadlines import seconds_left
from dedup_service.workflows.index_port import IndexUpdate
from dedup_service.workflows.policy_ports import RulesInForce
from dedup_service.workflows.ports import (
    ReadTransaction,
    Request,
    Together,
    Work,
    WorkTogether,
    WriteTransaction,
    Written,
)
from dedup_service.workflows.races import RacedError

T = TypeVar("T")

_ATTEMPTS = 8
_POLL_SECONDS = 0.2
_RACES = (
    RacedError,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.UniqueViolation,
)


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """How the store connects: a URL, the size of each of its two pools, and the server's timeouts."""

    url: str
    pool_size: int = 8
    connect_timeout_seconds: float = 5.0
    lock_timeout_seconds: float = 10.0
    statement_timeout_seconds: float = 60.0


class PostgresStore:
    """Implements `workflows.ports.Store`."""

    def __init__(self, options: StoreOptions) -> None:
        self._options = options
        self._longest = options.statement_timeout_seconds
        self._committed: Callable[[IndexUpdate], None] = lambda _: None
        self._commit = asyncio.Event()
        self._rules: RulesInForce | None = None
        keep_json_as_bytes()
        self._pool = self._make_pool()
        # Readers have connections of their own, so that writers waiting for locks never starve them.
        self._reads = self._make_pool()
        self._lookups = RecordLookups(
            options.url, options.connect_timeout_seconds, options.statement_timeout_seconds
        )

    def _make_pool(self) -> AsyncConnectionPool[WatchedConnection]:
        return AsyncConnectionPool(
            watched_conninfo(self._options.url),
            connection_class=WatchedConnection,
            min_size=1,
            max_size=self._options.pool_size,
            open=False,
            timeout=self._options.connect_timeout_seconds,
            check=_check,
            configure=self._configure,
        )

    async def _configure(self, connection: WatchedConnection) -> None:
        connection.longest_seconds = self._longest + WAY_SECONDS
        await connection.set_autocommit(True)
        timeouts = self._options.lock_timeout_seconds, self._options.statement_timeout_seconds
        await connection.execute(statement("configure").encode(), [f"{seconds}s" for seconds in timeouts])

    def on_commit(self, told: Callable[[IndexUpdate], None]) -> None:
        """Call `told` after each commit, in no particular order, with what the index must learn."""
        self._committed = told

    def follow_rules(self, rules: RulesInForce) -> None:
        """Commit only what was decided by the policy in force; `rules` are renewed when they are not that."""
        self._rules = rules

    def _writing(self, connection: psycopg.AsyncConnection) -> Writing:
        if self._rules is None:
            return Writing(connection)
        return Writing(connection, self._rules.number, self._rules.policy)

    async def open(self) -> None:
        """Connect; raises StoreUnavailable when PostgreSQL does not answer in time."""
        for pool in (self._pool, self._reads):
            await pool.open()
            async with _translated():
                await pool.wait(self._options.connect_timeout_seconds)

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()
        await self._reads.close()
        await self._lookups.close()

    def pools(self) -> Iterator[PoolState]:
        """Its connections as they are now; may be called from any thread."""
        for name, pool in (("write", self._pool), ("read", self._reads)):
            found = pool.get_stats()
            open_count, idle_count = found["pool_size"], found["pool_available"]
            yield PoolState(name, open_count - idle_count, idle_count, found["requests_waiting"])

    async def store_id(self) -> str:
        """The identity of this database, by which the index knows whose cache it is."""
        async with _translated(), lent(self._pool) as connection:
            cursor = await connection.execute(statement("store_id").encode())
            row = await cursor.fetchone()
            assert row is not None, "the schema holds one row of store_identity"
            return str(row[0])

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reading]:
        """One consistent, read-only view of the store for as long as the context lasts."""
        async with _translated(), lent(self._reads) as connection, reading(connection, self._longest):
            yield Reading(connection)

    @asynccontextmanager
    async def unledgered(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """A transaction for what is no part of the ledger: who works on what, and how far they are."""
        async with _translated(), lent(self._pool) as connection, writing(connection, self._longest):
            yield connection

    async def read(self, work: Callable[[ReadTransaction], Awaitable[T]]) -> T:
        async with self.snapshot() as reading:
            return await work(reading)

    async def live_records(self, record_nos: Collection[int]) -> dict[int, LiveRecord]:
        async with _translated():
            return await self._lookups.records(record_nos)

    async def preview(self, work: Work[T]) -> T:
        async def once(connection: psycopg.AsyncConnection) -> T:
            async with writing(connection, self._longest, undone=True):
                return (await work(self._writing(connection))).result

        return await self._repeated(once)

    async def write(self, request: Request, work: Work[T], answer_type: type[T]) -> T:
        async def alone(tx: WriteTransaction, _: Sequence[int]) -> Written[Together[T]]:
            written = await work(tx)
            return written.told(Together((written.result,), (written.subjects,)), written.detail)

        [answer] = await self.write_together([request], alone, answer_type)
        if isinstance(answer, DedupError):
            raise answer
        return answer

    async def write_together(
        self, requests: Sequence[Request], work: WorkTogether[T], answer_type: type[T]
    ) -> list[T | RequestIdReused | StateNotAllowed]:
        return await self._repeated(
            lambda connection: self._write_once(connection, requests, work, answer_type)
        )

    async def _repeated(self, run: Callable[[psycopg.AsyncConnection], Awaitable[T]]) -> T:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with _translated(), lent(self._pool) as connection:
                    return await run(connection)
            except _RACES as lost:
                if attempt == _ATTEMPTS:
                    raise StoreUnavailable(_given_up(lost)) from lost
                if isinstance(lost, StaleRulesError) and self._rules is not None:
                    # Its connection is given back by now: renewing reads on one of the readers'.
                    await self._rules.renew()
                await asyncio.sleep(0.005 * attempt)
        raise AssertionError("the loop returns or raises")

    async def _write_once(
        self,
        connection: psycopg.AsyncConnection,
        requests: Sequence[Request],
        work: WorkTogether[T],
        answer_type: type[T],
    ) -> list[T | RequestIdReused | StateNotAllowed]:
        # What needs no answer is sent along with what does: most statements of a write cost no round trip.
        async with connection.pipeline(), writing(connection, self._longest):
            answers = await found_answers(connection, requests, answer_type)
            places = [place for place in range(len(requests)) if place not in answers]
            update = None
            if places:
                transaction = self._writing(connection)
                written = await work(transaction, places)
                answers.update(zip(places, written.result.results, strict=True))
                left = [requests[place] for place in places]
                update = await self._finish(connection, transaction, left, written)
        if update is not None:
            self._committed(update)
            self._wake()
        return [answers[place] for place in range(len(requests))]

    async def _finish(
        self,
        connection: psycopg.AsyncConnection,
        transaction: Writing,
        requests: Sequence[Request],
        written: Written[Together[T]],
    ) -> IndexUpdate | None:
        """Write changes, audit entry and answers under the revision; one that touches nothing takes none."""
        if any(request.request_id for request in requests):
            now = (await transaction.revision()).time
            await keep_answers(connection, requests, written.result, now)
        if not written.targets:
            return None
        revision = await transaction.revision()
        assert transaction.head is not None, "revision() has taken the head"
        columns = ledger.change_columns(written.changes, revision)
        if written.changes:
            await connection.execute(statement("insert_changes").encode(), columns)
        entry = ledger.audit_entry(requests[0], written, revision, columns["digests"], transaction.head[1])
        await connection.execute(
            statement("insert_audit_entry").encode(),
            [
                entry.revision,
                entry.time,
                entry.actor,
                entry.action,
                list(entry.targets),
                entry.detail,
                entry.changes_digest,
                entry.previous_hash,
                entry.hash,
            ],
        )
        await connection.execute(statement("set_head").encode(), [revision.number, entry.hash])
        return IndexUpdate(
            revision=revision.number,
            inserts=written.index_inserts,
            upserts=written.index_upserts,
            removals=written.index_removals,
        )

    def _wake(self) -> None:
        woken, self._commit = self._commit, asyncio.Event()
        woken.set()

    async def wait_for_change(self, after_revision: int, timeout_seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while True:
            commit = self._commit
            if await self.read(lambda tx: tx.head_revision()) > after_revision:
                return
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return
            # Another process's commit sets no event here: look again before long.
            try:
                await asyncio.wait_for(commit.wait(), min(left, _POLL_SECONDS))
            except TimeoutError:
                continue

    async def forget_old(self, retention: Retention, now: datetime) -> dict[str, int]:
        async with _translated(), lent(self._pool) as connection:
            return await forgetting.forget_old(connection, retention, now)

    async def tidy_after_erasures(self) -> None:
        async with _translated():
            await forgetting.tidy_after_erasures(self._options.url)


async def _check(connection: psycopg.AsyncConnection) -> None:
    """Ask whether a connection still works only when its server has said something since: that it is gone.

    An idle connection is never spoken to, so that nothing to read means that nothing has happened.
    """
    readable, _, _ = select.select([connection.fileno()], (), (), 0)
    if readable or connection.closed:
        await AsyncConnectionPool.check_connection(connection)


def _given_up(lost: Exception) -> str:
    if isinstance(lost, StaleRulesError):
        return "the policy in force could not be taken up; try again"
    return "too many writes to the same records at once; try again"


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn PostgreSQL's being away or refusing writes into StoreUnavailable; races pass through."""
    try:
        yield
    except (errors.SerializationFailure, errors.DeadlockDetected):
        raise
    except PoolTimeout as error:
        raise StoreUnavailable("PostgreSQL does not answer, or all connections are busy") from error
    except (errors.DiskFull, errors.ReadOnlySqlTransaction, errors.OutOfMemory) as error:
        raise StoreUnavailable(f"PostgreSQL refuses writes ({type(error).__name__})") from error
    except (errors.LockNotAvailable, errors.QueryCanceled) as error:
        if seconds_left() == 0:
            raise DeadlinePassed("PostgreSQL did not answer in the time that the call has") from error
        raise StoreUnavailable("the write waited too long for another one; try again") from error
    except psycopg.OperationalError as error:
        raise StoreUnavailable(f"the connection to PostgreSQL failed ({type(error).__name__})") from error

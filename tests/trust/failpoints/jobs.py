"""A worker of a cleanup job is interrupted at each statement; the run ends as one that never was."""

import itertools
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from tests.merge_desk import open_office
from tests.trust.failpoints.calls import within
from tests.trust.failpoints.cases import Found, Way
from tests.trust.failpoints.interruption import Interruption
from tests.trust.failpoints.stand import Servers
from tests.trust.invariants import broken_invariants
from tests.trust.nursery import Child
from tests.trust.seams.sql_wire import SqlWire
from tests.trust.seams.watch import Point, Watch
from tests.workflows.cleaning.clean_desk import CleanDesk, canary, people

QUEUED = "queued_run"
_PEOPLE = 5
_RUN_SECONDS = 30.0
_MOST_OF_ONE_LABEL = 2
_numbers = itertools.count(1)

# What a run leaves behind, whatever the ids: who belongs together, what was proposed, and what was written.
_OUTCOME = """
SELECT (SELECT array_agg(state || counts::text) FROM
          (SELECT state, body -> 'counts' AS counts FROM cleanup_runs) AS run),
       (SELECT array_agg(members ORDER BY members) FROM (
          SELECT string_agg(source_record_id, ' ' ORDER BY source_record_id) AS members
          FROM records GROUP BY golden_id) AS golden),
       (SELECT array_agg(line ORDER BY line) FROM (
          SELECT state || ' ' || count(*) AS line FROM proposals GROUP BY state) AS proposed),
       (SELECT array_agg(line ORDER BY line) FROM (
          SELECT action || ' ' || count(*) AS line FROM audit_entries GROUP BY action) AS written)
"""
_ENDED = "SELECT count(*) > 0 FROM cleanup_runs WHERE end_time IS NOT NULL"


class JobCases:
    """Runs of one job, each on a copy of a database where it waits for a worker."""

    def __init__(self, servers: Servers) -> None:
        self.found = Found()
        self._servers = servers
        self._watch = Watch()
        self._wire = SqlWire(
            self._watch, servers.postgres_socket, servers.sockets / "job", servers.postgres.url
        )
        self._wanted: object = None

    async def open(self, template: str) -> None:
        """Make the database with a run that waits, and see how it ends when nothing happens."""
        await self._wire.open()
        self._servers.administer("CREATE DATABASE {} TEMPLATE {}", QUEUED, template)
        url = self._servers.url(QUEUED)
        async with open_office(url, self._servers.valkey.url) as office:
            await office.put(*people(_PEOPLE))
            desk = CleanDesk(office, self._servers.directory / "unused")
            await desk.queue(await desk.job(canary=canary(0.4)))

    async def close(self) -> None:
        await self._wire.close()

    async def points(self) -> list[Point]:
        """The first points of each label that a worker passes: a run is the same writes again and again."""
        seen = []
        for _ in range(2):
            async with self._copied() as copy:
                self._watch.begin()
                await copy.work()
                assert await copy.ended(), "a run that nobody disturbs ends"
                seen.append(list(self._watch.passed))
                self._wanted = await copy.outcome()
        shared = [point for point in seen[0] if point in seen[1]]
        return [point for point in shared if point.number <= _MOST_OF_ONE_LABEL]

    async def run(self, point: Point, way: Way) -> None:
        """Interrupt a worker at a point; where it is killed, another one goes on."""
        self.found.case_count += 1
        name = f"job: {way} {point}"
        async with self._copied() as copy:
            interruption = Interruption(way, copy.kill_and_work)
            self._watch.begin(point, interruption.act)
            await copy.work()
            ended = await copy.ended()
            self._watch.end()
            if not self._watch.reached.is_set():
                self.found.unreached.append(name)
            wrong = [] if ended else ["A-3 the run never ends"]
            if ended and (outcome := await copy.outcome()) != self._wanted:
                wrong.append(f"A-3 the run ended as {outcome}, not as {self._wanted}")
            wrong += await broken_invariants(copy.url, "")
            self.found.wrong += [f"{name}: {each}" for each in wrong]

    @asynccontextmanager
    async def _copied(self) -> AsyncIterator["_Copy"]:
        name = f"run_{next(_numbers)}"
        self._servers.administer("CREATE DATABASE {} TEMPLATE {}", name, QUEUED)
        copy = _Copy(self._servers, name, self._wire.url(name))
        try:
            yield copy
        finally:
            await copy.stop()
            self._servers.administer("DROP DATABASE {} WITH (FORCE)", name)


class _Copy:
    """A database with a run that waits, and the worker that was started last for it."""

    def __init__(self, servers: Servers, name: str, through: str) -> None:
        self.url = servers.url(name)
        self._through = through
        self._servers = servers
        self._folder = servers.directory / name
        self._worker: Child | None = None

    async def work(self) -> None:
        """Start a worker."""
        self._worker = await self._servers.nursery.work(self._through, self._folder)

    async def kill_and_work(self) -> None:
        """Kill the worker, and start another one."""
        assert self._worker is not None, "it works"
        await self._worker.kill()
        await self.work()

    async def stop(self) -> None:
        if self._worker is not None:
            await self._worker.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def ended(self) -> bool:
        """Wait until the run has ended; False when it takes far too long."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:

            async def has_ended() -> bool:
                row = await (await connection.execute(_ENDED)).fetchone()
                return row is not None and bool(row[0])

            return await within(has_ended, _RUN_SECONDS)

    async def outcome(self) -> object:
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            return await (await connection.execute(_OUTCOME)).fetchone()

"""One service on a PostgreSQL that is killed and started again, and what its callers were told by it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import psycopg

from dedup_service.embedded import RunningServer, start_postgres
from dedup_service.embedded.processes import alive, wait_until
from dedup_service.v1.audit_service_pb2 import VerifyAuditRequest
from dedup_service.v1.audit_service_pb2_grpc import AuditServiceStub
from tests.rpc.api import ANN
from tests.trust.failpoints.calls import Caller, calling
from tests.trust.failpoints.stand import Servers
from tests.trust.invariants import broken_invariants
from tests.trust.nursery import Child
from tests.trust.postgres_kills.load import Callers, kept_of

CALLERS = 4
_STOP_SECONDS = 30.0
_CALL_SECONDS = 10.0
# How long callers write before PostgreSQL dies, and at least one write of theirs after it is back.
_LOAD_SECONDS = (0.05, 0.4)
_BACK_SECONDS = 30.0
# The children of the postmaster that are sessions.
_BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_WRITES = """
SELECT count(*) FROM audit_entries
WHERE action IN ('IngestRecords', 'CreateMergeProposal', 'ApproveMergeProposal', 'ExecuteMergeProposal',
                 'UndoMerge')
"""


@dataclass(slots=True)
class Counts:
    """What was done to PostgreSQL, and how long the service took to answer again."""

    cycles: int = 0
    postmasters_killed: int = 0
    stopped_at_once: int = 0
    sessions_killed: int = 0
    sent_again: int = 0
    longest_back_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Cycles:
    """Kills PostgreSQL while callers write, and looks at what is left."""

    def __init__(self, servers: Servers, child: Child, caller: Caller, random: Random) -> None:
        self.counts = Counts()
        self.callers = Callers(caller, CALLERS, random)
        self._servers = servers
        self._child = child
        self._caller = caller
        self._random = random
        self._write_count = 0

    async def run(self, number: int) -> None:
        """One cycle: callers write, PostgreSQL dies and comes back, callers go on, all is held against it."""
        self.counts.cycles += 1
        await asyncio.sleep(self._random.uniform(*_LOAD_SECONDS))
        what = self._random.choice((self._kill_postmaster, self._stop_at_once, self._kill_sessions))
        await asyncio.to_thread(what)
        begin, answered = time.monotonic(), self.callers.seen.answered_count
        while self.callers.seen.answered_count < answered + CALLERS:
            if time.monotonic() > begin + _BACK_SECONDS:
                self.counts.wrong.append(f"cycle {number}: A-4 the service does not come back")
                break
            await asyncio.sleep(0.01)
        back_seconds = time.monotonic() - begin
        self.counts.longest_back_seconds = max(self.counts.longest_back_seconds, back_seconds)
        await self.callers.rest()
        wrong = await self._quick()
        self.counts.wrong += [f"cycle {number}, {what.__name__}: {each}" for each in wrong]
        self.callers.resume()

    async def _quick(self) -> list[str]:
        """What was answered is there and happened once; the chain holds; the service is still the same."""
        wrong = []
        seen = self.callers.seen
        acknowledged, seen.acknowledged = seen.acknowledged, []
        self._write_count += len(acknowledged)
        for each in self._random.sample(acknowledged, min(len(acknowledged), 2 * CALLERS)):
            self.counts.sent_again += 1
            if kept_of(await each.send(each.request_id)) != kept_of(each.answer):
                wrong.append(f"A-2 {type(each.answer).__name__} was answered, and is answered otherwise now")
        async with await psycopg.AsyncConnection.connect(self._servers.postgres.url) as connection:
            row = await (await connection.execute(_WRITES)).fetchone()
        if row is None or row[0] != self._write_count:
            wrong.append(f"A-3 {self._write_count} writes were answered, {row} were carried out")
        verified = await AuditServiceStub(self._caller.channel).VerifyAudit(
            VerifyAuditRequest(), metadata=ANN, timeout=_CALL_SECONDS
        )
        if not verified.holds:
            wrong.append("E-3 the audit chain does not hold")
        if not self._child.running():
            wrong.append("A-4 the service ended")
        return wrong

    async def deep(self) -> list[str]:
        """Everything that is to hold, of everything that was written."""
        return await broken_invariants(self._servers.postgres.url, self._servers.valkey.url)

    def _kill_postmaster(self) -> None:
        """Everything at once, as a power cut."""
        self.counts.postmasters_killed += 1
        sessions = self._sessions()
        os.kill(self._servers.postgres.pid, signal.SIGKILL)
        for pid in sessions:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._start_again()

    def _stop_at_once(self) -> None:
        """The immediate stop: no checkpoint, and recovery at the next start."""
        self.counts.stopped_at_once += 1
        os.kill(self._servers.postgres.pid, signal.SIGQUIT)
        self._start_again()

    def _kill_sessions(self) -> None:
        """Some sessions crash; PostgreSQL ends all others and recovers by itself."""
        self.counts.sessions_killed += 1
        for pid in self._sessions()[:2]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _sessions(self) -> list[int]:
        # Right after a crash it answers nobody.
        try:
            with psycopg.connect(self._servers.postgres.url) as connection:
                return [int(row[0]) for row in connection.execute(_BACKENDS)]
        except psycopg.OperationalError:
            return []

    def _start_again(self) -> None:
        ended: RunningServer = self._servers.postgres
        assert wait_until(lambda: not alive(ended.pid, ended.process), _STOP_SECONDS)
        ended.use.close()
        self._servers.postgres = start_postgres(self._servers.directory)


@asynccontextmanager
async def running_cycles(servers: Servers, random: Random) -> AsyncIterator[Cycles]:
    """A service on these servers, and callers that write until the end."""
    child = await servers.nursery.serve(servers.postgres.url, servers.valkey.url)
    async with calling(child.address, _CALL_SECONDS) as caller:
        cycles = Cycles(servers, child, caller, random)
        cycles.callers.start()
        try:
            yield cycles
        finally:
            await cycles.callers.stop()
            await child.kill()

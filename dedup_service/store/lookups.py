"""Live records, read for many callers at once.

A match looks up the few records that it answers with. Each lookup by itself would cost more than the match:
those that come while another one is under way wait for it, and then go together in one statement.
"""

import asyncio
from collections.abc import Collection, Sequence

import psycopg
from psycopg import errors

from dedup_service.domain.records import LiveRecord
from dedup_service.store.connections import WAY_SECONDS, end_statement, watched_conninfo
from dedup_service.store.prepared import PreparedStatement
from dedup_service.store.rows import live_record_of
from dedup_service.store.statements import statement
from dedup_service.workflows.background import end_tasks

# How soon it is noticed that nobody waits for a statement any more.
_LOOK_SECONDS = 0.5

_Waiting = tuple[Collection[int], "asyncio.Future[dict[int, LiveRecord]]"]


class RecordLookups:
    """Lookups over one connection, opened when it is first needed and again when it was lost."""

    def __init__(self, url: str, connect_timeout_seconds: float, statement_timeout_seconds: float) -> None:
        self._url = url
        self._connect_timeout_seconds = connect_timeout_seconds
        self._statement_timeout_seconds = statement_timeout_seconds
        self._statement: PreparedStatement | None = None
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        # What PostgreSQL is asked now, and since when.
        self._under_way: tuple[Sequence[_Waiting], float] | None = None
        self._is_in_vain = False
        self._watch: asyncio.TimerHandle | None = None

    async def records(self, record_nos: Collection[int]) -> dict[int, LiveRecord]:
        """Those of these records that are active, as committed by now.

        Raises:
            psycopg.OperationalError: PostgreSQL does not answer.
        """
        if not record_nos:
            return {}
        found: asyncio.Future[dict[int, LiveRecord]] = asyncio.get_running_loop().create_future()
        self._waiting.append((record_nos, found))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._answer(), name="record lookups")
        return await found

    async def _answer(self) -> None:
        """One statement for all who wait, again while somebody does."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            together, self._waiting = self._waiting, []
            self._under_way = together, loop.time()
            if self._watch is None:
                self._watch = loop.call_later(_LOOK_SECONDS, self._look)
            try:
                records = await self._read(list({number for numbers, _ in together for number in numbers}))
            except asyncio.CancelledError:
                if not self._is_in_vain:
                    self._waiting = together + self._waiting
                    raise
                await self._start_anew(together)
                continue
            except Exception as error:  # noqa: BLE001  each caller gets it, as if it had asked alone
                _fail(together, error)
                continue
            finally:
                self._under_way = None
            for numbers, found in together:
                if not found.done():
                    found.set_result({n: record for n in numbers if (record := records.get(n)) is not None})

    def _look(self) -> None:
        """End a statement that nobody waits for any more, or that takes longer than PostgreSQL would let it:
        others wait behind it. One timer for all statements costs none of them anything.
        """
        self._watch = None
        if self._under_way is None or self._task is None:
            return
        loop = asyncio.get_running_loop()
        together, start_time = self._under_way
        is_late = loop.time() - start_time > self._statement_timeout_seconds + WAY_SECONDS
        if is_late or all(found.done() for _, found in together):
            self._is_in_vain = True
            self._task.cancel()
        else:
            self._watch = loop.call_later(_LOOK_SECONDS, self._look)

    async def _start_anew(self, together: Sequence[_Waiting]) -> None:
        """End what PostgreSQL is asked, and the connection with it."""
        self._is_in_vain = False
        assert self._task is not None, "it runs this"
        self._task.uncancel()
        if self._statement is not None:
            await self._statement.give_up()
            await self._disconnect()
        _fail(together, psycopg.OperationalError("PostgreSQL was silent for too long"))

    async def _read(self, record_nos: Sequence[int]) -> dict[int, LiveRecord]:
        was_open = self._statement is not None
        try:
            return await self._rows(record_nos)
        except psycopg.OperationalError as error:
            await self._disconnect()
            if not was_open or isinstance(error, errors.QueryCanceled):
                raise
        # PostgreSQL may have been restarted since the last lookup.
        return await self._rows(record_nos)

    async def _rows(self, record_nos: Sequence[int]) -> dict[int, LiveRecord]:
        prepared = self._statement or await self._open()
        rows = await prepared.rows(f"{{{','.join(map(str, record_nos))}}}".encode())
        return {record.record_no: record for record in map(live_record_of, rows)}

    async def _open(self) -> PreparedStatement:
        connection = await psycopg.AsyncConnection.connect(
            watched_conninfo(self._url),
            autocommit=True,
            connect_timeout=max(2, round(self._connect_timeout_seconds)),
            # Rows are read as UTF-8, whatever the environment or the role says.
            client_encoding="utf8",
        )
        try:
            timeout = f"{self._statement_timeout_seconds}s"
            await connection.execute("SELECT set_config('statement_timeout', %s, false)", [timeout])
            self._statement = await PreparedStatement.prepare(connection, statement("live_records"))
        except BaseException:
            await end_statement(connection)
            await connection.close()
            raise
        return self._statement

    async def close(self) -> None:
        """Give the connection back; lookups that are under way fail."""
        if self._watch is not None:
            self._watch.cancel()
        if self._task is not None:
            # Closed under a statement, the connection would leave those who wait for it waiting for ever.
            await end_tasks([self._task])
        waiting, self._waiting = self._waiting, []
        _fail(waiting, psycopg.OperationalError("the lookups were closed"))
        await self._disconnect()

    async def _disconnect(self) -> None:
        if self._statement is not None:
            prepared, self._statement = self._statement, None
            await prepared.close()


def _fail(waiting: Sequence[_Waiting], error: Exception) -> None:
    for _, found in waiting:
        if not found.done():
            found.set_exception(error)

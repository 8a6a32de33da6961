"""Records as they are now, read for many callers at once.

A match looks up the few records that it answers with. Each lookup by itself would cost more than the match:
those that come while another one is under way wait for it, and then go together in one statement.
"""

import asyncio
from collections.abc import Collection, Sequence

import psycopg
from psycopg import errors

from dedup_service.domain.records import Record
from dedup_service.store.rows import record_of
from dedup_service.store.statements import statement
from dedup_service.workflows.background import end_tasks

_Waiting = tuple[Collection[int], "asyncio.Future[dict[int, Record]]"]


class RecordLookups:
    """Lookups over one connection, opened when it is first needed and again when it was lost."""

    def __init__(self, url: str, connect_timeout_seconds: float, statement_timeout_seconds: float) -> None:
        self._url = url
        self._connect_timeout_seconds = connect_timeout_seconds
        self._statement_timeout_seconds = statement_timeout_seconds
        self._connection: psycopg.AsyncConnection | None = None
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None

    async def records(self, record_nos: Collection[int]) -> dict[int, Record]:
        """Each of these records that there is, as committed by now.

        Raises:
            psycopg.OperationalError: PostgreSQL does not answer.
        """
        if not record_nos:
            return {}
        found: asyncio.Future[dict[int, Record]] = asyncio.get_running_loop().create_future()
        self._waiting.append((record_nos, found))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._answer(), name="record lookups")
        return await found

    async def _answer(self) -> None:
        """One statement for all who wait, again while somebody does."""
        while self._waiting:
            together, self._waiting = self._waiting, []
            try:
                records = await self._read(list({number for numbers, _ in together for number in numbers}))
            except asyncio.CancelledError:
                self._waiting = together + self._waiting
                raise
            except Exception as error:  # noqa: BLE001  each caller gets it, as if it had asked alone
                _fail(together, error)
                continue
            for numbers, found in together:
                if not found.done():
                    found.set_result({n: record for n in numbers if (record := records.get(n)) is not None})

    async def _read(self, record_nos: Sequence[int]) -> dict[int, Record]:
        was_open = self._connection is not None
        try:
            return await self._rows(record_nos)
        except psycopg.OperationalError as error:
            await self._disconnect()
            if not was_open or isinstance(error, errors.QueryCanceled):
                raise
        # PostgreSQL may have been restarted since the last lookup.
        return await self._rows(record_nos)

    async def _rows(self, record_nos: Sequence[int]) -> dict[int, Record]:
        connection = self._connection or await self._open()
        cursor = connection.cursor(binary=True)
        await cursor.execute(statement("records_by_no").encode(), [record_nos], prepare=True)
        return {record.record_no: record for record in map(record_of, await cursor.fetchall())}

    async def _open(self) -> psycopg.AsyncConnection:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=max(2, round(self._connect_timeout_seconds))
        )
        timeout = f"{self._statement_timeout_seconds}s"
        await connection.execute("SELECT set_config('statement_timeout', %s, false)", [timeout])
        self._connection = connection
        return connection

    async def close(self) -> None:
        """Give the connection back; lookups that are under way fail."""
        if self._task is not None:
            # Closed under a statement, the connection would leave those who wait for it waiting for ever.
            await end_tasks([self._task])
        waiting, self._waiting = self._waiting, []
        _fail(waiting, psycopg.OperationalError("the lookups were closed"))
        await self._disconnect()

    async def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


def _fail(waiting: Sequence[_Waiting], error: Exception) -> None:
    for _, found in waiting:
        if not found.done():
            found.set_exception(error)

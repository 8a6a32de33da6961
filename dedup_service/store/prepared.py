"""One prepared statement on one connection, asked over and over.

What psycopg does for each execution, converting the query, looking it up among those prepared and waiting
through a generator, costs several times what PostgreSQL needs for a lookup by primary key
(benchmarks/README.md, "Match"). Here the connection is psycopg's, and the statement goes straight to libpq.
"""

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg import errors, pq

from dedup_service.store.connections import end_statement

Row = Sequence[bytes | None]
_NAME = b"prepared_statement"
_LOST = "the connection to PostgreSQL was lost"


class PreparedStatement:
    """A statement whose rows come in PostgreSQL's text format; one call at a time."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        # Kept, because libpq does not tell it of a connection that was lost.
        self._socket = connection.pgconn.socket
        self._results: list[pq.abc.PGresult] = []
        self._answer: asyncio.Future[pq.abc.PGresult] | None = None
        self._is_lost = False
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    @classmethod
    async def prepare(cls, connection: psycopg.AsyncConnection, statement: str) -> "PreparedStatement":
        """The statement on this connection, which from now on is for nothing else."""
        prepared = cls(connection)
        prepared._libpq.send_prepare(_NAME, statement.encode())
        await prepared._answered(pq.ExecStatus.COMMAND_OK)
        return prepared

    async def rows(self, *parameters: bytes) -> list[Row]:
        """The rows for parameters in text format.

        Raises:
            psycopg.OperationalError: the connection was lost, or the statement was given up.
        """
        if self._is_lost:
            raise psycopg.OperationalError(_LOST)
        self._libpq.send_query_prepared(_NAME, parameters)
        result = await self._answered(pq.ExecStatus.TUPLES_OK)
        columns = range(result.nfields)
        return [[result.get_value(row, at) for at in columns] for row in range(result.ntuples)]

    async def _answered(self, expected: pq.ExecStatus) -> pq.abc.PGresult:
        """The result of what was sent last."""
        answer: asyncio.Future[pq.abc.PGresult] = asyncio.get_running_loop().create_future()
        self._answer = answer
        while self._libpq.flush():  # noqa: ASYNC110  nothing tells of it
            # So short a message waits only where PostgreSQL reads nothing; there is nothing to be gained by
            # being told of the moment.
            await asyncio.sleep(0.001)
        result = await answer
        if result.status != expected:
            raise errors.error_from_result(result)
        return result

    def _read(self) -> None:
        try:
            self._libpq.consume_input()
            while not self._libpq.is_busy():
                result = self._libpq.get_result()
                if result is None:
                    self._finish()
                    break
                self._results.append(result)
        except psycopg.OperationalError as error:
            self._lose(error)

    def _finish(self) -> None:
        results, self._results = self._results, []
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done() and results:
            answer.set_result(results[-1])

    def _lose(self, error: Exception) -> None:
        """Stop listening: a connection at its end is always readable."""
        self._is_lost = True
        asyncio.get_running_loop().remove_reader(self._socket)
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)

    async def give_up(self) -> None:
        """End what is under way, at both ends; close the connection next."""
        await end_statement(self._connection)

    async def close(self) -> None:
        """Give the connection back; a call that is under way fails."""
        if not self._is_lost:
            self._lose(psycopg.OperationalError(_LOST))
        await self._connection.close()

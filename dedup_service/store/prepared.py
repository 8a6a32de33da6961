"""One prepared statement on one connection, asked over and over.

What psycopg does for each execution, converting the query, looking it up among those prepared and waiting
through a generator, costs several times what PostgreSQL needs for a lookup by primary key
(benchmarks/README.md, "Match"). Here the connection is psycopg's, and the statement goes straight to libpq.
"""

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg import errors, pq, sql

Row = Sequence[bytes | None]
_NAME = "prepared_statement"
_LOST = "the connection to PostgreSQL was lost"


class PreparedStatement:
    """A statement with one parameter, whose rows come in PostgreSQL's text format; one call at a time."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        # Kept, because libpq does not tell it of a connection that was lost.
        self._socket = connection.pgconn.socket
        self._results: list[pq.abc.PGresult] = []
        self._answer: asyncio.Future[list[Row]] | None = None
        self._is_lost = False

    @classmethod
    async def prepare(
        cls, connection: psycopg.AsyncConnection, parameter_type: str, statement: str
    ) -> "PreparedStatement":
        """The statement on this connection, which from now on is for nothing else."""
        text = f"PREPARE {_NAME} ({parameter_type}) AS {statement}"
        await connection.execute(sql.SQL(text))
        prepared = cls(connection)
        asyncio.get_running_loop().add_reader(prepared._socket, prepared._read)
        return prepared

    async def rows(self, parameter: bytes) -> list[Row]:
        """The rows for a parameter in text format.

        Raises:
            psycopg.OperationalError: the connection was lost, or the statement was given up.
        """
        if self._is_lost:
            raise psycopg.OperationalError(_LOST)
        self._answer = asyncio.get_running_loop().create_future()
        self._libpq.send_query_prepared(_NAME.encode(), [parameter])
        while self._libpq.flush():  # noqa: ASYNC110  nothing tells of it
            # So short a message waits only where PostgreSQL reads nothing; there is nothing to be gained by
            # being told of the moment.
            await asyncio.sleep(0.001)
        return await self._answer

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
        if answer is None or answer.done() or not results:
            return
        result = results[-1]
        if result.status != pq.ExecStatus.TUPLES_OK:
            answer.set_exception(errors.error_from_result(result))
            return
        columns = range(result.nfields)
        answer.set_result([[result.get_value(row, at) for at in columns] for row in range(result.ntuples)])

    def _lose(self, error: Exception) -> None:
        """Stop listening: a connection at its end is always readable."""
        self._is_lost = True
        asyncio.get_running_loop().remove_reader(self._socket)
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(error)

    async def close(self) -> None:
        """Give the connection back; a call that is under way fails."""
        if not self._is_lost:
            self._lose(psycopg.OperationalError(_LOST))
        await self._connection.close()

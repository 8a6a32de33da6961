"""Named statements and pages of lists, asked on one connection in a transaction."""

from collections.abc import Iterable

import psycopg

from dedup_service.store.inbox import Reach
from dedup_service.store.lists import ListQuery
from dedup_service.store.rows import Parameters, Row, cursor_of
from dedup_service.store.statements import statement
from dedup_service.workflows.pages import PAGE_BYTES, Page


class Asking:
    """What every part of a read or a write goes through to PostgreSQL."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection

    async def _rows(self, name: str, parameters: Parameters = ()) -> list[Row]:
        cursor = await self._connection.execute(statement(name).encode(), parameters)
        return list(await cursor.fetchall())

    async def _run(self, name: str, parameters: Parameters) -> None:
        """Run a statement that answers nothing: in a write it is sent along with the next one that does."""
        await self._connection.execute(statement(name).encode(), parameters)

    async def _page(
        self, query: ListQuery, page: Page, reach: Reach | None = None
    ) -> tuple[list[Row], tuple[str, ...] | None]:
        composed, values = query.build(page, reach)
        cursor = await self._connection.execute(composed, values)
        rows: list[Row] = list(await cursor.fetchall())
        kept = fitting(map(_row_bytes, rows[: page.size]))
        if kept == len(rows):
            return rows, None
        rows = rows[:kept]
        return rows, cursor_of(rows[-1][: len(query.order(page).key)])


def fitting(sizes: Iterable[int]) -> int:
    """How many items of these sizes in bytes a page has room for; the first it has."""
    kept, left = 0, PAGE_BYTES
    for size in sizes:
        left -= size
        if left < 0:
            return max(kept, 1)
        kept += 1
    return kept


def _row_bytes(row: Row) -> int:
    return sum(len(value) for value in row if isinstance(value, (bytes, str)))

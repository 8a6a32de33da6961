"""The roles that tokens said, for all processes of the service; not in the ledger, as nobody decided them."""

from collections.abc import Iterable, Mapping
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from dedup_service.domain.errors import StoreUnavailable
from dedup_service.store.connections import WatchedConnection, lent, watched_conninfo
from dedup_service.store.statements import statement
from dedup_service.workflows.authentication import SaidRoles

_CONNECTIONS = 2
_TIMEOUT_SECONDS = 5.0


class PostgresPrincipalRoles:
    """Implements `workflows.authentication.ClaimsStore`, on connections of its own."""

    def __init__(self, url: str) -> None:
        self._pool = AsyncConnectionPool(
            watched_conninfo(url),
            connection_class=WatchedConnection,
            min_size=1,
            max_size=_CONNECTIONS,
            open=False,
            timeout=_TIMEOUT_SECONDS,
            kwargs={"autocommit": True},
            check=AsyncConnectionPool.check_connection,
            configure=_configure,
        )

    async def open(self) -> None:
        """Connect."""
        await self._pool.open()

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    async def save(self, principal_name: str, said: SaidRoles) -> SaidRoles:
        """Keep what a token said, unless a newer one has said otherwise; what counts now."""
        columns = {
            "principal": principal_name,
            "roles": sorted(said.roles),
            "issued": said.issued_seconds,
            "seen": said.seen_seconds,
        }
        return dict(_said(await self._rows("save_roles", columns)))[principal_name]

    async def seen_since(self, seconds: float) -> Mapping[str, SaidRoles]:
        """What was saved since then, by principal."""
        return dict(_said(await self._rows("roles_seen_since", {"since": seconds})))

    async def _rows(self, name: str, columns: Mapping[str, Any]) -> list[Any]:
        try:
            async with lent(self._pool) as connection:
                cursor = await connection.execute(statement(name).encode(), columns)
                return await cursor.fetchall()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnavailable("the roles of callers cannot be read or kept") from error


async def _configure(connection: WatchedConnection) -> None:
    connection.longest_seconds = _TIMEOUT_SECONDS


def _said(rows: Iterable[Any]) -> Iterable[tuple[str, SaidRoles]]:
    for principal, roles, issued, seen in rows:
        yield principal, SaidRoles(frozenset(roles), issued, seen)

"""Bring the schema to what this binary knows; killed anywhere, it can be run to its end (A-5).

Each migration is one transaction under one advisory lock, so it is wholly there or not at all.
"""

import hashlib
from dataclasses import dataclass
from importlib import resources

import psycopg

# Any constant will do as long as nothing else in the database takes it.
_LOCK_KEY = 0x6465647570

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version  integer PRIMARY KEY,
    name     text NOT NULL,
    checksum text NOT NULL,
    time     timestamptz NOT NULL DEFAULT now()
)
"""


class SchemaMismatch(Exception):
    """The database's schema is not one that this binary knows; says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema, from `migrations/NNNN_name.sql`."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """All migrations that this binary knows, in order."""
    folder = resources.files("dedup_service.store") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name[:4]), f.name[5:].removesuffix(".sql"), f.read_text("utf-8")) for f in files]


async def migrate(url: str) -> int:
    """Run what is missing and return the schema version.

    Raises:
        SchemaMismatch: the database holds a version that this binary does not know, or one that was
            changed after it ran.
    """
    known = {m.version: m for m in migrations()}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        await connection.execute(_LEDGER)
        cursor = await connection.execute("SELECT version, checksum FROM schema_migrations ORDER BY version")
        applied = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
        _check(applied, known)
        for version in sorted(known.keys() - applied.keys()):
            await _apply(connection, known[version])
    return max(known)


async def pending_migrations(url: str) -> list[int]:
    """The versions that `migrate` would run now; changes nothing.

    Raises:
        SchemaMismatch: as `migrate` does.
    """
    known = {m.version: m for m in migrations()}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
        cursor = await connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL")
        present = await cursor.fetchone()
        if present is None or not present[0]:
            return sorted(known)
        cursor = await connection.execute("SELECT version, checksum FROM schema_migrations")
        applied = {int(row[0]): str(row[1]) for row in await cursor.fetchall()}
    _check(applied, known)
    return sorted(known.keys() - applied.keys())


def _check(applied: dict[int, str], known: dict[int, Migration]) -> None:
    for version, checksum in applied.items():
        if version not in known:
            raise SchemaMismatch(
                f"the database has schema version {version}, this binary knows up to {max(known)}: "
                "run the newer release"
            )
        if known[version].checksum != checksum:
            raise SchemaMismatch(
                f"migration {version} of the database differs from the one shipped: "
                "it was changed after it ran; run the release that made this database"
            )


async def _apply(connection: psycopg.AsyncConnection, migration: Migration) -> None:
    async with connection.transaction():
        # A plain string, not a template: the file is ours, and several statements need the simple protocol.
        await connection.execute(migration.sql.encode())
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.checksum],
        )

"""Of somebody who was erased the files of PostgreSQL and Valkey hold no more than the manual says."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql

from dedup_service.embedded import start_postgres
from dedup_service.store.migrate import migrate
from tests.merge_desk import Office, open_office
from tests.privacy.scanning import Forms, in_index
from tests.privacy.somebody import MARKERS, Life, somebody
from tests.privacy.test_erasure_everywhere import settled
from tests.rpc.api import Api, served

_MANUAL = Path(__file__).parents[2] / "docs" / "privacy.md"
# What is promised of it is that it is overwritten some time.
_LEFT_OUT = "pg_wal"


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL of a test's own, and its directory: no other test has left anything in its files."""

    url: str
    home: Path

    def telling(self) -> set[str]:
        """The tables and indexes, or else the files, whose bytes hold a marker; the log is among them."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            rows = connection.execute("SELECT pg_relation_filenode(oid), relname FROM pg_class").fetchall()
        relations = {str(filenode): name for filenode, name in rows}
        files = [path for path in self.home.rglob("*") if path.is_file() and _LEFT_OUT not in path.parts]
        assert len(files) > 300, "the walk finds the files"
        return {relations.get(path.name, path.name) for path in files if _is_marked(path.read_bytes())}

    def tables(self, of_which: str = "true") -> set[str]:
        """The tables of which PostgreSQL's own figures say so."""
        with psycopg.connect(self.url) as connection:
            query = f"SELECT relname FROM pg_stat_user_tables WHERE {of_which}"
            return {row[0] for row in connection.execute(query.encode()).fetchall()}


def _is_marked(data: bytes) -> bool:
    return any(marker.encode() in data.lower() for marker in MARKERS)


@pytest.fixture
def cluster(server_directory: Path) -> Iterator[Cluster]:
    """The cluster, with nothing in it packed: what is packed could not be found."""
    server = start_postgres(server_directory / "files")
    try:
        asyncio.run(migrate(server.url))
        with psycopg.connect(server.url, autocommit=True) as connection:
            packed = connection.execute(
                "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
                " AND c.relkind = 'r' AND a.attnum > 0 AND a.attstorage = 'x' AND NOT a.attisdropped"
            ).fetchall()
            for table, column in packed:
                plain = sql.SQL("ALTER TABLE {} ALTER {} SET STORAGE EXTERNAL")
                connection.execute(plain.format(sql.Identifier(table), sql.Identifier(column)))
        yield Cluster(server.url, server_directory / "files" / "postgres")
    finally:
        server.stop()


def rewriting() -> list[str]:
    """The statements that the manual gives to whoever wants the bytes gone at once."""
    text = _MANUAL.read_text("utf-8").split("<!-- rewriting -->\n")[1].split("<!-- /rewriting -->")[0]
    found = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert found
    return found


async def test_no_file_but_the_log_of_writes_holds_her_once_tables_are_rewritten(
    cluster: Cluster, redis_url: str
) -> None:
    """After what the service does by itself no row holds her; after what the manual says no byte."""
    async with open_office(cluster.url, redis_url) as office, served(office) as api:
        await Life(api).live()
        before = cluster.telling()
        assert before >= {"records", "changes", "request_answers", "votes", "merges", "delegations"}, before
        await office.erase("p", "asked for by letter")
        await office.store.tidy_after_erasures()
        assert before & cluster.tables() <= cluster.tables("last_vacuum IS NOT NULL")
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            for statement in rewriting():
                connection.execute(statement.encode())
        assert cluster.telling() == set()


async def test_valkey_keeps_and_would_save_nothing_of_her(api: Api, office: Office, redis_url: str) -> None:
    """Neither in any key or value, nor in a dump; and the one that the service starts writes no file."""
    await api.put(somebody())
    await settled(office)
    forms = Forms.of(MARKERS, (await office.record("p")).draft)
    assert in_index(redis_url, forms)
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        folder = Path(client.config_get("dir")["dir"])
        assert _names(folder) <= {"server.log", "valkey.sock", "start.lock", "users.lock"}
        assert forms.found_in(_dumped(client, folder))
        await office.erase("p", "asked for by letter")
        await settled(office)
        assert in_index(redis_url, forms) == set()
        assert not forms.found_in(_dumped(client, folder))


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _dumped(client: redis.Redis, folder: Path) -> bytes:
    """All that Valkey would write to a disk if somebody told it to, unpacked."""
    client.config_set("rdbcompression", "no")
    client.save()
    path = folder / "dump.rdb"
    data = path.read_bytes()
    path.unlink()
    client.config_set("rdbcompression", "yes")
    return data

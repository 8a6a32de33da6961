"""PostgreSQL with pg_trgm: the ten most similar names above the default threshold, by a GIN index.

It knows names alone: what a search box on a table of customers does.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.match.peers.exchange import Question, Row, answer, rows_of
from dedup_service.embedded import start_postgres

MOST_MATCHES = 10
_TABLE = "CREATE EXTENSION pg_trgm; CREATE TABLE residents (number int, name text)"
_INDEX = "CREATE INDEX ON residents USING gin (name gin_trgm_ops); ANALYZE residents"
_SEARCH = (
    "SELECT number FROM residents WHERE name % %(name)s "
    f"ORDER BY similarity(name, %(name)s) DESC LIMIT {MOST_MATCHES}"
).replace("name % %", "name %% %")


def main() -> None:
    """Answer on a PostgreSQL of its own, the embedded one."""
    with tempfile.TemporaryDirectory(prefix="dedup-trigram-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        server = start_postgres(folder)
        try:
            with psycopg.connect(server.url, autocommit=True) as connection:
                answer(lambda question: prepare(question, connection))
        finally:
            server.stop()


def prepare(question: Question, connection: psycopg.Connection) -> Callable[[Row], list[int]]:
    """Copy the names and index them."""
    connection.execute(_TABLE)
    with connection.cursor().copy("COPY residents FROM STDIN") as copy:
        for row in rows_of(question.residents):
            copy.write_row((row["record_id"], _name(row)))
    connection.execute(_INDEX)

    def find(query: Row) -> list[int]:
        rows = connection.execute(_SEARCH, {"name": _name(query)}, prepare=True).fetchall()
        return [int(number) for (number,) in rows]

    return find


def _name(row: Row) -> str:
    parts = (row.get("given_name"), row.get("family_name"))
    return " ".join(part for part in parts if part) or row.get("full_name") or ""


if __name__ == "__main__":
    main()

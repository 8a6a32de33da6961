"""Looks for somebody in everything that PostgreSQL and Redis hold, in any form that could be read back."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import redis
from psycopg import sql

import scoring
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.records import RecordDraft
from dedup_service.index.layout import stored_key


@dataclass(frozen=True)
class Forms:
    """What would tell of somebody: folded pieces of text, anywhere in what is held."""

    pieces: tuple[bytes, ...]

    @classmethod
    def of(cls, markers: tuple[str, ...], draft: RecordDraft, *sent: bytes) -> "Forms":
        """The markers, what matching makes of the record, and digests by which a guess could be tried."""
        keys = scoring.blocking_keys(comparable_of(draft))
        derived = {stored_key(key).partition(":")[2] for key in keys}
        values = [*draft.values.values(), *markers]
        digests = [
            make(form.encode()).hexdigest()
            for form in {each for value in values for each in (value, value.lower(), value.strip())}
            for make in (hashlib.sha256, hashlib.md5, hashlib.blake2b)
        ]
        digests += [hashlib.sha256(message).hexdigest() for message in sent]
        # A shorter one is found in any text.
        found = [*markers, *digests, *(each for each in derived if len(each) >= 6)]
        return cls(tuple(sorted({piece.lower().encode() for piece in found})))

    def found_in(self, data: bytes) -> bool:
        """Whether any of it stands there, also packed or encoded."""
        return any(piece in form.lower() for form in _readable(data) for piece in self.pieces)


def _readable(data: bytes) -> Iterator[bytes]:
    yield data
    for unpack in (zlib.decompress, lambda d: base64.b64decode(d, validate=True), binascii.unhexlify):
        try:
            yield unpack(data)
        except (ValueError, zlib.error):
            continue


def in_database(url: str, forms: Forms) -> set[str]:
    """Every column of every table, and of PostgreSQL's own statistics of them, that tells of somebody."""
    found = set()
    with psycopg.connect(url, autocommit=True) as connection:
        columns = connection.execute(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0"
            " AND NOT a.attisdropped"
        ).fetchall()
        assert len(columns) > 150, "the walk finds the tables"
        columns += [
            ("pg_stats", name) for name in ("most_common_vals", "histogram_bounds", "most_common_elems")
        ]
        for table, column in columns:
            query = sql.SQL("SELECT {}::text, CASE WHEN pg_typeof({})::text = 'bytea' THEN 1 END FROM {}")
            name = sql.Identifier(column)
            for text, is_bytes in connection.execute(query.format(name, name, sql.Identifier(table))):
                if text is None:
                    continue
                data = bytes.fromhex(text[2:]) if is_bytes else text.encode()
                if forms.found_in(data):
                    found.add(f"{table}.{column}")
    return found


def in_index(url: str, forms: Forms) -> set[str]:
    """Every key of the index that tells of somebody, by its name or by what it holds."""
    found = set()
    with redis.Redis.from_url(url) as client:
        for name in client.scan_iter(count=1000):
            dumped = client.dump(name) or b""
            kind = client.type(name)
            held = [name, dumped]
            if kind == b"string":
                held.append(client.get(name) or b"")
            elif kind == b"hash":
                held += [part for pair in client.hgetall(name).items() for part in pair]
            elif kind == b"set":
                held += client.smembers(name)
            elif kind == b"zset":
                held += client.zrange(name, 0, -1)
            else:
                raise AssertionError(f"nothing here reads a {kind!r} of Redis")
            if any(forms.found_in(part) for part in held):
                found.add(repr(name))
    return found

"""The blocking index against a brute force over the records (D-1, D-2, D-6).

The layout is read from the text at the head of `dedup_service/index/layout.py`, key by key and set by set.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import redis.asyncio

import scoring
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.records import RecordDraft
from tests.trust.checks.rows import RecordLine
from tests.trust.checks.stored import Stored

# Everything of the epoch that serves, in one step of the server: nobody writes in between.
_READ = """
local meta = redis.call('HGETALL', '{dedup}:meta')
local epoch = redis.call('HGET', '{dedup}:meta', 'epoch') or ''
local found = {}
for _, name in ipairs(redis.call('KEYS', '{dedup}:' .. epoch .. ':*')) do
  local kind = redis.call('TYPE', name)['ok']
  local held = kind == 'string' and redis.call('GET', name)
    or kind == 'hash' and redis.call('HGETALL', name) or redis.call('SMEMBERS', name)
  found[#found + 1] = {name, kind, held}
end
return {meta, epoch, found, redis.call('EXISTS', '{dedup}:build')}
"""
_BUCKETS = 2**18
_LONGEST = 64


@dataclass(slots=True)
class Contents:
    """What an index holds: the payload of each record and the members of each key, with its own counts."""

    revision: int = 0
    store_id: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    payloads: dict[int, bytes] = field(default_factory=dict)
    keys: dict[str, set[int]] = field(default_factory=dict)
    misplaced: list[str] = field(default_factory=list)
    building: bool = False


async def read_index(client: redis.asyncio.Redis) -> Contents | None:
    """The index that serves, or None where there is none."""
    flat, epoch, found, building = await client.eval(_READ, 0)
    if not epoch:
        return None
    meta = dict(zip(map(bytes.decode, flat[::2]), flat[1::2], strict=True))
    contents = Contents(int(meta["applied_revision"]), meta["store_id"].decode(), building=bool(building))
    contents.counts = {name: int(meta[name]) for name in ("records", "keys", "size")}
    root = len(b"{dedup}:" + epoch + b":")
    held: dict[str, str] = {}
    sets: dict[str, set[int]] = {}
    for name, _, value in found:
        part, _, rest = name[root:].partition(b":")
        if part == b"p":
            contents.payloads[int(rest)] = value
        elif part == b"k":
            sets[rest.decode()] = set(map(int, value))
        elif part == b"b":
            pairs = zip(value[::2], value[1::2], strict=True)
            here = {key.decode(): number.decode() for key, number in pairs}
            contents.misplaced += [
                key for key in here if format(zlib.crc32(key.encode()) % _BUCKETS, "x") != rest.decode()
            ]
            held |= here
    contents.keys = {
        key: sets.pop(key, set()) if number == "*" else {int(number)} for key, number in held.items()
    }
    contents.misplaced += list(sets)
    contents.misplaced += [
        key for key, number in held.items() if number == "*" and len(contents.keys[key]) < 2
    ]
    return contents


class BruteForce:
    """What the index should hold; each record is prepared once for each of its versions."""

    def __init__(self) -> None:
        self._prepared: dict[int, tuple[RecordLine, bytes, frozenset[str]]] = {}

    def differences(self, stored: Stored, contents: Contents) -> list[str]:
        """D-1 for what is missing, D-2 for what is too much, D-6 for what a rebuild would not make."""
        payloads: dict[int, bytes] = {}
        keys: dict[str, set[int]] = {}
        for record in stored.records.values():
            if record.state == "ACTIVE":
                payload, own = self._entry(record)
                payloads[record.record_no] = payload
                for key in own:
                    keys.setdefault(key, set()).add(record.record_no)
        problems = [] if contents.store_id == stored.store_id else ["D-1 the index is of another store"]
        problems += [f"D-6 {key} is not where it belongs" for key in contents.misplaced]
        problems += _differences("record {}", {k: {k} for k in payloads}, {k: {k} for k in contents.payloads})
        problems += _differences("key {!r}", keys, contents.keys)
        problems += [
            f"D-6 record {number} is there as it was before"
            for number in payloads.keys() & contents.payloads.keys()
            if payloads[number] != contents.payloads[number]
        ]
        told = contents.counts["records"], contents.counts["keys"]
        if told != (len(payloads), len(keys)):
            problems.append(f"D-6 the index counts {told} records and keys of {(len(payloads), len(keys))}")
        return problems

    def _entry(self, record: RecordLine) -> tuple[bytes, frozenset[str]]:
        kept = self._prepared.get(record.record_no)
        if kept is None or kept[0] is not record:
            comparable = comparable_of(msgspec.convert(record.draft, RecordDraft, strict=False))
            payload = record.kind[:1].encode() + scoring.pack(comparable)
            kept = record, payload, frozenset(map(_stored_key, scoring.blocking_keys(comparable)))
            self._prepared[record.record_no] = kept
        return kept[1:]


def _bucket(key: str) -> str:
    return format(zlib.crc32(key.encode()) % _BUCKETS, "x")


def _stored_key(key: str) -> str:
    """A key as it is stored: a long one as a hash behind its rule."""
    raw = key.encode()
    if len(raw) <= _LONGEST and not key.startswith("#"):
        return key
    digest = hashlib.blake2b(raw, digest_size=15).digest()
    return f"#{key.partition(':')[0]}:{base64.urlsafe_b64encode(digest).decode()}"


def _differences(what: str, expected: Mapping[Any, set[int]], found: Mapping[Any, set[int]]) -> list[str]:
    problems = []
    for each in expected.keys() | found.keys():
        missing = expected.get(each, set()) - found.get(each, set())
        ghosts = found.get(each, set()) - expected.get(each, set())
        problems += [f"D-1 the index lacks {sorted(missing)} of {what.format(each)}"] if missing else []
        problems += [f"D-2 the index holds {sorted(ghosts)} of {what.format(each)}"] if ghosts else []
    return problems

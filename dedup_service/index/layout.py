"""Where things are in Redis.

    {dedup}:meta            hash: the epoch that serves, and how far it has come
    {dedup}:build           hash: the epoch being built, with the same fields
    {dedup}:garbage         set: epochs whose keys may be deleted
    {dedup}:EPOCH:b:BUCKET  hash: blocking key -> the one record_no that has it, or * when several have it
    {dedup}:EPOCH:k:KEY     set: the record_nos that have this blocking key, when they are several
    {dedup}:EPOCH:p:NO      string: the kind letter and the packed comparable of one record
    {dedup}:EPOCH:hot       set: blocking keys that were seen to be hot

Fields of both hashes: store_id, format_version, way, epoch, applied_revision, records (payloads), keys
(blocking keys), size (all Redis keys of the epoch and the hash itself), touched (server time of the last
write, in seconds), damaged (when content was lost).

The braces put all keys into one slot of a cluster: every script is atomic there as on a single server, and
the number of keys in that slot tells of a loss as the number in the database does.

Most blocking keys belong to one record: in small hashes they take far less memory than as sets of one.
"""

import base64
import hashlib
import zlib
from collections.abc import Collection, Iterable

import scoring
from dedup_service.domain.matching import way_of_preparing
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.index_port import IndexEntry

PREFIX = "{dedup}:"
META = "{dedup}:meta"
BUILD = "{dedup}:build"
GARBAGE = "{dedup}:garbage"

LAYOUT_VERSION = 6
LONGEST_KEY_BYTES = 64  # also the longest that Redis keeps in its compact hashes
BUCKET_COUNT = 2**18  # some 40 keys in each at a million records
HASHED_KEY_MARK = "#"

_LETTERS = {RecordKind.LEAD: b"L", RecordKind.CONTACT: b"C", RecordKind.ACCOUNT: b"A"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}


def format_version() -> str:
    """Names the layout and the fields of payloads: an index of another cannot be read, and is rebuilt."""
    fields = " ".join(scoring.Comparable.__struct_fields__)
    return f"{LAYOUT_VERSION}-{hashlib.blake2b(fields.encode(), digest_size=4).hexdigest()}"


def way() -> str:
    """Names how records are prepared and blocked: an index of another way lacks some candidates, says so, and
    serves until it is rebuilt.
    """
    return f"{way_of_preparing().hex()}-{scoring.blocking_fingerprint()}"


def stored_key(blocking_key: str) -> str:
    """A blocking key as Redis holds it; a long one as its hash, of 120 bits."""
    raw = blocking_key.encode()
    if len(raw) <= LONGEST_KEY_BYTES and not blocking_key.startswith(HASHED_KEY_MARK):
        return blocking_key
    digest = hashlib.blake2b(raw, digest_size=15).digest()
    rule = blocking_key.partition(":")[0]
    return f"{HASHED_KEY_MARK}{rule}:{base64.urlsafe_b64encode(digest).decode()}"


def most_members(stored: str) -> int | None:
    """`scoring.most_members` of a key as Redis holds it."""
    return scoring.most_members(stored.removeprefix(HASHED_KEY_MARK))


def stored_keys(comparable: scoring.Comparable) -> frozenset[str]:
    """All blocking keys of a record as Redis holds them."""
    return frozenset(map(stored_key, scoring.blocking_keys(comparable)))


def with_buckets(stored: Iterable[str]) -> list[str]:
    """Each stored key followed by its bucket, as the scripts take them."""
    flat: list[str] = []
    for key in stored:
        flat += (key, format(zlib.crc32(key.encode()) % BUCKET_COUNT, "x"))
    return flat


def with_buckets_and_limits(blocking_keys: Iterable[str]) -> list[str | int]:
    """Each key as stored, its bucket, and with how many members at most it counts; 0 is any number."""
    flat: list[str | int] = []
    for key in blocking_keys:
        flat += (*with_buckets([stored_key(key)]), scoring.most_members(key) or 0)
    return flat


def payload_key(epoch: str, record_no: int) -> str:
    return f"{PREFIX}{epoch}:p:{record_no}"


def pack_payload(entry: IndexEntry) -> bytes:
    return _LETTERS[entry.kind] + scoring.pack(entry.comparable)


def kind_letters(kinds: Collection[RecordKind]) -> bytes:
    """What payloads of these kinds begin with; empty for all."""
    return b"" if len(kinds) == len(_LETTERS) else b"".join(_LETTERS[kind] for kind in kinds)


def payload_kind(payload: bytes) -> RecordKind:
    return _KINDS[payload[:1]]


def payload_comparable(payload: bytes) -> scoring.Comparable:
    return scoring.unpack(payload[1:])

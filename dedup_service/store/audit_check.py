"""Walks the whole audit chain and says whether it holds, and if not, since when (E-3).

It reads a piece at a time within one snapshot and hashes in a thread: other calls go on, and memory grows
with a piece, not with the length of the chain. What is outside of the chain is told in docs/privacy.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from dedup_service.domain.audit import (
    GENESIS_HASH,
    AuditEntry,
    AuditVerification,
    PublishedHead,
    change_digest,
)
from dedup_service.domain.erasure import ERASED_DETAIL, ErasureCertificate
from dedup_service.store.ledger import audit_entry_of, digest_of_changes
from dedup_service.store.rows import Parameters, Row, decode

ENTRIES_AT_A_TIME = 500
CHANGES_AT_A_TIME = 1000
# What a write without changes is covered by, such as an acknowledgement.
_NO_CHANGES = digest_of_changes(())
_DROPPING = "DropOldChanges"
_NO_END = 2**63 - 1

Query = Callable[[str, Parameters], Awaitable[list[Row]]]


@dataclass(frozen=True, slots=True)
class _Forgotten:
    """What the chain itself says was taken out of the changes: the revision of each record's erasure, and up
    to which revision retention dropped all.
    """

    erased: Mapping[str, int]
    dropped_upto: int


@dataclass(slots=True)
class _Walk:
    """Where the walk is: the last entry that holds, how many do, and the newest known head that was met."""

    revision: int = 0
    hash: str = GENESIS_HASH
    count: int = 0
    confirmed: int = 0
    known: dict[int, str] = field(default_factory=dict)

    def problem(self, entry: AuditEntry, digest: str | None, forgotten: _Forgotten) -> str:
        """What is wrong with the next entry, or nothing, and then the walk is behind it."""
        why = _entry_problem(entry, self.revision, self.hash, digest, forgotten)
        if not why and self.known.get(entry.revision, entry.hash) != entry.hash:
            why = "its hash is not that of the published head: the chain was made anew before it"
        if not why:
            self.revision, self.hash, self.count = entry.revision, entry.hash, self.count + 1
            if entry.revision in self.known:
                self.confirmed = entry.revision
        return why


async def verify(query: Query, known: Sequence[PublishedHead]) -> AuditVerification:
    """Walk the chain; it must contain every head that is known from elsewhere."""
    tip, tip_hash = (await query("head", ()))[0]
    forgotten = await _forgotten(query)
    walk = _Walk(known={head.revision: head.hash for head in known})

    def broken(revision: int, why: str, entry: AuditEntry | None = None) -> AuditVerification:
        time = entry.time if entry is not None else None
        return AuditVerification(False, tip, tip_hash, walk.count, revision, why, time, walk.confirmed)

    if any(walk.known[head.revision] != head.hash for head in known):
        return broken(walk.revision + 1, "two different heads are known of one revision")
    while rows := await query("audit_chunk", [walk.revision, ENTRIES_AT_A_TIME]):
        entries = list(map(audit_entry_of, rows))
        digests = await _digests(query, walk.revision, entries[-1].revision, forgotten)
        why, at = await asyncio.to_thread(_walked, walk, entries, digests, forgotten)
        if at is not None:
            return broken(at.revision, why, at)
        if digests:
            return broken(min(digests), "changes stand there without an audit entry")
    stray = await query("digests_of", [walk.revision, _NO_END, _NO_END, 1])
    if why := _end_problem(walk, (tip, tip_hash), stray=bool(stray)):
        return broken(walk.revision + 1, why)
    for revision, body, detail in await query("certificates_and_entries", ()):
        if detail != f"{ERASED_DETAIL} {decode(body, ErasureCertificate).digest}":
            return broken(int(revision), "its certificate is not the one that was given")
    return AuditVerification(True, tip, tip_hash, walk.count, confirmed_revision=walk.confirmed)


def _end_problem(walk: _Walk, tip: tuple[int, str], *, stray: bool) -> str:
    if (walk.revision, walk.hash) != tip:
        return "the chain ends before the ledger's head"
    if max(walk.known, default=0) > walk.revision:
        return "the chain ends before the published head"
    return "changes stand there without an audit entry" if stray else ""


async def _forgotten(query: Query) -> _Forgotten:
    erased = {str(row[0]): int(row[1]) for row in await query("erased_names", ())}
    dropped = [row[0].rpartition(" ")[2] for row in await query("dropped_details", ())]
    return _Forgotten(erased, max((int(text) for text in dropped if text.isdecimal()), default=0))


def _walked(
    walk: _Walk, entries: Sequence[AuditEntry], digests: dict[int, str | None], forgotten: _Forgotten
) -> tuple[str, AuditEntry | None]:
    """Go over these entries; the first that does not hold, and why."""
    for entry in entries:
        why = walk.problem(entry, digests.pop(entry.revision, _NO_CHANGES), forgotten)
        if why:
            return why, entry
    return "", None


async def _digests(query: Query, after: int, upto: int, forgotten: _Forgotten) -> dict[int, str | None]:
    """The digest over each revision's changes; None where a stored change does not match its own."""
    found: dict[int, str | None] = {}
    left: list[Row] = []
    place = (after, _NO_END)
    while rows := await query("digests_of", [*place, upto, CHANGES_AT_A_TIME]):
        left += rows
        place = (int(rows[-1][0]), int(rows[-1][1]))
        # The last revision may go on in the next piece.
        whole = [row for row in left if row[0] != place[0]]
        left = left[len(whole) :]
        found |= await asyncio.to_thread(_digests_of, whole, forgotten.erased)
    return found | await asyncio.to_thread(_digests_of, left, forgotten.erased)


def _digests_of(rows: Sequence[Row], erased: Mapping[str, int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for revision, group in groupby(rows, key=lambda row: int(row[0])):
        changes = list(group)
        ordered = [row[1] for row in changes] == list(range(len(changes)))
        intact = ordered and all(_intact(row, erased) for row in changes)
        found[revision] = digest_of_changes([row[5:] for row in changes]) if intact else None
    return found


def _intact(row: Row, erased: Mapping[str, int]) -> bool:
    """Whether a change is what its digest says; one without payload must be older than its erasure."""
    revision, _, same_time, salt, payload, *_, subjects, digest = row
    if not same_time:
        return False
    if payload is None:
        return any(erased.get(name, 0) > revision for name in subjects)
    return change_digest(bytes(salt or b""), bytes(payload)) == str(digest)


def _entry_problem(
    entry: AuditEntry, previous: int, previous_hash: str, digest: str | None, forgotten: _Forgotten
) -> str:
    if entry.revision != previous + 1:
        return "an entry before it is missing"
    if entry.previous_hash != previous_hash:
        return "it does not follow the entry before it"
    if entry.computed_hash() != entry.hash:
        return "its content does not give its hash"
    dropped = entry.revision <= forgotten.dropped_upto and digest == _NO_CHANGES
    if entry.changes_digest != digest and not dropped:
        return "its changes are not those that were committed"
    return ""

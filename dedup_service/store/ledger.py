"""The ledger: the changes and the audit entry of a write, chained in commit order.

An audit entry's hash covers the digests of its changes and the hash before it, so an edit, a deletion, a
swap or a truncation of either shows (E-3). An erased change has lost its payload and its salt but keeps its
digest: the chain still verifies, and nothing is left to guess from (E-4).
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from dedup_service.domain.audit import GENESIS_HASH, AuditEntry, AuditVerification, change_digest
from dedup_service.domain.changes import Acknowledgement, Change, ChangeDraft, ChangeType
from dedup_service.store.rows import Parameters, Row, decode, encode, text_array
from dedup_service.workflows.ports import Request, Revision, Written

_CHUNK = 1000
_SALT_BYTES = 16
_NO_END = 2**63 - 1

Query = Callable[[str, Parameters], Awaitable[list[Row]]]


def change_columns(drafts: Sequence[ChangeDraft], revision: Revision) -> dict[str, Any]:
    """The parameters of `insert_changes`."""
    payloads = [encode(draft) for draft in drafts]
    salts = [secrets.token_bytes(_SALT_BYTES) for _ in drafts]
    return {
        "revision": revision.number,
        "time": revision.time,
        "ordinals": list(range(len(drafts))),
        "types": [draft.type.value for draft in drafts],
        "records": [draft.record for draft in drafts],
        "record_nos": ["{" + ",".join(map(str, draft.record_nos)) + "}" for draft in drafts],
        "subjects": [text_array(draft.subjects) for draft in drafts],
        "salts": salts,
        "payloads": payloads,
        "digests": [change_digest(salt, payload) for salt, payload in zip(salts, payloads, strict=True)],
    }


def digest_of_changes(rows: Iterable[Row]) -> str:
    """SHA-256 over one write's changes in order: (type, record, record_nos, subjects, digest) of each.

    The columns stand beside the payload's digest, so that they are covered even where the payload is erased.
    """
    body = [[kind, record, list(nos), list(subjects), digest] for kind, record, nos, subjects, digest in rows]
    return hashlib.sha256(encode(body)).hexdigest()


# What a write without changes is covered by, such as an acknowledgement.
_NO_CHANGES = digest_of_changes(())


def _covered(drafts: Sequence[ChangeDraft], digests: Sequence[str]) -> list[Row]:
    return [
        (draft.type.value, draft.record, draft.record_nos, draft.subjects, digest)
        for draft, digest in zip(drafts, digests, strict=True)
    ]


def audit_entry(
    request: Request, written: Written[Any], revision: Revision, digests: Sequence[str], previous_hash: str
) -> AuditEntry:
    """The entry of this write, with its hash."""
    entry = AuditEntry(
        revision=revision.number,
        time=revision.time,
        actor=request.actor,
        action=request.method,
        targets=written.targets,
        detail=written.detail,
        changes_digest=digest_of_changes(_covered(written.changes, digests)),
        previous_hash=previous_hash,
    )
    return replace(entry, hash=entry.computed_hash())


def audit_entry_of(row: Row) -> AuditEntry:
    """An entry from the columns (revision, time, actor, action, targets, detail, digest, previous, hash)."""
    return AuditEntry(row[0], row[1], row[2], row[3], tuple(row[4]), *row[5:9])


def change_of(row: Row, acknowledgements: tuple[Acknowledgement, ...]) -> Change:
    """A change from (revision, ordinal, time, type, record, payload); an erased one keeps its place."""
    revision, ordinal, time, kind, record, payload = row
    if payload is None:
        return Change(
            revision, ordinal, time, ChangeDraft(ChangeType(kind), record=record), True, acknowledgements
        )
    return Change(revision, ordinal, time, decode(bytes(payload), ChangeDraft), False, acknowledgements)


async def verify(query: Query, head_revision: int, head_hash: str) -> AuditVerification:
    """Walk the whole chain in chunks; memory grows with the changes of one chunk, not with its length."""
    tip, tip_hash = (await query("head", ()))[0]
    erased = {str(row[0]): int(row[1]) for row in await query("erased_names", ())}
    previous_hash, previous, count = GENESIS_HASH, 0, 0

    def broken(revision: int, why: str) -> AuditVerification:
        return AuditVerification(False, tip, tip_hash, count, revision, why)

    while True:
        entries = [audit_entry_of(row) for row in await query("audit_chunk", [previous, _CHUNK])]
        if not entries:
            break
        digests = await _digests(query, previous, entries[-1].revision, erased)
        for entry in entries:
            why = _entry_problem(entry, previous, previous_hash, digests.pop(entry.revision, _NO_CHANGES))
            if entry.revision == head_revision and entry.hash != head_hash:
                why = why or "its hash is not that of the published head"
            if why:
                return broken(entry.revision, why)
            previous, previous_hash, count = entry.revision, entry.hash, count + 1
        if digests:
            return broken(min(digests), "changes stand there without an audit entry")
    stray = await query("digests_of", [previous, _NO_END])
    if why := _end_problem((previous, previous_hash), (tip, tip_hash), head_revision, bool(stray)):
        return broken(previous + 1, why)
    return AuditVerification(True, tip, tip_hash, count)


def _end_problem(last: tuple[int, str], tip: tuple[int, str], head_revision: int, stray: bool) -> str:
    if last != tip:
        return "the chain ends before the ledger's head"
    if head_revision > last[0]:
        return "the chain ends before the published head"
    return "changes stand there without an audit entry" if stray else ""


async def _digests(query: Query, after: int, upto: int, erased: dict[str, int]) -> dict[int, str | None]:
    """The digest over each revision's changes; None where a stored change does not match its own."""
    found: dict[int, str | None] = {}
    for revision, rows in groupby(await query("digests_of", [after, upto]), key=lambda row: int(row[0])):
        changes = list(rows)
        ordered = [row[1] for row in changes] == list(range(len(changes)))
        intact = ordered and all(_intact(row, erased) for row in changes)
        found[revision] = digest_of_changes([row[5:] for row in changes]) if intact else None
    return found


def _intact(row: Row, erased: dict[str, int]) -> bool:
    """Whether a change is what its digest says; one without payload must be older than its erasure."""
    revision, _, same_time, salt, payload, *_, subjects, digest = row
    if not same_time:
        return False
    if payload is None:
        return any(erased.get(name, 0) > revision for name in subjects)
    return change_digest(bytes(salt or b""), bytes(payload)) == str(digest)


def _entry_problem(entry: AuditEntry, previous: int, previous_hash: str, digest: str | None) -> str:
    if entry.revision != previous + 1:
        return "an entry before it is missing"
    if entry.previous_hash != previous_hash:
        return "it does not follow the entry before it"
    if entry.computed_hash() != entry.hash:
        return "its content does not give its hash"
    if entry.changes_digest != digest:
        return "its changes are not those that were committed"
    return ""

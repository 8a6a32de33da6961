"""The ledger: the changes and the audit entry of a write, chained in commit order.

An audit entry's hash covers the digests of its changes and the hash before it, so an edit, a deletion, a
swap or a truncation of either shows (E-3). An erased change has lost its payload and its salt but keeps its
digest: the chain still verifies, and nothing is left to guess from (E-4).
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from dedup_service.domain.audit import AuditEntry, change_digest
from dedup_service.domain.changes import Acknowledgement, Change, ChangeDraft, ChangeType
from dedup_service.store.rows import Row, decode, encode, text_array
from dedup_service.workflows.ports import Request, Revision, Written

_SALT_BYTES = 16


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

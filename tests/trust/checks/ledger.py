"""The chain of the audit and the order of changes (A-1, E-1, E-3), by an implementation of its own."""

import hashlib
import json
from typing import Any

from tests.trust.checks.rows import AuditLine, ChangeLine
from tests.trust.checks.stored import Stored

NO_HASH = "0" * 64


class Chain:
    """Walks the chain on from where it last was; from its beginning when anything before that was written."""

    def __init__(self) -> None:
        self._verified = 0
        self._hash = NO_HASH

    def broken(self, stored: Stored) -> list[str]:
        """Every entry that does not follow, and every change that its entry does not cover."""
        fresh = [row.revision for table in ("audit_entries", "changes") for row in stored.fresh[table]]
        if self._verified and min(fresh, default=self._verified + 1) <= self._verified:
            self._verified, self._hash = 0, NO_HASH
        by_revision: dict[int, list[ChangeLine]] = {}
        for revision, ordinal in sorted(key for key in stored.changes if key[0] > self._verified):
            by_revision.setdefault(revision, []).append(stored.changes[revision, ordinal])
        problems: list[str] = []
        for revision in range(self._verified + 1, stored.head.revision + 1):
            entry = stored.audit.get(revision)
            if entry is None:
                problems.append(f"E-1 revision {revision} has no audit entry")
                continue
            told = by_revision.pop(revision, [])
            problems += _gaps(revision, told) + _altered(entry, told, self._hash, _erasures(stored, told))
            self._hash = entry.hash
        problems += [f"E-1 revision {revision} has changes and no audit entry" for revision in by_revision]
        if self._hash != stored.head.hash:
            problems.append(f"E-3 the chain ends with {self._hash[:8]}, the head says {stored.head.hash[:8]}")
        problems += [f"E-1 entry {n} is after the head" for n in stored.audit if n > stored.head.revision]
        self._verified = 0 if problems else stored.head.revision
        if problems:
            self._hash = NO_HASH
        return problems


def _gaps(revision: int, told: list[ChangeLine]) -> list[str]:
    if [change.ordinal for change in told] == list(range(len(told))):
        return []
    return [f"E-1 revision {revision} has the changes {[change.ordinal for change in told]}"]


def _erasures(stored: Stored, told: list[ChangeLine]) -> dict[str, int]:
    """When each subject of these changes was last erased; asked only where a payload is gone."""
    gone = {name for change in told if change.payload is None for name in change.subjects}
    found: dict[str, int] = {}
    for entry in stored.audit.values() if gone else ():
        if entry.action == "EraseRecord":
            found |= {name: max(entry.revision, found.get(name, 0)) for name in gone & set(entry.targets)}
    return found


def _altered(entry: AuditLine, told: list[ChangeLine], before: str, erased: dict[str, int]) -> list[str]:
    where = f"E-3 entry {entry.revision}"
    problems = []
    if entry.previous_hash != before:
        problems.append(f"{where} does not follow the one before it")
    body = [
        *(entry.revision, entry.time.isoformat(), entry.actor, entry.action, entry.targets),
        *(entry.detail, entry.changes_digest, entry.previous_hash),
    ]
    if _sha(body) != entry.hash:
        problems.append(f"{where} does not give its hash")
    covered = [[c.type, c.record, c.record_nos, c.subjects, c.digest] for c in told]
    if _sha(covered) != entry.changes_digest:
        problems.append(f"{where} covers other changes than are there")
    for change in told:
        place = f"change {change.revision}-{change.ordinal}"
        if change.payload is None or change.salt is None:
            if not any(erased.get(name, 0) > change.revision for name in change.subjects):
                problems.append(f"E-3 {place} is empty and nobody of it was erased since")
        elif hashlib.sha256(change.salt + change.payload).hexdigest() != change.digest:
            problems.append(f"E-3 {place} does not give its digest")
        if change.time != entry.time:
            problems.append(f"A-1 {place} is of another time than its entry")
    return problems


def _sha(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()

"""The audit chain: each entry's hash covers its content and the hash before it (E-3).

Entries hold names and digests, never values. The digest of a change is salted, so that after an erasure
neither the value nor a way to guess it is left, and the chain still verifies (E-4).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec

GENESIS_HASH = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what in one committed write."""

    revision: int
    time: datetime
    actor: str
    action: str
    targets: tuple[str, ...]
    detail: str
    changes_digest: str
    previous_hash: str
    hash: str = ""

    def computed_hash(self) -> str:
        """SHA-256 over the entry's canonical JSON without its own hash."""
        body = [
            self.revision,
            self.time.isoformat(),
            self.actor,
            self.action,
            self.targets,
            self.detail,
            self.changes_digest,
            self.previous_hash,
        ]
        return hashlib.sha256(msgspec.json.encode(body)).hexdigest()


def change_digest(salt: bytes, payload: bytes) -> str:
    """SHA-256 over the salt and the change's stored bytes, as 64 hex digits."""
    return hashlib.sha256(salt + payload).hexdigest()


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """The newest entry of the chain at some moment: kept elsewhere, it shows a chain that was made anew."""

    revision: int
    hash: str

    def __str__(self) -> str:
        return f"{self.hash}@{self.revision}"


@dataclass(frozen=True, slots=True)
class AuditVerification:
    """Whether the chain holds; if not, the first revision at which it breaks, when that was written, and why.

    `confirmed_revision` is that of the newest known head that the chain still contains, 0 without one: what
    was written up to it is as it was.
    """

    holds: bool
    head_revision: int
    head_hash: str
    entry_count: int
    broken_revision: int = 0
    explanation: str = ""
    broken_time: datetime | None = None
    confirmed_revision: int = 0

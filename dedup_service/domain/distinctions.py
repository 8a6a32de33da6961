"""Not-a-match links: two sides that are known not to be the same.

A link is between records, not golden records, so that merges and undos inherit it without touching it.
"""

from dataclasses import dataclass
from datetime import datetime

from dedup_service.domain.records import RecordKey


@dataclass(frozen=True, slots=True)
class Distinction:
    """No record of `left` is the same person or company as any record of `right`."""

    distinction_id: str
    left: tuple[RecordKey, ...]
    right: tuple[RecordKey, ...]
    reason: str
    creator: str
    create_time: datetime
    revision: int = 0

    @property
    def name(self) -> str:
        return f"distinctions/{self.distinction_id}"

    @property
    def etag(self) -> str:
        return f'"{self.revision}"'

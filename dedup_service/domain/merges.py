"""Merges as they were carried out, and what their undo needs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dedup_service.domain.golden import Choice
from dedup_service.domain.records import RecordKey, RecordKind


class MergeState(StrEnum):
    """Whether a merge stands."""

    EXECUTED = "EXECUTED"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class BeforeGolden:
    """A golden record as it was just before the merge: its structure, not its values.

    The values of that moment stand in the before-images of the merge's change.
    """

    golden_id: str
    kind: RecordKind
    version: int
    records: tuple[RecordKey, ...]
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class UndoConflict:
    """A steward's later choice on the merged golden record that its undo leaves without its record."""

    field: str
    record: RecordKey
    merge_id: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Merge:
    """One executed merge of 2 to 50 golden records."""

    merge_id: str
    proposal_id: str
    survivor_id: str
    before: tuple[BeforeGolden, ...]
    executor: str
    execute_time: datetime
    revision: int
    state: MergeState = MergeState.EXECUTED
    undo_principal: str = ""
    undo_reason: str = ""
    undo_time: datetime | None = None
    undo_revision: int = 0
    conflicts: tuple[UndoConflict, ...] = ()

    @property
    def name(self) -> str:
        return merge_name(self.merge_id)

    @property
    def merged_ids(self) -> tuple[str, ...]:
        """Ids of the golden records merged away."""
        return tuple(b.golden_id for b in self.before if b.golden_id != self.survivor_id)

    @property
    def etag(self) -> str:
        return f'"{self.state}-{self.undo_revision or self.revision}"'


def merge_name(merge_id: str) -> str:
    """The resource name of a merge."""
    return f"merges/{merge_id}"

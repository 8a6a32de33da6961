"""Changes: the ordered stream from which other systems follow every write (domain 8.6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dedup_service.domain.attention import LeadClassChange, Unattended
from dedup_service.domain.audit import PublishedHead
from dedup_service.domain.golden import GoldenImage
from dedup_service.domain.intake.folding import FoldedValue


class ChangeType(StrEnum):
    """What kind of write a change tells of."""

    RECORD_CREATED = "RECORD_CREATED"
    RECORD_UPDATED = "RECORD_UPDATED"
    RECORD_DELETED = "RECORD_DELETED"
    RECORD_ERASED = "RECORD_ERASED"
    MERGED = "MERGED"
    UNDONE = "UNDONE"
    PROPOSAL_CHANGED = "PROPOSAL_CHANGED"
    DISTINCTION_CREATED = "DISTINCTION_CREATED"
    DISTINCTION_DELETED = "DISTINCTION_DELETED"
    LEAD_CLASS_CHANGED = "LEAD_CLASS_CHANGED"
    LEAD_UNATTENDED = "LEAD_UNATTENDED"
    INTAKE_FOLDED = "INTAKE_FOLDED"
    AUDIT_HEAD_PUBLISHED = "AUDIT_HEAD_PUBLISHED"


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """One change of a write, before the write has a revision.

    `records` are the store's numbers of the records whose index entries the change may alter;
    `subjects` the names of the records whose values the images hold, so that erasure can find them;
    `folded` are the values that an intake offered beside what the record held; `audit_head` is the entry of
    the write before.
    """

    type: ChangeType
    record: str = ""
    merge: str = ""
    proposal: str = ""
    distinction: str = ""
    before: tuple[GoldenImage, ...] = ()
    after: tuple[GoldenImage, ...] = ()
    record_nos: tuple[int, ...] = ()
    subjects: tuple[str, ...] = ()
    intake: str = ""
    folded: tuple[FoldedValue, ...] = ()
    lead_class: LeadClassChange | None = None
    unattended: Unattended | None = None
    audit_head: PublishedHead | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A source's word that it has carried out a merge or an undo."""

    source: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change; (revision, ordinal) is its place in the order of all changes."""

    revision: int
    ordinal: int
    time: datetime
    draft: ChangeDraft
    erased: bool = False
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def name(self) -> str:
        return f"changes/{self.revision}-{self.ordinal}"

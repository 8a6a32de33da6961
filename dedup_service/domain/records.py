"""What a source holds: records, their owners, facts and child references.

A record is what one source says about one person or company.
A merge never edits a record (B-1): it moves the record's membership from one golden record to another.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

SOURCE_PATTERN = re.compile(r"[a-z][a-z0-9_-]{0,62}")
# In the place of an id, where the service is asked to give one.
ID_TO_BE_GIVEN = "-"
SOURCE_RECORD_ID_PATTERN = re.compile(r"[^\s/\x00-\x1f\x7f]{1,200}")


class RecordKind(StrEnum):
    """The three kinds of record a CRM holds (domain 1)."""

    LEAD = "LEAD"
    CONTACT = "CONTACT"
    ACCOUNT = "ACCOUNT"


class RecordState(StrEnum):
    """Whether a record takes part in matching and survivorship."""

    ACTIVE = "ACTIVE"
    DELETED = "DELETED"
    ERASED = "ERASED"


class LeadClass(StrEnum):
    """How warm a lead is (domain 2.1); computed, never typed in."""

    LIVE = "LIVE"
    NAME = "NAME"
    DEAD = "DEAD"


class AccountState(StrEnum):
    """Whether finance knows an account (domain 4.3); computed, never typed in."""

    PROVISIONAL = "PROVISIONAL"
    MASTERED = "MASTERED"


class ChildKind(StrEnum):
    """Kinds of child reference; they decide what a merge would hurt (domain 1.4)."""

    OPPORTUNITY = "OPPORTUNITY"
    INVOICE = "INVOICE"
    ORDER = "ORDER"
    CASE = "CASE"
    CAMPAIGN = "CAMPAIGN"
    CONTRACT = "CONTRACT"


@dataclass(frozen=True, slots=True, order=True)
class RecordKey:
    """The identity of a record: a source, and the id that this source gave it."""

    source: str
    source_record_id: str

    @property
    def name(self) -> str:
        """The resource name, ``sources/{source}/records/{source_record_id}``."""
        return f"sources/{self.source}/records/{self.source_record_id}"

    @classmethod
    def parse(cls, name: str) -> "RecordKey | None":
        """The key of a resource name, or None when the name is not well formed."""
        parts = name.split("/")
        if len(parts) != 4 or parts[0] != "sources" or parts[2] != "records":
            return None
        if not SOURCE_PATTERN.fullmatch(parts[1]):
            return None
        if not SOURCE_RECORD_ID_PATTERN.fullmatch(parts[3]):
            return None
        return cls(parts[1], parts[3])


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for a record in its source: a person, their function, or a queue."""

    principal: str = ""
    function: str = ""
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """Money: a decimal number of units of an ISO 4217 currency."""

    currency: str
    units: Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a source says about a record: a count, an amount, a flag, a time or a text.

    Exactly one of the five values is set; `name` is one of `facts.FACTS`.
    """

    name: str
    count: int | None = None
    amount: Amount | None = None
    flag: bool | None = None
    time: datetime | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Child:
    """A reference to a business document that hangs below a record in its source."""

    kind: ChildKind
    child_id: str
    owner: str = ""
    open: bool = False
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class RecordDraft:
    """A record as its source writes it, before the service has computed anything.

    `values` maps field names of `fields.FIELDS` (or ``custom.NAME``) to text, byte for byte as sent.
    `account` is the account record that a contact belongs to; `parent` the parent of an account.
    `source_update_time` is when the source last changed it: what "most recent" means in survivorship.
    """

    key: RecordKey
    kind: RecordKind
    values: dict[str, str]
    person_account: bool = False
    owner: Owner | None = None
    facts: tuple[Fact, ...] = ()
    children: tuple[Child, ...] = ()
    account: RecordKey | None = None
    parent: RecordKey | None = None
    source_update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record: the draft, plus what the service keeps about it.

    `record_no` is the store's small integer, the surrogate that the blocking index holds.
    `version` counts the writes to this record from 1; `revision` is the write that made this state.
    """

    draft: RecordDraft
    record_no: int
    golden_id: str
    version: int
    revision: int
    create_time: datetime
    update_time: datetime
    state: RecordState = RecordState.ACTIVE

    @property
    def key(self) -> RecordKey:
        return self.draft.key

    @property
    def name(self) -> str:
        return self.draft.key.name

    @property
    def kind(self) -> RecordKind:
        return self.draft.kind

    @property
    def active(self) -> bool:
        return self.state is RecordState.ACTIVE

    @property
    def etag(self) -> str:
        """The version as the API shows it, quoted as HTTP and AIP-154 do."""
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """An active record, as far as a match tells of it; `lead` is the draft of a lead, else None."""

    record_no: int
    key: RecordKey
    kind: RecordKind
    golden_id: str
    lead: RecordDraft | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with an input: where (a field path) and what to do about it."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class RejectedDraft:
    """A draft of a batch that was not written, with every reason."""

    index: int
    violations: tuple[Violation, ...] = field(default_factory=tuple)

"""The who-is-who answer: what to do with a person or company, with which record, for whom, and why."""

from dataclasses import dataclass
from enum import StrEnum

import scoring
from dedup_service.domain.data_entry import Finding
from dedup_service.domain.intake.folding import FoldedValue
from dedup_service.domain.lead_scoring import LeadScore
from dedup_service.domain.records import LeadClass, Record, RecordKey, RecordKind, Violation


class IntakeAction(StrEnum):
    """What is done."""

    INSERT = "INSERT"
    INSERT_WITH_PROPOSAL = "INSERT_WITH_PROPOSAL"
    UPDATE = "UPDATE"


class IntakeStep(StrEnum):
    """The steps of the decision, in their order (domain 9)."""

    NAMED_ACCOUNT = "NAMED_ACCOUNT"
    CURRENT_ACCOUNT = "CURRENT_ACCOUNT"
    MUST_TRANSACT = "MUST_TRANSACT"
    GIVEN_KIND = "GIVEN_KIND"
    LEAD = "LEAD"


@dataclass(frozen=True, slots=True)
class StepReason:
    """One step, taken or passed over, and why."""

    step: IntakeStep
    taken: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RecognisedAccount:
    """The account that somebody seems to belong to; acted on only when `recognised`.

    `confidence` is from 0 to 1; `target_lists` name it, `current_reason` says why it is a customer.
    """

    golden_id: str
    record: RecordKey
    confidence: float
    evidence: tuple[str, ...]
    target_lists: tuple[str, ...] = ()
    current_reason: str = ""
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A stored record that is, or may be, the same; `certain` when that is enough to update it.

    `dead_reason` says why a DEAD lead died: a warning (domain 2.4).
    """

    record: RecordKey
    record_no: int
    golden_id: str
    kind: RecordKind
    match_weight_bits: float
    match_probability: float
    verdict: scoring.Verdict
    certain: bool
    dead_reason: str = ""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Who works a record, and by which rule of the territories; a queue where nobody does yet."""

    principal: str = ""
    function: str = ""
    team: str = ""
    queue: str = ""
    partner: str = ""
    rule: str = ""
    rung: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why a search may have missed somebody; `kind` is the name of the index's reason."""

    kind: str
    detail: str
    blocking_key: str = ""


@dataclass(frozen=True, slots=True)
class IntakeAnswer:
    """What intake did, or would do.

    `record` has no place in the store (`record_no` 0) when it was not written.
    """

    action: IntakeAction
    step: IntakeStep
    reasons: tuple[StepReason, ...]
    record: Record
    account: RecognisedAccount | None
    duplicates: tuple[Duplicate, ...]
    proposal_name: str
    assigned: Assigned
    lead_class: LeadClass | None
    lead_class_reason: str
    lead_score: LeadScore | None
    findings: tuple[Finding, ...]
    folded: tuple[FoldedValue, ...]
    incomplete: tuple[Incomplete, ...]
    intake_name: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record of a batch: an answer, or every reason why it was not routed."""

    answer: IntakeAnswer | None = None
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """The results of a batch in its order, and the revision that shows them all (0: nothing was written)."""

    results: tuple[Result, ...]
    revision: int


class ConversionAction(StrEnum):
    """What a conversion does with a lead."""

    NEW_CONTACT = "NEW_CONTACT"
    NEW_PERSON_ACCOUNT = "NEW_PERSON_ACCOUNT"
    JOIN = "JOIN"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a lead became, or would become; `target` is the contact or person account.

    `account` is the contact's, None for a person account; `new_account` whether it was made for it. In a JOIN
    nothing moves before its owners have decided on the proposal.
    """

    action: ConversionAction
    lead: Record
    target: Record
    account: Record | None
    new_account: bool
    recognised: RecognisedAccount | None
    duplicates: tuple[Duplicate, ...]
    proposal_name: str
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    incomplete: tuple[Incomplete, ...]
    revision: int = 0

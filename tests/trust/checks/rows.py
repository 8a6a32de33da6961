"""The rows of the store as they stand, one class a table."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

Json = Any


class Head(NamedTuple):
    """Where the ledger stands, and the number of the policy in force."""

    revision: int
    hash: str
    rules_no: int


class GoldenLine(NamedTuple):
    """A row of `golden_records`; without a successor `successor_id` is empty."""

    golden_id: str
    kind: str
    state: str
    version: int
    revision: int
    create_time: datetime
    successor_id: str
    merge_id: str
    choices: Json


class RecordLine(NamedTuple):
    """A row of `records`, its draft as it stands in the store."""

    record_no: int
    source: str
    source_record_id: str
    kind: str
    state: str
    golden_id: str
    version: int
    revision: int
    create_time: datetime
    update_time: datetime
    draft: Json

    @property
    def name(self) -> str:
        return f"sources/{self.source}/records/{self.source_record_id}"


class ProposalLine(NamedTuple):
    """A row of `proposals`, with what lists are filtered by."""

    proposal_id: str
    state: str
    type: str
    kind: str
    impact: str
    verdict: str
    proposer: str
    missing_functions: list[str]
    escalated_to: list[str]
    voters: list[str]
    sources: list[str]
    owners: list[str]
    escalate_time: datetime | None
    golden_ids: list[str]
    survivor_id: str
    revision: int
    create_time: datetime
    body: Json


class VoteLine(NamedTuple):
    """A row of `votes`."""

    vote_no: int
    proposal_id: str
    principal: str
    function: str
    on_behalf_of: str
    decision: str
    plan_hash: str
    time: datetime
    impact: str


class MergeLine(NamedTuple):
    """A row of `merges`."""

    merge_id: str
    proposal_id: str
    survivor_id: str
    state: str
    revision: int
    execute_time: datetime
    body: Json


class MergedLine(NamedTuple):
    """A row of `merged_golden_records`."""

    merge_id: str
    golden_id: str
    standing: bool


class ChangeLine(NamedTuple):
    """A row of `changes`; an erased one has neither salt nor payload."""

    revision: int
    ordinal: int
    time: datetime
    type: str
    record: str
    record_nos: list[int]
    subjects: list[str]
    salt: bytes | None
    payload: bytes | None
    digest: str

    def told(self) -> Json:
        """What the change says; nothing where it was erased."""
        return msgspec.json.decode(self.payload) if self.payload is not None else {}


class AuditLine(NamedTuple):
    """A row of `audit_entries`."""

    revision: int
    time: datetime
    actor: str
    action: str
    targets: list[str]
    detail: str
    changes_digest: str
    previous_hash: str
    hash: str


class AnswerLine(NamedTuple):
    """A row of `request_answers`; one that was erased has no answer."""

    principal: str
    request_id: str
    method: str
    answer: bytes | None
    create_time: datetime


class DistinctionLine(NamedTuple):
    """A row of `distinctions`, with the keys of both sides."""

    distinction_id: str
    body: Json


class DelegationLine(NamedTuple):
    """A row of `delegations`."""

    delegation_id: str
    revision: int
    body: Json


class PolicyLine(NamedTuple):
    """A row of `policy_versions`."""

    number: int
    version: str
    text: str
    revision: int


class GroupLine(NamedTuple):
    """A row of `proposal_groups`."""

    group_key: str
    marks: list[str]
    missing_functions: list[str]
    escalated_to: list[str]
    but_not_for: list[str]
    held: int


class GroupOwnerLine(NamedTuple):
    """A row of `proposal_group_owners`."""

    group_key: str
    owner: str
    held: int


class WaitingLine(NamedTuple):
    """A row of `waiting_proposals`."""

    proposal_id: str
    waits_for: str
    but_not_for: list[str]
    marks: list[str]

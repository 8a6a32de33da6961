"""Merge proposals: a plan, who asks for it, and where its vote stands."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dedup_service.domain.decision import Decision, Vote
from dedup_service.domain.impact import Impact
from dedup_service.domain.plan import Plan


class ProposalState(StrEnum):
    """PENDING and APPROVED are open; the others are final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXECUTED = "EXECUTED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def open(self) -> bool:
        return self in (ProposalState.PENDING, ProposalState.APPROVED)


@dataclass(frozen=True, slots=True)
class GoldenLink:
    """How strongly two golden records of a plan match: their best pair of records."""

    left: str
    right: str
    match_weight_bits: float
    match_probability: float


@dataclass(frozen=True, slots=True)
class PlanChange:
    """Something that changed an open proposal's plan and voided its votes."""

    revision: int
    time: datetime
    differences: tuple[str, ...]
    voided_votes: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stored merge proposal; holds names and numbers, no personal value."""

    proposal_id: str
    state: ProposalState
    plan: Plan
    proposer: str
    comment: str
    links: tuple[GoldenLink, ...]
    weakest_link: GoldenLink | None
    impact: Impact
    missing_functions: tuple[str, ...]
    create_time: datetime
    update_time: datetime
    revision: int = 0
    votes: tuple[Vote, ...] = ()
    plan_changes: tuple[PlanChange, ...] = ()
    decision: Decision | None = None
    merge_id: str = ""
    closing_comment: str = ""

    @property
    def name(self) -> str:
        return proposal_name(self.proposal_id)

    @property
    def plan_time(self) -> datetime:
        """When the plan became what it is."""
        return self.plan_changes[-1].time if self.plan_changes else self.create_time

    @property
    def etag(self) -> str:
        """The plan hash: one etag guards what the steward saw."""
        return self.plan.hash


def proposal_name(proposal_id: str) -> str:
    """The resource name of a merge proposal."""
    return f"mergeProposals/{proposal_id}"

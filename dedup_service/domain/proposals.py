"""Merge proposals: a plan, who asks for it, and where its vote stands."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import scoring
from dedup_service.domain.decision import Decision
from dedup_service.domain.plan import Plan
from dedup_service.domain.policy import Impact
from dedup_service.domain.voting import Vote


class ProposalState(StrEnum):
    """PENDING and APPROVED are open; the others are final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXECUTED = "EXECUTED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"

    @property
    def open(self) -> bool:
        return self in (ProposalState.PENDING, ProposalState.APPROVED)


@dataclass(frozen=True, slots=True)
class GoldenLink:
    """How strongly two golden records of a plan match: their best pair of records.

    `verdict` is that of the model which scored them; none is known of a cluster that a cleanup run found.
    """

    left: str
    right: str
    match_weight_bits: float
    match_probability: float
    verdict: scoring.Verdict | None = None


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
    # When nobody had decided in time, and who was told: the managers of those who were asked.
    escalate_time: datetime | None = None
    escalated_to: tuple[str, ...] = ()
    # The people and queues who own a record of the plan, in order; none is kept once the proposal is over.
    owners: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the records of the plan, in order."""
        return tuple(sorted({record.key.source for member in self.plan.members for record in member.records}))

    @property
    def verdict(self) -> scoring.Verdict | None:
        """What the scoring model said about the weakest link; None without one."""
        return self.weakest_link.verdict if self.weakest_link is not None else None

    @property
    def name(self) -> str:
        return proposal_name(self.proposal_id)

    @property
    def plan_time(self) -> datetime:
        """When the plan became what it is."""
        return self.plan_changes[-1].time if self.plan_changes else self.create_time

    def with_plan(
        self, plan: Plan, revision: int, time: datetime, links: tuple[GoldenLink, ...] | None = None
    ) -> "Proposal":
        """The proposal on another plan: votes on the old one are void, and its period starts anew."""
        voided = sum(vote.plan_hash == self.plan.hash for vote in self.votes)
        change = PlanChange(revision, time, tuple(self.plan.differences(plan)), voided)
        return replace(
            self,
            plan=plan,
            plan_changes=(*self.plan_changes, change),
            update_time=time,
            revision=revision,
            escalate_time=None,
            escalated_to=(),
            links=self.links if links is None else links,
        )

    @property
    def voters(self) -> tuple[str, ...]:
        """Who has voted on the plan as it is, with a vote that counts."""
        counted = self.decision.votes if self.decision is not None else ()
        return tuple(sorted(c.vote.principal for c in counted if c.counts))

    @property
    def etag(self) -> str:
        """The plan hash: one etag guards what the steward saw."""
        return self.plan.hash


def proposal_name(proposal_id: str) -> str:
    """The resource name of a merge proposal."""
    return f"mergeProposals/{proposal_id}"

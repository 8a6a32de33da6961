"""Bring a case before the one decision function, as it stands inside the running transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.decision import Case, Decision, Vote, decide
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.plan import Plan
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Directory
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.workflows.ports import ReadTransaction


class Assessment:
    """Asks `domain.decision.decide`; every workflow that could complete a merge goes through here."""

    def __init__(self, policy: Policy, directory: Directory) -> None:
        self.policy = policy
        self.directory = directory

    async def decide(
        self,
        tx: ReadTransaction,
        plan: Plan,
        goldens: Sequence[GoldenRecord],
        proposer: str,
        votes: Iterable[Vote],
        now: datetime,
        plan_time: datetime,
    ) -> Decision:
        """The decision on a plan now; reads the not-a-match links that the plan would cross."""
        keys = [record.key for golden in goldens for record in golden.members]
        distinctions = await tx.distinctions_between(keys)
        case = Case(
            plan=plan,
            goldens=tuple(goldens),
            proposer=proposer,
            distinctions=tuple(d.name for d in distinctions),
            policy=self.policy,
            now=now,
            plan_time=plan_time,
        )
        return decide(case, votes, self.directory)

    async def reassess(
        self, tx: ReadTransaction, proposal: Proposal, goldens: Sequence[GoldenRecord], now: datetime
    ) -> Proposal:
        """The open proposal with its decision, impact, missing functions and state as they are now."""
        decision = await self.decide(
            tx, proposal.plan, goldens, proposal.proposer, proposal.votes, now, proposal.plan_time
        )
        state = ProposalState.PENDING
        if decision.rejected:
            state = ProposalState.REJECTED
        elif decision.approved:
            state = ProposalState.APPROVED
        return replace(
            proposal,
            state=state,
            decision=decision,
            impact=decision.impact,
            missing_functions=decision.missing_functions,
        )


def proposal_subjects(proposal: Proposal) -> tuple[str, ...]:
    """Names of the records that a proposal's comments may speak of."""
    return tuple(record.key.name for member in proposal.plan.members for record in member.records)


def proposal_change(proposal: Proposal) -> ChangeDraft:
    """The change that tells of a write to a proposal; it carries no values."""
    return ChangeDraft(ChangeType.PROPOSAL_CHANGED, proposal=proposal.name)

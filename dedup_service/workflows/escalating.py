"""What happens to proposals that nobody decides in time (domain 7.5): escalated, then EXPIRED.

Time never approves. At the end of the voting period the votes are weighed once more, because the final
arbiter's early vote may carry from then on (domain 7.2); what is still open is shown to the managers of those
who were asked, and expires when they let their time pass too.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dedup_service.domain.decision import Decision
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.principals import Principals
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.workflows.assessment import Assessment, proposal_change, proposal_subjects
from dedup_service.workflows.ports import Request, Revision, Store, WriteTransaction, Written

PAGE_SIZE = 200
_REQUEST = Request("services/escalation", "EscalateMergeProposals")


@dataclass(frozen=True, slots=True)
class Escalated:
    """What one run did: proposals shown to managers, expired, and decided by votes cast before."""

    escalated_count: int
    expired_count: int
    decided_count: int


class _Treated(StrEnum):
    """What became of one overdue proposal; the words of its audit line."""

    LEFT = "left alone"
    REASSESSED = "reassessed"
    DECIDED = "decided at the end of the voting period"
    ESCALATED = "escalated"
    EXPIRED = "expired"


class Escalating:
    """The use case that ends voting periods; run by the service itself, again and again."""

    def __init__(self, store: Store, assessment: Assessment, page_size: int = PAGE_SIZE) -> None:
        self._store = store
        self._assessment = assessment
        self._page_size = page_size

    async def run(self, now: datetime) -> Escalated:
        """Treat every proposal that is overdue at `now`, each in a write of its own; run twice is run once.

        `now` only finds them: what is due is judged by the database's clock.
        """
        treated: Counter[_Treated] = Counter()
        seen: set[str] = set()
        while True:
            overdue = await self._store.read(lambda tx: tx.overdue_proposals(now, self._page_size))
            # What is left alone stays overdue: it is for the next run.
            fresh = [proposal for proposal in overdue if proposal.proposal_id not in seen]
            if not fresh:
                return Escalated(
                    escalated_count=treated[_Treated.ESCALATED],
                    expired_count=treated[_Treated.EXPIRED],
                    decided_count=treated[_Treated.DECIDED],
                )
            for proposal in fresh:
                seen.add(proposal.proposal_id)
                treated[await self._treat(proposal)] += 1

    async def _treat(self, listed: Proposal) -> _Treated:
        async def work(tx: WriteTransaction) -> Written[_Treated]:
            goldens = await tx.lock_goldens(listed.plan.golden_ids)
            proposal = await tx.lock_proposal(listed.proposal_id)
            if proposal is None or not self._may_be_treated(proposal, listed):
                return Written(_Treated.LEFT)
            revision = await tx.revision()
            members = [goldens[golden_id] for golden_id in proposal.plan.golden_ids]
            treated, after = await self._after(tx, proposal, members, revision)
            if after == proposal:
                return Written(_Treated.LEFT)
            after = replace(after, update_time=revision.time, revision=revision.number)
            await tx.save_proposal(after)
            return Written(
                treated,
                changes=(proposal_change(after),),
                targets=(after.name,),
                detail=treated,
                subjects=proposal_subjects(after),
            )

        return await self._store.write(_REQUEST, work, _Treated)

    def _may_be_treated(self, proposal: Proposal, listed: Proposal) -> bool:
        """Whether the locks are those of its plan, and its votes were cast under the policy in force."""
        return (
            proposal.state is ProposalState.PENDING
            and proposal.plan.golden_ids == listed.plan.golden_ids
            and proposal.plan.policy_version == self._assessment.policy.version
        )

    async def _after(
        self, tx: WriteTransaction, proposal: Proposal, goldens: list[GoldenRecord], revision: Revision
    ) -> tuple[_Treated, Proposal]:
        """What becomes of a pending proposal at this time."""
        now = revision.time
        assessed = await self._assessment.reassess(tx, proposal, goldens, now)
        decision = assessed.decision
        assert decision is not None, "reassessing gives one"
        if assessed.state is not ProposalState.PENDING:
            return _Treated.DECIDED, assessed
        if assessed.escalate_time is not None:
            if now < decision.expire_time:
                return _Treated.REASSESSED, assessed
            comment = _expired_because(decision)
            return _Treated.EXPIRED, replace(assessed, state=ProposalState.EXPIRED, closing_comment=comment)
        if now < decision.due_time:
            return _Treated.REASSESSED, assessed
        # Where no vote could help, as under a veto that nobody lifts, all who have a say are told.
        functions = decision.missing_functions or decision.functions
        told = managers_of(functions, assessed.proposer, self._assessment.principals)
        escalated = replace(assessed, escalate_time=now, escalated_to=told)
        # Once more, since the time to expire now runs from the escalation.
        return _Treated.ESCALATED, await self._assessment.reassess(tx, escalated, goldens, now)


def managers_of(functions: Iterable[str], proposer: str, principals: Principals) -> tuple[str, ...]:
    """The managers of the people of these functions, in order; in the proposer's place the proposer's own."""
    people = {name for function in functions for name in principals.people_of(function)}
    managers = {_manager_of(name, principals) for name in people}
    if proposer in managers:
        managers.add(_manager_of(proposer, principals))
    return tuple(sorted(managers - {"", proposer}))


def _manager_of(name: str, principals: Principals) -> str:
    principal = principals.find(name)
    return principal.manager if principal is not None else ""


def _expired_because(decision: Decision) -> str:
    """What stood in the way to the end: nobody is left to ask for it."""
    said = [f"missing: {missing.sentence}" for missing in decision.missing]
    said += [f"vetoed: {veto.reason}" for veto in decision.vetoes if not veto.lifted_by]
    return "; ".join(["nobody decided in time", *said])

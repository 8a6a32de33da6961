"""Bring a case before the one decision function, as it stands inside the running transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import scoring
from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.decision import Case, Decision, decide
from dedup_service.domain.delegations import Roles
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import record_owners
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.domain.voting import Outcome
from dedup_service.workflows.hierarchies import hierarchy_cycles
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse


class Assessment:
    """Asks `domain.decision.decide`; every workflow that could complete a merge goes through here."""

    def __init__(self, rules: Rules, models: ModelInUse) -> None:
        self._rules = rules
        self._models = models

    @property
    def policy(self) -> Policy:
        return self._rules.policy

    @property
    def principals(self) -> Principals:
        return self._rules.principals

    @property
    def model(self) -> scoring.ScoringModel:
        """The scoring model that links are weighed by; take it once for all links of a plan."""
        return self._models.current

    async def roles(self, tx: ReadTransaction, now: datetime) -> Roles:
        """Who may vote for what now."""
        return Roles(self.principals, await tx.delegations_holding(now), now)

    async def case(
        self, tx: ReadTransaction, proposal: Proposal, goldens: Sequence[GoldenRecord], now: datetime
    ) -> Case:
        """The case of a proposal on these golden records, with all that only the store knows."""
        # Under a policy that its plan does not know yet no vote counts, whoever looks first.
        plan = replace(proposal.plan, policy_version=self.policy.version)
        keys = [record.key for golden in goldens for record in golden.members]
        distinctions = await tx.distinctions_between(keys)
        weakest = proposal.weakest_link
        return Case(
            plan=plan,
            goldens=tuple(goldens),
            proposer=proposal.proposer,
            policy=self.policy,
            roles=await self.roles(tx, now),
            now=now,
            certainty=weakest.match_probability if weakest is not None else 0.0,
            distinctions=tuple(d.name for d in distinctions),
            cycles=await hierarchy_cycles(tx, goldens),
            accounts=await _accounts_of(tx, goldens),
            plan_time=proposal.plan_time,
            escalate_time=proposal.escalate_time,
        )

    async def decide(
        self, tx: ReadTransaction, proposal: Proposal, goldens: Sequence[GoldenRecord], now: datetime
    ) -> tuple[Case, Decision]:
        """The case and the decision on it, now."""
        case = await self.case(tx, proposal, goldens, now)
        return case, decide(case, proposal.votes)

    async def reassess(
        self, tx: ReadTransaction, proposal: Proposal, goldens: Sequence[GoldenRecord], now: datetime
    ) -> Proposal:
        """The open proposal with its decision, impact, functions, owners and state as they are now."""
        _, decision = await self.decide(tx, proposal, goldens, now)
        owners = record_owners(record for golden in goldens for record in golden.active_members)
        return replace(decided(proposal, decision), owners=tuple(sorted(owners)))


def decided(proposal: Proposal, decision: Decision) -> Proposal:
    """The open proposal as a decision leaves it."""
    state = ProposalState.PENDING
    if decision.outcome is Outcome.REJECTED:
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


async def _accounts_of(tx: ReadTransaction, goldens: Sequence[GoldenRecord]) -> dict[RecordKey, str]:
    """The golden records of the accounts that the contacts among the members belong to."""
    keys = {
        record.draft.account
        for golden in goldens
        for record in golden.active_members
        if record.kind is RecordKind.CONTACT and record.draft.account is not None
    }
    found = await tx.records(keys) if keys else {}
    return {key: record.golden_id for key, record in found.items()}


def proposal_subjects(proposal: Proposal) -> tuple[str, ...]:
    """Names of the records that a proposal's comments may speak of."""
    return tuple(record.key.name for member in proposal.plan.members for record in member.records)


def proposal_change(proposal: Proposal) -> ChangeDraft:
    """The change that tells of a write to a proposal; it carries no values."""
    return ChangeDraft(ChangeType.PROPOSAL_CHANGED, proposal=proposal.name)

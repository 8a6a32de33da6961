"""The one door: may this merge happen, and what is still missing (domain 7).

Every path that completes a merge asks `decide` inside the transaction that commits it (7.7).
Nothing is approved by silence, by an unknown principal or by a function lost since the vote (C-5).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import (
    Impact,
    ImpactReason,
    impact_of,
    master_held_count,
    mastered_golden_count,
)
from dedup_service.domain.leads import account_state, golden_lead_class
from dedup_service.domain.plan import Plan
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Directory, Principal
from dedup_service.domain.records import AccountState, LeadClass, RecordKind
from dedup_service.domain.stakes import Stake, stakes


class VoteDecision(StrEnum):
    """What a vote says."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote as cast; the log only grows, and the tally is a fold over it (C-4)."""

    principal: str
    functions: tuple[str, ...]
    decision: VoteDecision
    plan_hash: str
    comment: str
    time: datetime


@dataclass(frozen=True, slots=True)
class CountedVote:
    """A vote with whether it counts now, and if not, why."""

    vote: Vote
    counts: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Veto:
    """A rule that stops the merge whatever the votes."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """An approval that the merge needs: so many different people of any of these functions, and why."""

    functions: tuple[str, ...]
    people: int
    reason: str
    approved_by: tuple[str, ...]

    @property
    def satisfied(self) -> bool:
        return len(self.approved_by) >= self.people

    @property
    def missing(self) -> str:
        """What is missing, in words a steward reads."""
        left = self.people - len(self.approved_by)
        who = " or ".join(self.functions) or "nobody: no function has a stake"
        return f"{left} more approval{'s' if left > 1 else ''} of {who} ({self.reason})"


_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision reads, as it stands inside the deciding transaction.

    `distinctions` are the names of the not-a-match links that the plan would cross.
    """

    plan: Plan
    goldens: tuple[GoldenRecord, ...]
    proposer: str
    distinctions: tuple[str, ...]
    policy: Policy
    now: datetime
    # When the plan became what it is: a plan that changed and changed back does not revive its votes.
    plan_time: datetime = _EVER


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a case: it may be executed only when `approved`. `functions` are those who may vote."""

    impact: Impact
    impact_reasons: tuple[ImpactReason, ...]
    functions: tuple[str, ...]
    stakes: tuple[Stake, ...]
    vetoes: tuple[Veto, ...]
    requirements: tuple[Requirement, ...]
    votes: tuple[CountedVote, ...]
    rejected: bool

    @property
    def unmet(self) -> tuple[Requirement, ...]:
        return tuple(r for r in self.requirements if not r.satisfied)

    @property
    def approved(self) -> bool:
        return not self.vetoes and not self.rejected and not self.unmet

    @property
    def missing_functions(self) -> tuple[str, ...]:
        return tuple(sorted({function for r in self.unmet for function in r.functions}))


def decide(case: Case, votes: Iterable[Vote], directory: Directory) -> Decision:
    """Weigh the votes of a case against what it needs."""
    found = stakes(case.goldens, case.policy)
    impact, reasons = impact_of(case.goldens, found, case.policy)
    held = {case.policy.master_function} if master_held_count(case.goldens, case.policy) >= 2 else set()
    functions = tuple(sorted({stake.function for stake in found} | held))
    counted = _count(case, tuple(votes), functions, directory)
    approvers = [
        (c.vote.principal, set(c.vote.functions) & _functions_now(directory, c.vote.principal))
        for c in counted
        if c.counts and c.vote.decision is VoteDecision.APPROVE
    ]
    return Decision(
        impact=impact,
        impact_reasons=reasons,
        functions=functions,
        stakes=found,
        vetoes=vetoes(case),
        requirements=tuple(
            Requirement(
                functions=wanted,
                people=people,
                reason=why,
                approved_by=tuple(sorted(name for name, held in approvers if held & set(wanted))),
            )
            for wanted, people, why in _needs(case, impact, functions)
        ),
        votes=counted,
        rejected=any(c.counts and c.vote.decision is VoteDecision.REJECT for c in counted),
    )


def _needs(case: Case, impact: Impact, functions: tuple[str, ...]) -> list[tuple[tuple[str, ...], int, str]]:
    people = 2 if impact is Impact.HIGH else 1
    needs = [(functions, people, f"{impact} impact, not counting the proposer")]
    master = case.policy.master_function
    is_account = any(golden.kind is RecordKind.ACCOUNT for golden in case.goldens)
    if master_held_count(case.goldens, case.policy) >= 2:
        needs.append(((master,), 1, "the customer master holds more than one member"))
    elif is_account and impact is Impact.HIGH and master in functions:
        needs.append(((master,), 1, f"{master} has a stake in an account of HIGH impact"))
    return needs


def _functions_now(directory: Directory, name: str) -> frozenset[str]:
    principal = directory.find(name)
    return principal.functions if principal is not None else frozenset()


def _count(
    case: Case, votes: Sequence[Vote], functions: tuple[str, ...], directory: Directory
) -> tuple[CountedVote, ...]:
    """Which votes count: the last one of each person, for this plan, by somebody who may still decide."""
    last = {vote.principal: number for number, vote in enumerate(votes)}
    counted = []
    for number, vote in enumerate(votes):
        why = _void_reason(case, vote, functions, directory)
        if not why and last[vote.principal] != number:
            why = "replaced by a later vote of the same person"
        counted.append(CountedVote(vote, not why, why or "counts"))
    return tuple(counted)


def _void_reason(case: Case, vote: Vote, functions: tuple[str, ...], directory: Directory) -> str:
    if vote.plan_hash != case.plan.hash or vote.time < case.plan_time:
        return "cast on a plan that has changed since"
    principal = directory.find(vote.principal)
    if principal is None:
        return f"{vote.principal} is no longer known"
    try:
        check_may_vote(principal, case.proposer, functions)
    except PermissionRefused as refused:
        return str(refused)
    if not set(vote.functions) & principal.functions & set(functions):
        return f"{vote.principal} no longer holds the function they voted for"
    return ""


def check_may_vote(principal: Principal, proposer: str, functions: Sequence[str]) -> tuple[str, ...]:
    """The functions for which this principal's vote counts; raises PermissionRefused with the rule.

    Raises:
        PermissionRefused: NOT_AN_APPROVER for a service account, SELF_APPROVAL for the proposer,
            MISSING_ROLE for somebody of no function with a stake.
    """
    if not principal.human:
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER,
            f"{principal.name} is a service account: it may propose, not approve",
            functions,
        )
    if principal.name == proposer:
        raise PermissionRefused(
            Reason.SELF_APPROVAL, f"{principal.name} proposed this and does not decide it alone", functions
        )
    held = tuple(sorted(principal.functions & set(functions)))
    if not held:
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal.name} holds no function with a stake: {', '.join(functions) or 'none has one'}",
            functions,
        )
    return held


def vetoes(case: Case) -> tuple[Veto, ...]:
    """The veto rules that this case breaks (domain 7.6)."""
    found = [
        Veto("NOT_A_MATCH", f"{name} says that members of this plan are not the same")
        for name in sorted(case.distinctions)
    ]
    survivor = next(g for g in case.goldens if g.golden_id == case.plan.survivor_id)
    lead = golden_lead_class(survivor.members, case.policy, case.now)
    if lead is not None and lead[0] is LeadClass.DEAD:
        # Without the reason of its death: that is free text about a person.
        found.append(Veto("DEAD_SURVIVOR", f"{survivor.name} is a DEAD lead, which never survives a merge"))
    provisional = account_state(survivor.members, case.policy) is AccountState.PROVISIONAL
    if provisional and mastered_golden_count(case.goldens, case.policy):
        found.append(Veto("PROVISIONAL_SURVIVOR", "a provisional account never survives over a mastered one"))
    return tuple(found)

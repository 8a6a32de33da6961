"""The one door: may this merge happen, and what is still missing (domain 7).

Every path that completes a merge asks `decide` inside the transaction that commits it (7.7).
Nothing is approved by silence, by an unknown principal or by a function lost since the vote (C-5).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dedup_service.domain.delegations import Roles
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import ImpactReason, Touched, impact_of, master_held_count
from dedup_service.domain.leads import golden_lead_class
from dedup_service.domain.missing import Missing, what_is_missing
from dedup_service.domain.plan import Plan
from dedup_service.domain.policy import Automatic, Impact, Policy, VoteMethod
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.domain.stakes import Stake, stakes
from dedup_service.domain.vetoes import RaisedVeto, VetoCase, raised_vetoes
from dedup_service.domain.voting import (
    Ballot,
    BallotMethod,
    CountedVote,
    Electorate,
    Outcome,
    Voice,
    Vote,
    VoteDecision,
    counted,
    spoken,
    tally,
)
from dedup_service.domain.working_days import after_working_days


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision reads, as it stands inside the deciding transaction.

    `certainty` is the match probability of the weakest link that holds the members together, 0 to 1.
    `accounts` gives the golden record of each account that a contact names, `cycles` the hierarchy rings that
    the merge would close, `distinctions` the not-a-match links that it would cross.
    """

    plan: Plan
    goldens: tuple[GoldenRecord, ...]
    proposer: str
    policy: Policy
    roles: Roles
    now: datetime
    # When the plan became what it is: a plan that changed and changed back does not revive its votes.
    plan_time: datetime
    certainty: float = 0.0
    distinctions: tuple[str, ...] = ()
    cycles: tuple[str, ...] = ()
    accounts: Mapping[RecordKey, str] = field(default_factory=dict)
    escalate_time: datetime | None = None

    @property
    def kind(self) -> RecordKind:
        """The kind of the survivor, whose owners decide (domain 8.5)."""
        return next(g.kind for g in self.goldens if g.golden_id == self.plan.survivor_id)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a case: it may be executed only when `approved`.

    `vetoes` are those that stand, `lifted` those that a function has lifted by approving.
    Voting ends at `due_time`; what was escalated and nobody has decided at `expire_time` expires.
    """

    impact: Impact
    impact_reasons: tuple[ImpactReason, ...]
    stakes: tuple[Stake, ...]
    ballot: Ballot
    voices: tuple[Voice, ...]
    vetoes: tuple[RaisedVeto, ...]
    lifted: tuple[RaisedVeto, ...]
    votes: tuple[CountedVote, ...]
    outcome: Outcome
    missing: tuple[Missing, ...]
    due_time: datetime
    expire_time: datetime

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that may vote."""
        return tuple(voice.function for voice in self.voices)

    @property
    def rejected(self) -> bool:
        return self.outcome is Outcome.REJECTED

    @property
    def approved(self) -> bool:
        return self.outcome is Outcome.APPROVED and not self.vetoes

    @property
    def missing_functions(self) -> tuple[str, ...]:
        """The functions that somebody waits for, in order."""
        return tuple(sorted({missing.function for missing in self.missing if missing.function}))


def decide(case: Case, votes: Sequence[Vote]) -> Decision:
    """Weigh the votes of a case against what it needs."""
    found = stakes(case.goldens, case.policy, case.now, case.roles.principals)
    impact, reasons = impact_of(
        Touched(case.goldens, case.plan.survivor_id, found, case.accounts), case.policy
    )
    raised = raised_vetoes(_veto_case(case))
    ballot = _ballot(case, impact, found)
    asked = _voices(case, ballot, found, raised)
    log = counted(tuple(votes), _electorate(case, asked, impact))
    voices = spoken(asked, log)
    assent = {voice.function for voice in voices if voice.decision is VoteDecision.APPROVE}
    standing = tuple(veto for veto in raised if veto.lifted_by not in assent)
    periods = case.policy.periods
    due_time = after_working_days(case.plan_time, periods.voting_working_days, periods)
    outcome = tally(ballot, voices, log, case.now >= due_time)
    refused = {voice.function for voice in voices if voice.decision is VoteDecision.REJECT}
    if any(veto.lifted_by in refused for veto in raised):
        # Who alone could lift a veto has decided not to.
        outcome = Outcome.REJECTED
    return Decision(
        impact=impact,
        impact_reasons=reasons,
        stakes=found,
        ballot=ballot,
        voices=voices,
        vetoes=standing,
        lifted=tuple(veto for veto in raised if veto.lifted_by in assent),
        votes=log,
        outcome=outcome,
        missing=what_is_missing(ballot, voices, log, standing, outcome, due_time, case.roles),
        due_time=due_time,
        expire_time=after_working_days(
            case.escalate_time or due_time, periods.escalation_working_days, periods
        ),
    )


def electorate_of(case: Case, decision: Decision) -> Electorate:
    """Who may vote in this case."""
    return _electorate(case, decision.voices, decision.impact)


def _electorate(case: Case, voices: Sequence[Voice], impact: Impact) -> Electorate:
    functions = tuple(voice.function for voice in voices)
    return Electorate(case.plan.hash, case.plan_time, case.proposer, functions, case.roles, impact)


def _veto_case(case: Case) -> VetoCase:
    return VetoCase(
        case.goldens, case.plan.survivor_id, case.distinctions, case.cycles, case.policy, case.now
    )


def _ballot(case: Case, impact: Impact, found: Sequence[Stake]) -> Ballot:
    """How the votes are counted (domain 6.3): nobody, so many people, or the full vote of the kind."""
    approval = case.policy.approval
    if impact is not Impact.HIGH:
        if impact is Impact.LOW and any(_needs_nobody(case, rule) for rule in approval.automatic):
            return Ballot(BallotMethod.PEOPLE, 0, "LOW impact and certain: nobody needs to approve")
        quorum = approval.low_quorum if impact is Impact.LOW else approval.medium_quorum
        return Ballot(BallotMethod.PEOPLE, quorum, f"{impact} impact: {_people(quorum)}, not the proposer")
    full = approval.full_votes[case.kind]
    functions = {stake.function for stake in found}
    arbiter = full.final_arbiter if full.final_arbiter in functions else ""
    if _held_by_master(case):
        # Not for a policy to decide: finance owns the customer master (C-2).
        arbiter = case.policy.master_function
    said = "voice of each function" if full.method is VoteMethod.VOICES else "weight of the functions"
    reason = f"HIGH impact of {_a(case.kind)}: the {said} decides"
    if arbiter:
        reason += f", {arbiter} last"
    return Ballot(BallotMethod(full.method), full.quorum, reason, full.majority, arbiter, full.tie_breaker)


def _people(quorum: int) -> str:
    return "one person with a stake approves" if quorum == 1 else f"{quorum} people with a stake approve"


def _a(kind: RecordKind) -> str:
    return "an account" if kind is RecordKind.ACCOUNT else f"a {kind.lower()}"


def _held_by_master(case: Case) -> bool:
    return master_held_count(case.goldens, case.policy) > 1


def _needs_nobody(case: Case, rule: Automatic) -> bool:
    """Whether this rule of the policy lets the case through without a person: it must fit every member."""
    if case.certainty < rule.minimum_probability:
        return False
    for golden in case.goldens:
        found = golden_lead_class(golden.members, case.policy, case.now)
        fits = rule.lead_class is None or (found is not None and found[0] is rule.lead_class)
        if golden.kind is not rule.kind or not fits:
            return False
    return True


def _voices(
    case: Case, ballot: Ballot, found: Sequence[Stake], raised: Sequence[RaisedVeto]
) -> tuple[Voice, ...]:
    """The functions that may vote, in order, each with its weight and why it is asked."""
    reasons = _reasons(found)
    weights = dict.fromkeys(reasons, 1)
    if ballot.method is BallotMethod.WEIGHTS:
        shares = case.policy.approval.full_votes[case.kind].weights
        weights = {function: shares.get(function, 0) for function in (*shares, *reasons)}
        weights = {function: weight for function, weight in weights.items() if weight}
        for function, weight in weights.items():
            share = f"{_a(case.kind)} is its business with weight {weight} of {sum(weights.values())}"
            reasons[function] = [share, *reasons.get(function, [])]
    if ballot.arbiter:
        weights.setdefault(ballot.arbiter, 0 if ballot.method is BallotMethod.WEIGHTS else 1)
        reasons.setdefault(ballot.arbiter, [])
        if _held_by_master(case):
            reasons[ballot.arbiter].insert(0, "the customer master holds more than one member")
    for veto in raised:
        if veto.lifted_by:
            weights.setdefault(veto.lifted_by, 0)
            reasons.setdefault(veto.lifted_by, []).append(veto.reason)
    return tuple(
        Voice(function, weight, tuple(reasons[function])) for function, weight in sorted(weights.items())
    )


def _reasons(found: Sequence[Stake]) -> dict[str, list[str]]:
    """Why each function has a stake, each reason once with the number of records it holds for."""
    records: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for stake in found:
        records[stake.function][stake.reason] += 1
    return {
        function: [reason if count == 1 else f"{reason} ({count} records)" for reason, count in said.items()]
        for function, said in records.items()
    }


def rebound(votes: Sequence[Vote], old: Plan, new: Plan) -> tuple[Vote, ...]:
    """The votes on one plan as if cast on another; for asking what another policy would have decided."""
    return tuple(
        replace(v, plan_hash=new.hash, impact=Impact.HIGH) if v.plan_hash == old.hash else v for v in votes
    )

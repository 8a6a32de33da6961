"""The decision a second time, from the text of domain.md and as plainly as it can be said.

It shares nothing with the code under test but data classes and enums. Votes come in one by one, as in life,
where the code under test folds over the whole log. Only how a full vote is counted is read from the policy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from dedup_service.domain.decision import Case
from dedup_service.domain.policy import VoteMethod
from dedup_service.domain.voting import Vote, VoteDecision
from tests.domain.oracle_rules import class_of, functions_with_stake, impact, is_held, vetoes

FOR_FINANCE_TO_LIFT = {"DIFFERENT_TAX_IDS", "DIFFERENT_CUSTOMER_NUMBERS"}


def three_working_days_after(start: datetime) -> datetime:
    """When three days' worth of time on working days has passed; nothing ends on a day off."""
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    left = timedelta(days=3)
    for today, tomorrow in pairwise(midnight + timedelta(days=n) for n in range(9)):
        if today.weekday() < 5:
            begin = max(today, start)
            if begin + left < tomorrow:
                return begin + left
            left -= tomorrow - begin
    raise AssertionError(start)


@dataclass(slots=True)
class Expected:
    """What the oracle says of a case and its votes."""

    outcome: str
    approved: bool
    missing: set[str]
    counting: list[bool]
    standing: set[str]


class Poll:
    """A case that is asked for what its records say, and then takes votes one by one."""

    def __init__(self, case: Case) -> None:
        self.votes: list[Vote] = []
        self.latest: dict[str, int] = {}
        self._ask(case)

    def _ask(self, case: Case) -> None:
        """Who may vote, and how: it changes only with the records and the people."""
        self.people = case.roles.principals
        stake = functions_with_stake(case)
        self.impact = impact(case, stake)
        self.vetoes = vetoes(case)
        self.arbiter = ""
        self.quorum = 1
        self.tie_breaker = ""
        self.weights = dict.fromkeys(stake, 1)
        self.method = "PEOPLE"
        if self.impact == "HIGH":
            self._full_vote(case)
        else:
            self._few_people(case)
        if self.vetoes & FOR_FINANCE_TO_LIFT:
            self.weights.setdefault("finance", 0)

    def _few_people(self, case: Case) -> None:
        approval = case.policy.approval
        self.quorum = approval.low_quorum if self.impact == "LOW" else approval.medium_quorum
        only_names = {class_of(golden, case.now) for golden in case.goldens} == {"NAME"}
        if self.impact == "LOW" and only_names and case.certainty >= 0.99:
            self.quorum = 0

    def _full_vote(self, case: Case) -> None:
        survivor = next(g for g in case.goldens if g.golden_id == case.plan.survivor_id)
        full = case.policy.approval.full_votes[survivor.row.kind]
        self.method, self.quorum, self.tie_breaker = full.method.value, full.quorum, full.tie_breaker
        if full.final_arbiter in self.weights:
            self.arbiter = full.final_arbiter
        if full.method is VoteMethod.WEIGHTS:
            self.weights = dict(full.weights)
        if sum(is_held(golden) for golden in case.goldens) >= 2:
            self.arbiter = "finance"
            self.weights.setdefault("finance", 0 if full.method is VoteMethod.WEIGHTS else 1)

    def cast(self, vote: Vote) -> None:
        """One more vote: it takes the place of what the same person said before."""
        self.latest[vote.principal] = len(self.votes)
        self.votes.append(vote)

    def result(self, case: Case) -> Expected:
        """Where the poll stands at the time of the case, among the people of the case."""
        if case.roles.principals is not self.people:
            self._ask(case)
        counting = [
            self.latest[vote.principal] == number and self._may_still(vote, case)
            for number, vote in enumerate(self.votes)
        ]
        for number, vote in enumerate(self.votes):
            later = [v for n, v in enumerate(self.votes) if n > number and counting[n]]
            seat = vote.on_behalf_of or vote.principal
            if any(_seat(v) == seat and v.function != vote.function for v in later):
                counting[number] = False
        valid = [vote for vote, counts in zip(self.votes, counting, strict=True) if counts]
        voices = {vote.function: vote.decision.value for vote in valid}
        lifted = FOR_FINANCE_TO_LIFT if voices.get("finance") == "APPROVE" else set[str]()
        standing = self.vetoes - lifted
        outcome = self._few(valid) if self.method == "PEOPLE" else self._full(voices, valid, case)
        if self.vetoes & FOR_FINANCE_TO_LIFT and voices.get("finance") == "REJECT":
            outcome = "REJECTED"
        missing = set[str]()
        if outcome == "PENDING":
            missing = self._missing(voices)
        if outcome != "REJECTED" and standing & FOR_FINANCE_TO_LIFT:
            missing.add("finance")
        return Expected(outcome, outcome == "APPROVED" and not standing, missing, counting, standing)

    def _may_still(self, vote: Vote, case: Case) -> bool:
        voter = case.roles.principals.find(vote.principal)
        if voter is None or voter.type != "HUMAN" or case.proposer in {vote.principal, vote.on_behalf_of}:
            return False
        if vote.plan_hash != case.plan.hash or vote.time < case.plan_time:
            return False
        if vote.function not in self.weights:
            return False
        return _stands_in(vote, case) if vote.on_behalf_of else vote.function in voter.functions

    def _few(self, valid: list[Vote]) -> str:
        """LOW and MEDIUM: a refusal of a function with a stake ends it; else so many people approve."""
        for vote in valid:
            if vote.decision is VoteDecision.REJECT and self.weights[vote.function]:
                return "REJECTED"
        return "APPROVED" if self._approvers(valid) >= self.quorum else "PENDING"

    def _approvers(self, valid: list[Vote]) -> int:
        """How many people approve; somebody and who stands in for them are one."""
        people = set()
        for vote in valid:
            has_a_say = self.weights[vote.function] or vote.function == self.arbiter
            if vote.decision is VoteDecision.APPROVE and has_a_say:
                people.add(vote.on_behalf_of or vote.principal)
        return len(people)

    def _full(self, voices: dict[str, str], valid: list[Vote], case: Case) -> str:
        yes = sum(self.weights[function] for function, said in voices.items() if said == "APPROVE")
        no = sum(self.weights[function] for function, said in voices.items() if said == "REJECT")
        whole = sum(self.weights.values())
        if 2 * no > whole:
            return "REJECTED"
        if self.arbiter:
            outcome = self._with_arbiter(voices, yes, no, case)
        elif 2 * yes > whole:
            outcome = "APPROVED"
        elif yes == no and yes + no == whole and self.tie_breaker in voices:
            outcome = {"APPROVE": "APPROVED", "REJECT": "REJECTED"}[voices[self.tie_breaker]]
        else:
            outcome = "PENDING"
        return "PENDING" if outcome == "APPROVED" and self._approvers(valid) < self.quorum else outcome

    def _with_arbiter(self, voices: dict[str, str], yes: int, no: int, case: Case) -> str:
        if voices.get(self.arbiter) == "REJECT":
            return "REJECTED"
        asked = all(f in voices for f, weight in self.weights.items() if weight and f != self.arbiter)
        if self.arbiter not in voices or not (asked or case.now >= three_working_days_after(case.plan_time)):
            return "PENDING"
        return "REJECTED" if no > yes else "APPROVED"

    def _missing(self, voices: dict[str, str]) -> set[str]:
        """Whose word could still bring an approval."""
        having_a_say = {function for function, weight in self.weights.items() if weight} | {self.arbiter} - {
            ""
        }
        silent = having_a_say - voices.keys()
        return having_a_say if self.method == "PEOPLE" or not silent else silent


def _seat(vote: Vote) -> str:
    """Whose authority a vote uses up: everybody's counts once, whoever carries it."""
    return vote.on_behalf_of or vote.principal


def _stands_in(vote: Vote, case: Case) -> bool:
    """Whether the absent person still holds the function, and has given it to the voter for now."""
    absent = case.roles.principals.find(vote.on_behalf_of)
    if absent is None or vote.function not in absent.functions:
        return False
    for given in case.roles.delegations:
        parties = (given.delegator, given.delegate) == (vote.on_behalf_of, vote.principal)
        held = given.start_time <= min(vote.time, case.now) and case.now < given.end_time
        if parties and vote.function in given.functions and held:
            return True
    return False

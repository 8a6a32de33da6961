"""The decision a second time, from the text of domain.md and as plainly as it can be said.

It shares nothing with the code under test but data classes and enums: the rules stand here as tables and
loops, the shipped thresholds as numbers. Only how a full vote is counted is read from the policy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from dedup_service.domain.decision import Case
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.policy import VoteMethod
from dedup_service.domain.records import Record, RecordState
from dedup_service.domain.voting import Vote, VoteDecision

FUNCTION_OF_SOURCE = {
    "erp": "finance",
    "crm": "sales",
    "desk": "support",
    "partner": "partners",
    "shop": "operations",
    "marketing": "marketing",
}
FUNCTION_OF_FACT = {
    "open_opportunities": "sales",
    "open_pipeline": "sales",
    "open_cases": "support",
    "open_invoices": "finance",
    "active_campaigns": "marketing",
    "orders_in_fulfilment": "operations",
    "partner_of_record": "partners",
}
FUNCTIONS_OF_CHILD = {
    ("OPPORTUNITY", True): ["sales"],
    ("CASE", True): ["support"],
    ("INVOICE", True): ["finance"],
    ("CAMPAIGN", True): ["marketing"],
    ("ORDER", True): ["operations"],
    ("OPPORTUNITY", False): ["operations", "finance"],
}
EUR_FOR_ONE = {"EUR": Decimal(1), "USD": Decimal("0.92"), "GBP": Decimal("1.17"), "CHF": Decimal("1.05")}
LEVELS = ["LOW", "MEDIUM", "HIGH"]
NEVER = 10**12


def warmth(record: Record, now: datetime) -> str:
    """LIVE, NAME or DEAD (2.1)."""
    asked = [f.time for f in record.draft.facts if f.name == "requested" and f.time]
    ended = [f.time for f in record.draft.facts if f.name == "disqualified" and f.time]
    if ended and not any(time > max(ended) for time in asked):
        return "DEAD"
    values = record.draft.values
    if "@" not in values.get("email", "") and not values.get("phone"):
        return "DEAD"
    return "LIVE" if any(now - time <= timedelta(days=180) for time in asked) else "NAME"


def alive(golden: GoldenRecord) -> list[Record]:
    return [record for record in golden.members if record.state is RecordState.ACTIVE]


def class_of(golden: GoldenRecord, now: datetime) -> str:
    """The warmest class of a golden record of leads, or nothing."""
    if not alive(golden) or any(record.kind != "LEAD" for record in alive(golden)):
        return ""
    found = {warmth(record, now) for record in alive(golden)}
    return next(each for each in ("LIVE", "NAME", "DEAD") if each in found)


def is_mastered(golden: GoldenRecord) -> bool:
    return any(
        r.kind == "ACCOUNT" and r.key.source == "erp" and r.draft.values.get("customer_number")
        for r in alive(golden)
    )


def is_held(golden: GoldenRecord) -> bool:
    return any(r.kind == "ACCOUNT" and r.key.source == "erp" for r in golden.members)


def functions_with_stake(case: Case) -> set[str]:
    """Rule 5: who has a stake in any of the members."""
    found: set[str] = set()
    for golden in case.goldens:
        for record in alive(golden):
            draft = record.draft
            of_class = warmth(record, case.now) if record.kind == "LEAD" else ""
            if of_class == "NAME":
                found.add("marketing")
            else:
                found.add(FUNCTION_OF_SOURCE.get(record.key.source, "operations"))
                if draft.owner and draft.owner.function:
                    found.add(draft.owner.function)
            if of_class == "LIVE":
                found.add("sales")
            for fact in draft.facts:
                says = fact.count or fact.text or (fact.amount and fact.amount.units > 0)
                if fact.name in FUNCTION_OF_FACT and says:
                    found.add(FUNCTION_OF_FACT[fact.name])
            if draft.values.get("customer_number"):
                found.add("finance")
            for child in draft.children:
                found.update(FUNCTIONS_OF_CHILD.get((child.kind.value, child.open), []))
    return found


def impact(case: Case, functions: set[str]) -> str:
    """Rule 6: the highest of all that speaks for weight."""
    everything = [record for golden in case.goldens for record in alive(golden)]
    facts = [fact for record in everything for fact in record.draft.facts]
    children = [child for record in everything for child in record.draft.children]
    sums = {"open_pipeline": Decimal(0), "yearly_revenue": Decimal(0)}
    level = 0
    for fact in facts:
        if fact.name in sums and fact.amount:
            if fact.amount.currency in EUR_FOR_ONE:
                sums[fact.name] += fact.amount.units * EUR_FOR_ONE[fact.amount.currency]
            elif fact.amount.units:
                level = 2
    owners = {child.owner for child in children}
    owners |= {r.draft.owner.principal or r.draft.owner.queue for r in everything if r.draft.owner}
    moving = [r for g in case.goldens if g.golden_id != case.plan.survivor_id for r in alive(g)]
    measured: list[tuple[Decimal | int, int, int]] = [
        (sums["open_pipeline"], 10_000, 250_000),
        (sums["yearly_revenue"], 50_000, 1_000_000),
        (len(children), 10, 200),
        (len(functions), 3, 5),
        (len(owners - {""}), 2, 6),
        (sum(f.count or 0 for f in facts if f.name == "open_invoices"), 1, 20),
        (sum(f.count or 0 for f in facts if f.name == "contracts"), 1, 5),
        (sum(is_mastered(golden) for golden in case.goldens), 1, NEVER),
        (len({r.key.source for r in moving}), 3, 6),
        (sum(any(f.name == "marketing_consent" for f in r.draft.facts) for r in everything), 3, NEVER),
    ]
    for value, medium, high in measured:
        level = max(level, 2 if value >= high else 1 if value >= medium else 0)
    if always_high(case, everything):
        level = 2
    named = {case.accounts.get(r.draft.account, r.draft.account) for r in everything if r.draft.account}
    if len(named) > 1:
        level = min(level + 1, 2)
    return LEVELS[level]


def always_high(case: Case, everything: list[Record]) -> bool:
    """Rule 6.2."""
    sellers, entities, held = set(), set(), False
    for record in everything:
        for child in record.draft.children:
            if child.kind == "OPPORTUNITY" and child.open and child.owner:
                sellers.add(child.owner)
        for fact in record.draft.facts:
            if fact.name == "open_opportunities" and fact.count and record.draft.owner:
                sellers.add(record.draft.owner.principal)
            if fact.name == "legal_entity" and fact.text:
                entities.add(fact.text)
            held = held or (fact.name == "legal_hold" and bool(fact.flag))
    two_held = sum(is_held(golden) for golden in case.goldens) >= 2
    return two_held or held or len(sellers - {""}) >= 2 or len(entities) >= 2


def vetoes(case: Case) -> set[str]:
    """Rule 7.6: what stands in the way, lifted or not."""
    found = set()
    survivor = next(g for g in case.goldens if g.golden_id == case.plan.survivor_id)
    classes = {class_of(golden, case.now) for golden in case.goldens}
    if case.distinctions:
        found.add("NOT_A_MATCH")
    if case.cycles:
        found.add("HIERARCHY_CYCLE")
    if class_of(survivor, case.now) == "DEAD":
        found.add("DEAD_SURVIVOR")
    if class_of(survivor, case.now) == "NAME" and "LIVE" in classes:
        found.add("COLDER_SURVIVOR")
    has_account = any(record.kind == "ACCOUNT" for record in alive(survivor))
    if has_account and not is_mastered(survivor) and any(map(is_mastered, case.goldens)):
        found.add("PROVISIONAL_SURVIVOR")
    tax_ids, numbers, consents = set(), set(), set()
    for golden in case.goldens:
        for record in alive(golden):
            values = record.draft.values
            tax_ids.add(values.get("tax_id", "").replace("-", "").upper())
            if record.key.source == "erp":
                numbers.add(values.get("customer_number", ""))
            for fact in record.draft.facts:
                if fact.name == "marketing_consent":
                    consents.add(fact.flag)
                if fact.name == "legal_hold" and fact.flag:
                    found.add("LEGAL_HOLD")
    if len(tax_ids - {""}) > 1:
        found.add("DIFFERENT_TAX_IDS")
    if len(numbers - {""}) > 1:
        found.add("DIFFERENT_CUSTOMER_NUMBERS")
    if len(consents) > 1:
        found.add("CONTRADICTING_CONSENT")
    return found


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
    """A case that is asked once for what its records say, and then takes votes one by one."""

    def __init__(self, case: Case) -> None:
        stake = functions_with_stake(case)
        self.impact = impact(case, stake)
        self.vetoes = vetoes(case)
        self.votes: list[Vote] = []
        self.latest: dict[str, int] = {}
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
        counting = [
            self.latest[vote.principal] == number and self._may_still(vote, case)
            for number, vote in enumerate(self.votes)
        ]
        valid = [vote for vote, counts in zip(self.votes, counting, strict=True) if counts]
        voices = {vote.function: vote.decision.value for vote in valid}
        lifted = FOR_FINANCE_TO_LIFT if voices.get("finance") == "APPROVE" else set[str]()
        standing = self.vetoes - lifted
        outcome = self._few(valid) if self.method == "PEOPLE" else self._full(voices, valid, case)
        missing = set[str]()
        if outcome == "PENDING":
            missing = self._missing(voices)
        if outcome != "REJECTED" and standing & FOR_FINANCE_TO_LIFT:
            missing.add("finance")
        return Expected(outcome, outcome == "APPROVED" and not standing, missing, counting, standing)

    def _may_still(self, vote: Vote, case: Case) -> bool:
        if vote.plan_hash != case.plan.hash or vote.time < case.plan_time:
            return False
        if vote.function not in self.weights:
            return False
        people = case.roles.principals
        voter = people.find(vote.principal)
        if voter is None or voter.type != "HUMAN" or vote.principal == case.proposer:
            return False
        if not vote.on_behalf_of:
            return vote.function in voter.functions
        absent = people.find(vote.on_behalf_of)
        if absent is None or vote.on_behalf_of == case.proposer or vote.function not in absent.functions:
            return False
        for given in case.roles.delegations:
            parties = (given.delegator, given.delegate) == (vote.on_behalf_of, vote.principal)
            if parties and vote.function in given.functions and given.start_time <= case.now < given.end_time:
                return True
        return False

    def _few(self, valid: list[Vote]) -> str:
        """LOW and MEDIUM: any refusal ends it; else so many people of functions with a stake."""
        if any(vote.decision is VoteDecision.REJECT for vote in valid):
            return "REJECTED"
        approvers = {vote.principal for vote in valid if self.weights[vote.function]}
        return "APPROVED" if len(approvers) >= self.quorum else "PENDING"

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
        approvers = {
            vote.principal
            for vote in valid
            if vote.decision is VoteDecision.APPROVE
            and (self.weights[vote.function] or vote.function == self.arbiter)
        }
        return "PENDING" if outcome == "APPROVED" and len(approvers) < self.quorum else outcome

    def _with_arbiter(self, voices: dict[str, str], yes: int, no: int, case: Case) -> str:
        if voices.get(self.arbiter) == "REJECT":
            return "REJECTED"
        asked = all(f in voices for f, weight in self.weights.items() if weight and f != self.arbiter)
        if self.arbiter not in voices or not (asked or case.now >= three_working_days_after(case.plan_time)):
            return "PENDING"
        return "REJECTED" if no > yes else "APPROVED"

    def _missing(self, voices: dict[str, str]) -> set[str]:
        """Whose word could still bring an approval."""
        having_a_say = {function for function, weight in self.weights.items() if weight} | {self.arbiter} - {""}
        silent = having_a_say - voices.keys()
        return having_a_say if self.method == "PEOPLE" or not silent else silent

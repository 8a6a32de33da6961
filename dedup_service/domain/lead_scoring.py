"""Lead scoring and grading by the company's rules (domain 9.4).

Who somebody is and what they did are two questions and stay apart: fit gives points and a grade from A to D,
interest a score from 0 to 100. A director who never asked is A and 0; a student who asks daily is D and 100.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from dedup_service.domain.records import Amount, Fact, RecordDraft
from scoring.text import normalise

MAX_INTEREST = 100


class ScorePart(StrEnum):
    """The two parts of a score."""

    FIT = "FIT"
    INTEREST = "INTEREST"


class Grade(StrEnum):
    """How well somebody fits, the best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class ScoringRule:
    """Points, which may be negative, for one field or one fact; exactly one of `field` and `fact` is set.

    A field fits when it is filled in; with `equals`, when it is one of these (as `value_key` gives them);
    with `contains`, when it holds one of these words or phrases whole (as `words_key` gives them). A fact
    fits when it says that there is something (a count or amount above 0, a flag that is set, any text or
    time); with `at_least`, when a count or amount is so much; with `flag`, when it is stated just so; with
    `within_days`, when its time is so many days ago at most.
    """

    name: str
    points: int
    field: str = ""
    fact: str = ""
    equals: frozenset[str] = frozenset()
    contains: frozenset[str] = frozenset()
    at_least: Decimal | None = None
    flag: bool | None = None
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class GradeThresholds:
    """From how many points of fit on somebody is an A, a B or a C; all others are D. A > B > C."""

    a: int
    b: int
    c: int

    def grade(self, points: int) -> Grade:
        """The grade for so many points."""
        if points >= self.a:
            return Grade.A
        if points >= self.b:
            return Grade.B
        return Grade.C if points >= self.c else Grade.D


@dataclass(frozen=True, slots=True)
class LeadScoringPolicy:
    """The rules of both parts; without `grades` nobody is graded.

    Amounts count in `currency`; `exchange_rates` give its units for one unit of another. One in any other
    currency fits no rule that asks how much it is.
    """

    fit: tuple[ScoringRule, ...] = ()
    grades: GradeThresholds | None = None
    interest: tuple[ScoringRule, ...] = ()
    currency: str = ""
    exchange_rates: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScoreReason:
    """What one rule added, or why there is nothing to add (`rule` is then empty and `points` are 0).

    The sentence names the field or fact and the rule, never what the record says there.
    """

    part: ScorePart
    rule: str
    points: int
    sentence: str


@dataclass(frozen=True, slots=True)
class LeadScore:
    """How well somebody fits and how much interest they showed.

    `grade` is A to D, or empty where the policy has no grades; `interest_score` is 0 to 100.
    """

    grade: str
    fit_points: int
    interest_score: int
    reasons: tuple[ScoreReason, ...]


def value_key(text: str) -> str:
    """A value as `equals` compares it."""
    return " ".join(text.casefold().split())


def words_key(text: str) -> str:
    """A text, or words to look for, as `contains` compares them: without accents and punctuation."""
    return normalise(text)


def score_lead(draft: RecordDraft, policy: LeadScoringPolicy, now: datetime) -> LeadScore:
    """The grade and the interest score of a record as of `now`, with every rule that fits."""
    fit = list(_reasons(ScorePart.FIT, policy.fit, draft, policy, now))
    interest = list(_reasons(ScorePart.INTEREST, policy.interest, draft, policy, now))
    points = sum(reason.points for reason in fit)
    total = sum(reason.points for reason in interest)
    score = min(max(total, 0), MAX_INTEREST)
    if score != total:
        said = f"{total} points of interest count as {score}: the score is from 0 to {MAX_INTEREST}"
        interest.append(ScoreReason(ScorePart.INTEREST, "", 0, said))
    if policy.grades is None:
        fit.append(ScoreReason(ScorePart.FIT, "", 0, "the policy grades nobody"))
    if not policy.interest:
        interest.append(ScoreReason(ScorePart.INTEREST, "", 0, "the policy has no rules of interest"))
    return LeadScore(
        grade=policy.grades.grade(points) if policy.grades else "",
        fit_points=points,
        interest_score=score,
        reasons=(*fit, *interest),
    )


def _reasons(
    part: ScorePart,
    rules: tuple[ScoringRule, ...],
    draft: RecordDraft,
    policy: LeadScoringPolicy,
    now: datetime,
) -> Iterator[ScoreReason]:
    for rule in rules:
        why = _field_fits(rule, draft) if rule.field else _fact_fits(rule, draft, policy, now)
        if why:
            yield ScoreReason(part, rule.name, rule.points, f"{rule.points:+d} by {rule.name}: {why}")


def _field_fits(rule: ScoringRule, draft: RecordDraft) -> str:
    """Why the field fits the rule, without what it says; empty when it does not."""
    value = draft.values.get(rule.field, "").strip()
    if not value:
        return ""
    if rule.equals:
        return f"{rule.field} is one of those asked for" if value_key(value) in rule.equals else ""
    if rule.contains:
        words = f" {words_key(value)} "
        found = any(f" {each} " in words for each in rule.contains)
        return f"{rule.field} holds a word that is asked for" if found else ""
    return f"{rule.field} is filled in"


def _fact_fits(rule: ScoringRule, draft: RecordDraft, policy: LeadScoringPolicy, now: datetime) -> str:
    """Why a fact fits the rule, without what it says; empty when none does."""
    facts = [fact for fact in draft.facts if fact.name == rule.fact]
    if rule.at_least is not None:
        least = rule.at_least
        fits = any((much := _much(fact, policy)) is not None and much >= least for fact in facts)
        return f"{rule.fact} is at least {least.normalize():f}" if fits else ""
    if rule.flag is not None:
        said = "set" if rule.flag else "stated as not so"
        return f"{rule.fact} is {said}" if any(fact.flag is rule.flag for fact in facts) else ""
    if rule.within_days is not None:
        since = now - timedelta(days=rule.within_days)
        fits = any(fact.time is not None and fact.time >= since for fact in facts)
        return f"{rule.fact} is within {rule.within_days} days" if fits else ""
    return f"{rule.fact} is stated" if any(map(_says_something, facts)) else ""


def _much(fact: Fact, policy: LeadScoringPolicy) -> Decimal | None:
    """A count, or an amount in the policy's currency; None where there is neither, or no rate."""
    if fact.amount is None:
        return None if fact.count is None else Decimal(fact.count)
    return _converted(fact.amount, policy)


def _converted(amount: Amount, policy: LeadScoringPolicy) -> Decimal | None:
    if amount.currency == policy.currency:
        return amount.units
    rate = policy.exchange_rates.get(amount.currency)
    return None if rate is None else amount.units * rate


def _says_something(fact: Fact) -> bool:
    if fact.flag is not None:
        return fact.flag
    if fact.count is not None:
        return fact.count > 0
    if fact.amount is not None:
        return fact.amount.units > 0
    return True

"""How well somebody fits, and how much interest they showed (domain 9.4)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.company_files import load_policy
from dedup_service.domain.lead_scoring import (
    Grade,
    GradeThresholds,
    LeadScoringPolicy,
    ScorePart,
    ScoringRule,
    score_lead,
    value_key,
    words_key,
)
from dedup_service.domain.records import Amount, Fact, RecordDraft, RecordKey, RecordKind

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
GRADES = GradeThresholds(50, 30, 10)


def lead(*facts: Fact, **values: str) -> RecordDraft:
    return RecordDraft(RecordKey("crm", "1"), RecordKind.LEAD, values, facts=facts)


def asks(points: int = 10, **condition: Any) -> ScoringRule:
    """A rule of this condition; words to compare are written as people do."""
    for name, key in (("equals", value_key), ("contains", words_key)):
        if name in condition:
            condition[name] = frozenset(map(key, condition[name]))
    return ScoringRule("r", points, **condition)


def fits(rule: ScoringRule, draft: RecordDraft) -> bool:
    """Whether the rule adds its points, alike in both parts."""
    policy = LeadScoringPolicy(
        (rule,), GRADES, (rule,), currency="EUR", exchange_rates={"USD": Decimal("0.9")}
    )
    score = score_lead(draft, policy, NOW)
    assert score.fit_points == score.interest_score
    return score.fit_points == rule.points


def money(units: int, currency: str) -> Fact:
    return Fact("yearly_revenue", amount=Amount(currency, Decimal(units)))


DECIDES = {"field": "job_title", "contains": ["director", "Head of", "müller-amt"]}
TRADE = {"field": "industry", "equals": ["Health Care", "Mining"]}
ASKED = {"fact": "requested", "within_days": 7}
RICH = {"fact": "yearly_revenue", "at_least": Decimal(1000)}
MANY = {"fact": "employees", "at_least": Decimal(50)}

# A condition, a lead, and whether it fits.
CASES: list[tuple[dict[str, Any], RecordDraft, bool]] = [
    ({"field": "company_name"}, lead(company_name="Zimmer KG"), True),
    ({"field": "company_name"}, lead(company_name="  "), False),
    ({"field": "company_name"}, lead(), False),
    ({"field": "custom.size"}, lead(**{"custom.size": "10"}), True),
    (TRADE, lead(industry="health  CARE "), True),
    (TRADE, lead(industry="Health"), False),
    (TRADE, lead(), False),
    (DECIDES, lead(job_title="Managing Director, Europe"), True),
    (DECIDES, lead(job_title="HEAD OF SALES"), True),
    (DECIDES, lead(job_title="Head, of sorts"), True),
    (DECIDES, lead(job_title="Headhunter"), False),
    (DECIDES, lead(job_title="Codirector and director"), True),
    (DECIDES, lead(job_title="Codirector"), False),
    (DECIDES, lead(job_title="Leiterin Muller Amt"), True),
    (DECIDES, lead(), False),
    ({"fact": "named_account"}, lead(Fact("named_account", text="Top 50")), True),
    ({"fact": "named_account"}, lead(Fact("partner_of_record", text="Isartal")), False),
    ({"fact": "current_account"}, lead(Fact("current_account", flag=True)), True),
    ({"fact": "current_account"}, lead(Fact("current_account", flag=False)), False),
    ({"fact": "open_cases"}, lead(Fact("open_cases", count=1)), True),
    ({"fact": "open_cases"}, lead(Fact("open_cases", count=0)), False),
    ({"fact": "yearly_revenue"}, lead(money(1, "XXX")), True),
    ({"fact": "yearly_revenue"}, lead(money(0, "EUR")), False),
    ({"fact": "requested"}, lead(Fact("requested", time=NOW - 900 * DAY)), True),
    (MANY, lead(Fact("employees", count=50)), True),
    (MANY, lead(Fact("employees", count=49)), False),
    (MANY, lead(Fact("employees", count=2), Fact("employees", count=70)), True),
    (MANY, lead(), False),
    (RICH, lead(money(1000, "EUR")), True),
    (RICH, lead(money(999, "EUR")), False),
    (RICH, lead(money(1000, "USD")), False),
    (RICH, lead(money(1200, "USD")), True),
    (RICH, lead(money(10**9, "XXX")), False),
    ({"fact": "marketing_consent", "flag": False}, lead(Fact("marketing_consent", flag=False)), True),
    ({"fact": "marketing_consent", "flag": False}, lead(Fact("marketing_consent", flag=True)), False),
    ({"fact": "marketing_consent", "flag": False}, lead(), False),
    ({"fact": "marketing_consent", "flag": True}, lead(Fact("marketing_consent", flag=True)), True),
    (ASKED, lead(Fact("requested", time=NOW - 7 * DAY)), True),
    (ASKED, lead(Fact("requested", time=NOW - 7 * DAY - timedelta(seconds=1))), False),
    (ASKED, lead(Fact("requested", time=NOW - 99 * DAY), Fact("requested", time=NOW - DAY)), True),
    (ASKED, lead(Fact("last_touched", time=NOW)), False),
    (ASKED, lead(), False),
]


@pytest.mark.parametrize(("condition", "draft", "expected"), CASES)
def test_a_rule_fits_by_its_condition(condition: dict[str, Any], draft: RecordDraft, expected: bool) -> None:
    """Fields filled in, one of several, or holding whole words; facts stated, so much, so, or so recently."""
    assert fits(asks(**condition), draft) is expected


@pytest.mark.parametrize(
    ("points", "grade"),
    [(51, "A"), (50, "A"), (49, "B"), (30, "B"), (29, "C"), (10, "C"), (9, "D"), (0, "D"), (-70, "D")],
)
def test_points_of_fit_give_the_grade(points: int, grade: str) -> None:
    """From each threshold on; below the last it is D."""
    policy = LeadScoringPolicy((asks(points, field="email"),), GRADES)
    score = score_lead(lead(email="a@b.example"), policy, NOW)
    assert (score.grade, score.fit_points) == (grade, points)
    assert GRADES.grade(points) is Grade(grade)


def test_the_two_parts_are_never_added_up() -> None:
    """Interest changes no grade, and fit no score."""
    who, did = asks(60, field="company_name"), asks(-5, fact="requested")
    draft = lead(Fact("requested", time=NOW), company_name="Zimmer KG")
    score = score_lead(draft, LeadScoringPolicy((who,), GRADES, (did, asks(20, field="email"))), NOW)
    assert (score.grade, score.fit_points, score.interest_score) == ("A", 60, 0)
    only_interest = score_lead(draft, LeadScoringPolicy((), GRADES, (asks(90, fact="requested"),)), NOW)
    assert (only_interest.grade, only_interest.interest_score) == ("D", 90)


@pytest.mark.parametrize(
    ("points", "score"), [((80, 30), 100), ((60, 40), 100), ((-10, 5), 0), ((50, -20), 30)]
)
def test_interest_is_from_0_to_100(points: tuple[int, int], score: int) -> None:
    """Points may take away; the sum is clamped at the end, and that is said."""
    rules = tuple(asks(each, fact="requested") for each in points)
    found = score_lead(lead(Fact("requested", time=NOW)), LeadScoringPolicy(interest=rules), NOW)
    clamped = [reason for reason in found.reasons if "from 0 to 100" in reason.sentence]
    assert found.interest_score == score
    assert len(clamped) == (sum(points) != score)


def test_without_a_policy_nobody_is_graded() -> None:
    """The section may be left out, and the score says so."""
    score = score_lead(lead(), LeadScoringPolicy(), NOW)
    assert (score.grade, score.fit_points, score.interest_score) == ("", 0, 0)
    assert [(each.part, each.sentence) for each in score.reasons] == [
        (ScorePart.FIT, "the policy grades nobody"),
        (ScorePart.INTEREST, "the policy has no rules of interest"),
    ]


def test_each_reason_names_the_rule_and_what_it_looked_at_and_no_value() -> None:
    """What the record says may be personal; the rule and the field are not."""
    rules = (
        ScoringRule("decides", 20, field="job_title", contains=frozenset({"director"})),
        ScoringRule("trade", 15, field="industry", equals=frozenset({"zithers"})),
        ScoringRule("many", 10, fact="employees", at_least=Decimal(1000)),
    )
    draft = lead(Fact("employees", count=77_777), job_title="Director Zimmer", industry="Zithers")
    score = score_lead(draft, LeadScoringPolicy(rules, GRADES, ()), NOW)
    assert [(each.rule, each.points, each.sentence) for each in score.reasons if each.rule] == [
        ("decides", 20, "+20 by decides: job_title holds a word that is asked for"),
        ("trade", 15, "+15 by trade: industry is one of those asked for"),
        ("many", 10, "+10 by many: employees is at least 1000"),
    ]


def test_the_reasons_add_up() -> None:
    """Nothing is added that is not told."""
    policy = load_policy(None).lead_scoring
    draft = lead(
        Fact("requested", time=NOW - 3 * DAY),
        Fact("employees", count=5000),
        Fact("marketing_consent", flag=False),
        company_name="Zimmer KG",
        job_title="Head of Logistics",
    )
    score = score_lead(draft, policy, NOW)
    sums = {part: sum(r.points for r in score.reasons if r.part is part) for part in ScorePart}
    assert sums == {ScorePart.FIT: 60, ScorePart.INTEREST: 40}
    assert (score.grade, score.fit_points, score.interest_score) == ("A", 60, 40)


@given(st.lists(st.tuples(st.integers(-1000, 1000), st.booleans()), max_size=8))
def test_the_score_is_total(rules: list[tuple[int, bool]]) -> None:
    """Whatever fits, the score is from 0 to 100 and the grade follows from the sum of what fits."""
    written = tuple(asks(points, field="email" if held else "website") for points, held in rules)
    score = score_lead(lead(email="a@b.example"), LeadScoringPolicy(written, GRADES, written), NOW)
    held = sum(points for points, each in rules if each)
    assert score.fit_points == held
    assert score.interest_score == min(max(held, 0), 100)
    assert score.grade == GRADES.grade(held)

"""The section `lead_scoring`: what is read, and everything that can be wrong in it, with its line."""

from decimal import Decimal

import pytest

from dedup_service.company_files import load_policy, parse_policy
from dedup_service.domain.lead_scoring import GradeThresholds, LeadScoringPolicy, ScoringRule
from tests.company_files.changed_texts import SHIPPED, changed, line_of, problems

POLICY = load_policy(None)
GRADES = "grades: {A: 50, B: 30, C: 10}"
PEOPLE = "{name: fifty-people, fact: employees, at_least: 50, points: 10}"
TRADE = (
    "{name: target-industry, field: industry, equals: [Logistics, Manufacturing, Health Care], points: 15}"
)
ASKED = "{name: asked-this-week, fact: requested, within_days: 7, points: 40}"
MAIL = "{name: wants-no-mail, fact: marketing_consent, flag: false, points: -20}"
FIFTY = "lead_scoring.fit.rules[1]"
WEEK = "lead_scoring.interest.rules[0]"
INDUSTRY = "lead_scoring.fit.rules[5]"

# What is replaced, by what, and the path and message of the problem that comes of it in the same line.
CASES = [
    (GRADES, "grades: {A: 50, B: 30}", "lead_scoring.fit.grades.C", "is missing"),
    (GRADES, "grades: {A: 50, B: 30, C: 10, D: 0}", "lead_scoring.fit.grades.D", "unknown key"),
    (GRADES, "grades: {A: 50, B: 50, C: 10}", "lead_scoring.fit.grades", "must fall from A to C"),
    (GRADES, "grades: {A: 10, B: 30, C: 50}", "lead_scoring.fit.grades", "must fall from A to C"),
    (GRADES, "grades: {A: 1001, B: 30, C: 10}", "lead_scoring.fit.grades.A", "from -1000 to 1000, not 1001"),
    (PEOPLE, PEOPLE.replace("points: 10", "points: ten"), f"{FIFTY}.points", "must be a whole number"),
    (PEOPLE, PEOPLE.replace("points: 10", "points: -1001"), f"{FIFTY}.points", "from -1000 to 1000"),
    (PEOPLE, PEOPLE.replace(", points: 10", ""), f"{FIFTY}.points", "is missing"),
    (PEOPLE, PEOPLE.replace("fact: employees, ", ""), FIFTY, "must look at one field or at one fact"),
    (PEOPLE, PEOPLE.replace("fact: ", "field: city, fact: "), FIFTY, "one field or at one fact"),
    (PEOPLE, PEOPLE.replace("employees", "employes"), f"{FIFTY}.fact", "did you mean employees?"),
    (PEOPLE, PEOPLE.replace("at_least: 50", "at_least: -1"), f"{FIFTY}.at_least", "of at least 0"),
    (PEOPLE, PEOPLE.replace("at_least", "least"), f"{FIFTY}.least", "unknown key"),
    (PEOPLE, PEOPLE.replace("employees", "requested"), f"{FIFTY}.at_least", "and requested is a time"),
    (PEOPLE, PEOPLE.replace("at_least: 50", "flag: true"), f"{FIFTY}.flag", "is asked of a flag"),
    (PEOPLE, PEOPLE.replace("at_least: 50", "within_days: 5"), f"{FIFTY}.within_days", "asked of a time"),
    (PEOPLE, PEOPLE.replace("at_least: 50", "equals: [a]"), f"{FIFTY}.equals", "is asked of a field"),
    (PEOPLE, PEOPLE.replace("name: fifty", "name: Fifty"), f"{FIFTY}.name", "must be 1 to 63 lower-case"),
    (ASKED, ASKED.replace("asked-this-week", "decides"), f"{WEEK}.name", "already: take another"),
    (ASKED, ASKED.replace("within_days: 7", "within_days: 0"), f"{WEEK}.within_days", "from 1 to 3650"),
    (ASKED, ASKED.replace("within_days: 7", "within_days: 7, flag: true"), f"{WEEK}.within_days", "too many"),
    (MAIL, MAIL.replace("false", "no"), "lead_scoring.interest.rules[4].flag", "must be true or false"),
    (TRADE, TRADE.replace("field: industry", "field: trade"), f"{INDUSTRY}.field", 'unknown field "trade"'),
    (TRADE, TRADE.replace("field: industry", "field: custom.T"), f"{INDUSTRY}.field", "unknown field"),
    (TRADE, TRADE.replace("[Logistics, ", "[health care, "), f"{INDUSTRY}.equals[2]", "is named twice"),
    (
        TRADE,
        TRADE.replace("equals", "contains: [x], equals"),
        f"{INDUSTRY}.contains",
        "too many beside equals",
    ),
    (TRADE, TRADE.replace("equals: [Logistics", "contains: ['!'"), f"{INDUSTRY}.contains[0]", "a letter or"),
    (TRADE, TRADE.replace("equals", "at_least: 1, equals"), f"{INDUSTRY}.at_least", "too many beside equals"),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), CASES)
def test_a_wrong_value_is_named_with_its_line_its_path_and_what_to_write(
    old: str, new: str, path: str, message: str
) -> None:
    """Each kind of mistake is a problem with its path, in the line where it was made."""
    text = changed((old, new))
    found = [each for each in problems(text) if each.path == path and message in each.message]
    assert [each.line for each in found] == [line_of(old)]


def section(text: str) -> str:
    """The shipped policy with another section."""
    start = SHIPPED.index("lead_scoring:\n")
    end = SHIPPED.find("\n# ", start)
    return f"{SHIPPED[:start]}{text}\n{SHIPPED[end:] if end > 0 else ''}"


def test_a_policy_may_leave_lead_scoring_out() -> None:
    """Policies already written stay valid: nobody is graded."""
    scoring = parse_policy(section("")).lead_scoring
    assert (scoring.fit, scoring.grades, scoring.interest) == ((), None, ())


def test_either_part_may_be_left_out() -> None:
    """A company may score interest and grade nobody."""
    text = section("lead_scoring: {interest: {rules: [{name: asked, fact: requested, points: 5}]}}")
    scoring = parse_policy(text).lead_scoring
    assert scoring.grades is None
    assert scoring.interest == (ScoringRule("asked", 5, fact="requested"),)


def test_rules_of_fit_need_grades() -> None:
    """Points without thresholds would give nothing."""
    text = section("lead_scoring: {fit: {rules: []}}")
    assert [(each.path, each.message) for each in problems(text)] == [
        ("lead_scoring.fit.grades", "is missing")
    ]


def test_what_is_written_is_what_is_read() -> None:
    """Words in the spelling in which they are compared, and amounts in the currency of `impact`."""
    scoring = parse_policy(
        section(
            """
lead_scoring:
  fit:
    grades: {A: 5, B: 3, C: -1}
    rules:
      - {name: a, points: 5, field: custom.size, equals: [Very  BIG]}
      - {name: b, points: -5, field: job_title, contains: ["Head-of", Müller]}
      - {name: c, points: 1, fact: yearly_revenue, at_least: 1000.5}
      - {name: d, points: 1, fact: marketing_consent, flag: false}
  interest:
    rules:
      - {name: e, points: 1, fact: requested, within_days: 7}
      - {name: f, points: 1, field: email}
"""
        )
    ).lead_scoring
    assert scoring == LeadScoringPolicy(
        fit=(
            ScoringRule("a", 5, field="custom.size", equals=frozenset({"very big"})),
            ScoringRule("b", -5, field="job_title", contains=frozenset({"head of", "muller"})),
            ScoringRule("c", 1, fact="yearly_revenue", at_least=Decimal("1000.5")),
            ScoringRule("d", 1, fact="marketing_consent", flag=False),
        ),
        grades=GradeThresholds(5, 3, -1),
        interest=(
            ScoringRule("e", 1, fact="requested", within_days=7),
            ScoringRule("f", 1, field="email"),
        ),
        currency="EUR",
        exchange_rates=POLICY.impact.exchange_rates,
    )

"""Everything that can be wrong in a policy is found, with its line and what to write."""

import pytest

from dedup_service.company_files import CompanyFileError, parse_policy
from dedup_service.company_files.problems import MAX_PROBLEMS
from tests.company_files.changed_texts import SHIPPED, changed, line_of, problems

FUNCTIONS = "functions: [sales, support, marketing, finance, operations, partners]"
AUTOMATIC = "- {kind: LEAD, lead_class: NAME, minimum_probability: 0.99}"
WEIGHTS = "weights: {sales: 2, support: 2, marketing: 1}"
ARBITER = "final_arbiter: finance"

# What is replaced, by what, and the path and message of the problem that comes of it in the same line.
CASES = [
    ("version: default-4", "version: 2", "version", "put it in quotes"),
    ("version: default-4", "version: a/b", "version", "must be 1 to 63 letters"),
    ("version: default-4", "version:", "version", "not nothing"),
    ("version: default-4", "version: [a]", "version", "not a list"),
    (FUNCTIONS, "functions: sales", "functions", 'must be a list such as [a, b], not "sales"'),
    (FUNCTIONS, "functions: []", "functions", "must name at least one function"),
    (FUNCTIONS, f"{FUNCTIONS[:-1]}, sales]", "functions[6]", "is named twice"),
    (FUNCTIONS, f"{FUNCTIONS[:-1]}, Legal]", "functions[6]", "must be 1 to 63 lower-case letters"),
    (FUNCTIONS, f"{FUNCTIONS[:-1]}, no]", "functions[6]", "put it in quotes"),
    ("master_function: finance", "master_function: fnance", "master_function", "did you mean finance?"),
    ("policy_function: finance", "policy_function: legal", "policy_function", 'unknown function "legal"'),
    ("policy_function: finance", "policy_function: {a: b}", "policy_function", "not a mapping"),
    ("  erp: {", "  ERP: {", "sources.ERP", "the name must be 1 to 63 lower-case letters"),
    ("trust: 90", "trust: 101", "sources.erp.trust", "must be a whole number from 0 to 100, not 101"),
    ("trust: 90", "trust: 9.5", "sources.erp.trust", 'must be a whole number from 0 to 100, not "9.5"'),
    ("trust: 90", 'trust: "90"', "sources.erp.trust", "without quotes"),
    ("trust: 90", "turst: 90", "sources.erp.turst", 'unknown key "turst"; did you mean trust?'),
    ("customer_master: true", "customer_master: yes", "sources.erp.customer_master", "must be true or false"),
    ("{function: partners, ", "{function: partner, ", "sources.partner.function", "did you mean partners?"),
    (
        "    open_cases: support",
        "    open_case: support",
        "stakes.facts.open_case",
        "did you mean open_cases?",
    ),
    ("    open_cases: support", "    open_cases: help", "stakes.facts.open_cases", "unknown function"),
    ("CASE: [support]", "CASES: [support]", "stakes.open_children.CASES", "did you mean CASE?"),
    ("CASE: [support]", "CASE: []", "stakes.open_children.CASE", "must name at least one function"),
    ("CASE: [support]", "CASE: support", "stakes.open_children.CASE", "must be a list"),
    ("CASE: [support]", "CASE: [sales, sales]", "stakes.open_children.CASE[1]", "is named twice"),
    ("    LIVE: {", "    Live: {", "stakes.lead_classes.Live", "did you mean LIVE?"),
    ("alone: true", "alone: 1", "stakes.lead_classes.NAME.alone", "must be true or false"),
    ("currency: EUR", "currency: euro", "impact.currency", "must be three capital letters"),
    ("USD: 0.92", "usd: 0.92", "impact.exchange_rates.usd", "must be three capital letters"),
    ("USD: 0.92", "USD: 0", "impact.exchange_rates.USD", "must be a number above 0, not 0"),
    ("USD: 0.92", "USD: .inf", "impact.exchange_rates.USD", "must be a number above 0"),
    ("USD: 0.92", "EUR: 1", "impact.exchange_rates.EUR", "leave it out"),
    ("high: 250000", "high: 9999", "impact.thresholds.pipeline.high", "must be at least medium (10000)"),
    ("medium: 10000,", "medium: -1,", "impact.thresholds.pipeline.medium", "must be a number of at least 0"),
    ("medium: 10000,", "medium: 1e4,", "impact.thresholds.pipeline.medium", "written out such as 250000"),
    ("    revenue: {", "    revenues: {", "impact.thresholds.revenues", 'unknown measure "revenues"'),
    ("{medium: 3, high: 5}", "{}", "impact.thresholds.functions", "must say medium, high or both"),
    ("  children: {}", "  children: {CALL: {high: 3}}", "impact.children.CALL", "unknown kind of child"),
    ("[DIFFERENT_OPPORTUNITY_OWNERS, ", "[EVERYTHING, ", "impact.always_high[0]", "unknown case"),
    ("raise: true", "raise: maybe", "impact.contacts_of_different_accounts_raise", "must be true or false"),
    (AUTOMATIC, AUTOMATIC.replace("LEAD", "CONTACT"), "approval.LOW.automatic[0].lead_class", "only leads"),
    (AUTOMATIC, AUTOMATIC.replace("LEAD", "PERSON"), "approval.LOW.automatic[0].kind", "unknown record kind"),
    (
        AUTOMATIC,
        AUTOMATIC.replace("NAME", "COLD"),
        "approval.LOW.automatic[0].lead_class",
        "unknown lead class",
    ),
    (
        AUTOMATIC,
        AUTOMATIC.replace("0.99", "1.01"),
        "approval.LOW.automatic[0].minimum_probability",
        "must be a number from 0.5 to 1, not 1.01",
    ),
    (
        "    quorum: 1\n  # So many",
        "    quorum: 0\n  # So many",
        "approval.LOW.quorum",
        "from 1 to 20, not 0",
    ),
    ("  MEDIUM:\n", "  MEDIUM: {quorum: 1, majority: 1}\n  _:\n", "approval.MEDIUM.majority", "unknown key"),
    ("    LEAD:\n", "    LEADS:\n", "approval.HIGH.LEADS", "did you mean LEAD?"),
    ("method: WEIGHTS", "method: WEIGHT", "approval.HIGH.CONTACT.method", "did you mean WEIGHTS?"),
    (WEIGHTS, WEIGHTS.replace("sales", "legal"), "approval.HIGH.CONTACT.weights.legal", "unknown function"),
    (WEIGHTS, WEIGHTS.replace("1", "0"), "approval.HIGH.CONTACT.weights.marketing", "from 1 to 100, not 0"),
    (WEIGHTS, "weights: {}", "approval.HIGH.CONTACT.weights", "at least one function a weight"),
    (
        WEIGHTS,
        f"{WEIGHTS}\n      tie_breaker: legal",
        "approval.HIGH.CONTACT.tie_breaker",
        "unknown function",
    ),
    (WEIGHTS, f"{WEIGHTS}\n      tie_breaker: finance", "approval.HIGH.CONTACT.tie_breaker", "no weight"),
    (ARBITER, "final_arbiter: cfo", "approval.HIGH.ACCOUNT.final_arbiter", 'unknown function "cfo"'),
    (ARBITER, "weights: {sales: 1}", "approval.HIGH.ACCOUNT.weights", "belongs to the method WEIGHTS"),
    (ARBITER, "majority: 0.7", "approval.HIGH.ACCOUNT.majority", "is given twice"),
    (ARBITER, "quorum: 21", "approval.HIGH.ACCOUNT.quorum", "from 1 to 20, not 21"),
    ("  - NOT_A_MATCH", "  - NOT_MATCH", "vetoes[0]", "did you mean NOT_A_MATCH?"),
    ("  - DEAD_SURVIVOR", "  - NOT_A_MATCH", "vetoes[1]", "NOT_A_MATCH is in force already"),
    ("  - DEAD_SURVIVOR", "  - {rule: LEGAL_HOLDS}", "vetoes[1].rule", "did you mean LEGAL_HOLD?"),
    (
        "  - DEAD_SURVIVOR",
        "  - {rule: DEAD_SURVIVOR, lifted_by: x}",
        "vetoes[1].lifted_by",
        "unknown function",
    ),
    ("voting_working_days: 3", "voting_working_days: 0", "periods.voting_working_days", "from 1 to 250"),
    ("working_days: 2", "working_days: -1", "periods.escalation_working_days", "from 1 to 250, not -1"),
    ("[SATURDAY, SUNDAY]", "[Saturday]", "periods.weekend[0]", "did you mean SATURDAY?"),
    ("holidays: []", "holidays: [2026-12-25, 2026-02-30]", "periods.holidays[1]", "such as 2026-12-25"),
    ("holidays: []", "holidays: [christmas]", "periods.holidays[0]", "such as 2026-12-25"),
    ("delegation_days: 90", "delegation_days: 367", "periods.longest_delegation_days", "from 1 to 366"),
    ("dormant_days: 180", "dormant_days: 99999999999", "leads.dormant_days", "from 1 to 3650"),
    ("level_hours: 24", "level_hours: 8761", "leads.service_level_hours", "from 1 to 8760, not 8761"),
    ("level_hours: 24", "level_hours: 1.5", "leads.service_level_hours", "must be a whole number"),
    ("default: MOST_TRUSTED", "default: BEST", "survivorship.default", 'unknown rule "BEST"'),
    ("    email: MOST", "    e_mail: MOST", "survivorship.rules.e_mail", "did you mean email?"),
    ("    email: MOST", "    city: MOST", "survivorship.rules.city", "write address"),
    ("    email: MOST", "    custom.Big: MOST", "survivorship.rules.custom.Big", "unknown field"),
]


@pytest.mark.parametrize(("old", "new", "path", "message"), CASES)
def test_a_wrong_value_is_named_with_its_line_its_path_and_what_to_write(
    old: str, new: str, path: str, message: str
) -> None:
    """Each kind of mistake is a problem with its path, in the line where it was made."""
    text = changed((old, new))
    found = [each for each in problems(text) if each.path == path and message in each.message]
    added = new.rstrip("\n").count("\n") if new.startswith(WEIGHTS) else 0
    assert [each.line for each in found] == [line_of(old) + added]


@pytest.mark.parametrize(
    ("old", "new", "path", "parent"),
    [
        ("version: default-4\n", "", "version", "functions: "),
        ("vetoes:\n", "vetos:\n", "vetoes", "version: "),
        ("      method: WEIGHTS\n", "", "approval.HIGH.CONTACT.method", "    CONTACT:"),
        (f"      {WEIGHTS}\n", "", "approval.HIGH.CONTACT.weights", "    CONTACT:"),
        (
            "lead_class: NAME, minimum_probability: 0.99",
            "",
            "approval.LOW.automatic[0].minimum_probability",
            "- {k",
        ),
        ("  default: MOST_TRUSTED\n", "", "survivorship.default", "survivorship:"),
        ("trust: 90, ", "", "sources.erp.trust", "  erp:"),
    ],
)
def test_what_is_missing_is_named_with_the_line_of_what_it_is_missing_from(
    old: str, new: str, path: str, parent: str
) -> None:
    """A key that must be there is a problem in the line of its section."""
    text = changed((old, new))
    assert (line_of(parent, text), path, "is missing") in [
        (p.line, p.path, p.message) for p in problems(text)
    ]


def test_a_kind_without_a_full_vote_is_a_problem() -> None:
    """Each kind of record needs a full vote: nothing of HIGH impact may be without a rule."""
    start = SHIPPED.index("    # No function owns an account.")
    text = SHIPPED[:start] + SHIPPED[SHIPPED.index("# What stops a merge") :]
    assert [(p.line, p.path) for p in problems(text)] == [(line_of("  HIGH:", text), "approval.HIGH.ACCOUNT")]


@pytest.mark.parametrize("majority", ["0.49", "1", "1.5", "-0.5", "half", "0,6", ".6"])
def test_a_majority_is_from_a_half_to_below_one(majority: str) -> None:
    """Less than half would let two opposite sides both win, and all could never be exceeded."""
    text = SHIPPED.replace("      majority: 0.5\n", f"      majority: {majority}\n")
    kinds = ("LEAD", "CONTACT", "ACCOUNT")
    assert [each.path for each in problems(text)] == [f"approval.HIGH.{kind}.majority" for kind in kinds]


def test_an_entry_for_the_same_automatic_merges_is_a_problem() -> None:
    """Two entries for one kind and class would contradict each other."""
    text = changed((AUTOMATIC, f"{AUTOMATIC}\n      {AUTOMATIC}"))
    assert [p.path for p in problems(text)] == ["approval.LOW.automatic[1]"]


def test_a_week_without_a_working_day_is_refused() -> None:
    """A period in working days would never end."""
    days = "MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY"
    text = changed(("[SATURDAY, SUNDAY]", f"[{days}]"))
    assert [(p.line, p.path) for p in problems(text)] == [(line_of("weekend:", text), "periods.weekend")]


def test_a_key_given_twice_is_named_in_its_second_line() -> None:
    """YAML would keep the last of two keys and say nothing."""
    text = changed(("periods:\n", "other_sources: {function: sales, trust: 1}\nperiods:\n"))
    first = line_of("other_sources:", text)
    second = line_of("other_sources: {function: sales", text)
    assert [(p.line, p.message) for p in problems(text)] == [
        (second, f"is given twice, first in line {first}: keep one")
    ]


def test_all_problems_are_said_at_once_in_the_order_of_their_lines() -> None:
    """Nobody has to correct a policy one error at a time."""
    text = changed(
        ("trust: 20", "trust: 200"),
        ("high: 250000", "high: 1"),
        ("final_arbiter: finance", "final_arbiter: treasury"),
        ("  - LEGAL_HOLD", "  - LEGAL"),
        ("dormant_days: 180", "dormant_day: 180"),
    )
    with pytest.raises(CompanyFileError) as caught:
        parse_policy(text, "my/policy.yaml")
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "sources.marketing.trust",
        "impact.thresholds.pipeline.high",
        "approval.HIGH.ACCOUNT.final_arbiter",
        "vetoes[6]",
        "leads.dormant_days",
        "leads.dormant_day",
    ]
    number = line_of("high: 1}", text)
    high = f"my/policy.yaml:{number}: impact.thresholds.pipeline.high: must be at least medium (10000)"
    assert lines[1] == high


def test_a_wrong_list_of_functions_is_said_once() -> None:
    """Not once more for each place that names a function."""
    assert [p.path for p in problems(changed((FUNCTIONS, "functions: all")))] == ["functions"]


def test_a_wrong_section_is_said_once() -> None:
    """What it would have held is not missing besides."""
    start, end = SHIPPED.index("impact:\n"), SHIPPED.index("# Who must approve.")
    text = f"{SHIPPED[:start]}impact: none\n{SHIPPED[end:]}"
    assert [(p.path, p.message) for p in problems(text)] == [
        ("impact", 'must be a mapping such as {name: value}, not "none"')
    ]


def test_thousands_of_problems_are_counted_and_not_all_said() -> None:
    """A text made to be wrong gets an answer of bounded size."""
    sources = "\n".join(f"  s{i}: {{function: nobody}}" for i in range(1000))
    text = changed(("sources:\n", f"sources:\n{sources}\n"))
    with pytest.raises(CompanyFileError) as caught:
        parse_policy(text)
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert str(caught.value).endswith(f"and {2000 - MAX_PROBLEMS} more problems")

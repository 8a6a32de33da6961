"""The section `intake` of a policy: what it means, and what can be wrong in it."""

import pytest

from dedup_service.company_files import parse_policy
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.records import RecordKind
from tests.company_files.changed_texts import SHIPPED, changed, line_of, problems
from tests.company_files.test_policy_schema import VALIDATOR, document

SHARED = "shared_domains: []"
NEWEST = "newest_wins: [job_title]"
NAMED = "named_by: [sales, marketing, partners]"

# What is replaced, by what, and the path and message of the problem that comes of it in the same line.
CASES = [
    ("update_from: 0.96\n", "update_from: -0.1\n", "update_from", "above 0 and at most 1, not -0.1"),
    ("recognise_from: 0.9\n", "recognise_from: 0\n", "recognise_from", "above 0 and at most 1, not 0"),
    ("recognise_from: 0.9\n", "recognise_from: 1.1\n", "recognise_from", "above 0 and at most 1, not 1.1"),
    ("recognise_from: 0.9\n", "recognize_from: 0.9\n", "recognize_from", "did you mean recognise_from?"),
    ("domain_confidence: 0.95", "domain_confidence: high", "domain_confidence", "must be a number"),
    (SHARED, "shared_domains: mail.example", "shared_domains", "must be a list"),
    (SHARED, "shared_domains: [Mail.Example]", "shared_domains[0]", "must be a domain in lower case"),
    (SHARED, "shared_domains: [ann@mail.example]", "shared_domains[0]", "must be a domain in lower case"),
    (SHARED, "shared_domains: [localhost]", "shared_domains[0]", "must be a domain in lower case"),
    (NAMED, "named_by: [sales, sales]", "named_by[1]", "is named twice"),
    ("current_by: [finance, sales]", "current_by: finance", "current_by", "must be a list"),
    (
        "current_account_kind: CONTACT",
        "current_account_kind: ACCOUNT",
        "current_account_kind",
        "unknown kind",
    ),
    (NEWEST, "newest_wins: [city]", "newest_wins[0]", "unknown field or field group"),
    (NEWEST, "newest_wins: [email, email]", "newest_wins[1]", "is named twice"),
    ("names_queue: names", "names_queue: Names", "names_queue", "lower-case letters"),
]


def section(text: str) -> str:
    """The shipped section `intake`, in place of which others stand."""
    return text[text.index("intake:\n") : text.index("# Which member's value survives")]


@pytest.mark.parametrize(("old", "new", "path", "message"), CASES)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, path: str, message: str) -> None:
    """The problem names the key, the line, and what to write; an editor with the schema marks it too."""
    text = changed((old, new))
    [problem] = problems(text)
    assert problem.path == f"intake.{path}"
    assert message in problem.message
    assert problem.line == line_of(new, text)
    assert not VALIDATOR.is_valid(document(text))


def test_a_function_that_is_none_is_said() -> None:
    """Whose word counts must be a function of the policy; a slip is pointed out."""
    [problem] = problems(changed((NAMED, "named_by: [sale]")))
    assert problem.path == "intake.named_by[0]"
    assert "did you mean sales?" in problem.message


def test_all_problems_are_said_at_once() -> None:
    """A file is corrected in one go."""
    found = problems(changed(("recognise_from: 0.9\n", "recognise_from: 2\n"), (NEWEST, "newest_wins: [a]")))
    assert [each.path for each in found] == ["intake.recognise_from", "intake.newest_wins[0]"]


def test_too_many_domains_are_refused() -> None:
    """A list that long belongs into another place; the limit is named."""
    domains = ", ".join(f"d{number}.example" for number in range(5001))
    [problem] = problems(changed((SHARED, f"shared_domains: [{domains}]")))
    assert problem.message == "must name at most 5000 domains, not 5001"


def test_a_policy_without_the_section_is_as_before() -> None:
    """Policies that were written before intake stay valid; everybody may name accounts then."""
    text = changed((section(SHIPPED), ""))
    assert parse_policy(text).intake == IntakePolicy()
    assert VALIDATOR.is_valid(document(text))


def test_what_is_written_is_what_is_meant() -> None:
    """Each key changes its own part of the rules."""
    written = """intake:
  update_from: 0.97
  recognise_from: 0.8
  domain_confidence: 0.7
  shared_domains: [estate.example, co-working.example]
  named_by: [sales]
  current_by: []
  current_account_kind: LEAD
  newest_wins: [address, phone]
  names_queue: bought-lists

"""
    policy = parse_policy(changed((section(SHIPPED), written)))
    assert policy.intake == IntakePolicy(
        update_from=0.97,
        recognise_from=0.8,
        domain_confidence=0.7,
        shared_domains=frozenset({"estate.example", "co-working.example"}),
        named_by=frozenset({"sales"}),
        current_by=frozenset(),
        current_account_kind=RecordKind.LEAD,
        newest_wins=frozenset({"address", "phone"}),
        names_queue="bought-lists",
    )

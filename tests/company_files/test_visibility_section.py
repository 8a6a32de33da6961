"""The section `visibility` of a policy: what it says, and everything that is wrong in it."""

import pytest

from dedup_service.company_files import parse_policy
from dedup_service.domain.principals import Principal, PrincipalType, may_write
from dedup_service.domain.records import RecordKind
from dedup_service.domain.visibility import EVERY_KIND, Audience, SourceRule, sight_of
from tests.company_files.changed_texts import changed, problems

FIELDS = "  fields: {}\n"
SOURCES = "  sources: []\n"
ANN = Principal("users/ann", PrincipalType.HUMAN, frozenset({"sales"}))
FIONA = Principal("users/fiona", PrincipalType.HUMAN, frozenset({"finance"}))
PAYROLL = Principal("services/payroll", PrincipalType.SERVICE, frozenset({"finance"}))


def test_fields_and_sources_are_read() -> None:
    """Functions and service accounts, kinds, and what is left out."""
    visibility = parse_policy(
        changed(
            (FIELDS, "  fields: {custom.salary: {functions: [finance], services: [services/hr]}}\n"),
            (SOURCES, "  sources: [{source: hr, kinds: [LEAD], read: {functions: [sales]}}]\n"),
        )
    ).visibility
    assert visibility.fields == {
        "custom.salary": Audience(frozenset({"finance"}), frozenset({"services/hr"}))
    }
    assert visibility.sources == (
        SourceRule("hr", frozenset({RecordKind.LEAD}), Audience(frozenset({"sales"}))),
    )


def test_the_shipped_policy_keeps_nothing_from_anybody() -> None:
    """Everybody may look everything up."""
    assert sight_of(ANN, parse_policy(changed()).visibility).whole


def test_people_are_let_by_function_and_services_by_name() -> None:
    """A service account is not let by a function that it holds."""
    rules = parse_policy(
        changed((FIELDS, "  fields: {national_id: {functions: [finance], services: [services/hr]}}\n"))
    ).visibility
    assert sight_of(ANN, rules).masks("national_id")
    assert not sight_of(FIONA, rules).masks("national_id")
    assert sight_of(PAYROLL, rules).masks("national_id")


def test_a_masked_field_masks_its_group() -> None:
    """Whoever may not read the street does not choose the address."""
    rules = parse_policy(changed((FIELDS, "  fields: {street: {functions: []}}\n"))).visibility
    sight = sight_of(FIONA, rules)
    assert sight.masks("street")
    assert sight.masks("address")
    assert not sight.masks("city")


def test_nobody_writes_what_they_may_not_read() -> None:
    """A source that is hidden from somebody is not theirs to write, of whatever kind."""
    policy = parse_policy(
        changed(
            (SOURCES, "  sources: [{source: crm, kinds: [LEAD], read: {functions: [finance]}}]\n"),
        )
    )
    assert not may_write(ANN, "crm", policy, RecordKind.LEAD)
    assert may_write(ANN, "crm", policy, RecordKind.CONTACT)
    assert may_write(ANN, "crm", policy)
    assert sight_of(ANN, policy.visibility).hides_kinds_of("crm")
    assert sight_of(ANN, policy.visibility).hidden != {"crm": EVERY_KIND}


@pytest.mark.parametrize(
    ("line", "path", "said"),
    [
        ("  fields: {salary: {functions: [finance]}}\n", "visibility.fields.salary", "unknown field"),
        ("  fields: {email: {functions: [hr]}}\n", "visibility.fields.email.functions", "unknown function"),
        ("  fields: {email: {}}\n", "visibility.fields.email", "must say whom it lets"),
        ("  fields: {email: {services: [payroll]}}\n", "visibility.fields.email.services", "service account"),
        ("  fields: {email: {services: [services/a, services/a]}}\n", "visibility.fields.email", "twice"),
        ("  fields: [email]\n", "visibility.fields", "must be a mapping"),
    ],
)
def test_problems_of_fields_are_said(line: str, path: str, said: str) -> None:
    """Each with its place."""
    assert any(
        each.path.startswith(path) and said in each.message for each in problems(changed((FIELDS, line)))
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  sources: [{source: hr}]\n", "must say who alone may read or write"),
        ("  sources: [{read: {functions: [sales]}}]\n", "is missing"),
        ("  sources: [{source: HR, read: {functions: [sales]}}]\n", "lower-case"),
        ("  sources: [{source: hr, kinds: [], read: {functions: [sales]}}]\n", "at least one kind"),
        ("  sources: [{source: hr, kinds: [ORDER], read: {functions: [sales]}}]\n", "unknown kind"),
        (
            "  sources: [{source: hr, read: {functions: []}}, {source: hr, write: {functions: []}}]\n",
            "has a rule for ACCOUNT, CONTACT, LEAD already",
        ),
    ],
)
def test_problems_of_sources_are_said(line: str, said: str) -> None:
    """Each with its place."""
    assert any(
        each.path.startswith("visibility.sources") and said in each.message
        for each in problems(changed((SOURCES, line)))
    )

"""Drafts and filters: every fault is named at once, before any work is done (F-2)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    RecordDraft,
    RecordKey,
)
from dedup_service.domain.validation import draft_violations
from dedup_service.workflows.filters import Condition, Operator, parse_filter
from tests.merge_desk import JANUARY, POLICY, account, contact, lead

LOCAL = datetime(2026, 1, 1)  # noqa: DTZ001  the fault under test


def faults(draft: RecordDraft) -> list[str]:
    return [v.field for v in draft_violations(draft, POLICY.functions)]


def values(**given: str) -> RecordDraft:
    return contact("a", **given)


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        (contact("a"), []),
        (values(email="a\x00b"), ["record.values[email]"]),
        (values(email="a\ud800b"), ["record.values[email]"]),
        (values(email="\U0001f600 \u202e \u0000"[:-1]), []),
        (values(family_name="x" * 512), []),
        (values(family_name="x" * 513), ["record.values[family_name]"]),
        (values(street="x" * 4096), []),
        (values(street="x" * 4097), ["record.values[street]"]),
        (values(shoe_size="43"), ["record.values"]),
        (replace(contact("a"), values={"custom.shoe_size": "43"}), []),
        (replace(contact("a"), values={"custom.Shoe": "43"}), ["record.values"]),
        (replace(contact("a"), values={f"custom.f{n}": "" for n in range(200)}), []),
        (replace(contact("a"), values={f"custom.f{n}": "" for n in range(201)}), ["record.values"]),
        (replace(contact("a"), key=RecordKey("CRM", "a")), ["record.name"]),
        (replace(contact("a"), key=RecordKey("crm", "a b")), ["record.name"]),
        (replace(contact("a"), key=RecordKey("crm", "\udfff")), ["record.name"]),
        (replace(contact("a"), key=RecordKey("crm", "x" * 201)), ["record.name"]),
        (replace(contact("a"), owner=Owner(function="witchcraft")), ["record.owner.function"]),
        (replace(contact("a"), owner=Owner(queue="\x00")), ["record.owner.queue"]),
        (replace(contact("a"), account=RecordKey("crm", "\ud800")), ["record.account"]),
        (replace(lead("a"), account=RecordKey("crm", "b")), ["record.account"]),
        (replace(contact("a"), parent=RecordKey("crm", "b")), ["record.parent"]),
        (replace(account("a"), parent=RecordKey("crm", "a")), ["record.parent"]),
        (replace(contact("a"), person_account=True), ["record.person_account"]),
        (replace(contact("a"), source_update_time=LOCAL), ["record.source_update_time"]),
        (replace(contact("a"), facts=(Fact("contracts", count=1),) * 101), ["record.facts"]),
        (
            replace(contact("a"), children=(Child(ChildKind.CASE, ""), Child(ChildKind.CASE, "\ud800"))),
            ["record.children[0].child_id", "record.children[1].child_id"],
        ),
        (
            replace(contact("a"), children=(Child(ChildKind.CASE, "1", amount=Amount("eur", Decimal(1))),)),
            ["record.children[0].amount.currency_code"],
        ),
    ],
)
def test_a_draft_is_taken_or_its_fault_named(draft: RecordDraft, expected: list[str]) -> None:
    """Limits, NUL, lone surrogates, unknown names and wrong references are told by field path."""
    assert faults(draft) == expected


@pytest.mark.parametrize(
    ("fact", "taken"),
    [
        (Fact("open_cases", count=0), True),
        (Fact("open_cases", count=-1), False),
        (Fact("open_cases", count=2**53), False),
        (Fact("open_cases"), False),
        (Fact("open_cases", count=1, flag=True), False),
        (Fact("open_cases", text="1"), False),
        (Fact("horoscope", text="leo"), False),
        (Fact("partner_of_record", text="x" * 1001), False),
        (Fact("partner_of_record", text="\x00"), False),
        (Fact("requested", time=JANUARY), True),
        (Fact("requested", time=LOCAL), False),
        (Fact("open_pipeline", amount=Amount("EUR", Decimal("1.50"))), True),
        (Fact("open_pipeline", amount=Amount("EUR", Decimal("-1.50"))), False),
        (Fact("open_pipeline", amount=Amount("EURO", Decimal(1))), False),
        (Fact("open_pipeline", amount=Amount("EUR", Decimal("NaN"))), False),
        (Fact("open_pipeline", amount=Amount("EUR", Decimal("Infinity"))), False),
        (Fact("open_pipeline", amount=Amount("EUR", Decimal("1e18"))), False),
    ],
)
def test_a_fact_carries_its_own_value_and_no_other(fact: Fact, taken: bool) -> None:
    """Each fact has one type of value, within bounds in which sums and comparisons work."""
    assert (faults(replace(contact("a"), facts=(fact,))) == []) is taken


def test_all_faults_are_named_at_once() -> None:
    """One answer names every fault, not the first."""
    draft = replace(
        lead("a", Fact("horoscope", text="leo"), email="\x00", shoe_size="43"),
        key=RecordKey("CRM", ""),
        owner=Owner(function="witchcraft"),
        parent=RecordKey("crm", "b"),
    )
    assert sorted(faults(draft)) == [
        "record.facts[0].name",
        "record.name",
        "record.name",
        "record.owner.function",
        "record.parent",
        "record.values",
        "record.values[email]",
    ]


def test_descriptions_do_not_quote_values() -> None:
    """A fault is told without the value, which may be a person's (F-3)."""
    secret = "Bob\x00Secret"
    draft = replace(values(email=secret), owner=Owner(queue=secret))
    assert not any("Bob" in v.description for v in draft_violations(draft, POLICY.functions))


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("sources/crm/records/1", RecordKey("crm", "1")),
        ("sources/crm/records/é:1", RecordKey("crm", "é:1")),
        ("sources/crm/records/", None),
        ("sources/crm/records/a/b", None),
        ("sources/crm/records/a b", None),
        ("sources/crm/records/a\x00", None),
        ("sources/CRM/records/1", None),
        ("crm/1", None),
        ("", None),
    ],
)
def test_record_names_are_parsed_or_refused(name: str, parsed: RecordKey | None) -> None:
    """A resource name gives its key, and anything else gives None."""
    assert RecordKey.parse(name) == parsed
    if parsed is not None:
        assert parsed.name == name


FIELDS = {"state": frozenset({"PENDING", "APPROVED"}), "missing_functions": None}


def test_a_filter_is_read_into_conditions() -> None:
    """Conditions are joined with AND; values are words or quoted."""
    assert parse_filter("", FIELDS) == parse_filter("  ", FIELDS) == ()
    assert parse_filter('state = PENDING AND missing_functions:"my finance"', FIELDS) == (
        Condition("state", Operator.EQUALS, "PENDING"),
        Condition("missing_functions", Operator.HAS, "my finance"),
    )
    assert parse_filter("state!=PENDING", FIELDS) == (Condition("state", Operator.NOT_EQUALS, "PENDING"),)


@pytest.mark.parametrize(
    "text",
    [
        "state",
        "state =",
        "state = ",
        "state == PENDING",
        "state = PENDING state = APPROVED",
        "state = PENDING AND",
        "state = PENDING ANDstate = PENDING",
        "state = PENDING OR state = APPROVED",
        "AND state = PENDING",
        "state = LOST",
        "colour = red",
        'missing_functions:"open',
        "state = PENDING\x00",
        "state = \ud800",
        "x" * 2001,
        "state = PENDING; DROP TABLE records",
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(text: str) -> None:
    """Anything else is InvalidInput, never another error."""
    with pytest.raises(InvalidInput):
        parse_filter(text, FIELDS)

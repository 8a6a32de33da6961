"""REQUIRED: by kind, one of several fields, and a placeholder fills nothing in."""

import pytest

from dedup_service.domain.data_entry import DataEntryPolicy, DataEntryRule, RequiredFields, Severity
from dedup_service.domain.records import RecordKind
from tests.domain.data_entry.forms import SHIPPED, findings, rules_broken

CASES = [
    (RecordKind.LEAD, {"company_name": "Acme", "phone": "+49 30 901820"}, []),
    (RecordKind.LEAD, {"company_name": "Acme"}, ["email"]),
    (RecordKind.LEAD, {"email": "ann@acme.com"}, ["full_name"]),
    (RecordKind.LEAD, {}, ["email", "full_name"]),
    (RecordKind.CONTACT, {"company_name": "Acme", "mobile_phone": "+49 30 901820"}, ["full_name"]),
    (RecordKind.CONTACT, {"family_name": "Bo", "email": "  "}, ["email"]),
    (RecordKind.ACCOUNT, {"company_name": "Acme"}, []),
    (RecordKind.ACCOUNT, {"family_name": "Bo"}, []),
    (RecordKind.ACCOUNT, {"email": "ann@acme.com"}, ["company_name"]),
    (None, {}, []),
]


@pytest.mark.parametrize(("kind", "values", "missing"), CASES)
def test_what_a_kind_needs(kind: RecordKind | None, values: dict[str, str], missing: list[str]) -> None:
    """The finding stands at the first field that would do; of an unknown kind nothing is asked."""
    assert rules_broken(values, kind=kind, policy=SHIPPED) == [
        (name, DataEntryRule.REQUIRED) for name in missing
    ]


@pytest.mark.parametrize("kind", [None, *RecordKind])
def test_what_every_kind_needs_is_asked_before_the_kind_is_known(kind: RecordKind | None) -> None:
    """A rule without kinds holds for all of them, and for none."""
    policy = DataEntryPolicy(required=(RequiredFields(("custom.consent",), severity=Severity.WARNING),))
    (finding,) = findings({}, kind, policy)
    assert (finding.severity, finding.field) == (Severity.WARNING, "values.custom.consent")
    assert finding.message == "is required in every record: fill it in"


def test_a_placeholder_fills_nothing_in() -> None:
    """Somebody who writes n/a into a required field has not filled it in."""
    values = {"family_name": "n/a", "email": "none@none.com"}
    assert rules_broken(values, kind=RecordKind.CONTACT, policy=SHIPPED) == [
        ("email", DataEntryRule.REQUIRED),
        ("full_name", DataEntryRule.REQUIRED),
        ("email", DataEntryRule.PLACEHOLDER),
        ("family_name", DataEntryRule.PLACEHOLDER),
    ]


def test_the_finding_names_all_fields_that_would_do() -> None:
    """One sentence says which, and for whom."""
    found = findings({"full_name": "Ann Bo"}, RecordKind.CONTACT, SHIPPED)
    assert [finding.message for finding in found] == [
        "one of email, phone, mobile_phone is required in a record of kind CONTACT: fill in at least one"
    ]

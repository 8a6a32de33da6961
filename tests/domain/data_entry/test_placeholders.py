"""PLACEHOLDER and TEST_VALUE: what stands for nothing, and what is typed in to try something out."""

import pytest

from dedup_service.domain.data_entry import DataEntryPolicy, DataEntryRule, FieldRules
from tests.domain.data_entry.forms import findings, rules_broken, with_rules

PLACEHOLDERS = [
    ("given_name", "asdf"),
    ("given_name", "test"),
    ("city", "n/a"),
    ("city", "N.A."),
    ("company_name", "xxx"),
    ("company_name", "aaaaaa"),
    ("company_name", "Unknown"),
    ("company_name", "DO NOT USE - Acme Ltd"),
    ("street", "---"),
    ("street", "?"),
    ("email", "none@none.com"),
    ("birth_date", "1900-01-01"),
    ("custom.note", "tbd"),
]
TEST_VALUES = [
    ("phone", "555-0100"),
    ("phone", "+1 212 555 0199"),
    ("phone", "(212) 555-0142"),
    ("phone", "0000000"),
    ("phone", "+49 999 9999999"),
    ("phone", "1234567890"),
    ("email", "ann@example.com"),
    ("email", "ann@mail.example.org"),
    ("email", "ann@something.test"),
    ("email", "ann@acme.invalid"),
    ("website", "https://www.example.com/shop"),
    ("given_name", "qwerty"),
    ("full_name", "Max Mustermann"),
    ("tax_id", "123456789"),
    ("tax_id", "0000000"),
    ("street", "Lorem ipsum dolor"),
]
NEITHER = [
    ("family_name", "Null"),
    ("family_name", "Test"),
    ("suffix", "III"),
    ("company_name", "BBB"),
    ("company_name", "Unknown Pleasures Records"),
    ("company_name", "Testa Rossa"),
    ("country", "NA"),
    ("phone", "+1 212 555 0200"),
    ("phone", "+1 212 736 5000"),
    ("email", "ann@testing-labs.com"),
    ("email", "ann@example-company.com"),
    ("website", "www.example.de"),
    ("given_name", "Were"),
    ("family_name", "Rew"),
    ("tax_id", "12345"),
    ("postal_code", "11111"),
]


@pytest.mark.parametrize(("name", "text"), PLACEHOLDERS)
def test_a_placeholder_is_found(name: str, text: str) -> None:
    """It says nothing, in whatever field it stands."""
    assert (name, DataEntryRule.PLACEHOLDER) in rules_broken({name: text})


@pytest.mark.parametrize(("name", "text"), TEST_VALUES)
def test_a_test_value_is_found(name: str, text: str) -> None:
    """Nobody is reached by it, and nobody is called so."""
    assert rules_broken({name: text}) == [(name, DataEntryRule.TEST_VALUE)]


@pytest.mark.parametrize(("name", "text"), NEITHER)
def test_what_only_looks_like_one_is_left_alone(name: str, text: str) -> None:
    """People are called Null, and words that begin with test are none."""
    assert rules_broken({name: text}) == []


def test_how_a_placeholder_is_written_matters_to_nobody() -> None:
    """DO NOT USE neither shouts nor is it misspelt."""
    assert rules_broken({"company_name": "DO NOT USE INC"}) == [("company_name", DataEntryRule.PLACEHOLDER)]


def test_a_field_may_take_both() -> None:
    """A field for remarks is looked through for neither, when its rules say so."""
    policy = with_rules("custom.note", FieldRules(placeholders=False, test_values=False))
    assert findings({"custom.note": "test"}, policy=policy) == ()
    assert findings({"custom.note": "qwerty"}, policy=policy) == ()


def test_without_a_policy_nothing_is_found() -> None:
    """A policy without the section asks for nothing."""
    values = {"given_name": "asdf", "phone": "555-0100", "email": "x", "city": "---"}
    assert findings(values, policy=DataEntryPolicy()) == ()

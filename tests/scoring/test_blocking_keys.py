"""Records that ought to be compared share a key, the same on every run."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given

from scoring import Entity, blocking_keys, blocking_rules, prepare
from tests.scoring.scored_records import Values, any_values, company, person

_PRINT_KEYS = """
import json
from scoring import Entity, blocking_keys, prepare
person = prepare(
    {
        "full_name": "Bob Müller-Smith", "birth_date": "1980-04-03", "email": "bob.ms@acme.com",
        "phone": "020 7946 0958", "country": "GB", "postal_code": "AL1 2AB", "street": "12 High St",
        "tax_id": "GB12345",
    },
    Entity.PERSON,
)
company = prepare(
    {"company_name": "Acme International Trading Ltd", "website": "acme.com", "phone": "+12125550123"},
    Entity.COMPANY,
)
print(json.dumps([blocking_keys(person), blocking_keys(company)]))
"""


@given(any_values())
def test_keys_are_few_sorted_and_explained(case: tuple[Values, Entity]) -> None:
    """At most 24 keys, sorted, unique, short, each with a prefix that a rule explains."""
    keys = blocking_keys(prepare(*case))
    prefixes = {rule.prefix for rule in blocking_rules()}
    assert list(keys) == sorted(set(keys))
    assert len(keys) <= 24
    assert all(len(key) <= 96 and key.partition(":")[0] in prefixes and key.partition(":")[2] for key in keys)


def test_keys_are_the_same_under_every_hash_seed() -> None:
    """Processes with different hash seeds make the same keys."""
    found = {
        subprocess.run(
            [sys.executable, "-c", _PRINT_KEYS],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(found) == 1
    assert all(len(keys) >= 5 for keys in json.loads(found.pop()))


@pytest.mark.parametrize(
    ("left", "right", "prefix"),
    [
        ({"email": "Jo.Doe+x@acme.com"}, {"email": "jo.doe@acme.com"}, "e"),
        ({"email": "jonathan.doe@acme.com"}, {"email": "jonathan.doe@zylo.de"}, "l"),
        ({"phone": "+442079460958"}, {"phone": "020 7946 0958"}, "p"),
        ({"full_name": "Bob Smith"}, {"full_name": "Smith, Robert"}, "n"),
        ({"full_name": "Jon Meyer"}, {"full_name": "Maier, John"}, "k"),
        ({"full_name": "Jon Meyer", "city": "Ulm"}, {"full_name": "J. Meier", "city": "Ulm"}, "c"),
        (
            {"full_name": "Jon Meyer", "birth_date": "1980-04-03"},
            {"full_name": "J. Meier", "birth_date": "1980-12-30"},
            "y",
        ),
        (
            {"full_name": "Jon Meyer", "company_name": "Zylotech GmbH"},
            {"full_name": "Al Meyerle", "company_name": "Zylotech"},
            "h",
        ),
        (
            {"full_name": "Bob Meyer", "company_name": "Zylotech GmbH"},
            {"full_name": "Robert Huber", "company_name": "Zylotech"},
            "j",
        ),
        (
            {"full_name": "Jon Meyer", "postal_code": "80331"},
            {"family_name": "Maier", "postal_code": "80331"},
            "z",
        ),
        (
            {"given_name": "Bob", "birth_date": "1980-04-03"},
            {"given_name": "Rob", "birth_date": "1980-04-03"},
            "b",
        ),
        ({"tax_id": "DE 12345"}, {"tax_id": "12345"}, "i"),
        (
            {"street": "12 High St", "city": "London", "postal_code": "N1"},
            {"street": "12 High Street", "city": "London"},
            "a",
        ),
        ({"full_name": "王秀英"}, {"full_name": "王秀英"}, "n"),
    ],
)
def test_people_meet(left: Values, right: Values, prefix: str) -> None:
    """Two records of one person share the key of the rule."""
    assert _meet_by(blocking_keys(person(**left)), blocking_keys(person(**right)), prefix)


@pytest.mark.parametrize(
    ("left", "right", "prefix"),
    [
        ({"website": "www.acme.com"}, {"email": "info@acme.com"}, "cw"),
        ({"company_name": "Acme Trading Ltd"}, {"company_name": "Trading, Acme"}, "ct"),
        ({"company_name": "Acme Trading House"}, {"company_name": "Acme Tradingshouse"}, "cn"),
        (
            {"company_name": "Summit Plumbing", "city": "Leeds"},
            {"company_name": "Summitt Heating", "city": "Leeds"},
            "co",
        ),
        ({"company_name": "Bayerische Motoren Werke"}, {"company_name": "BMW AG"}, "cq"),
        ({"company_name": "Zylotech Consulting"}, {"company_name": "The Zilotech Group"}, "cr"),
        ({"company_name": "株式会社東芝"}, {"company_name": "東芝"}, "ct"),
    ],
)
def test_companies_meet(left: Values, right: Values, prefix: str) -> None:
    """Two records of one company share the key of the rule."""
    assert _meet_by(blocking_keys(company(**left)), blocking_keys(company(**right)), prefix)


def test_people_and_companies_share_no_key() -> None:
    """No block holds pairs that can never match."""
    values = {"company_name": "Acme", "email": "jo@acme.com", "phone": "+12125550123", "tax_id": "12345"}
    assert not set(blocking_keys(person(**values))) & set(blocking_keys(company(**values)))


def test_free_mail_is_no_domain() -> None:
    """A free-mail address puts no company into its provider's block."""
    assert not any(key.startswith("cw:") for key in blocking_keys(company(email="acme@gmail.com")))


def _meet_by(first: tuple[str, ...], second: tuple[str, ...], prefix: str) -> bool:
    return any(key.startswith(prefix + ":") for key in set(first) & set(second))

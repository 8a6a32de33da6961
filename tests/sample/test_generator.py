"""The sample as a whole: the same for a seed, of the promised size, and valid as input of the service."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache

import phonenumbers
import pytest

from dedup_service.domain.facts import FACTS
from dedup_service.domain.records import Fact, RecordDraft, RecordKind
from dedup_service.domain.validation import draft_violations
from dedup_service.sample import Sample, generate, true_pairs
from dedup_service.sample.dice import Dice
from dedup_service.sample.people import Population
from dedup_service.sample.places import draw_landline, draw_mobile
from dedup_service.sample.words import countries

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
FUNCTIONS = {
    "users/ann": "sales",
    "users/ben": "sales",
    "users/carla": "support",
    "users/dev": "support",
    "users/mia": "marketing",
    "users/fiona": "finance",
    "users/felix": "finance",
    "users/omar": "operations",
    "users/paula": "partners",
}


@cache
def default_sample() -> Sample:
    return generate(now=NOW)


def facts_of(record: RecordDraft) -> dict[str, Fact]:
    return {fact.name: fact for fact in record.facts}


def lead_class(record: RecordDraft) -> str:
    """The class of a lead by domain 2.1, as the sample's own facts say it."""
    facts = facts_of(record)
    never = datetime.min.replace(tzinfo=UTC)
    requested = facts["requested"].time or never if "requested" in facts else never
    disqualified = facts["disqualified"].time or never if "disqualified" in facts else never
    reachable = any(record.values.get(name) for name in ("email", "phone", "mobile_phone", "street"))
    if not reachable or disqualified > requested:
        return "DEAD"
    return "LIVE" if NOW - requested < timedelta(days=180) else "NAME"


def digest_of(sample: Sample) -> str:
    text = repr(sample.records) + repr(sample.truth)
    return hashlib.sha256(text.encode()).hexdigest()


def test_same_arguments_give_the_same_sample() -> None:
    """Seed, sizes and time decide every byte; another seed gives other records."""
    first = digest_of(generate(3, 200, 50, now=NOW))
    assert digest_of(generate(3, 200, 50, now=NOW)) == first
    assert digest_of(generate(4, 200, 50, now=NOW)) != first


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_hash_seed_changes_nothing(hash_seed: str) -> None:
    """Another process with another hash seed makes the same sample."""
    program = (
        "import hashlib; from datetime import datetime, UTC; from dedup_service.sample import generate;"
        "s = generate(3, 200, 50, now=datetime(2026, 3, 2, 9, 30, tzinfo=UTC));"
        "print(hashlib.sha256((repr(s.records) + repr(s.truth)).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest_of(generate(3, 200, 50, now=NOW))


def test_counts_by_source_and_kind() -> None:
    """About 6,000 records, spread over the five systems as such systems are filled."""
    sample = default_sample()
    counts = Counter((record.key.source, record.kind.value) for record in sample.records)
    expected = {
        ("crm", "ACCOUNT"): (700, 1100),
        ("crm", "CONTACT"): (400, 700),
        ("crm", "LEAD"): (600, 900),
        ("desk", "ACCOUNT"): (150, 300),
        ("desk", "CONTACT"): (350, 600),
        ("erp", "ACCOUNT"): (280, 420),
        ("marketing", "LEAD"): (1900, 2600),
        ("shop", "ACCOUNT"): (650, 1000),
    }
    assert 5700 <= len(sample.records) <= 6500
    assert set(counts) == set(expected)
    outside = {
        pair: counts[pair] for pair, (low, high) in expected.items() if not low <= counts[pair] <= high
    }
    assert outside == {}


@pytest.mark.parametrize("people", range(20, 40))
def test_sizes_count_people_and_companies(people: int) -> None:
    """Every person and company asked for is in at least one system, and nobody else, households or not."""
    sample = generate(5, people, people // 2, now=NOW)
    entities = Counter(entity.split(":")[0] for entity in set(sample.truth.values()))
    assert entities == {"person": people, "company": people // 2}


def test_truth_covers_each_record_once() -> None:
    """Record keys are unique, the truth knows exactly these, and few entities have over four duplicates."""
    sample = default_sample()
    keys = [record.key for record in sample.records]
    assert len(set(keys)) == len(keys)
    assert set(sample.truth) == set(keys)
    sizes = Counter(sample.truth.values()).values()
    assert sum(size > 5 for size in sizes) <= 0.01 * len(sizes)
    assert true_pairs(sample.truth) > 3000


def test_all_lead_classes_are_there() -> None:
    """Live leads, about ten times as many names, and dead ones of both sorts: given up and unreachable."""
    leads = [record for record in default_sample().records if record.kind is RecordKind.LEAD]
    counts = Counter(lead_class(lead) for lead in leads)
    assert counts["LIVE"] >= 120
    assert 7 <= counts["NAME"] / counts["LIVE"] <= 18
    dead = [lead for lead in leads if lead_class(lead) == "DEAD"]
    given_up = [lead for lead in dead if "disqualified_reason" in facts_of(lead)]
    assert len(given_up) >= 80
    assert len(dead) - len(given_up) >= 40
    revived = [lead for lead in leads if lead_class(lead) == "LIVE" and "disqualified" in facts_of(lead)]
    assert len(revived) >= 5


def test_drafts_are_valid() -> None:
    """The service's own check of a write finds nothing to refuse, and no value is empty or padded."""
    functions = frozenset(FUNCTIONS.values())
    for record in default_sample().records:
        assert draft_violations(record, functions) == []
        assert record.values
        assert all(value and value == value.strip() for value in record.values.values())


def test_facts_have_their_type() -> None:
    """Each fact is of the shared list, once a record, with exactly the value of its type set."""
    seen = set()
    for record in default_sample().records:
        names = [fact.name for fact in record.facts]
        assert len(set(names)) == len(names)
        for fact in record.facts:
            values = {part.name for part in fields(fact) if part.name != "name"}
            assert [name for name in sorted(values) if getattr(fact, name) is not None] == [FACTS[fact.name]]
            seen.add(fact.name)
    assert seen == set(FACTS)


def test_times_are_aware_and_past() -> None:
    """Every time is aware and not after now."""
    for record in default_sample().records:
        times = [fact.time for fact in record.facts if fact.time] + [record.source_update_time]
        assert all(time is not None and time.tzinfo is not None and time <= NOW for time in times)


def test_naive_now_is_refused() -> None:
    """A time without zone is an error of the caller."""
    with pytest.raises(ValueError, match="aware"):
        generate(now=NOW.replace(tzinfo=None))


def test_owners_are_of_the_directory() -> None:
    """Every record has an owner, a principal of the directory with its function, or a queue."""
    owners = [record.owner for record in default_sample().records]
    assert all(owner is not None for owner in owners)
    named = {(owner.principal, owner.function) for owner in owners if owner and owner.principal}
    assert named == set(FUNCTIONS.items())
    assert any(owner.queue for owner in owners if owner)


def test_references_lead_to_earlier_accounts() -> None:
    """Accounts of contacts and parents of accounts are accounts of the same source, made before."""
    made: dict[object, RecordDraft] = {}
    contacts_with_account = parents = 0
    for record in default_sample().records:
        for reference in (record.account, record.parent):
            assert reference is None or made[reference].kind is RecordKind.ACCOUNT
            assert reference is None or reference.source == record.key.source
        if record.kind is RecordKind.CONTACT and record.key.source == "crm":
            assert record.account is not None
        contacts_with_account += record.account is not None
        parents += record.parent is not None
        made[record.key] = record
    assert contacts_with_account >= 600
    assert parents >= 60


def test_mastered_and_provisional_accounts() -> None:
    """Finance's accounts carry their customer number, the shop's never do and are made at night."""
    for record in default_sample().records:
        if record.key.source == "erp":
            assert record.values["customer_number"] == record.key.source_record_id
        if record.key.source == "shop":
            assert "customer_number" not in record.values
            assert record.source_update_time is not None
            assert 1 <= record.source_update_time.hour <= 4


def test_counts_agree_with_children() -> None:
    """Where a fact counts documents, as many references hang below the record."""
    counted = {
        "open_opportunities": "OPPORTUNITY",
        "open_cases": "CASE",
        "open_invoices": "INVOICE",
        "orders_in_fulfilment": "ORDER",
        "active_campaigns": "CAMPAIGN",
        "contracts": "CONTRACT",
    }
    for record in default_sample().records:
        children = Counter(child.kind.value for child in record.children)
        facts = facts_of(record)
        assert children == {kind: facts[name].count for name, kind in counted.items() if name in facts}


@pytest.mark.parametrize("code", [country.code for country in countries()])
def test_phones_are_valid_for_their_country(code: str) -> None:
    """Landlines of each city and mobiles are numbers that the country's numbering plan allows."""
    country = next(country for country in countries() if country.code == code)
    dice = Dice(1)
    numbers = [draw_mobile(country, dice) for _ in range(50)]
    numbers += [draw_landline(country, city, dice) for city in country.cities for _ in range(25)]
    for number in numbers:
        parsed = phonenumbers.parse(number.international)
        assert phonenumbers.is_valid_number_for_region(parsed, code), number


def test_addresses_of_mail_reach_nobody() -> None:
    """Mail goes to reserved .example domains, or to Gmail with an underscore, which Gmail does not allow."""
    for record in default_sample().records:
        local, _, domain = record.values.get("email", "a@b.example").partition("@")
        assert domain.endswith(".example") or (domain == "gmail.com" and "_" in local)


def test_households_alone_share_an_address_of_mail() -> None:
    """Two people have one mailbox only when they live together, namesakes included."""
    population = Population(Dice(1), countries(), NOW)
    homes: dict[str, set[int]] = {}
    people = [person for _ in range(2000) for person in population.draw_household()]
    for person in people:
        homes.setdefault(person.email, set()).add(id(person.home))
    assert all(len(shared) == 1 for shared in homes.values())


@pytest.mark.proof
def test_a_large_sample_keeps_its_namesakes_rare() -> None:
    """Names do not run out: among 20,000 people most bear a name of their own."""
    sample = generate(2, 20_000, 10, now=NOW)
    names: dict[str, set[str]] = {}
    for record in sample.records:
        if "given_name" in record.values and "family_name" in record.values:
            name = record.values["given_name"] + "|" + record.values["family_name"]
            names.setdefault(name.casefold(), set()).add(sample.truth[record.key])
    shared = sum(len(people) > 1 for people in names.values())
    assert shared < 0.2 * len(names)

"""Candidates: few, the same every time, and nearly every true pair among them."""

import itertools
import random

import numpy as np
import pytest

from scoring import Comparable, Entity, prepare
from scoring.resolution.candidates import MAX_CANDIDATES, STRONG_BLOCK, candidate_pairs
from tests.scoring.resolved_sets import pair_count, resolved_crm
from tests.scoring.scored_records import generated

CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"


def name(chance: random.Random) -> str:
    """A name of four syllables that hardly anybody else has."""
    return "".join(chance.choice(CONSONANTS) + chance.choice(VOWELS) for _ in range(4)).title()


def stranger(chance: random.Random, **values: str) -> Comparable:
    """A person with nothing in common with others but what is given."""
    return prepare({"given_name": name(chance), "family_name": name(chance)} | values, Entity.PERSON)


def pairs_of(records: list[Comparable] | tuple[Comparable, ...]) -> set[tuple[int, int]]:
    """The candidate pairs of these records."""
    found = candidate_pairs(records)
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


@pytest.mark.parametrize("count", [0, 1, 2, MAX_CANDIDATES + 1])
def test_few_records_are_all_compared(count: int) -> None:
    """Up to 61 records make at most 60 candidates each: every pair is one."""
    chance = random.Random(1)
    records = [stranger(chance) for _ in range(count)]
    assert pairs_of(records) == set(itertools.combinations(range(count), 2))


def test_more_records_are_not() -> None:
    """From 62 strangers on, those who share nothing are not compared."""
    chance = random.Random(1)
    count = MAX_CANDIDATES + 2
    assert len(pairs_of([stranger(chance) for _ in range(count)])) < count * (count - 1) / 4


@pytest.mark.parametrize("entity", list(Entity))
def test_candidates_are_few_and_hold_nearly_every_true_pair(entity: Entity) -> None:
    """On 3,000 hard records at most 60 candidates a record hold 98 of 100 true pairs, once each, sorted."""
    labelled, found = resolved_crm(entity)
    assert 2 * found.candidate_count <= MAX_CANDIDATES * len(labelled.comparables)
    codes = found.left.astype(np.int64) * len(labelled.comparables) + found.right
    assert (found.left < found.right).all()
    assert (np.diff(codes) > 0).all()
    assert resolved_crm(entity).reached().candidate_recall >= 0.98


def test_the_bound_holds_for_look_alikes() -> None:
    """Where all records share nearly everything, there are still no more than 60 candidates a record."""
    chance = random.Random(2)
    records = [
        prepare(
            {
                "given_name": chance.choice(("Anna", "John", "Maria")),
                "family_name": chance.choice(("Smith", "Jones")),
                "city": "Leeds",
                "postal_code": "LS1 1AA",
                "street": f"{chance.randrange(1, 4)} High Street",
                "email": "info@acme.com",
                "phone": "+441134960000",
            },
            Entity.PERSON,
        )
        for _ in range(1000)
    ]
    assert 0 < len(pairs_of(records)) <= MAX_CANDIDATES * len(records) // 2


def test_records_that_share_an_email_are_candidates() -> None:
    """A mailbox in common makes a candidate of strangers, while not too many have it."""
    chance = random.Random(3)
    records = [stranger(chance, email=f"box{at // 2}q{at // 2 * 7919 % 997}@zylo.de") for at in range(300)]
    assert {(at, at + 1) for at in range(0, 300, 2)} <= pairs_of(records)
    crowd = [stranger(chance, email="crowd@zylo.de") for _ in range(STRONG_BLOCK)]
    assert set(itertools.combinations(range(len(crowd)), 2)) <= pairs_of(crowd + records)


def test_hot_keys_are_refined_not_dropped() -> None:
    """Two records that share two keys, each with more records than any block may have, are candidates."""
    chance = random.Random(4)
    records = [stranger(chance, tax_id="GB123456789") for _ in range(1500)]
    records += [stranger(chance, city="Little Snoring") for _ in range(500)]
    for at, given, family in ((10, "Bado", "Kifegu"), (1200, "Zuvi", "Pelamo")):
        shared = {"tax_id": "GB123456789", "city": "Little Snoring"}
        records[at] = stranger(chance, given_name=given, family_name=family, **shared)
    found = candidate_pairs(records, max_candidates=500)
    assert (10, 1200) in zip(found.left.tolist(), found.right.tolist(), strict=True)


@pytest.mark.parametrize("entity", list(Entity))
def test_candidates_do_not_hang_on_the_order_of_records(entity: Entity) -> None:
    """The same records give the same candidates again, and in another order."""
    records = generated(entity, 600, 23).comparables
    expected = pairs_of(records)
    assert pairs_of(records) == expected
    order = random.Random(5).sample(range(len(records)), len(records))
    moved = pairs_of([records[at] for at in order])
    assert {tuple(sorted((order[one], order[other]))) for one, other in moved} == expected


def test_true_pairs_are_found_at_any_size() -> None:
    """What a record shares with another is found among few records as among many."""
    for count in (100, 600):
        labelled = generated(Entity.PERSON, count, 23)
        found = candidate_pairs(labelled.comparables)
        truth = np.unique(labelled.clusters, return_inverse=True)[1]
        right = int((truth[found.left] == truth[found.right]).sum())
        assert right >= 0.98 * pair_count(labelled.clusters)

"""Exact copies of a record, any number of them, are found to be one, and cost next to nothing."""

import random

import numpy as np
import pytest

from scoring import Comparable, Entity, prepare, score_pair
from scoring.resolution import resolve
from scoring.resolution.copies import MOST_ALIKE, find_copies, follow_firsts
from tests.scoring.scored_records import generated


def copied(entity: Entity) -> Comparable:
    """A record that a form has sent many times."""
    return prepare(
        {
            "full_name": "Zubenko Tolivar",
            "company_name": "Zubenko Tolivar Works",
            "email": "zubenko@tolivar.example",
            "phone": "+441134960811",
            "street": "7 Quillfeather Lane",
            "city": "Leeds",
            "postal_code": "LS1 4AP",
        },
        entity,
    )


@pytest.mark.parametrize("count", [61, 500])
@pytest.mark.parametrize("entity", list(Entity))
def test_copies_are_one_however_many_there_are(entity: Entity, count: int) -> None:
    """Among other records, 61 copies and 500 are one cluster, with at most ten pairs for each."""
    others = generated(entity, 300, 23).comparables
    records = [*others, *[copied(entity)] * count]
    order = random.Random(2).sample(range(len(records)), len(records))
    found = resolve([records[at] for at in order], train=False)
    labels = {found.clusters[place] for place, at in enumerate(order) if at >= len(others)}
    assert len(labels) == 1
    assert found.clusters.count(labels.pop()) == count
    assert found.candidate_count <= 60 * len(others) + MOST_ALIKE * count


def test_each_copy_has_a_pair_that_is_scored_like_any_other() -> None:
    """Pairs are sorted, once each, and a copy beyond the first ten is in the one with the first."""
    record = copied(Entity.PERSON)
    records = [*generated(Entity.PERSON, 300, 23).comparables, *[record] * 40]
    found = resolve(records, train=False)
    codes = found.left.astype(np.int64) * len(records) + found.right
    assert (np.diff(codes) > 0).all()
    pairs = found.left[found.right >= len(records) - 40 + MOST_ALIKE]
    assert set(pairs.tolist()) == {len(records) - 40}
    last = found.weights_bits[(found.right == len(records) - 1)]
    assert last.tolist() == [score_pair(record, record).match_weight_bits]


def test_records_without_a_value_are_no_copies_of_one_another() -> None:
    """Two hundred empty records are two hundred, though all are equal."""
    empty = [prepare({}, Entity.PERSON)] * 200
    assert resolve(empty, train=False).clusters == list(range(200))


def test_the_first_ten_equal_records_are_candidates_like_others() -> None:
    """Only what is beyond them is a further copy, each with the first one."""
    one, other = copied(Entity.PERSON), copied(Entity.COMPANY)
    found = find_copies([one, other, *[one] * MOST_ALIKE, other])
    assert found.kept.tolist() == [*range(MOST_ALIKE + 1), MOST_ALIKE + 2]
    assert (found.firsts.tolist(), found.copies.tolist()) == ([0], [MOST_ALIKE + 1])


def test_clusters_are_numbered_by_first_appearance() -> None:
    """Copies take the number of their first, and no number is left out."""
    firsts, copies = np.array([1], np.int32), np.array([2], np.int32)
    assert follow_firsts([0, 1, 2, 3], firsts, copies) == [0, 1, 1, 2]

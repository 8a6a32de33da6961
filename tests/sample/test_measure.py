"""Counting found, missed and wrong pairs, checked against a case small enough to count by hand."""

import pytest

from dedup_service.domain.records import RecordKey
from dedup_service.sample import Found, measure, true_pairs

A, B, C, D, E = (RecordKey("crm", letter) for letter in "abcde")
TRUTH = {A: "person:1", B: "person:1", C: "person:1", D: "person:2", E: "person:2"}


def test_true_pairs() -> None:
    """Three records of one person and two of another make three pairs and one."""
    assert true_pairs(TRUTH) == 4


def test_found_missed_and_wrong() -> None:
    """Two of four true pairs named, and one pair of two people."""
    assert measure(TRUTH, [(A, B), (E, D), (C, D)]) == Found(found=2, missed=2, wrong=1)


def test_a_pair_counts_once() -> None:
    """Order, repetition and a record paired with itself change nothing."""
    assert measure(TRUTH, [(A, B), (B, A), (A, B), (C, C)]) == Found(found=1, missed=3, wrong=0)


def test_shares() -> None:
    """Recall is of the true pairs, precision of the named ones, and both are 1 where there are none."""
    found = Found(found=3, missed=1, wrong=2)
    assert (found.recall, found.precision) == (0.75, 0.6)
    nothing = measure({A: "person:1"}, [])
    assert (nothing.recall, nothing.precision) == (1.0, 1.0)


def test_unknown_record_is_an_error() -> None:
    """A record that the truth does not know is not counted as wrong in silence."""
    with pytest.raises(KeyError):
        measure(TRUTH, [(A, RecordKey("crm", "z"))])

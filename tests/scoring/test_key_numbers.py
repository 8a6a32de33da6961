"""Blocking keys as numbers: one for each key, wherever and beside whatever it is numbered."""

from hypothesis import given
from hypothesis import strategies as st

from scoring import Comparable, Entity, blocking_keys, prepare
from scoring.key_numbers import blocking_key_numbers, number_keys, number_records, rule_of
from tests.scoring.scored_records import Values, any_values, generated


def records() -> list[Comparable]:
    """3,000 records of people and companies."""
    return [one for entity in Entity for one in generated(entity, 1500, 2).comparables]


@given(st.lists(any_values(), max_size=6))
def test_numbers_are_those_of_the_keys(cases: list[tuple[Values, Entity]]) -> None:
    """One record's numbers, many records' and those of the keys by themselves are the same."""
    comparables = [prepare(*case) for case in cases]
    expected = [sorted(number_keys(blocking_keys(one)).tolist()) for one in comparables]
    assert [sorted(blocking_key_numbers(one)) for one in comparables] == expected
    counts, numbers = number_records(comparables)
    left = iter(numbers.tolist())
    assert [sorted(next(left) for _ in range(count)) for count in counts.tolist()] == expected
    assert next(left, None) is None


def test_every_key_has_its_own_number() -> None:
    """No two of thousands of keys have one number."""
    keys = sorted({key for one in records() for key in blocking_keys(one)})
    assert len(keys) > 10_000
    assert len(set(number_keys(keys).tolist())) == len(keys)


def test_a_number_tells_its_rule() -> None:
    """The low bits of a number are those of the rule that the key was made by."""
    keys = sorted({key for one in records() for key in blocking_keys(one)})
    rules = {
        key: rule_of(number).prefix for key, number in zip(keys, number_keys(keys).tolist(), strict=True)
    }
    assert all(prefix == key.partition(":")[0] for key, prefix in rules.items())
    assert len(set(rules.values())) > 15


@given(st.lists(st.text(max_size=80).map(lambda text: f"n:{text}"[:80]), min_size=1, max_size=9))
def test_numbers_do_not_depend_on_other_keys(keys: list[str]) -> None:
    """A key beside longer and shorter ones has the number that it has alone."""
    assert number_keys(keys).tolist() == [number_keys([key]).tolist()[0] for key in keys]


def test_numbers_are_the_same_everywhere() -> None:
    """Numbers that were made once hold on every machine, of short keys, long ones and other scripts."""
    keys = ["e:bob@acme.example", "k:JN:SM0", "cn:" + "x" * 77, "n:" + "王" * 70, "z:王:10115"]
    assert number_keys(keys).tolist() == [
        -5167766461637879122,
        7007227884197866675,
        -2307440628987773114,
        622996281973722037,
        -1330891155789599943,
    ]


def test_parts_of_a_key_do_not_change_places() -> None:
    """Keys of the same eight letters at a time, in another order, have other numbers."""
    one, other = "l:abcdefGHIJKLMNopqrstuv", "l:abcdefopqrstuvGHIJKLMN"
    assert len({*number_keys([one, other]).tolist()}) == 2


def test_no_keys_have_no_numbers() -> None:
    """A record that says nothing has none."""
    assert blocking_key_numbers(Comparable(Entity.PERSON)) == []
    assert number_records([]).numbers.size == number_records([]).counts.size == 0

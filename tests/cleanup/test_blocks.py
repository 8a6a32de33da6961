"""Blocks against a brute force over keys."""

from collections import defaultdict
from itertools import combinations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from dedup_service.cleanup.work.blocks import Blocks, Refining

KeyRows = list[tuple[int, int]]
ROWS = st.lists(st.tuples(st.integers(-4, 4), st.integers(-9, 9)), max_size=60)


def key_batches(rows: KeyRows) -> list[pa.RecordBatch]:
    """Rows of key and number as batches of at most seven."""
    parts = [rows[start : start + 7] for start in range(0, len(rows), 7)]
    return [
        pa.RecordBatch.from_pydict({"key": [k for k, _ in part], "number": [n for _, n in part]})
        for part in parts
    ]


def expanded(rows: KeyRows, most_members: int) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """The pairs, and the (number, key) rows of keys that are too common."""
    pairs: set[tuple[int, int]] = set()
    common: set[tuple[int, int]] = set()
    for batch in Blocks(most_members)(iter(key_batches(rows))):
        for row in batch.to_pylist():
            (common if row["is_common"] else pairs).add((row["left"], row["right"]))
    return pairs, common


@given(rows=ROWS, most_members=st.integers(2, 5))
def test_blocks_are_those_of_a_brute_force(rows: KeyRows, most_members: int) -> None:
    """Each two records of a key of few rows are a pair, lower number first; other keys are told with all
    members.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for key, number in rows:
        members[key].append(number)
    few = [sorted(block) for block in members.values() if len(block) <= most_members]
    many = {key: block for key, block in members.items() if len(block) > most_members}
    pairs, common = expanded(rows, most_members)
    assert pairs == {(one, other) for block in few for one, other in combinations(block, 2) if one != other}
    assert common == {(number, key) for key, block in many.items() for number in block}


def test_a_key_of_any_size_makes_no_pairs_by_itself() -> None:
    """Half a million records under one key are told, not expanded."""
    count = 500_000
    batch = pa.RecordBatch.from_pydict({"key": [7] * count, "number": list(range(count))})
    told = list(Blocks(30)(iter([batch])))
    assert sum(one.num_rows for one in told) == count
    assert all(all(one.column("is_common").to_pylist()) for one in told)


def refined(rows: list[tuple[int, int, int]]) -> dict[int, set[int]]:
    """The members of each refined key, from rows of number, key and members of the key."""
    batch = pa.RecordBatch.from_pydict(
        {name: [row[at] for row in rows] for at, name in enumerate(("number", "key", "members"))}
    )
    found: dict[int, set[int]] = defaultdict(set)
    for made in Refining()(iter([batch])):
        for row in made.to_pylist():
            found[row["key"]].add(row["number"])
    return found


def test_two_common_keys_together_make_one() -> None:
    """Records that share both keys share the refined one; a record of one alone has none."""
    rows = [(1, 10, 99), (1, 20, 50), (2, 20, 50), (2, 10, 99), (3, 10, 99), (4, 10, 99), (4, 30, 40)]
    assert sorted(refined(rows).values(), key=sorted) == [{1, 2}, {4}]


def test_of_many_common_keys_the_rarest_are_refined() -> None:
    """A record of nine common keys gets ten refined ones, of its five rarest keys."""
    rows = [(1, key, 1000 - key) for key in range(9)]
    assert len(refined(rows)) == 10
    assert refined(rows).keys() == refined(rows[4:]).keys()

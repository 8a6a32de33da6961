"""Blocks of records that share a key, expanded to pairs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup_service.cleanup.work.batches import Batches

Numbers = NDArray[np.int64]
BLOCKS = "left long, right long, is_common boolean"
KEYS = "key long, number long"
# Of the keys that are too common, so many of the rarest of a record are refined: ten pairs of keys at most.
_REFINED_KEYS = 5
_EXPANDED_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Blocks:
    most_members: int

    def __call__(self, batches: Batches) -> Batches:
        keys, numbers = _columns(batches)
        order = np.argsort(keys, kind="stable")
        keys, numbers = keys[order], numbers[order]
        for start, end in _cuts(keys):
            yield from self._expand(keys[start:end], numbers[start:end])

    def _expand(self, keys: Numbers, numbers: Numbers) -> Iterator[pa.RecordBatch]:
        sizes = run_lengths(keys)
        few = (sizes > 1) & (sizes <= self.most_members)
        block, member = keys[few], numbers[few]
        for apart in range(1, self.most_members):
            at = np.flatnonzero(block[apart:] == block[:-apart]) if len(block) > apart else _NOTHING
            if not len(at):
                break
            one, other = member[at], member[at + apart]
            # Two rows of one record under one key are no pair.
            differ = one != other
            yield _rows(np.minimum(one, other)[differ], np.maximum(one, other)[differ], is_common=False)
        many = sizes > self.most_members
        if many.any():
            yield _rows(numbers[many], keys[many], is_common=True)


@dataclass(frozen=True, slots=True)
class Refining:
    def __call__(self, batches: Batches) -> Batches:
        held: dict[int, list[tuple[int, int]]] = {}
        for batch in batches:
            columns = (batch.column(name).to_pylist() for name in ("number", "key", "members"))
            for number, key, members in zip(*columns, strict=True):
                held.setdefault(number, []).append((members, key))
        keys: list[int] = []
        numbers: list[int] = []
        for number, found in held.items():
            rarest = sorted(key for _, key in sorted(found)[:_REFINED_KEYS])
            for one, other in combinations(rarest, 2):
                keys.append(_mixed(one, other))
                numbers.append(number)
        yield pa.RecordBatch.from_arrays(
            [pa.array(keys, pa.int64()), pa.array(numbers, pa.int64())], names=["key", "number"]
        )


def _mixed(one: int, other: int) -> int:
    """One signed 64-bit number of two (a step of FNV-1a on whole words)."""
    mixed = ((one * 0x100000001B3) ^ other) & 0xFFFFFFFFFFFFFFFF
    return mixed - (1 << 64) if mixed >> 63 else mixed


def _columns(batches: Batches) -> tuple[Numbers, Numbers]:
    first, second = [_NOTHING], [_NOTHING]
    for batch in batches:
        first.append(batch.column(0).to_numpy())
        second.append(batch.column(1).to_numpy())
    return np.concatenate(first), np.concatenate(second)


def _cuts(ordered: Numbers) -> Iterator[tuple[int, int]]:
    """Parts of some 200,000 rows, never within the rows of one key."""
    start = 0
    while start < len(ordered):
        end = start + _EXPANDED_ROWS
        if end < len(ordered):
            end = int(np.searchsorted(ordered, ordered[end], side="right"))
        yield start, min(end, len(ordered))
        start = end


def run_lengths(ordered: Numbers) -> Numbers:
    """For each entry of an ordered array, how many are equal to it."""
    if not len(ordered):
        return ordered
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    return np.repeat(sizes, sizes)


def _rows(left: Numbers, right: Numbers, *, is_common: bool) -> pa.RecordBatch:
    flags = pa.array(np.full(len(left), is_common))
    return pa.RecordBatch.from_arrays(
        [pa.array(left), pa.array(right), flags], names=["left", "right", "is_common"]
    )


_NOTHING = np.empty(0, dtype=np.int64)

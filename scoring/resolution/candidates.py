"""Candidate pairs of many records at once, at most 60 a record on average.

Two records are candidates where they share a strong feature, or two weak ones, that few others share. A key
that many records share is hot: it is refined by each further feature in turn, not dropped. Where all that
gives too many pairs, those stay that agree on the rarest values.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.comparables import Comparable
from scoring.resolution.features import Feature, features

MAX_CANDIDATES = 60
"""Candidates a record, on average; a pair is a candidate of both its records."""
# A key of a strong feature is hot beyond the first number of records, one of weak features beyond the second.
# Where they leave room they are doubled, up to so many times.
STRONG_BLOCK = 60
WEAK_BLOCK = 20
REFINED_BLOCK = 10
_DOUBLINGS = 4
# So many records are compared each with each.
_ALL_PAIRS = MAX_CANDIDATES + 1

Codes = NDArray[np.int64]
Positions = NDArray[np.int32]
_Found = tuple[Feature, Codes, Positions]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of record positions, left < right, sorted."""

    left: Positions
    right: Positions


def candidate_pairs(records: Sequence[Comparable], max_candidates: int = MAX_CANDIDATES) -> Candidates:
    """The pairs to compare among records of one entity."""
    count = len(records)
    if count <= _ALL_PAIRS:
        left, right = np.triu_indices(count, k=1)
        return Candidates(left.astype(np.int32), right.astype(np.int32))
    found = features(records, records[0].entity)
    limit = count * max_candidates // 2
    for doubling in range(_DOUBLINGS + 1):
        codes = _distinct(_pairs(found, count, 2**doubling))
        if len(codes) > limit // 2:
            break
    if len(codes) > limit:
        rarity = _rarity(codes, found, count)
        codes = np.sort(codes[np.argpartition(-rarity, limit)[:limit]])
    return Candidates((codes // count).astype(np.int32), (codes % count).astype(np.int32))


def _pairs(found: Sequence[_Found], count: int, times: int) -> Iterator[Codes]:
    """Codes (left * count + right) of pairs, with repetitions, part by part."""
    weak = {
        feature.name: _column(codes, owners, count)
        for feature, codes, owners in found
        if not feature.is_strong
    }
    refining = list(weak.values())
    for feature, codes, owners in found:
        if feature.is_strong:
            yield from _blocks(codes, owners, count, STRONG_BLOCK * times, refining)
        else:
            yield from _blocks(codes, owners, count, WEAK_BLOCK * times, ())
    for (_, first), (_, second) in itertools.combinations(weak.items(), 2):
        owners = np.flatnonzero((first >= 0) & (second >= 0)).astype(np.int32)
        codes = first[owners] * (int(second.max(initial=0)) + 1) + second[owners]
        yield from _blocks(codes, owners, count, WEAK_BLOCK * times, ())


def _blocks(
    codes: Codes, owners: Positions, count: int, most: int, refining: Sequence[Codes]
) -> Iterator[Codes]:
    """The pairs of all keys that at most `most` records share; hot keys are refined once."""
    order = np.argsort(codes, kind="stable")
    codes, owners = codes[order], owners[order]
    sizes = _sizes(codes)
    yield from _neighbours(codes[keep := (sizes > 1) & (sizes <= most)], owners[keep], count, most)
    hot = sizes > most
    if refining and hot.any():
        _, codes = np.unique(codes[hot], return_inverse=True)
        owners = owners[hot]
        for column in refining:
            has = column[owners] >= 0
            finer = codes[has] * (int(column.max(initial=0)) + 1) + column[owners[has]]
            yield from _blocks(finer, owners[has], count, REFINED_BLOCK, ())


def _neighbours(codes: Codes, owners: Positions, count: int, most: int) -> Iterator[Codes]:
    for apart in range(1, most):
        at = np.flatnonzero(codes[apart:] == codes[:-apart]) if len(codes) > apart else _NOTHING
        if not len(at):
            return
        first, second = owners[at].astype(np.int64), owners[at + apart].astype(np.int64)
        other = first != second
        yield np.minimum(first, second)[other] * count + np.maximum(first, second)[other]


_NOTHING = np.empty(0, dtype=np.int64)


def _sizes(ordered: Codes) -> Codes:
    """For each entry, how many have its code."""
    if not len(ordered):
        return ordered
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    return np.repeat(sizes, sizes)


def _column(codes: Codes, owners: Positions, count: int) -> Codes:
    """The one code of each record, -1 where it has none."""
    column = np.full(count, -1, dtype=np.int64)
    column[owners] = codes
    return column


_GATHERED = 20_000_000


def _distinct(parts: Iterator[Codes]) -> Codes:
    """The codes once each, sorted; gathered in rounds, so that repetitions do not fill the memory."""
    kept = _NOTHING
    gathered: list[Codes] = []
    size = 0
    for part in parts:
        gathered.append(part)
        size += len(part)
        if size > _GATHERED:
            kept, gathered, size = _sorted_once(np.concatenate([kept, *gathered])), [], 0
    return _sorted_once(np.concatenate([kept, *gathered])) if gathered else kept


def _sorted_once(codes: Codes) -> Codes:
    """As numpy.unique, which hashes: slower than sorting where there are millions, and twice the size."""
    codes.sort()
    is_new = np.ones(len(codes), dtype=bool)
    np.not_equal(codes[1:], codes[:-1], out=is_new[1:])
    return codes[is_new]


def _rarity(pairs: Codes, found: Sequence[_Found], count: int) -> NDArray[np.float32]:
    """How rare what each pair agrees on is, in bits, summed over features."""
    left, right = pairs // count, pairs % count
    bits = np.zeros(len(pairs), dtype=np.float32)
    for _, codes, owners in found:
        column = _column(codes, owners, count)
        counts = np.bincount(codes)
        rare = np.log2(count / np.maximum(counts, 1)).astype(np.float32)
        agree = np.flatnonzero((column[left] == column[right]) & (column[left] >= 0))
        bits[agree] += rare[column[left[agree]]]
    return bits

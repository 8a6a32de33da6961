"""Blocking keys as numbers, which a table of millions of them holds and joins in a fraction of the space.

A number is that of the key's text alone: the same in every batch, on every run and machine, for as long as
`blocking_fingerprint` is the same. Two keys of one rule have one number once in 2^59 pairs; that makes two
records candidates which are not, and changes nothing else.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.blocking import BlockingRule, blocking_rules, unsorted_blocking_keys
from scoring.comparables import Comparable

RULE_BITS = 5
"""So many low bits of a number say the rule of its key: the rule's place in `blocking_rules`."""
_RULE_MASK = (1 << RULE_BITS) - 1
_WORD_BYTES = 8
_MOST_WORDS = 10
# Odd, so that multiplying by one loses nothing; one for each word, so that their order counts.
_FACTORS = np.frombuffer(hashlib.shake_128(b"blocking").digest(_MOST_WORDS * _WORD_BYTES), "<u8") | np.uint64(
    1
)
_LAST_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def _rules_by_beginning() -> NDArray[np.uint64]:
    """The place of a rule by the first two bytes of its keys, as a little-endian number."""
    places = np.zeros(1 << 16, dtype=np.uint64)
    for place, rule in enumerate(blocking_rules()):
        places[int.from_bytes(f"{rule.prefix}:"[:2].encode(), "little")] = place
    return places


_RULES = _rules_by_beginning()


class KeyNumbers(NamedTuple):
    """The numbers of the keys of many records, one record after the other, and how many each has."""

    counts: NDArray[np.int32]
    numbers: NDArray[np.int64]


def blocking_key_numbers(comparable: Comparable) -> list[int]:
    """The numbers of a record's keys, unique, in no order; signed, of 64 bits."""
    numbers: list[int] = number_keys(list(set(unsorted_blocking_keys(comparable)))).tolist()
    return numbers


def number_records(comparables: Iterable[Comparable]) -> KeyNumbers:
    """The numbers of the keys of many records, unique within each: a tenth of a microsecond a key more than
    the keys cost.
    """
    keys: list[str] = []
    counts: list[int] = []
    for comparable in comparables:
        own = set(unsorted_blocking_keys(comparable))
        counts.append(len(own))
        keys += own
    return KeyNumbers(np.array(counts, dtype=np.int32), number_keys(keys))


def number_keys(keys: Sequence[str]) -> NDArray[np.int64]:
    """The number of each key."""
    encoded = [key.encode("utf-8", "surrogatepass") for key in keys]
    longest = max(map(len, encoded), default=0)
    word_count = min(-(-longest // _WORD_BYTES), _MOST_WORDS) or 1
    size = word_count * _WORD_BYTES
    texts = np.array(encoded, dtype=f"S{size}")
    words = texts.view("<u8").reshape(len(keys), word_count)
    hashed = np.zeros(len(keys), dtype=np.uint64)
    for at in range(word_count):
        # A missing word adds nothing, so that a key's number does not depend on the longest beside it.
        word = words[:, at] * _FACTORS[at]
        word ^= word >> _HALF
        word *= _LAST_FACTOR
        word ^= word >> _HALF
        hashed += word
    if longest > size:
        for at, text in enumerate(encoded):
            if len(text) > size:
                hashed[at] = int.from_bytes(hashlib.blake2b(text, digest_size=_WORD_BYTES).digest(), "little")
    hashed <<= np.uint64(RULE_BITS)
    hashed |= _RULES[words[:, 0] & np.uint64(0xFFFF)]
    return hashed.view(np.int64)


def rule_of(number: int) -> BlockingRule:
    """The rule of the key that has a number."""
    return blocking_rules()[number & _RULE_MASK]

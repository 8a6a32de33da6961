"""The first and last eight letters of texts as numbers, so that those of many pairs are compared at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH = 8
"""So many letters at each end are known."""
Words = NDArray[np.uint64]

_SEVEN_BITS = np.uint64(0x7F7F7F7F7F7F7F7F)
_HIGH_BITS = np.uint64(0x8080808080808080)


class Ends(NamedTuple):
    """The ends of texts: a byte a letter, the outermost in the highest byte, zeros where there is none."""

    first: Words
    last: Words
    size: NDArray[np.int64]

    def begin(self, at: NDArray[np.int32], letters: int) -> Words:
        """So many of the first letters of these texts."""
        found: Words = self.first[at] >> np.uint64(8 * (WIDTH - letters))
        return found

    def end(self, at: NDArray[np.int32], letters: int) -> Words:
        """So many of the last letters of these texts."""
        found: Words = self.last[at] >> np.uint64(8 * (WIDTH - letters))
        return found


def text_ends(texts: Sequence[str]) -> Ends:
    """The ends of each text; two letters beyond Latin 1 are taken for the same."""
    size = np.fromiter(map(len, texts), np.int64, len(texts))
    gap = "\0" * WIDTH
    letters = np.frombuffer(gap.join(("", *texts, "")).encode("latin-1", "replace"), np.uint8)
    starts = np.cumsum(size + WIDTH) - size
    forward = np.arange(WIDTH)
    first = letters[starts[:, None] + forward]
    last = letters[(starts + size - 1)[:, None] - forward]
    return Ends(first.view(">u8").astype(np.uint64).ravel(), last.view(">u8").astype(np.uint64).ravel(), size)


def places_apart(first: Words, second: Words) -> NDArray[np.uint8]:
    """In how many of the eight letters two words differ."""
    apart = first ^ second
    count: NDArray[np.uint8] = np.bitwise_count((((apart & _SEVEN_BITS) + _SEVEN_BITS) | apart) & _HIGH_BITS)
    return count

"""Which letters a text holds, in 64 bits: a bound on how alike two texts can be, at some nanoseconds a pair.

There are 32 places: one for each letter, five for two digits each, one for all else. The upper half of the
bits says whether anything of a place is in the text, the lower half whether it is there an odd number of
times. Where either differs, one text has a letter that the other lacks: so there are at least as many edits,
of which one that puts one letter for another counts for two places and any other for one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LetterBits = NDArray[np.uint64]

_LETTERS = 26
_ALL_ELSE = 31
_HALF = np.uint64(32)
_LOWER = np.uint64(2**32 - 1)
_ALPHABET = np.uint64(2**_LETTERS - 1)


def _table() -> LetterBits:
    places = np.full(256, _ALL_ELSE, dtype=np.uint64)
    places[ord("a") : ord("z") + 1] = np.arange(_LETTERS)
    places[ord("0") : ord("9") + 1] = _LETTERS + np.arange(10) // 2
    bits: LetterBits = np.uint64(1) << places
    return bits


_BIT_OF = _table()


def letter_bits(texts: Sequence[str]) -> LetterBits:
    """The bits of each text."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    # One byte a code point: what is not Latin 1 becomes a question mark, in all texts alike. The stop at the
    # end is there for empty texts, which begin where the next one does.
    letters = _BIT_OF[np.frombuffer("".join((*texts, ".")).encode("latin-1", "replace"), np.uint8)]
    # The stop gets a part of its own, so that it is in no text.
    starts = np.append(np.cumsum(sizes) - sizes, len(letters) - 1)
    there, odd = np.bitwise_or.reduceat(letters, starts), np.bitwise_xor.reduceat(letters, starts)
    bits: LetterBits = (there << _HALF | odd)[:-1]
    bits[sizes == 0] = 0
    return bits


def letters_apart(
    first: LetterBits, second: LetterBits, *, alphabet_alone: bool = False
) -> NDArray[np.uint8]:
    """In how many places at least the letters of the texts of each pair differ in number, 0 to 32; digits and
    all else aside where `alphabet_alone`.
    """
    apart = first ^ second
    of_places = (apart >> _HALF | apart) & (_ALPHABET if alphabet_alone else _LOWER)
    count: NDArray[np.uint8] = np.bitwise_count(of_places)
    return count

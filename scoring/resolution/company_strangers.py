"""Pairs of company names that `relate` finds to be of strangers, told by numbers.

Two names with words left over on both sides, of which no two begin or end alike, have nothing in common but
the words that they share: what `relate` then says follows from how rare those and the others are. Names that
might be initials, a slip or a spelling of one another are left open.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.company_relation import PARTIAL_BITS, TRIVIAL_BITS
from scoring.attributes.company_words import RARE_BITS, word_bits
from scoring.resolution.fields import Fields
from scoring.resolution.letter_bits import LetterBits, letter_bits, letters_apart
from scoring.resolution.looks import Mask, Positions

# Longer names are left open.
_MOST_WORDS = 4
_MOST_ACRONYM = 8
# Names that are slips of one another as a whole have two edits, and spaces, between them.
_MOST_LETTERS_OF_SLIP = 5
_LEAST_OF_TAIL = 6
# Sums of bits may differ in their last digits by the order of the words.
_ROUNDING_BITS = 1e-9

_Numbers = NDArray[np.int32]
_Bits = NDArray[np.float64]


class _Words(NamedTuple):
    """Something of the words of some names: a row for each place in the name."""

    word: _Numbers
    letter: _Numbers
    """The first letter."""
    head: _Numbers
    """The first two letters."""
    tail: _Numbers
    """The last four letters of a long word."""
    bits: _Bits

    def of(self, names: _Numbers) -> "_Words":
        """Those of these names."""
        return _Words(
            self.word[:, names],
            self.letter[:, names],
            self.head[:, names],
            self.tail[:, names],
            self.bits[:, names],
        )


class _Cores(NamedTuple):
    """What names are like, by their numbers."""

    is_plain: Mask
    letters: LetterBits
    ours: _Words
    theirs: _Words
    """The same for the other side of a pair, with another number for what is missing: it equals nothing."""


def strangers(fields: Fields, left: Positions, right: Positions) -> NDArray[np.int64]:
    """The places of the pairs of different names that surely are of strangers."""
    cores = fields.once("cores", lambda: _cores(fields.values("company")))
    first, second = (fields.codes("company")[side] for side in (left, right))
    at = np.flatnonzero(cores.is_plain[first] & cores.is_plain[second] & (first != second))
    first, second = first[at], second[at]
    ours, theirs = cores.ours.of(first), cores.theirs.of(second)
    letters = letters_apart(cores.letters[first], cores.letters[second])
    shared = _equal(ours.word, theirs.word)
    tails = _equal(ours.tail, theirs.tail)
    ends_alike = (_equal(ours.head, theirs.head) | tails).any(axis=(0, 1))
    has_nothing = ~ends_alike & (letters > _MOST_LETTERS_OF_SLIP)

    ours_over = ~shared.any(axis=1) & (ours.word >= 0)
    theirs_over = ~shared.any(axis=0) & (theirs.word >= 0)
    alike = (_equal(ours.letter, theirs.letter) | tails) & ours_over[:, None] & theirs_over[None]
    common = np.where(shared.any(axis=1), ours.bits, 0.0).sum(axis=0)
    left_over, right_over = (
        np.where(over, side.bits, 0.0).sum(axis=0)
        for over, side in ((ours_over, ours), (theirs_over, theirs))
    )
    least, most = np.minimum(left_over, right_over), np.maximum(left_over, right_over)
    is_common = (common < PARTIAL_BITS - _ROUNDING_BITS) | (least > RARE_BITS + _ROUNDING_BITS)
    is_common |= (common < most - _ROUNDING_BITS) & (least > TRIVIAL_BITS + _ROUNDING_BITS)
    # The same letters may be one name, spaced differently.
    has_others = (least > _ROUNDING_BITS) & ~alike.any(axis=(0, 1)) & (letters > 1)
    found: NDArray[np.int64] = at[has_nothing | (has_others & is_common & shared.any(axis=(0, 1)))]
    return found


def _equal(ours: _Numbers, theirs: _Numbers) -> Mask:
    """Where a word of the one name and a word of the other have the same number: place, place, pair."""
    equal: Mask = ours[:, None] == theirs[None]
    return equal


def _cores(names: Sequence[str]) -> _Cores:
    words = [name.split() for name in names]
    is_plain = np.fromiter(map(_is_plain, names, words), np.bool_, len(names))
    number: dict[str, int] = {}
    places = np.full((_MOST_WORDS, len(names)), -1, dtype=np.int32)
    for at in np.flatnonzero(is_plain).tolist():
        for place, text in enumerate(words[at]):
            places[place, at] = number.setdefault(text, len(number))
    # Of no word, which is the last one of all, as -1 is.
    known = [*number, ""]
    bits = np.array([*map(word_bits, number), 0.0])

    def words_of(missing: int) -> _Words:
        return _Words(
            _numbered(known, missing)[places],
            _numbered([word[:1] for word in known], missing)[places],
            _numbered([word[:2] for word in known], missing)[places],
            _numbered([word[-4:] if len(word) >= _LEAST_OF_TAIL else "" for word in known], missing)[places],
            bits[places],
        )

    return _Cores(is_plain, letter_bits(names), words_of(-1), words_of(-2))


def _is_plain(name: str, words: Sequence[str]) -> bool:
    """In Latin letters, of few words and none of them twice, and too long for the initials of another."""
    return (
        0 < len(words) <= _MOST_WORDS
        and name.isascii()
        and len(set(words)) == len(words)
        and (len(words) > 2 or len(name) - len(words) + 1 > _MOST_ACRONYM)
    )


def _numbered(texts: Sequence[str], missing: int) -> _Numbers:
    """A number for each text, the same for the same; a negative one for what is missing."""
    number = {"": missing}
    return np.array([number.setdefault(text, len(number)) for text in texts], dtype=np.int32)

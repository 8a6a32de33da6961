"""A first look at companies: names without a word in common, and websites."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.company_words import words_of
from scoring.attributes.website import parted
from scoring.resolution.fields import Fields
from scoring.resolution.letter_bits import LetterBits, letter_bits, letters_apart
from scoring.resolution.level_bits import MISSING, OPEN
from scoring.resolution.looks import Look, Mask, Positions, has_any, is_single, known, per_value, renumbered

# Names that are slips of one another as a whole have two edits, and spaces, between them.
_MOST_LETTERS_OF_SLIP = 5
_MOST_ACRONYM = 8


def look_at_company(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Equal names, and those without anything in common."""
    names = [fields.codes("company")[side] for side in (left, right)]
    found = known(fields.codes("company") > 0, left, right)
    is_same = (found == OPEN) & (names[0] == names[1])
    found[_strangers(fields, left, right)] = levels.index("different") + 1
    found[is_same] = levels.index("exact") + 1
    others = has_any(fields, ("other_names",))
    found[others[left] | others[right]] = OPEN
    terms = np.where(is_same & (found != OPEN), names[0], 0)
    return Look(found, terms, fields.values("company").__getitem__)


def look_at_branch(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Of names without anything in common there is nothing to say, of equal ones nothing to say against."""
    names = [fields.codes("company")[side] for side in (left, right)]
    found = known(fields.codes("company") > 0, left, right)
    found[_strangers(fields, left, right)] = MISSING
    found[(found == OPEN) & (names[0] == names[1])] = levels.index("same") + 1
    return Look(found)


def look_at_website(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """One domain on each side: equal, of two platforms, or surely different."""
    codes, values = fields.codes("domains"), fields.values("domains")
    found = known(codes > 0, left, right)
    is_alone = per_value(values, is_single)[codes]
    at = np.flatnonzero(is_alone[left] & is_alone[right])
    first, second, kinds = renumbered(codes[left[at]], codes[right[at]])
    parts = [parted(values[kind][0]) for kind in kinds]
    number: dict[str, int] = {}
    platform = np.array([number.setdefault(part[1], len(number)) for part in parts], dtype=np.int32)
    bits = letter_bits([part[0].replace("-", "") for part in parts])
    is_far = letters_apart(bits[first], bits[second]) > 2
    found[at] = np.select(
        [first == second, platform[first] != platform[second], is_far],
        [levels.index("exact") + 1, MISSING, levels.index("different") + 1],
        OPEN,
    )
    return Look(found)


class _Cores(NamedTuple):
    """What the names are like, by their numbers."""

    edges: NDArray[np.uint64]
    """One bit of 64 for each beginning or end of a word: words that are alike share one."""
    is_plain: Mask
    """In Latin letters, and too long for the initials of another name."""
    letters: LetterBits


def _strangers(fields: Fields, left: Positions, right: Positions) -> NDArray[np.int64]:
    """The places of the pairs of different names in Latin letters that have surely nothing in common."""
    cores = fields.once("cores", lambda: _cores(fields.values("company")))
    first, second = (fields.codes("company")[side] for side in (left, right))
    strangers = (first > 0) & (second > 0) & (first != second) & cores.is_plain[first] & cores.is_plain[second]
    strangers &= (cores.edges[first] & cores.edges[second]) == 0
    strangers &= letters_apart(cores.letters[first], cores.letters[second]) > _MOST_LETTERS_OF_SLIP
    return np.flatnonzero(strangers)


def _cores(names: Sequence[str]) -> _Cores:
    words = [words_of(name) for name in names]
    edges = (sum({1 << (hash(edge) & 63) for edge in one.edges}) for one in words)
    is_plain = (
        name.isascii() and (len(one.closed) > _MOST_ACRONYM or len(one.words) > 2)
        for name, one in zip(names, words, strict=True)
    )
    return _Cores(
        np.fromiter(edges, np.uint64, len(names)), np.fromiter(is_plain, np.bool_, len(names)), letter_bits(names)
    )

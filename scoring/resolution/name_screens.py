"""A first look at the names of people: the words of two names decide, unless whole names might."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.east_asian_names import is_family_name
from scoring.attributes.name_likeness import compare_family_words, compare_given_words
from scoring.resolution.fields import Codes, Fields
from scoring.resolution.level_bits import MISSING, OPEN, Levels
from scoring.resolution.looks import Look, Mask, Positions, has_any, per_two_values, per_value


def look_at_given(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Whole names may say more than words do where there are middle names or families of several words, and
    other names wherever they are.
    """
    found, terms, rest = _first_look(fields, left, right, "given")
    words = _compare_words(fields, "given", left[rest], right[rest], levels)
    families = fields.codes("family")
    is_east_asian = per_value(fields.values("family"), is_family_name)[families]
    close, similar = levels.index("close") + 1, levels.index("similar") + 1
    is_settled = (words == close) | (words == levels.index("nickname") + 1)
    may_be_syllables = (words == close) & _both(is_east_asian, left[rest], right[rest])
    is_long = has_any(fields, ("middle",)) | per_value(fields.values("family"), _has_space)[families]
    may_say_more = _either(is_long, left[rest], right[rest]) | (
        _either(has_any(fields, ("other_names",)), left[rest], right[rest]) & (words != similar)
    )
    words[may_be_syllables | (~is_settled & may_say_more)] = OPEN
    found[rest] = words
    return Look(found, terms, fields.values("given").__getitem__)


def look_at_family(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Whole names, former and other names may say more than two words that are not close."""
    names = fields.codes("family")
    found, terms, rest = _first_look(fields, left, right, "family")
    has_space = per_value(fields.values("family"), _has_space)[names]
    rest = rest[~_either(has_space | has_any(fields, ("middle",)), left[rest], right[rest])]
    words = _compare_words(fields, "family", left[rest], right[rest], levels)
    is_more = (fields.codes("given") == 0) | has_any(fields, ("other_families", "other_names"))
    may_say_more = _either(is_more, left[rest], right[rest]) & (words != levels.index("close") + 1)
    # Two ways to write one name weigh what the first side's spelling does.
    words[may_say_more | (words == levels.index("exact") + 1)] = OPEN
    found[rest] = words
    return Look(found, terms, fields.values("family").__getitem__)


def look_at_suffix(fields: Fields, left: Positions, right: Positions, _levels: Sequence[str]) -> Look:
    """Most names have none."""
    has = fields.codes("suffix") > 0
    return Look(np.where(_either(has, left, right), OPEN, MISSING).astype(np.int8))


def _first_look(
    fields: Fields, left: Positions, right: Positions, name: str
) -> tuple[Levels, Codes, NDArray[np.int64]]:
    """Missing and equal names; and the pairs of different ones that have not changed places."""
    other = fields.codes("family" if name == "given" else "given")
    ours, theirs = (fields.codes(name)[side] for side in (left, right))
    is_known = (ours > 0) & (theirs > 0)
    is_same = is_known & (ours == theirs)
    found = np.where(is_known, OPEN, MISSING).astype(np.int8)
    found[is_same] = 1
    may_be_swapped = (ours == other[right]) | (theirs == other[left])
    return found, np.where(is_same, ours, 0), np.flatnonzero(is_known & ~is_same & ~may_be_swapped)


def _compare_words(
    fields: Fields, name: str, left: Positions, right: Positions, levels: Sequence[str]
) -> Levels:
    """The level by words alone; OPEN where they say nothing, or are of other scripts."""
    numbers = {level: number for number, level in enumerate(levels, 1)}
    compare = compare_given_words if name == "given" else compare_family_words

    def number(first: str, second: str) -> int:
        if not (first.isascii() and second.isascii()):
            return OPEN
        return numbers.get(compare(first, second) or "", OPEN)

    names = fields.codes(name)
    return per_two_values(names[left], names[right], fields.values(name), number)


def _has_space(name: str) -> bool:
    return " " in name


def _both(mask: Mask, left: Positions, right: Positions) -> Mask:
    return mask[left] & mask[right]


def _either(mask: Mask, left: Positions, right: Positions) -> Mask:
    return mask[left] | mask[right]

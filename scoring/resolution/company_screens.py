"""A first look at companies: names without a word in common, and websites."""

from collections.abc import Sequence

import numpy as np

from scoring.attributes.website import parted
from scoring.resolution.company_strangers import strangers
from scoring.resolution.fields import Fields
from scoring.resolution.letter_bits import letter_bits, letters_apart
from scoring.resolution.level_bits import MISSING, OPEN
from scoring.resolution.looks import Look, Positions, has_any, is_single, known, per_value, renumbered


def look_at_company(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Equal names, and those without anything in common."""
    names = [fields.codes("company")[side] for side in (left, right)]
    found = known(fields.codes("company") > 0, left, right)
    is_same = (found == OPEN) & (names[0] == names[1])
    found[strangers(fields, left, right)] = levels.index("different") + 1
    found[is_same] = levels.index("exact") + 1
    others = has_any(fields, ("other_names",))
    found[others[left] | others[right]] = OPEN
    terms = np.where(is_same & (found != OPEN), names[0], 0)
    return Look(found, terms, fields.values("company").__getitem__)


def look_at_employer(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Equal names, and those without anything in common."""
    names = [fields.codes("company")[side] for side in (left, right)]
    found = known(fields.codes("company") > 0, left, right)
    found[strangers(fields, left, right)] = levels.index("different") + 1
    found[(found == OPEN) & (names[0] == names[1])] = levels.index("same") + 1
    return Look(found)


def look_at_branch(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Of names without anything in common there is nothing to say, of equal ones nothing to say against."""
    names = [fields.codes("company")[side] for side in (left, right)]
    found = known(fields.codes("company") > 0, left, right)
    found[strangers(fields, left, right)] = MISSING
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

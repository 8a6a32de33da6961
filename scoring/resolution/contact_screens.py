"""A first look at what a record is reached by: e-mail addresses and telephone numbers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.email import own_domain
from scoring.attributes.phone import MIN_DIGITS
from scoring.resolution.fields import Codes, Fields
from scoring.resolution.letter_bits import LetterBits, letter_bits, letters_apart
from scoring.resolution.level_bits import MISSING, OPEN
from scoring.resolution.looks import Look, Mask, Positions, has_any, is_single, known, per_value, renumbered
from scoring.resolution.text_ends import Ends, text_ends

# The most slips that any rule takes for one address, and for one name before the @.
_MOST_SLIPS = 4
_MOST_LOCAL_SLIPS = 2
# Digits and separators are in so many places.
_NOT_LETTERS = 6
# Of a number of eleven digits or more an edit leaves the first six or the last four as they are.
_HEAD, _TAIL = 6, 4


def look_at_email(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """One address on each side, of its own or shared: equal, of one organisation, or surely different."""
    number = {level: at for at, level in enumerate(levels, 1)}
    names = ("emails", "shared_emails")
    found = known(has_any(fields, names), left, right)
    own, shared = (fields.codes(name) for name in names)
    values = fields.values("emails")
    codes = np.maximum(own, shared)
    is_alone = per_value(values, is_single)[codes] & ((own == 0) | (shared == 0))
    at = np.flatnonzero(is_alone[left] & is_alone[right])
    first, second, kinds = renumbered(codes[left[at]], codes[right[at]])
    addresses = _addresses([values[kind][0] for kind in kinds])
    is_own = own > 0
    both_own = is_own[left[at]] & is_own[right[at]]
    both_shared = ~(is_own[left[at]] | is_own[right[at]])
    is_same = first == second
    one_domain = (addresses.domain[first] == addresses.domain[second]) & (addresses.domain[first] > 0)
    found[at] = np.select(
        [
            both_own & is_same,
            both_own & _are_other_addresses(addresses, first, second),
            both_own,
            both_shared & is_same,
            one_domain,
        ],
        [number["exact"], number["different"], OPEN, number["shared_mailbox"], number["same_domain"]],
        MISSING,
    )
    terms = np.zeros(len(left), dtype=np.int32)
    # Of one organisation it is the domain that counts, whose numbers come after those of addresses.
    terms[at] = np.where(is_same & (both_own | both_shared), codes[left[at]], addresses.domain[first] + len(values))
    is_counted = (found == number["exact"]) | (found == number["shared_mailbox"]) | (found == number["same_domain"])
    terms[~is_counted] = 0

    def value_of(term: int) -> str:
        return str(values[term][0]) if term < len(values) else addresses.domains[term - len(values)]

    return Look(found, terms, value_of)


def look_at_phone(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """One number of its own on each side: equal, or surely different."""
    found = known(has_any(fields, ("phones", "shared_phones")), left, right)
    codes, values = fields.codes("phones"), fields.values("phones")
    is_alone = per_value(values, is_single)[codes] & (fields.codes("shared_phones") == 0)
    single = np.flatnonzero(is_alone[left] & is_alone[right])
    is_same = codes[left[single]] == codes[right[single]]
    same, rest = single[is_same], single[~is_same]
    numbers = codes[left[same]]
    ours, theirs = (fields.codes("mobiles")[side[same]] for side in (left, right))
    found[same[(ours == 0) & (theirs == 0)]] = levels.index("exact") + 1
    if "mobile" in levels:
        found[same[(ours == numbers) | (theirs == numbers)]] = levels.index("mobile") + 1
    first, second, kinds = renumbered(codes[left[rest]], codes[right[rest]])
    ends = text_ends([values[at][0] for at in kinds])
    found[rest[_are_other_numbers(ends, first, second)]] = levels.index("different") + 1
    terms = np.zeros(len(left), dtype=np.int32)
    terms[same] = np.where(found[same] == OPEN, 0, numbers)
    return Look(found, terms, lambda term: str(values[term][0]))


class _Addresses(NamedTuple):
    """What addresses are like."""

    whole: LetterBits
    local: LetterBits
    size: NDArray[np.int64]
    local_size: NDArray[np.int64]
    provider: NDArray[np.int64]
    """The number of what follows the first @."""
    domain: NDArray[np.int64]
    """The number of the domain in `domains`, 0 where it is free for all."""
    domains: list[str]


def _addresses(texts: Sequence[str]) -> _Addresses:
    parts = [text.partition("@") for text in texts]
    locals_ = [part[0] for part in parts]
    number: dict[str, int] = {}
    domains = {"": 0}
    return _Addresses(
        letter_bits(texts),
        letter_bits(locals_),
        np.fromiter(map(len, texts), np.int64, len(texts)),
        np.fromiter(map(len, locals_), np.int64, len(texts)),
        np.array([number.setdefault(part[2], len(number)) for part in parts], dtype=np.int64),
        np.array([domains.setdefault(own_domain(text), len(domains)) for text in texts], dtype=np.int64),
        list(domains),
    )


def _are_other_addresses(of: _Addresses, first: Codes, second: Codes) -> Mask:
    """Whether two different addresses are surely of no level but `different`."""
    # Names whose separators or digits alone differ, and those a slip apart, differ in no more places.
    far_locals = letters_apart(of.local[first], of.local[second]) > max(2 * _MOST_LOCAL_SLIPS, _NOT_LETTERS)
    far = letters_apart(of.whole[first], of.whole[second]) > 2 * _MOST_SLIPS
    far |= np.abs(of.size[first] - of.size[second]) > _MOST_SLIPS
    # Slips of a whole address are slips of the name before the @, unless that @ is out of place.
    far |= np.abs(of.local_size[first] - of.local_size[second]) <= 1
    far |= of.provider[first] == of.provider[second]
    # Other names at one organisation may be short for one another.
    other: Mask = far_locals & far & ((of.domain[first] == 0) | (of.domain[first] != of.domain[second]))
    return other


def _are_other_numbers(ends: Ends, first: Codes, second: Codes) -> Mask:
    """Whether two different numbers have neither the end in common nor are a slip apart.

    A slip leaves either the beginning or the end of a long number as it is.
    """
    shorter = np.minimum(ends.size[first], ends.size[second])
    begins_alike = ends.begin(first, _HEAD) == ends.begin(second, _HEAD)
    may_be_slip = np.abs(ends.size[first] - ends.size[second]) <= 1
    may_be_slip &= (shorter < _HEAD + _TAIL + 1) | begins_alike | (ends.end(first, _TAIL) == ends.end(second, _TAIL))
    other: Mask = ~may_be_slip & (ends.end(first, MIN_DIGITS) != ends.end(second, MIN_DIGITS))
    return other

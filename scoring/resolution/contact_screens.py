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
from scoring.resolution.looks import Look, Mask, Positions, best_of_each, elements, has_any, known
from scoring.resolution.text_ends import WIDTH, Ends, text_ends

# The most slips that any rule takes for one address, and for one name before the @.
_MOST_SLIPS = 4
_MOST_LOCAL_SLIPS = 2
# Of a number of eleven digits or more an edit leaves the first six or the last four as they are.
_HEAD, _TAIL = 6, 4


def look_at_email(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Addresses of one's own on both sides, or one address on each, of which one is shared at least: equal,
    of one organisation, or surely different.
    """
    number = {level: at for at, level in enumerate(levels, 1)}
    own, shared = fields.codes("emails"), fields.codes("shared_emails")
    found = known((own > 0) | (shared > 0), left, right)
    texts = fields.once("addresses", lambda: elements(fields.values("emails")))
    addresses = fields.once("addresses are like", lambda: _addresses(texts.texts))
    terms = np.zeros(len(left), dtype=np.int32)

    is_own = (own > 0) & (shared == 0)
    at = np.flatnonzero(is_own[left] & is_own[right])
    owner, one, other = texts.pairs(own[left[at]], own[right[at]])
    ranks = np.where(_are_other_addresses(addresses, one, other), _DIFFERENT, _UNKNOWN)
    ranks[one == other] = _EXACT
    best = best_of_each(owner, ranks.astype(np.int8))
    is_exact = (best.rank == _EXACT) & best.is_alone
    found[at[best.rank == _DIFFERENT]] = number["different"]
    found[at[is_exact]] = number["exact"]
    terms[at[is_exact]] = 1 + one[best.at[is_exact]]

    codes = np.maximum(own, shared)
    is_single = (texts.size[codes] == 1) & ((own == 0) | (shared == 0))
    is_shared = shared > 0
    at = np.flatnonzero(is_single[left] & is_single[right] & (is_shared[left] | is_shared[right]))
    one, other = (texts.flat[texts.start[codes[side[at]]]] for side in (left, right))
    is_same = is_shared[left[at]] & is_shared[right[at]] & (one == other)
    domain = addresses.domain[one]
    of_one_domain = (domain > 0) & (domain == addresses.domain[other])
    found[at] = np.select(
        [is_same, of_one_domain], [number["shared_mailbox"], number["same_domain"]], MISSING
    )
    # The numbers of domains come after those of addresses.
    terms[at] = np.select([is_same, of_one_domain], [1 + one, 1 + len(texts.texts) + domain], 0)
    values = ["", *texts.texts, *addresses.domains]
    return Look(found, terms, values.__getitem__)


_EXACT, _NATIONAL, _UNKNOWN, _DIFFERENT = 0, 1, 2, 3


def look_at_phone(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Numbers of one's own on both sides: equal, equal but for the dialling code, or surely different."""
    number = {level: at for at, level in enumerate(levels, 1)}
    found = known(has_any(fields, ("phones", "shared_phones")), left, right)
    texts = fields.once("numbers", lambda: elements(fields.values("phones")))
    ends = fields.once("numbers are like", lambda: _numbers(texts.texts))
    codes, mobiles = fields.codes("phones"), fields.codes("mobiles")
    is_own = (codes > 0) & (fields.codes("shared_phones") == 0)
    at = np.flatnonzero(is_own[left] & is_own[right])
    owner, one, other = texts.pairs(codes[left[at]], codes[right[at]])
    ranks = _number_ranks(ends, one, other)
    ranks[one == other] = _EXACT
    best = best_of_each(owner, ranks)
    found[at[best.rank == _DIFFERENT]] = number["different"]
    terms = np.zeros(len(left), dtype=np.int32)
    is_exact = (best.rank == _EXACT) & best.is_alone
    same, value = at[is_exact], one[best.at[is_exact]]
    is_mobile = texts.hold(mobiles[left[same]], value) | texts.hold(mobiles[right[same]], value)
    found[same] = np.where(is_mobile, number.get("mobile", OPEN), number["exact"])
    terms[same] = np.where(found[same] == OPEN, 0, 1 + value)
    is_national = (best.rank == _NATIONAL) & best.is_alone
    found[at[is_national]] = number["national"]
    # The numbers of such pairs come after those of numbers.
    whole, pairs = len(texts.texts), best.at[is_national]
    terms[at[is_national]] = 1 + whole + np.arange(len(pairs))

    def value_of(term: int) -> str:
        if term <= whole:
            return texts.texts[term - 1]
        both = pairs[term - 1 - whole]
        return "|".join(sorted((texts.texts[one[both]], texts.texts[other[both]])))

    return Look(found, terms, value_of)


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
    locals_apart = letters_apart(of.local[first], of.local[second])
    are_slips = locals_apart <= 2 * _MOST_LOCAL_SLIPS
    # Separators, which are in one place, may differ in names that are taken for the same, digits too where
    # the domain is.
    same_letters = letters_apart(of.local[first], of.local[second], alphabet_alone=True) == 0
    # Slips of a whole address are slips of the name before the @, unless that @ is out of place.
    may_be_moved = np.abs(of.local_size[first] - of.local_size[second]) > 1
    may_be_slip = (are_slips | may_be_moved) & (np.abs(of.size[first] - of.size[second]) <= _MOST_SLIPS)
    may_be_slip &= letters_apart(of.whole[first], of.whole[second]) <= 2 * _MOST_SLIPS
    # Other names at one organisation may be short for one another.
    is_organisation = (of.domain[first] > 0) & (of.domain[first] == of.domain[second])
    other: Mask = ~np.where(
        of.provider[first] == of.provider[second],
        is_organisation | same_letters | are_slips,
        (locals_apart <= 1) | may_be_slip,
    )
    return other


class _Numbers(NamedTuple):
    """What telephone numbers are like."""

    ends: Ends
    has_plus: Mask
    is_latin: Mask


def _numbers(texts: Sequence[str]) -> _Numbers:
    has_plus = np.fromiter((text[:1] == "+" for text in texts), np.bool_, len(texts))
    return _Numbers(text_ends(texts), has_plus, np.fromiter(map(str.isascii, texts), np.bool_, len(texts)))


def _number_ranks(of: _Numbers, first: Codes, second: Codes) -> NDArray[np.int8]:
    """Whether two different numbers are the same but for the dialling code, or surely different.

    A slip leaves either the beginning or the end of a long number as it is.
    """
    ends = of.ends
    shorter = np.minimum(ends.size[first], ends.size[second])
    may_be_slip = np.abs(ends.size[first] - ends.size[second]) <= 1
    may_be_slip &= (
        (shorter < _HEAD + _TAIL + 1)
        | (ends.begin(first, _HEAD) == ends.begin(second, _HEAD))
        | (ends.end(first, _TAIL) == ends.end(second, _TAIL))
    )
    is_alike = (of.has_plus[first] == of.has_plus[second]) & (ends.size[first] == ends.size[second])
    same_end = np.where(
        shorter > MIN_DIGITS,
        ends.end(first, WIDTH) == ends.end(second, WIDTH),
        ends.end(first, MIN_DIGITS) == ends.end(second, MIN_DIGITS),
    )
    ranks = np.where(may_be_slip, _UNKNOWN, _DIFFERENT).astype(np.int8)
    ranks[same_end & ~is_alike] = _NATIONAL
    ranks[~(of.is_latin[first] & of.is_latin[second])] = _UNKNOWN
    return ranks

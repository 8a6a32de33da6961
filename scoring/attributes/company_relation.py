"""What the words of two company names have to do with one another: which they share, and what is left over.

Rare words decide: names that share one, and have none of their own on both sides, may be one company's.
"""

from functools import lru_cache
from typing import NamedTuple

from scoring.attributes.company_words import (
    RARE_BITS,
    Words,
    differs_at_front,
    is_abbreviation,
    is_acronym,
    is_made_of,
    is_slip,
    is_variant,
    word_bits,
    words_of,
)
from scoring.findings import Finding

_SUBSET_BITS = 11.0
PARTIAL_BITS = 12.0
# A word that one company in 250 has says little where it stands in one name alone.
TRIVIAL_BITS = 8.0
_SAME_WORDS = "same words of the company name, ordered or spaced differently"


class Relation(NamedTuple):
    """How two cores compare; `left` and `right` are the words that stand in one of them alone."""

    finding: Finding
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    is_kin: bool = True


_DIFFERENT = Finding("different", "different company names")
_STRANGERS = Relation(_DIFFERENT, is_kin=False)


@lru_cache(maxsize=32768)
def relate(first: str, second: str) -> Relation | None:
    """How two different cores compare, or None where they are written in scripts that say nothing of it."""
    one, two = words_of(first), words_of(second)
    if one.closed == two.closed or one.unique == two.unique:
        return Relation(Finding("same_words", _SAME_WORDS, min(first, second)))
    shared = one.unique & two.unique
    if shared:
        return _align(one, two, shared)
    if first.isascii() != second.isascii():
        return None
    if found := _relate_whole(one, two):
        return found
    return _STRANGERS if one.edges.isdisjoint(two.edges) else _align(one, two, shared)


def _relate_whole(one: Words, two: Words) -> Relation | None:
    """What names without a word in common may be as a whole: initials, a part, or a slip of one another."""
    if is_acronym(one, two):
        return Relation(_acronym(len(one.closed)), (), two.words[len(one.closed) :])
    if is_acronym(two, one):
        return Relation(_acronym(len(two.closed)), one.words[len(two.closed) :], ())
    short, long = (one.closed, two.closed) if len(one.closed) <= len(two.closed) else (two.closed, one.closed)
    if not short.isascii() and len(short) > 1 and short in long:
        # Scripts that put no space between words.
        found = Finding("subset", "one company name holds all words of the other", short)
        return Relation(found, (one.closed.replace(short, ""),), (two.closed.replace(short, ""),))
    if len(short) > 5 and is_slip(short, long):
        return Relation(_close(short))
    return None


def _align(one: Words, two: Words, shared: frozenset[str]) -> Relation:
    """The levels below the same words: what stands in one name alone decides."""
    left = [word for word in one.words if word not in shared]
    right = [word for word in two.words if word not in shared]
    common = [word for word in one.words if word in shared]
    exact = not (left and right and _take_alike(left, right, common))
    if left and right:
        _ = _take_joined(left, right, common) or _take_joined(right, left, common)
    if common and left and right:
        taken = _take_initials(left, right) or _take_initials(right, left)
        if taken and (not left or not right) and (len(taken) > 2 or _total(common) >= _SUBSET_BITS):
            return Relation(_acronym(len(taken)), tuple(left), tuple(right))
        common += [taken] if taken else []
    if not common:
        return _STRANGERS
    if left or right:
        return _incomplete(common, left, right)
    value = " ".join(sorted(set(common)))
    return Relation(Finding("same_words", _SAME_WORDS, value) if exact else _close(value))


def _incomplete(common: list[str], left: list[str], right: list[str]) -> Relation:
    """The relation where words are left over on one side, or on both."""
    bits = _total(common)
    least, most = sorted((_total(left), _total(right)))
    if not least and bits >= _SUBSET_BITS:
        value = " ".join(sorted(set(common)))
        found = Finding("subset", "one company name holds all words of the other", value)
    elif bits < PARTIAL_BITS or least >= RARE_BITS or (bits < most and least >= TRIVIAL_BITS):
        return _STRANGERS
    else:
        found = Finding("partial", "company names share their rarest words", max(common, key=_by_rarity))
    return Relation(found, tuple(left), tuple(right))


def _by_rarity(word: str) -> tuple[float, str]:
    return word_bits(word), word


def _total(words: list[str]) -> float:
    return sum(map(word_bits, words))


def _take_alike(left: list[str], right: list[str], common: list[str]) -> bool:
    """Move words that are alike from both sides to the common ones; whether there were any."""
    count = len(common)
    for word in tuple(left):
        head, tail = word[0], word[-4:]
        for other in right:
            if other[0] == head:
                if not is_variant(word, other) and not (count and is_abbreviation(word, other)):
                    continue
            elif other[-4:] != tail or not differs_at_front(word, other):
                continue
            left.remove(word)
            right.remove(other)
            common.append(min(word, other, key=lambda text: (word_bits(text), text)))
            break
    return len(common) > count


def _take_joined(apart: list[str], together: list[str], common: list[str]) -> bool:
    """Move neighbouring words that the other side writes as one to the common ones."""
    for at in range(len(apart) - 1):
        closed = apart[at] + apart[at + 1]
        if closed in together:
            together.remove(closed)
            common.append(closed)
            del apart[at : at + 2]
            return True
    return False


def _take_initials(short: list[str], long: list[str]) -> str:
    """Take off a word that is made of the initials of the other side's words, and those; the word, or ''."""
    count = len(long)
    for word in short:
        size = len(word)
        if 1 < size <= count and size < 8:
            for at in range(count - size + 1):
                if is_made_of(word, long[at : at + size]):
                    short.remove(word)
                    del long[at : at + size]
                    return word
    return ""


def _acronym(size: int) -> Finding:
    """The value says how many letters: two are often the same by chance."""
    return Finding("acronym", "one company name is made of the other's initials", "?" * min(size, 8))


def _close(value: str) -> Finding:
    return Finding("close", "company names differ by a slip of the pen, an ending or an abbreviation", value)

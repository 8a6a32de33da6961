"""Words of company names against one another: which are the same but for a slip of the pen, an ending or an
abbreviation, which are made of the other's initials, and how much sharing one says.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from scoring.attributes.company_parts import ORDINALS, PLACE_WORDS
from scoring.vocabulary import word_set
from scoring.vocabulary.companies import word_frequencies

COMMON_BITS = 10.0
"""A word of at most so many bits is one that many companies have, about one in a thousand."""
RARE_BITS = 13.5
"""A word of so many bits identifies."""
_UNSEEN_BITS = 14.0
_SHORT_BITS = 10.0
_NUMBER_BITS = 7.0
_BITS = {word: math.log2(1e5 / count) for word, count in word_frequencies().items()}
_KNOWN = frozenset(_BITS) | word_set("fillers") | PLACE_WORDS | ORDINALS
# Of plurals and cases.
_ENDINGS = frozenset(("s", "es", "n", "en", "e", "er", "i", "a"))
_SMALL_WORDS = frozenset("adefotuy")
_LAST_LETTERS = frozenset("cilsg")
_VOWELS = frozenset("aeiou")


class Words(NamedTuple):
    """A core taken apart once: its words, without repeats too, run together, their initials, and their edges:
    two words that are alike begin, or if long end, alike.
    """

    words: tuple[str, ...]
    unique: frozenset[str]
    closed: str
    initials: str
    edges: frozenset[str]


@lru_cache(maxsize=32768)
def words_of(core: str) -> Words:
    """The words of a core."""
    words = tuple(core.split())
    initials = "".join(word[0] for word in words)
    edges = {word[:2] for word in words}
    edges.update("-" + word[-4:] for word in words if len(word) > 5)
    return Words(words, frozenset(words), core.replace(" ", ""), initials, frozenset(edges))


@lru_cache(maxsize=65536)
def word_bits(word: str) -> float:
    """How much it says that two companies have this word, in bits: log2 of one in how many has it."""
    known = _BITS.get(word)
    if known is not None:
        return known
    if word.isdigit():
        return _NUMBER_BITS
    return _SHORT_BITS if len(word) < 3 and word.isascii() else _UNSEEN_BITS


def is_known(word: str) -> bool:
    """Whether the word is one of business life or a place, which no other word is a slip of."""
    return word in _KNOWN


def is_variant(word: str, other: str) -> bool:
    """Whether two different words of one first letter are one but for an ending or a slip of the pen."""
    short, long = (word, other) if len(word) <= len(other) else (other, word)
    size = len(short)
    if size > 3 and long.startswith(short) and long[size:] in _ENDINGS:
        return True
    return is_slip(short, long)


def is_abbreviation(word: str, other: str) -> bool:
    """Whether one word is short for the other, a common one: chem of chemicals, pkg of packaging."""
    short, long = (word, other) if len(word) <= len(other) else (other, word)
    if len(short) < 3 or len(long) - len(short) < 3 or short in _KNOWN or long not in _BITS:
        return False
    return long.startswith(short) or _is_skeleton(short, long)


def differs_at_front(word: str, other: str) -> bool:
    """Whether two long words are one but for their first letter: sencora, cencora."""
    if min(len(word), len(other)) < 6 or (word in _KNOWN and other in _KNOWN):
        return False
    return word[1:] == other[1:] or word[1:] == other or word == other[1:]


def is_slip(short: str, long: str) -> bool:
    """Whether a word or name, the shorter one first, is the other but for a letter, or two in a long one."""
    size = len(short)
    if size < 4 or len(long) - size > 2 or (short in _KNOWN and long in _KNOWN):
        return False
    if short.isascii() and not (short.isalpha() and long.isalpha()):
        return False
    if size == 4:
        return len(long) == 5 and short[-1] == long[-1] and OSA.distance(short, long, score_cutoff=1) <= 1
    slips = 2 if size > 8 and short[0] == long[0] else 1
    return OSA.distance(short, long, score_cutoff=slips) <= slips


def is_acronym(short: Words, long: Words) -> bool:
    """Whether a name of one short word is made of the initials or first letters of the other's words.

    A small word may lend its letter (UoT), the legal form too (last letter), and very common words at the
    end may lend none.
    """
    letters, initials = short.closed, long.initials
    size, count = len(letters), len(long.words)
    if len(short.words) > 2 or not 1 < size < 9 or count < 2 or letters[0] not in initials:
        return False
    if letters == initials or size < 3 or len(short.words) > 1:
        return letters == initials
    if size < count:
        return initials.startswith(letters) and all(map(_is_common, long.words[size:]))
    if size == count:
        return size > 3 and sorted(letters) == sorted(initials)
    return letters[0] == initials[0] and _is_longer_acronym(letters, long)


def _is_common(word: str) -> bool:
    return word_bits(word) < COMMON_BITS


def _is_longer_acronym(letters: str, long: Words) -> bool:
    """Whether letters are more than the initials: with small words, the legal form, or more of each word."""
    size, initials = len(letters), long.initials
    if letters[:-1] == initials and letters[-1] in (_LAST_LETTERS if size > 3 else "c"):
        return True
    if _without_small(letters) == _without_small(initials) and (size > 3 or "o" in letters):
        return _is_spread(initials, letters)
    return size > 3 and _is_made_of_beginnings(letters, long.words)


def is_made_of(word: str, words: list[str]) -> bool:
    """Whether a word of one name is the initials of the words that stand instead of it in the other."""
    return words[0][0] == word[0] and all(map(str.startswith, words, word))


def _without_small(letters: str) -> str:
    return "".join(letter for letter in letters if letter not in _SMALL_WORDS)


def _is_spread(initials: str, letters: str) -> bool:
    left = iter(letters)
    return all(letter in left for letter in initials)


def _is_skeleton(short: str, long: str) -> bool:
    """Whether the short word leaves out vowels and more of the long one: pkg, mfg, nthn."""
    if _VOWELS.intersection(short[1:]):
        return False
    left = iter(long)
    return all(letter in left for letter in short)


def _is_made_of_beginnings(letters: str, words: tuple[str, ...]) -> bool:
    """Whether the letters are beginnings of all the words, in their order: fedex of federal express."""
    if not words:
        return not letters
    word = words[0]
    most = min(len(word), len(letters) - len(words) + 1)
    return any(
        letters[:size] == word[:size] and _is_made_of_beginnings(letters[size:], words[1:])
        for size in range(1, most + 1)
        if letters[size - 1] == word[size - 1]
    )

"""CAPITALS: a value that shouts, and how it is written properly.

Acronyms, legal forms and particles keep what is theirs: IBM, GmbH, van der Berg, O'Brien, McDonald.
"""

import re
from collections.abc import Sequence
from itertools import count

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.policy import Capitals, CapitalsPolicy

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHES = re.compile(r"(['\u2019])")
_ORDINAL = re.compile(r"\d+(?:ST|ND|RD|TH)")
_VOWELS = frozenset("AEIOUY")
_MAX_ACRONYM = 3
_MAX_CONSONANTS = 5
_MIN_MC = 5


def capitals(entry: Entry) -> Problem | None:
    """The problem with a value in capitals throughout; the suggestion has them where they belong."""
    way = entry.rules.capitals
    limits = entry.policy.capitals
    if way is None or not is_shouting(entry.text, limits.least_letter_count):
        return None
    suggested = proper(entry.text, way, limits)
    # What is made of acronyms alone is right as it is.
    if suggested == entry.text or is_shouting(suggested, limits.least_letter_count):
        return None
    message = "is written in capitals throughout: write capitals only where they belong"
    return Problem(DataEntryRule.CAPITALS, message, suggested)


def is_shouting(text: str, least_letter_count: int) -> bool:
    """Whether all letters that have two cases are capitals, and there are so many of them."""
    return text.isupper() and sum(map(str.isupper, text)) >= least_letter_count


def proper(text: str, way: Capitals, limits: CapitalsPolicy) -> str:
    """A text in capitals with capitals only where they belong."""
    words = list(_WORD.finditer(text))
    numbers = count()
    return _WORD.sub(lambda _: _proper_word(words, next(numbers), way, limits), text)


def _proper_word(words: Sequence[re.Match[str]], at: int, way: Capitals, limits: CapitalsPolicy) -> str:
    word = words[at].group()
    folded = word.casefold()
    is_last = at == len(words) - 1
    if written_so := limits.written_so.get(way, {}).get(folded):
        return written_so
    if any(letter.isdigit() for letter in word):
        return word.lower() if _ORDINAL.fullmatch(word) else word
    is_small = folded in limits.small_words.get(way, ())
    if is_small and not is_last and (at > 0 or way is Capitals.FAMILY_NAME):
        return word.lower()
    if len(word) == 1 or (not is_small and _is_acronym(words, at, way, limits)):
        return word
    return _capitalised(word)


def _is_acronym(words: Sequence[re.Match[str]], at: int, way: Capitals, limits: CapitalsPolicy) -> bool:
    word = words[at].group()
    has_vowel = not word.isascii() or not _VOWELS.isdisjoint(word)
    is_last = at == len(words) - 1
    if way in (Capitals.COMPANY, Capitals.TEXT):
        if not has_vowel and len(word) <= _MAX_CONSONANTS:
            return True
        return len(word) <= _MAX_ACRONYM and word.casefold() not in limits.short_words
    if len(word) != 2:
        return False
    if way is Capitals.PLACE:
        # A state or province behind its city: `AUSTIN, TX`.
        return is_last and at > 0 and "," in words[at].string[words[at - 1].end() : words[at].start()]
    # Initials that grew together, `JP`; at the end it is a name, `NG`.
    return not has_vowel and not is_last


def _capitalised(word: str) -> str:
    parts = _APOSTROPHES.split(word)
    return "".join(
        _capitalised_part(part) if len(part) > 1 or at == 0 else part.lower() for at, part in enumerate(parts)
    )


def _capitalised_part(part: str) -> str:
    if part.startswith("MC") and len(part) >= _MIN_MC:
        return "Mc" + part[2] + part[3:].lower()
    return part[:1] + part[1:].lower()

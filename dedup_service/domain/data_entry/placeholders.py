"""PLACEHOLDER: a value that stands for none (n/a, xxx, asdf, "do not use")."""

import re
from datetime import date
from functools import lru_cache

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.policy import Format
from scoring.attributes.date import normalise_date
from scoring.attributes.email import normalise_email

ANYWHERE = "*"
# III is a suffix and AAA a club, but nobody writes a letter four times.
_MIN_REPEATS = 4


def placeholder(entry: Entry) -> Problem | None:
    """The problem with a value that says nothing; there is nothing to suggest."""
    if not entry.rules.placeholders or not stands_for_none(entry):
        return None
    message = "stands for no value: write what is meant, or leave the field empty"
    return Problem(DataEntryRule.PLACEHOLDER, message)


def stands_for_none(entry: Entry) -> bool:
    """Whether a value says nothing, so that a required field is as good as empty."""
    words = entry.policy.placeholders
    if not words:
        return False
    plain = entry.plain
    if not plain or plain in words or _is_one_letter(plain.replace(" ", "")):
        return True
    return holds_phrase(plain, words) or _is_filler(entry)


def holds_phrase(plain: str, words: frozenset[str]) -> bool:
    """Whether one of the entries that may stand anywhere (`*do not use*`) does, as words of its own."""
    phrases = _phrases(words)
    return phrases is not None and phrases.search(f" {plain} ") is not None


@lru_cache(maxsize=16)
def _phrases(words: frozenset[str]) -> re.Pattern[str] | None:
    """The entries that may stand anywhere, as one pattern: every value of every form is held against them."""
    found = sorted(
        re.escape(word.strip(ANYWHERE))
        for word in words
        if word.startswith(ANYWHERE) and word.endswith(ANYWHERE)
    )
    return re.compile(f" (?:{'|'.join(found)}) ") if found else None


def _is_one_letter(letters: str) -> bool:
    return len(letters) >= _MIN_REPEATS and len(set(letters)) == 1 and not letters.isdigit()


def _is_filler(entry: Entry) -> bool:
    """Whether it is an address or a date that the matching knows to stand for none."""
    if entry.rules.format is Format.EMAIL:
        local, at, domain = entry.text.rpartition("@")
        return bool(at and local and "." in domain) and not normalise_email(entry.text)
    if entry.rules.format is Format.DATE:
        return _is_day(entry.text) and not normalise_date(entry.text)
    return False


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

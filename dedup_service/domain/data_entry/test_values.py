"""TEST_VALUE: what is typed in to try something out (555-0100, example.com, 1234567890, qwerty)."""

import re
from functools import lru_cache

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.placeholders import holds_phrase
from dedup_service.domain.data_entry.policy import Format
from dedup_service.domain.data_entry.web_addresses import host_of
from scoring.attributes.phone import normalise_phone
from scoring.text import digits

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn")
_MIN_ROW = 5
_COUNTED = ("01234567890123456789", "98765432109876543210")
_MIN_DIGITS = 6
# Of a telephone number the code of a country or town may stand before: its end tells.
_PHONE_END = 7


def test_value(entry: Entry) -> Problem | None:
    """The problem with a value that was typed in to try something out; there is nothing to suggest."""
    if not entry.rules.test_values or not _is_test(entry):
        return None
    return Problem(DataEntryRule.TEST_VALUE, "is a test value: write the true one, or leave the field empty")


def _is_test(entry: Entry) -> bool:
    policy = entry.policy
    if not (policy.test_values or policy.test_domains or policy.test_phones):
        return False
    if entry.plain in policy.test_values or holds_phrase(entry.plain, policy.test_values):
        return True
    if entry.rules.format is Format.PHONE:
        return _is_test_phone(entry)
    if entry.rules.format is Format.EMAIL:
        return _is_test_host(entry.text.rpartition("@")[2].casefold(), policy.test_domains)
    if entry.rules.format is Format.URL:
        return _is_test_host(host_of(entry.text), policy.test_domains)
    compact = entry.plain.replace(" ", "")
    return _is_run_of_digits(compact) or _is_keyboard_row(compact)


def _is_run_of_digits(compact: str) -> bool:
    """Whether it is digits that count up or down, or one digit again and again."""
    if len(compact) < _MIN_DIGITS or not (compact.isascii() and compact.isdigit()):
        return False
    return len(set(compact)) == 1 or any(compact in run for run in _COUNTED)


def _is_keyboard_row(compact: str) -> bool:
    if len(compact) < _MIN_ROW:
        return False
    return any(compact in row or compact[::-1] in row for row in _ROWS)


def _is_test_host(host: str, domains: frozenset[str]) -> bool:
    """Whether a host is one of these domains or below one; of a.b.example, also example."""
    parts = host.strip(".").split(".")[-8:]
    return any(".".join(parts[at:]) in domains for at in range(len(parts)))


def _is_test_phone(entry: Entry) -> bool:
    written = digits(entry.text[:64])
    if len(written) >= _PHONE_END and len(set(written[-_PHONE_END:])) == 1:
        return True
    if _is_run_of_digits(written):
        return True
    numbers = (written, normalise_phone(entry.text, entry.country.lower()))
    pattern = _phones(entry.policy.test_phones)
    return any(pattern.fullmatch(number) for number in numbers if number)


@lru_cache(maxsize=8)
def _phones(patterns: frozenset[str]) -> re.Pattern[str]:
    """One expression for all numbers; ? is any digit, and nothing else in it repeats."""
    return re.compile("|".join(re.escape(each).replace(r"\?", r"\d") for each in sorted(patterns)) or r"(?!)")

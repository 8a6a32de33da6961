"""FORMAT PHONE: a number that can be dialled, as far as its country says which those are."""

import re

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from scoring.attributes.phone import MIN_DIGITS
from scoring.text import digits

MAX_DIGITS = 15
_MAX_CODE_POINTS = 64
# Digits and what groups them, and an extension at the end.
_NUMBER = re.compile(
    r"[\d\s()+./\u2010-\u2015\u00a0-]+(?:(?:,|;|#|x|ext|extension|durchwahl|dw|poste|int)[.:]?\s*\d{1,8})?",
    re.IGNORECASE,
)
_SPREADSHEET = re.compile(r"\d[.,]\d+e\+?\d+", re.IGNORECASE)


def phone_problem(entry: Entry) -> Problem | None:
    """The problem with a text that cannot be dialled; there is nothing to suggest."""
    message = _message(entry.text, entry.country)
    return Problem(DataEntryRule.FORMAT, message) if message else None


def _message(text: str, region: str) -> str:
    if _SPREADSHEET.fullmatch(text):
        return "lost its last digits in a spreadsheet: write the number anew"
    if len(text) > _MAX_CODE_POINTS or not _NUMBER.fullmatch(text):
        return "is no telephone number: write digits, such as +44 20 7946 0000, and nothing else"
    count = len(digits(_without_extension(text)))
    if count < MIN_DIGITS:
        return f"is too short for a telephone number: it has {count} digits, at least {MIN_DIGITS} are needed"
    if count > MAX_DIGITS:
        return f"is too long for a telephone number: it has {count} digits, at most {MAX_DIGITS} are possible"
    if not text.startswith("+") and region not in phonenumbers.SUPPORTED_REGIONS:
        return ""
    return _impossible(text, region)


def _impossible(text: str, region: str) -> str:
    """What is wrong with a number of a country whose numbers are known."""
    where = "its country" if text.startswith("+") else region
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return "begins with no code of a country: write it such as +44 20 7946 0000"
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.TOO_SHORT:
        return f"is too short for a telephone number of {where}: add the digits that are missing"
    if reason == ValidationResult.TOO_LONG:
        return f"is too long for a telephone number of {where}: take out the digits that are too many"
    if reason in (ValidationResult.INVALID_LENGTH, ValidationResult.INVALID_COUNTRY_CODE):
        return f"is no telephone number of {where}: look it up, and write it anew"
    return ""


def _without_extension(text: str) -> str:
    return re.split(r"[^\d\s()+./\u2010-\u2015\u00a0-]", text, maxsplit=1)[0]

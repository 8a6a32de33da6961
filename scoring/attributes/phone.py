"""Telephone numbers in E.164, or bare national digits where the country is unknown."""

import re
from functools import cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata
from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import digits

MIN_DIGITS = 7
MAX_NUMBERS = 4
_MAX_CODE_POINTS = 64
_FREE_CALL = (
    "+1800 +1888 +1877 +1866 +1855 +1844 +1833 +49800 +49180 +44800 +44808 +44845 +44870 +33800 +34900 "
    "+34902 +39800 +31800 +41800 +43800 +611300 +611800"
)
_FREE_CALL_PREFIXES = tuple(_FREE_CALL.split())
_BETWEEN_NUMBERS = re.compile(
    r"[;,|\n]| / |/(?=\s*[+0(])| (?:or|and|oder|und|ou|et|o|y|e) |(?<=\d) (?=\+)", re.IGNORECASE
)
# One number and nothing else: no extension, no exponent, and no second number.
_PLAIN = re.compile(r"\+?[0-9(][0-9() .-]*")
_EXPONENT = re.compile(r"^\d[.,]\d+e\+?\d+$", re.IGNORECASE)
_SEQUENCE = "01234567890 9876543210"
_MAX_FILLER_RUN = 7


def split_phones(text: str) -> list[str]:
    """The numbers in one cell, at most four, as they are written; what is too short for one is no number
    but an extension, and stays with the number before.
    """
    text = text[: _MAX_CODE_POINTS * MAX_NUMBERS]
    if _PLAIN.fullmatch(text):
        return [text]
    parts = _BETWEEN_NUMBERS.split(text)
    if len(parts) == 1 or not all(len(digits(part)) >= MIN_DIGITS for part in parts):
        return [text]
    return parts[:MAX_NUMBERS]


def normalise_phone(text: str, country: str = "") -> str:
    """E.164 ('+442079460000') where the number or the two-letter country says which; else the digits; else
    ''.

    Extensions are dropped. Numbers that begin with + are taken by their digits, without asking
    `phonenumbers`, which costs 50 to 100 microseconds a call.
    """
    text = text.strip().lstrip("'").removesuffix(".0")[:_MAX_CODE_POINTS]
    if not _PLAIN.fullmatch(text):
        if _EXPONENT.match(text):
            return ""
        text = _without_extension(text)
    return _international(text, country)


def read_phones(cell: str, country: str = "") -> list[tuple[str, bool]]:
    """The normalised numbers in one cell, and of each whether it is a shared line."""
    if len(cell) <= _MAX_CODE_POINTS and _PLAIN.fullmatch(cell):
        number = _international(cell.strip().removesuffix(".0"), country)
        return [(number, _is_shared(cell, number))] if number else []
    return [
        (number, is_shared_line(text, number))
        for text in split_phones(cell)
        if (number := normalise_phone(text, country))
    ]


def _international(text: str, country: str) -> str:
    """What `normalise_phone` makes of one number without an extension; `text` is not empty."""
    if "(0)" in text:
        text = text.replace("(0)", "")
    number = digits(text)
    if not MIN_DIGITS <= len(number) <= 17 or _is_filler(number):
        return ""
    if text[0] in "+\uff0b" or text.startswith("(+"):
        return "+" + number[:15]
    if number[:2] == "00" and len(number) > 10:
        return "+" + number[2:17]
    return _of_country(number, country.upper())


def _of_country(number: str, region: str) -> str:
    """E.164 of a number written without +; its digits where the country is unknown."""
    if region in ("US", "CA"):
        if len(number) == 10:
            return "+1" + number
        if len(number) == 11 and number[0] == "1":
            return "+" + number
    code, trunk = _dialling(region)
    if not code:
        return number.lstrip("0")
    if number.startswith(code) and len(number) >= len(code) + 9:
        # The + was lost: '44 20 7946 0958'.
        return "+" + number[:15]
    if trunk == "0" or not trunk:
        return "+" + code + (number[len(trunk) :] if trunk and number.startswith(trunk) else number)[:14]
    return _parsed(number, region)


def is_shared_line(text: str, number: str) -> bool:
    """Whether a number is a switchboard's or a free-call number: an extension follows, or it ends in
    zeros.
    """
    return _is_shared(text, number) or _without_extension(text) != text


def _is_shared(text: str, number: str) -> bool:
    """Whether a number is a shared line, as far as can be told without an extension."""
    return number[-3:] == "000" or text.rstrip()[-2:] == "-0" or number.startswith(_FREE_CALL_PREFIXES)


def compare_phone(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are reached at the same number."""
    found = None
    if left.phones and right.phones:
        if len(left.phones) == len(right.phones) == 1:
            found = _compare_numbers(left.phones[0], right.phones[0])
        else:
            found = min(
                (_compare_numbers(one, other) for one in left.phones for other in right.phones), key=_rank
            )
        if found.level == "exact" and (mobiles := left.mobiles + right.mobiles):
            return _mobile(left, right, mobiles) or found
        if found is not _DIFFERENT:
            return found
    if not left.shared_phones and not right.shared_phones:
        return found
    return _compare_shared(left, right) or found


_MOBILE = "same mobile number"
_EXACT = "same telephone number"
_NATIONAL = "same telephone number but for the dialling code"
_SWITCHBOARD = "same telephone number, but of a line that several people share"
_CLOSE = "telephone numbers differ by one digit"
_DIFFERENT = Finding("different", "different telephone numbers")
_RANK = {"exact": 0, "national": 1, "close": 2, "different": 3}


def _rank(finding: Finding) -> tuple[int, str]:
    return _RANK[finding.level], finding.value


def _mobile(left: Comparable, right: Comparable, mobiles: tuple[str, ...]) -> Finding | None:
    both = set(left.phones).intersection(right.phones, mobiles)
    return Finding("mobile", _MOBILE, min(both)) if both else None


def _compare_shared(left: Comparable, right: Comparable) -> Finding | None:
    """SWITCHBOARD, where at least one side has a line that several people share; other lines say nothing."""
    first, second = left.phones + left.shared_phones, right.phones + right.shared_phones
    if both := set(first).intersection(second):
        return Finding("switchboard", _SWITCHBOARD, min(both))
    either = [
        "|".join(sorted((one, other))) for one in first for other in second if _is_but_for_code(one, other)
    ]
    return Finding("switchboard", _SWITCHBOARD, min(either)) if either else None


def _compare_numbers(first: str, second: str) -> Finding:
    if first == second:
        return Finding("exact", _EXACT, first)
    if _is_but_for_code(first, second):
        return Finding("national", _NATIONAL, "|".join(sorted((first, second))))
    if abs(len(first) - len(second)) <= 1 and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1:
        return Finding("close", _CLOSE, "~".join(sorted((first, second))))
    return _DIFFERENT


def _is_but_for_code(first: str, second: str) -> bool:
    """Whether the last eight digits agree (seven of a local number), where only one has a dialling code."""
    if (first[0] == "+") == (second[0] == "+") and len(first) == len(second):
        return False
    shorter = min(len(first), len(second))
    return first[-8:] == second[-8:] if shorter > MIN_DIGITS else first[-MIN_DIGITS:] == second[-MIN_DIGITS:]


def _is_filler(number: str) -> bool:
    """Whether a number is one digit again and again, or counts up or down."""
    return number[-_MAX_FILLER_RUN:] == number[-1] * _MAX_FILLER_RUN or number in _SEQUENCE


def _without_extension(text: str) -> str:
    if _PLAIN.fullmatch(text) or (
        text.isascii() and not any(letter.isalpha() or letter in "#;/" for letter in text)
    ):
        return text
    lowered = text.casefold()
    for mark in ("ext", "x", "#", ";", "durchwahl", "dw", "app", "poste", "int", "/"):
        at = lowered.find(mark)
        if at > MIN_DIGITS and (mark != "/" or at > 9):
            lowered = lowered[:at]
    return text[: len(lowered)]


@cache
def _dialling(region: str) -> tuple[str, str]:
    """Country calling code and trunk prefix of a region ('44', '0'); empty for an unknown one."""
    metadata = PhoneMetadata.metadata_for_region(region, None) if region else None
    if metadata is None or metadata.country_code is None:
        return "", ""
    return str(metadata.country_code), metadata.national_prefix or ""


def _parsed(number: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return number.lstrip("0")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

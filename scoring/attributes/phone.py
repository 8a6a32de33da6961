"""Telephone numbers in E.164, or bare national digits where the country is unknown."""

from functools import cache

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata
from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import digits

MIN_DIGITS = 7
_MAX_CODE_POINTS = 64
_FREE_CALL = (
    "+1800 +1888 +1877 +1866 +1855 +1844 +1833 +49800 +49180 +44800 +44808 +44845 +44870 +33800 +34900 "
    "+34902 +39800 +31800 +41800 +43800 +611300 +611800"
)
_FREE_CALL_PREFIXES = tuple(_FREE_CALL.split())


def normalise_phone(text: str, country: str = "") -> str:  # noqa: PLR0911 -- one return a way of writing
    """E.164 ('+442079460000') where the number or the two-letter country says which; else the digits; else
    ''.

    Extensions are dropped. Numbers that begin with + are taken by their digits, without asking
    `phonenumbers`,
    which costs 50 to 100 microseconds a call.
    """
    text = _without_extension(text.strip()[:_MAX_CODE_POINTS]).replace("(0)", "")
    number = digits(text)
    if len(number) < MIN_DIGITS or len(number) > 17 or len(set(number)) == 1:
        return ""
    if text[0] in "+\uff0b":
        return "+" + number[:15]
    if number.startswith("00") and len(number) > 10:
        return "+" + number[2:17]
    region = country.upper()
    if region in ("US", "CA"):
        if len(number) == 10:
            return "+1" + number
        if len(number) == 11 and number[0] == "1":
            return "+" + number
    code, trunk = _dialling(region)
    if not code:
        return number.lstrip("0")
    if trunk == "0" or not trunk:
        return "+" + code + (number[len(trunk) :] if trunk and number.startswith(trunk) else number)[:14]
    return _parsed(number, region)


def is_shared_line(text: str, number: str) -> bool:
    """Whether a number is a switchboard's or a free-call number: an extension follows, or it ends in
    zeros.
    """
    return (
        _without_extension(text) != text
        or number.endswith("000")
        or number.startswith(_FREE_CALL_PREFIXES)
        or text.rstrip().endswith("-0")
    )


def compare_phone(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are reached at the same number."""
    first, second = left.phones + left.shared_phones, right.phones + right.shared_phones
    if not first or not second:
        return None
    found = None
    if left.phones and right.phones:
        if both := set(left.phones).intersection(right.phones):
            mobiles = both.intersection(left.mobiles + right.mobiles)
            return (
                Finding("mobile", _MOBILE, min(mobiles)) if mobiles else Finding("exact", _EXACT, min(both))
            )
        found = min(
            (_compare_numbers(one, other) for one in left.phones for other in right.phones), key=_rank
        )
        if found is not _DIFFERENT:
            return found
    both = set(first).intersection(second)
    return Finding("switchboard", _SWITCHBOARD, min(both)) if both else found


_MOBILE = "same mobile number"
_EXACT = "same telephone number"
_NATIONAL = "same telephone number but for the dialling code"
_SWITCHBOARD = "same telephone number, but of a line that several people share"
_CLOSE = Finding("close", "telephone numbers differ by one digit")
_DIFFERENT = Finding("different", "different telephone numbers")
_RANK = {"national": 0, "close": 1, "different": 2}


def _rank(finding: Finding) -> tuple[int, str]:
    return _RANK[finding.level], finding.value


def _national(first: str, second: str) -> Finding:
    """The fuller of two numbers that are one is the number in common."""
    return Finding("national", _NATIONAL, max(first, second, key=lambda number: (len(number), number)))


def _compare_numbers(first: str, second: str) -> Finding:
    if (first[0] == "+") != (second[0] == "+") or len(first) != len(second):
        shorter = min(len(first), len(second))
        if shorter > MIN_DIGITS and first[-8:] == second[-8:]:
            return _national(first, second)
        if shorter == MIN_DIGITS and first[-7:] == second[-7:]:
            return _national(first, second)
    if len(first) > MIN_DIGITS and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1:
        return _CLOSE
    return _DIFFERENT


def _without_extension(text: str) -> str:
    if text.isascii() and not any(letter.isalpha() or letter in "#;/" for letter in text):
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

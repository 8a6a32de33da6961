"""Identifiers that an authority or a ledger gave: tax, national, registration and customer numbers."""

import re
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise

MIN_CHARACTERS = 3
_MAX_CODE_POINTS = 128
_MIN_SLIP = 7
_MASKED = "*"
# Companies of Scotland and Northern Ireland, and partnerships, are numbered by themselves.
_REGISTERS = frozenset(("sc", "ni", "oc", "so", "nc", "lp", "sl", "nl"))
_MAX_PREFIX = 4
# Social security numbers that were printed on samples.
_SAMPLES = frozenset(("123-45-6789", "078-05-1120", "219-09-9999", "987-65-4321"))
_MASK = re.compile(r"[*\u2022#]{2,}|x{3,}", re.IGNORECASE)
_LABEL = re.compile(
    r"^(?:vat|ust ?id(?: ?nr)?|ust|mwst|nif|cif|nie|tin|ein|ssn|itin|siret?|siren|p iva|piva|kvk|reg|id|tax"
    r"|crn|abn|acn|company)(?: ?(?:no|nr|number|id))? (?=\w*\d)"
)
_FILLERS = frozenset(
    (
        *("unknown", "none", "null", "nan", "pending", "tbd", "notavailable", "notapplicable", "notprovided"),
        *("private", "test", "exempt", "foreign", "applied", "appliedfor"),
    )
)


class _Words(NamedTuple):
    """The evidence for one kind of identifier."""

    same: str
    close: Finding
    different: Finding


def _words(name: str) -> _Words:
    return _Words(
        f"same {name}",
        Finding("close", f"{name}s differ by a slip of the pen"),
        Finding("different", f"different {name}s"),
    )


_TAX_ID = _words("tax id")
_LEVELS = ("same", "close", "different")
_NATIONAL_ID = _words("national id")
_REGISTRATION = _words("registration number")
_CUSTOMER = _words("customer number")


def normalise_identifier(text: str) -> str:
    """Letters and digits alone, without a label in front ('VAT no. ...'); empty for fillers such as 000000.

    What is masked all but its end ('***-**-1234') is '*' and the end.
    """
    if not text:
        return ""
    text = text[:_MAX_CODE_POINTS].strip().removesuffix(".0")
    value = _LABEL.sub("", normalise(text)).replace(" ", "")
    if _MASK.search(text):
        end = value.rpartition("x")[2]
        return _MASKED + end if len(end) >= MIN_CHARACTERS else ""
    if len(value) < MIN_CHARACTERS or len(set(value)) == 1 or value in _FILLERS or text in _SAMPLES:
        return ""
    return value


def compare_tax_id(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same tax id."""
    return _compare(left.tax_id, right.tax_id, _TAX_ID)


def compare_national_id(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both hold the same passport, identity card or social security number."""
    found = [
        finding
        for first in left.national_ids
        for second in right.national_ids
        if (finding := _compare(first, second, _NATIONAL_ID))
    ]
    # Sorted, so that of several in common the same one counts from either side.
    return min(found, key=_by_agreement, default=None)


def compare_registration_number(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both stand in a public register under the same number."""
    return _compare(left.registration_number, right.registration_number, _REGISTRATION)


def compare_customer_number(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same customer number; two ledgers may give one customer two numbers."""
    return _compare(left.customer_number, right.customer_number, _CUSTOMER)


def _by_agreement(finding: Finding) -> tuple[int, str]:
    return _LEVELS.index(finding.level), finding.value


def _compare(first: str, second: str, words: _Words) -> Finding | None:
    if not first or not second:
        return None
    if first == second:
        return words.close if first[0] == _MASKED else Finding("same", words.same, _bare(first))
    if not first.isdigit() or not second.isdigit() or first[0] == "0" or second[0] == "0":
        first, second = _comparable_form(first, second), _comparable_form(second, first)
        if first == second:
            return Finding("same", words.same, _bare(first))
        if first[0] == _MASKED or second[0] == _MASKED:
            ends = sorted((first.lstrip(_MASKED), second.lstrip(_MASKED)), key=len)
            return words.close if ends[1].endswith(ends[0]) else words.different
    return words.close if _is_slip(first, second) else words.different


def _is_slip(first: str, second: str) -> bool:
    """One edit in a number of seven characters or more, unless the check digits are right in both: hardly
    a slip leaves them right, so that these are two numbers.
    """
    if abs(len(first) - len(second)) > 1 or min(len(first), len(second)) < _MIN_SLIP:
        return False
    if DamerauLevenshtein.distance(first, second, score_cutoff=1) > 1:
        return False
    return not (_is_valid(first) and _is_valid(second))


def _comparable_form(value: str, other: str) -> str:
    """Without leading zeros, and without the country or register in front where the other has none."""
    if not value.isdigit() and other.isdigit():
        digits_alone = value.lstrip(_LETTERS)
        prefix = value[: len(value) - len(digits_alone)]
        if digits_alone.isdigit() and len(prefix) <= _MAX_PREFIX and prefix not in _REGISTERS:
            value = digits_alone
    return value.lstrip("0") or value


def _bare(value: str) -> str:
    """The digits of a value with letters only in front, so that either way of writing is counted as one."""
    digits_alone = value.lstrip(_LETTERS)
    is_prefixed = digits_alone.isdigit() and value[: len(value) - len(digits_alone)] not in _REGISTERS
    return (digits_alone if is_prefixed else value).lstrip("0") or value


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _is_valid(value: str) -> bool:
    """Whether a number is of a kind with a check digit, known by its form, and the digit is right.

    LEI (ISO 17442) and Belgian VAT numbers are checked modulo 97, German ones by ISO 7064 modulo 11, 10,
    Italian ones by Luhn's formula.
    """
    if len(value) == 20 and value[-2:].isdigit() and value.isascii() and value.isalnum():
        return int("".join(str(int(letter, 36)) for letter in value)) % 97 == 1
    country, number = value[:2], value[2:]
    if not number.isdigit() or not number.isascii():
        return False
    if country == "be" and len(number) in (9, 10):
        return 97 - int(number[:-2]) % 97 == int(number[-2:])
    if country == "de" and len(number) == 9:
        product = 10
        for digit in number[:-1]:
            product = ((int(digit) + product) % 10 or 10) * 2 % 11
        return (11 - product) % 10 == int(number[-1])
    if country == "it" and len(number) == 11:
        doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(number))
        return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0
    return False

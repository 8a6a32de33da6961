"""Identifiers that an authority or a ledger gave: tax id, registration number, customer number."""

from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise

MIN_CHARACTERS = 3
_MAX_CODE_POINTS = 128


def normalise_identifier(text: str) -> str:
    """Letters and digits alone; empty for fillers such as 000000."""
    value = normalise(text[:_MAX_CODE_POINTS]).replace(" ", "")
    return "" if len(value) < MIN_CHARACTERS or len(set(value)) == 1 else value


def compare_tax_id(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same tax id."""
    return _compare(left.tax_id, right.tax_id, _SAME_TAX_ID, _CLOSE_TAX_ID, _OTHER_TAX_ID)


def compare_national_id(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both hold the same passport, identity card or social security number."""
    return _compare(left.national_id, right.national_id, _SAME_NATIONAL, _CLOSE_NATIONAL, _OTHER_NATIONAL)


def compare_registration_number(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both stand in a public register under the same number."""
    return _compare(
        left.registration_number,
        right.registration_number,
        _SAME_REGISTRATION,
        _CLOSE_REGISTRATION,
        _OTHER_REGISTRATION,
    )


def compare_customer_number(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same customer number; two ledgers may give one customer two numbers."""
    return _compare(
        left.customer_number, right.customer_number, _SAME_CUSTOMER, _CLOSE_CUSTOMER, _OTHER_CUSTOMER
    )


_SAME_TAX_ID = "same tax id"
_CLOSE_TAX_ID = Finding("close", "tax ids differ by a slip of the pen")
_OTHER_TAX_ID = Finding("different", "different tax ids")
_SAME_NATIONAL = "same national id"
_CLOSE_NATIONAL = Finding("close", "national ids differ by a slip of the pen")
_OTHER_NATIONAL = Finding("different", "different national ids")
_SAME_REGISTRATION = "same registration number"
_CLOSE_REGISTRATION = Finding("close", "registration numbers differ by a slip of the pen")
_OTHER_REGISTRATION = Finding("different", "different registration numbers")
_SAME_CUSTOMER = "same customer number"
_CLOSE_CUSTOMER = Finding("close", "customer numbers differ by a slip of the pen")
_OTHER_CUSTOMER = Finding("different", "different customer numbers")


def _compare(first: str, second: str, same: str, close: Finding, different: Finding) -> Finding | None:
    if not first or not second:
        return None
    first, second = _bare(first), _bare(second)
    if first == second:
        return Finding("same", same, first)
    if min(len(first), len(second)) > 6 and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1:
        return close
    return different


def _bare(value: str) -> str:
    """Without the country's two letters in front of a VAT number, and without leading zeros."""
    if value[:2].isalpha() and value[2:].isdigit():
        value = value[2:]
    return value.lstrip("0")

"""Where a record is: its street line, and the place that the line is in.

Two comparisons, because people mistype one and not the other, and move within a place. That a street implies its
place is left to the model: neighbours are an alternative of it.
"""

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler
from rapidfuzz.fuzz import ratio, token_sort_ratio

from scoring.comparables import Comparable
from scoring.findings import Finding

_ALIKE_STREET = 82.0
_ALIKE_CITY = 0.92


def compare_street(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both have the same street line."""
    first, second = left.street, right.street
    if not first or not second or first.isascii() != second.isascii():
        return None
    numbers = _compare_numbers(left.house_number, right.house_number)
    if first == second:
        if numbers == _SAME_NUMBER:
            if left.unit and right.unit and left.unit != right.unit:
                return _OTHER_UNIT
            return Finding("exact", _EXACT, f"{left.house_number} {first}")
        if numbers == _OTHER_NUMBER:
            return Finding("other_number", _OTHER_NUMBERS, first)
        return Finding("close", _CLOSE, first)
    if not _alike(first, second):
        return _DIFFERENT
    if numbers == _OTHER_NUMBER:
        return Finding("other_number", _OTHER_NUMBERS, f"{min(first, second)}|{max(first, second)}")
    lines = sorted((f"{left.house_number} {first}".strip(), f"{right.house_number} {second}".strip()))
    return Finding("close", _CLOSE, "|".join(lines))


def compare_place(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are in the same place, as far as postal code, city and country say."""
    if left.country and right.country and left.country != right.country:
        return _OTHER_PLACE
    first, second = left.postal_code, right.postal_code
    if first and first == second:
        return Finding("postal_code", "same postal code", first)
    cities = _compare_cities(left.city, right.city)
    if first and second:
        if cities is not False and _is_slip(first, second):
            return Finding(
                "close_code", _CLOSE_CODE, min(left.city, right.city) or max(left.city, right.city)
            )
        return Finding("city_other_code", _OTHER_CODE, min(left.city, right.city)) if cities else _OTHER_PLACE
    if cities is None:
        return None
    return Finding("city", "same city", min(left.city, right.city)) if cities else _OTHER_PLACE


_SAME_NUMBER, _NO_NUMBER, _OTHER_NUMBER = "same", "missing", "other"
_EXACT = "same street and house number"
_CLOSE = "alike street, same house number or none"
_OTHER_NUMBERS = "same street, other house number"
_OTHER_UNIT = Finding("other_unit", "same building, different units")
_DIFFERENT = Finding("different", "different streets")
_CLOSE_CODE = "postal codes differ by a slip of the pen"
_OTHER_CODE = "same city, different postal codes"
_OTHER_PLACE = Finding("different", "different places")


def _compare_numbers(first: str, second: str) -> str:
    if not first or not second:
        return _NO_NUMBER
    if first == second:
        return _SAME_NUMBER
    # '12a' is at number 12; a slip of one digit is told only where there are several.
    if first.rstrip("abcdefgh") == second.rstrip("abcdefgh"):
        return _NO_NUMBER
    if min(len(first), len(second)) > 2 and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1:
        return _NO_NUMBER
    return _OTHER_NUMBER


def _alike(first: str, second: str) -> bool:
    """Whether two street names are one: words in another order, run together, misspelt or left out."""
    if token_sort_ratio(first, second, score_cutoff=_ALIKE_STREET):
        return True
    if ratio(first.replace(" ", ""), second.replace(" ", ""), score_cutoff=_ALIKE_STREET):
        return True
    shorter, longer = sorted((first.split(), second.split()), key=len)
    return (
        len(longer) > len(shorter) and any(len(word) > 3 for word in shorter) and set(shorter) <= set(longer)
    )


def _compare_cities(first: str, second: str) -> bool | None:
    if not first or not second or first.isascii() != second.isascii():
        return None
    if first == second:
        return True
    return len(first) > 4 and JaroWinkler.similarity(first, second, score_cutoff=_ALIKE_CITY) > 0


def _is_slip(first: str, second: str) -> bool:
    return DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1

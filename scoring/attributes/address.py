"""Where a record is: its street line, and the place that the line is in.

Two comparisons, because people mistype one and not the other, and move within a place. That a street implies
its place is left to the model: neighbours are an alternative of it.
"""

from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.fuzz import ratio, token_sort_ratio

from scoring.attributes.place import APART, NEAR, SAME, compare_cities, compare_codes
from scoring.attributes.street_line import street_name
from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.vocabulary import word_map


def compare_street(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both have the same street line. Lines in two scripts are not comparable."""
    first, second = left.street, right.street
    if not first or not second or first.isascii() != second.isascii():
        return None
    streets = SAME if first == second else _street_likeness(first, second)
    numbers = _number_likeness(left, right)
    if streets == _OTHER:
        if left.house_number and numbers == SAME and _share_word(first, second):
            return Finding("close", _CLOSE, _either(_line(left), _line(right)))
        return _DIFFERENT
    if streets == SAME and numbers == SAME:
        if left.unit and right.unit and left.unit != right.unit and not _are_turned(left, right):
            return _OTHER_UNIT
        return Finding("exact", _EXACT, _either(_line(left), _line(right)))
    if numbers == _OTHER or (streets != SAME and numbers == _ALIKE):
        return Finding("other_number", _OTHER_NUMBER, _either(first, second))
    return Finding("close", _CLOSE, _either(_line(left), _line(right)))


def compare_place(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are in the same place, as far as postal code, city and country say."""
    if left.country and right.country and left.country != right.country:
        return _OTHER_PLACE
    codes = compare_codes(left.postal_code, right.postal_code)
    if codes == SAME:
        return Finding("postal_code", _POSTAL_CODE, _either(left.postal_code, right.postal_code))
    cities = compare_cities(left.city, right.city)
    if codes == NEAR and cities != APART:
        return Finding("close_code", _CLOSE_CODE, _either(left.city, right.city))
    if cities == SAME:
        city = _either(left.city, right.city)
        return Finding("city_other_code", _OTHER_CODE, city) if codes else Finding("city", _CITY, city)
    return _OTHER_PLACE if codes or cities else None


_EXACT = "same street and house number"
_CLOSE = "alike street or house number, or none"
_OTHER_NUMBER = "same or alike street, other house number"
_OTHER_UNIT = Finding("other_unit", "same building, different units")
_DIFFERENT = Finding("different", "different streets")
_POSTAL_CODE = "same postal code"
_CLOSE_CODE = "postal codes of one district, or that differ by a slip of the pen"
_CITY = "same city"
_OTHER_CODE = "same city, different postal codes"
_OTHER_PLACE = Finding("different", "different places")

_ALIKE, _MISSING, _OTHER = "alike", "missing", "other"
_MIN_NAME_LIKENESS = 80
_MIN_NEAR_LIKENESS = 90
_MIN_LINE_LIKENESS = 85
_MIN_TELLING = 5
_TYPES = frozenset(word_map("street_types"))


def _line(record: Comparable) -> str:
    """House number and street, as the term frequencies of lines count them."""
    return f"{record.house_number} {record.street}" if record.house_number else record.street


def _either(first: str, second: str) -> str:
    """The value in common, or both ways of writing it ('a|b')."""
    if first == second or not second:
        return first
    return "|".join(sorted((first, second))) if first else second


@lru_cache(maxsize=65536)
def _street_likeness(first: str, second: str) -> str:  # noqa: PLR0911 -- one return a rule
    """SAME but for a type or direction that one leaves out, ALIKE with a slip or another type, or OTHER."""
    one, other = street_name(first), street_name(second)
    if one.direction and other.direction and one.direction != other.direction:
        return _OTHER
    types_differ = bool(one.type and other.type and one.type != other.type)
    if one.name == other.name or one.name.replace(" ", "") == other.name.replace(" ", ""):
        if types_differ:
            return _OTHER if one.name[0].isdigit() or len(one.name) == 1 else _ALIKE
        return SAME
    if one.name[0].isdigit() or other.name[0].isdigit():
        return _OTHER
    shorter, longer = sorted((one.name, other.name), key=len)
    if len(shorter) > 3 and longer.startswith(shorter + " "):
        return _ALIKE
    likeness = max(
        token_sort_ratio(one.name, other.name), ratio(one.name.replace(" ", ""), other.name.replace(" ", ""))
    )
    if likeness >= (_MIN_NEAR_LIKENESS if types_differ else _MIN_NAME_LIKENESS):
        return _ALIKE
    is_slip = len(shorter) > 3 and DamerauLevenshtein.distance(one.name, other.name, score_cutoff=1) <= 1
    # 'mill street' and 'millstreet' differ in what is taken for the type, but not as lines.
    is_line = ratio(first.replace(" ", ""), second.replace(" ", "")) >= _MIN_LINE_LIKENESS
    return _ALIKE if is_line or (is_slip and not types_differ) else _OTHER


def _share_word(first: str, second: str) -> bool:
    """Whether a word long enough to tell streets apart stands in both: of a line that names a building or
    estate too, one part is often left out.
    """
    words = {word for word in first.split() if len(word) >= _MIN_TELLING}
    return bool(words) and any(word in words and word not in _TYPES for word in second.split())


def _number_likeness(left: Comparable, right: Comparable) -> str:
    """SAME, MISSING on one side, ALIKE (a slip, a letter more, within a range) or OTHER."""
    first, second = left.house_number, right.house_number
    if not first or not second:
        return _MISSING
    if first == second or _are_turned(left, right):
        return SAME
    if first == right.unit or second == left.unit or _are_near_numbers(first, second):
        return _ALIKE
    return _OTHER


def _are_turned(left: Comparable, right: Comparable) -> bool:
    """'3/12' is unit 3 of number 12 in some countries, number 3 with unit 12 in others."""
    return left.house_number == right.unit != "" and left.unit == right.house_number != ""


@lru_cache(maxsize=65536)
def _are_near_numbers(first: str, second: str) -> bool:
    """12 and 12a, 1450 and 1540, 13 and 133: one slip, which in two digits alone is a neighbour."""
    shorter, longer = sorted((first, second), key=len)
    if longer[-1].isalpha() and longer[:-1] == shorter:
        return True
    if DamerauLevenshtein.distance(first, second, score_cutoff=1) > 1:
        return False
    return len(longer) > 2 or sorted(first) == sorted(second) or len(longer) != len(shorter)

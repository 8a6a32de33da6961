"""Postal addresses: house number, street, unit, postal code, city and country, compared as one attribute.

One comparison and not four: the parts of an address depend on one another, and adding their weights would
count
the same agreement several times.
"""

from typing import NamedTuple

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import ratio, token_sort_ratio

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import normalise
from scoring.vocabulary import word_map, word_set

_STREET_FORMS = word_map("street_forms")
_CITY_FORMS = word_map("city_forms")
_COUNTRIES = word_map("countries")
_UNIT_WORDS = word_set("unit_words")
_STREET_SUFFIXES = (("strasse", 7), ("str", 3))


class Street(NamedTuple):
    """A street line in its parts; an empty part is missing."""

    house_number: str
    street: str
    unit: str
    postal_code: str


def parse_street(text: str) -> Street:
    """House number, street and unit of a street line, with short forms written out."""
    words = normalise(text[:1024]).split()
    number, unit, postal_code, street = "", "", "", []
    at = 0
    while at < len(words):
        word = words[at]
        word = _STREET_FORMS.get(word, word)
        at += 1
        if word in _UNIT_WORDS:
            unit = words[at] if at < len(words) and not unit else unit
            at += 1
        elif word[:1].isdigit() and not word.endswith(("st", "nd", "rd", "th")):
            if not number:
                number = word
            elif len(word) >= 5 and word.isdigit() and at >= len(words) - 1:
                # A whole address typed into the street line ends with its postal code.
                postal_code = word
            else:
                unit = unit or word
        elif word:
            street.append(_opened(word))
    if street and street[0] == "saint":
        street[0] = "street"
    return Street(number, " ".join(street), unit, postal_code)


def normalise_city(text: str) -> str:
    """A city without accents, 'St. Louis' as 'saint louis', 'Munich' as 'munchen'."""
    name = normalise(text)
    if name in _CITY_FORMS:
        return _CITY_FORMS[name]
    head, _, tail = name.partition(" ")
    return f"{_CITY_FORMS[head]} {tail}" if tail and head in _CITY_FORMS and len(head) <= 6 else name


def normalise_postal_code(text: str) -> str:
    """Letters and digits alone; an American ZIP+4 is its first five digits."""
    code = normalise(text[:40]).replace(" ", "")
    return code[:5] if len(code) == 9 and code.isdigit() else code


def normalise_country(text: str) -> str:
    """The two-letter code of a country in lower case; an unknown name is kept as it is."""
    name = normalise(text[:64])
    return name if len(name) == 2 and name != "uk" else _COUNTRIES.get(name, name)


def compare_address(left: Comparable, right: Comparable) -> Finding | None:  # noqa: PLR0911 -- one return a level
    """Claim: both are at the same address. Lines in two scripts are not comparable, postal codes are."""
    same_place = _same_place(left, right)
    likeness = _street_likeness(left, right)
    if likeness is _SAME and same_place is not False:
        if left.unit and right.unit and left.unit != right.unit:
            return _OTHER_UNIT
        at = f"{left.house_number} {left.street}"
        if same_place:
            return Finding("exact", _EXACT, f"{at} {_common_place(left, right)}")
        return Finding("street", _STREET, at)
    if likeness is _ALIKE and same_place:
        return Finding("close", _CLOSE, _common_line(left, right))
    same_code = (
        left.postal_code
        and left.postal_code == right.postal_code
        and not _differs(left.country, right.country)
    )
    if same_place and likeness is _OTHER:
        if same_code:
            return _OTHER_STREET
        return Finding("elsewhere", _ELSEWHERE, min(left.city, right.city))
    if same_code:
        return Finding("postal_code", _POSTAL_CODE, left.postal_code)
    if (
        left.city
        and right.city
        and _same_script(left.city, right.city)
        and _alike_city(left.city, right.city)
    ):
        city = min(left.city, right.city)
        if _differs(left.postal_code, right.postal_code):
            return Finding("elsewhere", _ELSEWHERE, city)
        return Finding("city", "same city", city)
    if likeness is not None or same_place is not None or _differs(left.country, right.country):
        return _DIFFERENT
    return None


_EXACT = "same street and house number in the same place"
_CLOSE = "alike street in the same place, same house number or none"
_STREET = "same street and house number, the place is not known of both"
_OTHER_UNIT = Finding("other_unit", "same building, different units")
_POSTAL_CODE = "same postal code"
_OTHER_STREET = Finding("other_street", "same postal code, different streets or house numbers")
_ELSEWHERE = "same city, different streets, house numbers or postal codes"
_DIFFERENT = Finding("different", "different addresses")

_SAME, _ALIKE, _OTHER = "same", "alike", "other"


def _common_place(left: Comparable, right: Comparable) -> str:
    """The postal code in common, or else the city."""
    return left.postal_code if left.postal_code == right.postal_code != "" else min(left.city, right.city)


def _common_line(left: Comparable, right: Comparable) -> str:
    number = left.house_number if left.house_number == right.house_number else ""
    return f"{number} {min(left.street, right.street)} {_common_place(left, right)}".strip()


def _same_place(left: Comparable, right: Comparable) -> bool | None:
    """Whether postal code or city agree; None where neither can be compared."""
    known = False
    if left.postal_code and right.postal_code:
        if left.postal_code == right.postal_code:
            return True
        known = True
    if left.city and right.city and _same_script(left.city, right.city):
        if _alike_city(left.city, right.city):
            return True
        known = True
    return False if known else None


def _street_likeness(left: Comparable, right: Comparable) -> str | None:
    if not left.street or not right.street or not _same_script(left.street, right.street):
        return None
    numbers_differ = _differs(left.house_number, right.house_number)
    if left.street == right.street:
        if numbers_differ:
            return _OTHER
        return _SAME if left.house_number and right.house_number else _ALIKE
    if numbers_differ:
        near = left.house_number[:2] == right.house_number[:2]
        return _ALIKE if near and _likeness(left.street, right.street) >= 95 else _OTHER
    return _ALIKE if _likeness(left.street, right.street) >= 80 else _OTHER


def _likeness(first: str, second: str) -> float:
    """0 to 100; words in another order, or run together, cost nothing."""
    return max(token_sort_ratio(first, second), ratio(first.replace(" ", ""), second.replace(" ", "")))


def _same_script(first: str, second: str) -> bool:
    return first.isascii() == second.isascii()


def _alike_city(first: str, second: str) -> bool:
    return first == second or (len(first) > 4 and JaroWinkler.similarity(first, second) >= 0.92)


def _differs(first: str, second: str) -> bool:
    return bool(first and second and first != second)


def _opened(word: str) -> str:
    """'hauptstr' and 'hauptstrasse' as one spelling."""
    for ending, size in _STREET_SUFFIXES:
        if len(word) > size + 2 and word.endswith(ending):
            return word[:-size] + "strasse"
    return word

"""Street lines in their parts: how the many ways of writing one address come to one.

A line may hold a whole address: its place is read from the end, the piece with the house number is the
street, and what stands before that names a building.
"""

import re
from typing import NamedTuple

from scoring.attributes.address_tail import ends_as_street, without_place
from scoring.attributes.place import (
    normalise_city,
    normalise_country,
    normalise_postal_code,
    normalise_region,
)
from scoring.attributes.street_line import AFTER_STREET, BOX, MAX_UNIT, is_unit, parse_line
from scoring.text import FEW_REMEMBERED, Remembered, normalise
from scoring.vocabulary import word_map, word_set

_STREET_FORMS = word_map("street_forms")
_STREET_TYPES = word_map("street_types")
_UNIT_WORDS = word_set("unit_words")
# Exports write a line break as '\\n' or '<br>'.
_PIECES = re.compile(r"[,;|\n\r]+|\\[nr]|<br ?/?>", re.IGNORECASE)
_NUMBER_AFTER = re.compile(r"^(?:(?:no|nr|n|number|num|numero|d|dom|bld|haus|house) )?(\d{1,4} ?[a-z]?)$")
_NUMBER_BEFORE = re.compile(r"^(?:(?:no|nr|number) )?(\d{1,5} ?[a-z]?)$")
_FILLERS = frozenset(
    ("", "n/a", "na", "n.a.", "none", "null", "unknown", "nan", "-", "tbd", "x", "xx", "xxx")
)


class Street(NamedTuple):
    """A street line in its parts; an empty part is missing."""

    house_number: str
    street: str
    unit: str
    postal_code: str
    city: str = ""
    region: str = ""
    country: str = ""


NOWHERE = Street("", "", "", "")
# A named tuple costs several times as much to make.
Parts = tuple[str, str, str, str, str, str, str]
_Rest = tuple[str, str, str, str, str, str]
_Place = tuple[str, str, str, str]
# Lines of letters around one number or two that stand by themselves, here written 0.
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e"
_NAME = rf"[{_LETTER} .'\u2019-]*"
_ONE_NUMBER = re.compile(rf"0 {_NAME}[{_LETTER}]{_NAME}|{_NAME} 0(?: {_NAME})?")
_MARKED = rf"[{_LETTER} .'\u2019,/#-]*"
_TWO_NUMBERS = re.compile(rf"(?:{_MARKED}[ ,/#])?0(?:[ ,/]{_MARKED})?[ ,/#]0(?:[ ,/]{_MARKED})?")
_DIGITS = re.compile("([0-9]+)")
_MAX_DIGITS_FIRST = 5
_MAX_DIGITS = 3
_MAX_SIMPLE = 100
_EIGHTS = ("", "8", "88", "888", "8888", "88888")
_UNIT_FIRST = frozenset(("au", "nz", "nsw", "vic", "qld", "tas", "act"))
_UNIT_SLASH = re.compile(r"^\s*(\d+[A-Za-z]?)\s*/\s*(\d+)\b")


def whole_address(street: str, city: str, region: str, postal_code: str, country: str) -> Parts:
    """The parts of an address, in the order of `Street`; what its fields leave empty is taken from the street
    line.
    """
    country = _COUNTRIES_READ[country]
    region = _REGIONS_READ[region]
    if country in _UNIT_FIRST or region in _UNIT_FIRST:
        street = _UNIT_SLASH.sub(r"\2 unit \1 ", street[:1024])
    number, name, unit, own_code, own_city, own_region, own_country = _parts(street) if street else NOWHERE
    code = _CODES_READ[postal_code, country] if postal_code else ""
    if own_code and not code:
        code = normalise_postal_code(own_code, country)
    if city:
        own_city = _CITIES_READ[city] or own_city
    return number, name, unit, code, own_city, region or own_region, country or own_country


def parse_street(text: str) -> Street:
    """House number, street and unit of a street line with short forms written out, and the place that a
    whole address typed into the line ends with.
    """
    return Street(*_parts(text))


def _parts(text: str) -> Parts:
    """As `parse_street`, a plain tuple."""
    parts = _DIGITS.split(text) if len(text) <= _MAX_SIMPLE else ()
    if len(parts) == 3:
        before, number, after = parts
        if number[0] != "0" and len(number) <= (_MAX_DIGITS if before else _MAX_DIGITS_FIRST):
            one = _WITH_ONE_NUMBER[before, after]
            if one is not None:
                return number, *one
    elif len(parts) == 5:
        before, number, between, other, after = parts
        if number[0] != "0" != other[0] and len(number) <= _MAX_DIGITS_FIRST >= len(other):
            two = _WITH_TWO_NUMBERS[before, between, after, _EIGHTS[len(number)], _EIGHTS[len(other)]]
            if two is not None:
                is_unit_first, name, rest = two
                return (other, name, number, *rest) if is_unit_first else (number, name, other, *rest)
    return parse_any_street(text)


def _read_with_one_number(line: tuple[str, str]) -> _Rest | None:
    """What a line with one number says beside its house number, whichever number that is; None where it
    depends on the number, or on what else is in the line.
    """
    before, after = line
    if not _ONE_NUMBER.fullmatch(f"{before}0{after}"):
        return None
    first, second = (parse_any_street(f"{before}{number}{after}") for number in ("888", "999"))
    if (first.house_number, second.house_number) != ("888", "999") or first[1:] != second[1:]:
        return None
    return first[1:]


def _read_with_two_numbers(line: tuple[str, str, str, str, str]) -> tuple[bool, str, _Place] | None:
    """Whether the first of a line's two numbers is the unit, not the house number; the street; its place.

    None as with one number. The last two parts are as long as the numbers: '4 b' may be a unit where '44 b'
    is none.
    """
    before, between, after, one, other = line
    if not _TWO_NUMBERS.fullmatch(f"{before}0{between}0{after}"):
        return None
    nines = "9" * len(one), "9" * len(other)
    first = parse_any_street(f"{before}{one}{between}{nines[1]}{after}")
    second = parse_any_street(f"{before}{nines[0]}{between}{other}{after}")
    if first.street != second.street or first[3:] != second[3:]:
        return None
    found = first.house_number, first.unit, second.house_number, second.unit
    if found == (one, nines[1], nines[0], other):
        return False, first.street, first[3:]
    return (True, first.street, first[3:]) if found == (nines[1], one, other, nines[0]) else None


def parse_any_street(text: str) -> Street:
    """As `parse_street`, but without looking at what lines like it were read as."""
    if text.strip().casefold() in _FILLERS:
        return NOWHERE
    pieces = _pieces(text)
    if not pieces:
        return NOWHERE
    pieces, place = without_place(pieces)
    if not pieces[0]:
        # The line names a place and nothing else: 'NY 10118'.
        return NOWHERE._replace(postal_code=place.postal_code, region=place.region, country=place.country)
    at = _street_piece(pieces)
    line, city = pieces[at], place.city
    for near in (*pieces[at + 1 :], *pieces[at - 1 : at]):
        if _is_unit_piece(near):
            line += " " + " ".join(near.split()[:2])
    if not city:
        city = next((piece for piece in pieces[at + 1 :] if not _is_unit_piece(piece)), "")
    if len(pieces) == 1 and not city and (place.postal_code or place.region):
        line, city = _without_city(line)
    number, street, unit = parse_line(line)
    return Street(number, street, unit, place.postal_code, normalise_city(city), place.region, place.country)


def _read_code(given: tuple[str, str]) -> str:
    return normalise_postal_code(*given)


_WITH_ONE_NUMBER = Remembered(_read_with_one_number)
_WITH_TWO_NUMBERS = Remembered(_read_with_two_numbers)
_COUNTRIES_READ = Remembered(normalise_country, FEW_REMEMBERED)
_REGIONS_READ = Remembered(normalise_region, FEW_REMEMBERED)
_CITIES_READ = Remembered(normalise_city)
_CODES_READ = Remembered(_read_code)


def _pieces(text: str) -> list[str]:
    """What stands between commas; a number alone belongs to the name before or after it."""
    pieces: list[str] = []
    for part in _PIECES.split(text[:1024]):
        piece = normalise(part)
        if not piece or piece.startswith("c o "):
            continue
        if part.lstrip().startswith("#"):
            piece = "unit " + piece.replace(" ", "")
        if len(pieces) == 1 and (found := _NUMBER_BEFORE.match(pieces[0])):
            pieces[0] = f"{found[1].replace(' ', '')} {piece}"
        elif pieces and (found := _NUMBER_AFTER.match(piece)) and not any(map(str.isdigit, pieces[-1])):
            pieces[-1] += f" {found[1].replace(' ', '')}"
        else:
            pieces.append(piece)
    return pieces


def _is_unit_piece(piece: str) -> bool:
    """'flat 2', '34th floor' and '3o b' stand for a unit and no street or city; 'tower building' does not."""
    words = [_STREET_FORMS.get(word, word) for word in piece.split()[:2]]
    if words[0] in _UNIT_WORDS:
        return len(words) == 1 or is_unit(words[1])
    return piece[0].isdigit() and (len(piece) <= MAX_UNIT or words[-1] in _UNIT_WORDS)


def _street_piece(pieces: list[str]) -> int:
    """Which piece is the street: the first with a number and a name, or else with a type of street."""
    for at, piece in enumerate(pieces):
        words = piece.split()
        is_numbered = len(words) > 1 and (words[0][0].isdigit() or words[-1][0].isdigit())
        if is_numbered and not _is_unit_piece(piece):
            return at
    for at, piece in enumerate(pieces):
        if ends_as_street(piece) or BOX.search(piece):
            return at
    return 0


def _without_city(line: str) -> tuple[str, str]:
    """'1515 adela lane las vegas' taken apart after the type of street; what has none stays whole."""
    words = line.split()
    for at in range(len(words) - 2, 1, -1):
        if _STREET_FORMS.get(words[at], words[at]) in _STREET_TYPES:
            rest = words[at + 1 :]
            if rest[0][0].isdigit() or _STREET_FORMS.get(rest[0], rest[0]) in AFTER_STREET:
                return line, ""
            return " ".join(words[: at + 1]), " ".join(rest)
    return line, ""

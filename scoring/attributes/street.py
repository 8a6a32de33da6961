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
from scoring.text import normalise
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


_NOTHING = Street("", "", "", "")
_UNIT_FIRST = frozenset(("au", "nz", "nsw", "vic", "qld", "tas", "act"))
_UNIT_SLASH = re.compile(r"^\s*(\d+[A-Za-z]?)\s*/\s*(\d+)\b")


def whole_address(street: str, city: str, region: str, postal_code: str, country: str) -> Street:
    """The parts of an address; what its fields leave empty is taken from the street line."""
    country = normalise_country(country)
    region = normalise_region(region)
    if country in _UNIT_FIRST or region in _UNIT_FIRST:
        street = _UNIT_SLASH.sub(r"\2 unit \1 ", street[:1024])
    line = parse_street(street) if street else _NOTHING
    return Street(
        line.house_number,
        line.street,
        line.unit,
        normalise_postal_code(postal_code, country) or normalise_postal_code(line.postal_code, country),
        normalise_city(city) or line.city,
        region or line.region,
        country or line.country,
    )


def parse_street(text: str) -> Street:
    """House number, street and unit of a street line with short forms written out, and the place that a
    whole address typed into the line ends with.
    """
    if text.strip().casefold() in _FILLERS:
        return _NOTHING
    pieces = _pieces(text)
    if not pieces:
        return _NOTHING
    pieces, place = without_place(pieces)
    if not pieces[0]:
        # The line names a place and nothing else: 'NY 10118'.
        return _NOTHING._replace(postal_code=place.postal_code, region=place.region, country=place.country)
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

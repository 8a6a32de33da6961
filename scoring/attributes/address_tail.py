"""The place at the end of a whole address in one line: city, region, postal code and country."""

import re
from typing import NamedTuple

from scoring.attributes.place import is_region, normalise_country, normalise_region
from scoring.vocabulary import word_map

_STREET_FORMS = word_map("street_forms")
_STREET_TYPES = word_map("street_types")
_COUNTRIES = word_map("countries")
# 'al1 2ab' and 'm5v 2t6' cannot be anything but a postal code.
_LETTERED_CODE = re.compile(r"(?:^| )([a-z]{1,2}\d[a-z\d]?) (\d[a-z]{2})$|(?:^| )([a-z]\d[a-z]) (\d[a-z]\d)$")
_CODE = re.compile(r"^(\d{4,6})(?: \d{4})?$")
_CODE_BEFORE_CITY = re.compile(r"^(?:[a-z]{1,2} )?(\d{2,6})(?: (\d{2,4}))? (\D+)$")
_DUTCH = re.compile(r"^(\d{4}) (?!st )([a-z]{2}) (\D+)$")
_CODE_AT_END = re.compile(r"^(.*?) ?\b(\d{4,6})(?: \d{4})?$")
_MIN_LINE_CODE = 5


class Place(NamedTuple):
    """What the end of a line says of the place; an empty part is missing."""

    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


def without_place(pieces: list[str]) -> tuple[list[str], Place]:
    """The pieces of a line (normalised, at least one) without those that name its place, and the place.

    The first piece is never taken whole, so that a street remains.
    """
    pieces = list(pieces)
    place = Place()
    while len(pieces) > 1:
        found = _read(pieces[-1], place, _has_digit("".join(pieces[:-1])) or ends_as_street(pieces[-2]))
        if found is None:
            break
        place = found
        pieces.pop()
        if place.city:
            break
    if len(pieces) == 1 and place.postal_code == place.region == "":
        rest, tail = _end_of_line(pieces[0])
        return [rest], tail._replace(country=place.country)
    return pieces, place


def ends_as_street(piece: str) -> bool:
    """Whether a piece begins or ends with a type of street."""
    words = piece.split()
    return any(_STREET_FORMS.get(word, word) in _STREET_TYPES for word in (words[0], words[-1]))


def _read(piece: str, place: Place, is_numbered: bool) -> Place | None:
    """The place with what a last piece adds; None where it is none of country, region, code or city with
    code.
    """
    if not place.country and piece in _COUNTRIES and not is_region(piece):
        return place._replace(country=normalise_country(piece))
    if not place.region and is_region(piece):
        return place._replace(region=normalise_region(piece))
    if place.postal_code:
        return None
    if not is_numbered:
        return None
    rest, tail = _end_of_line(piece, is_last=True)
    if rest != piece:
        return tail._replace(city=rest, region=tail.region or place.region, country=place.country)
    return _code_before_city(piece, place)


def _code_before_city(piece: str, place: Place) -> Place | None:
    if found := _DUTCH.match(piece):
        return place._replace(postal_code=found[1] + found[2], city=found[3])
    found = _CODE_BEFORE_CITY.match(piece)
    if not found or ends_as_street(found[3]):
        return None
    code = found[1] + (found[2] or "")
    if len(code) < len("1010"):
        return None
    city = found[3]
    if not city.isascii() or city[-3:-2] != " ":
        return place._replace(postal_code=code, city=city)
    # Italian cities are followed by the two letters of their province.
    return place._replace(postal_code=code, city=city[:-3])


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _end_of_line(piece: str, *, is_last: bool = False) -> tuple[str, Place]:
    """A piece without the region and postal code that it ends with; `is_last`: of several pieces."""
    if found := _LETTERED_CODE.search(piece):
        code = "".join(part for part in found.groups() if part)
        rest, region = _end_of_region(piece[: found.start()].strip())
        return rest, Place(region=region, postal_code=code)
    if is_last and _CODE.match(piece):
        return "", Place(postal_code=piece.partition(" ")[0])
    if found := _CODE_AT_END.match(piece):
        rest, region = _end_of_region(found[1])
        is_long = len(found[2]) >= _MIN_LINE_CODE and len(piece.split()) > 3
        if region or (rest and is_long) or (rest and is_last and not _has_digit(rest)):
            return rest, Place(region=region, postal_code=found[2])
        return piece, Place()
    head, region = _end_of_region(piece)
    is_city = head and not ends_as_street(head) and not _has_digit(head)
    return (head, Place(region=region)) if region and is_city else (piece, Place())


def _end_of_region(text: str) -> tuple[str, str]:
    """A text without the state or province that it ends with."""
    if is_region(text):
        return "", normalise_region(text)
    for count in (1, 2):
        words = text.rsplit(" ", count)
        if (
            len(words) == count + 1
            and is_region(tail := " ".join(words[1:]))
            and (count > 1 or len(tail) <= 4)
        ):
            return words[0], normalise_region(tail)
    return text, ""

"""A first look at addresses: streets, and places."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.attributes.place import APART, SAME, compare_cities
from scoring.attributes.street_line import street_name
from scoring.resolution.fields import Codes, Fields, combined
from scoring.resolution.letter_bits import letter_bits, letters_apart
from scoring.resolution.level_bits import MISSING, OPEN
from scoring.resolution.looks import Look, Mask, Positions, known, per_two_values, renumbered
from scoring.resolution.text_ends import WIDTH, places_apart, text_ends

# Alike streets have so much of their names in common, or of the lines as they are.
_LEAST_NAME_LIKENESS = 0.80
_LEAST_LINE_LIKENESS = 0.85


def look_at_street(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Equal lines, and streets whose names are surely different."""
    streets, numbers, units = (
        [fields.codes(name)[side] for side in (left, right)] for name in ("street", "house_number", "unit")
    )
    found = known(fields.codes("street") > 0, left, right)
    same_street = (found == OPEN) & (streets[0] == streets[1])
    same_number = (numbers[0] > 0) & (numbers[0] == numbers[1])
    same_unit = (units[0] == units[1]) | (units[0] == 0) | (units[1] == 0)
    same = np.flatnonzero(same_street & same_number & same_unit)
    found[same] = levels.index("exact") + 1
    is_turned = (numbers[0] > 0) & (numbers[0] == units[1]) & (units[0] > 0) & (units[0] == numbers[1])
    # Lines of one house number that have a word in common may be one line.
    rest = np.flatnonzero((found == OPEN) & ~same_street & ~same_number & ~is_turned)
    first, second, kinds = renumbered(streets[0][rest], streets[1][rest])
    texts = [fields.values("street")[kind] for kind in kinds]
    found[rest[_are_other_streets(texts, first, second)]] = levels.index("different") + 1
    lines = combined([streets[0][same], numbers[0][same]])
    _, at, inverse = np.unique(lines, return_index=True, return_inverse=True)
    terms = np.zeros(len(left), dtype=np.int32)
    terms[same] = inverse + 1

    def line(term: int) -> str:
        record = fields.records[left[same[at[term - 1]]]]
        return f"{record.house_number} {record.street}"

    return Look(found, terms, line)


def look_at_place(fields: Fields, left: Positions, right: Positions, levels: Sequence[str]) -> Look:
    """Equal codes or cities, and surely different ones."""
    number = {level: at for at, level in enumerate(levels, 1)}
    countries, codes, cities = (
        [fields.codes(name)[side] for side in (left, right)] for name in ("country", "postal_code", "city")
    )
    codes_known, cities_known = ((one > 0) & (other > 0) for one, other in (codes, cities))
    same_code = codes_known & (codes[0] == codes[1])
    same_city = cities_known & (cities[0] == cities[1])
    codes_apart = np.zeros(len(left), dtype=np.bool_)
    at = np.flatnonzero(codes_known & ~same_code)
    first, second, kinds = renumbered(codes[0][at], codes[1][at])
    texts = [fields.values("postal_code")[kind] for kind in kinds]
    codes_apart[at] = _are_other_codes(texts, first, second)
    codes_open = codes_known & ~same_code & ~codes_apart
    cities_say = np.where(same_city, _SAME, _NOTHING).astype(np.int8)
    at = np.flatnonzero(cities_known & ~same_city & ~same_code & ~codes_open)
    cities_say[at] = per_two_values(cities[0][at], cities[1][at], fields.values("city"), _city_likeness)

    found = np.where(codes_apart | (cities_say == _APART), number["different"], MISSING).astype(np.int8)
    found[same_city] = np.where(codes_apart, number["city_other_code"], number["city"])[same_city]
    found[codes_open | (cities_say == OPEN)] = OPEN
    found[same_code] = number["postal_code"]
    found[(countries[0] > 0) & (countries[1] > 0) & (countries[0] != countries[1])] = number["different"]
    # The numbers of cities come after those of codes.
    values = fields.values("postal_code")
    terms = np.where(same_code, codes[0], 0)
    by_city = (found == number["city"]) | (found == number["city_other_code"])
    terms[by_city] = cities[0][by_city] + len(values)
    terms[found == number["different"]] = 0
    both = [*values, *fields.values("city")]
    return Look(found, terms, both.__getitem__)


def _are_other_streets(texts: Sequence[str], first: Codes, second: Codes) -> Mask:
    """Whether two different streets in Latin letters have surely nothing in common.

    The likenesses are shares of letters that both texts have, spaces left out of some: where that many places
    differ, the shares are lower.
    """
    names = [street_name(text).name for text in texts]
    far = letters_apart((bits := letter_bits(texts))[first], bits[second]) > 1 + _most_apart(
        texts, first, second, _LEAST_LINE_LIKENESS
    )
    far &= letters_apart((bits := letter_bits(names))[first], bits[second]) > 1 + np.maximum(
        2, _most_apart(names, first, second, _LEAST_NAME_LIKENESS)
    )
    # A name may also begin as a longer one does.
    ends = text_ends(names)
    far &= ends.begin(first, 4) != ends.begin(second, 4)
    is_latin = np.fromiter(map(str.isascii, texts), np.bool_, len(texts))
    other: Mask = far & is_latin[first] & is_latin[second]
    return other


def _most_apart(
    texts: Sequence[str], first: Codes, second: Codes, least_likeness: float
) -> NDArray[np.float64]:
    """How many letters two texts of this likeness may have that are not in the other one."""
    size = np.fromiter(map(len, texts), np.int64, len(texts))
    both = (size[first] + size[second]).astype(np.float64)
    return both * (1 - least_likeness)


def _are_other_codes(texts: Sequence[str], first: Codes, second: Codes) -> Mask:
    """Whether two different postal codes have more than a slip between them, and no district in common."""
    ends = text_ends(texts)
    bits = letter_bits(texts)
    letters = letters_apart(bits[first], bits[second])
    places = places_apart(ends.begin(first, WIDTH), ends.begin(second, WIDTH))
    is_whole = np.maximum(ends.size[first], ends.size[second]) <= WIDTH
    # Two places that differ are a slip only where their letters have changed places.
    apart = (places > 2) | ((places == 2) & (letters > 0))
    apart = (is_whole & (ends.size[first] == ends.size[second]) & apart) | (letters > 2)
    is_number = np.fromiter(map(str.isdigit, texts), np.bool_, len(texts))
    no_district = is_number[first] | is_number[second] | (ends.begin(first, 1) != ends.begin(second, 1))
    other: Mask = apart & no_district
    return other


_NOTHING, _SAME, _APART = 0, 1, 2


def _city_likeness(first: str, second: str) -> int:
    """Two different cities that are the same share no one value, which the comparator has to say."""
    return _CITY[compare_cities(first, second)]


_CITY = {"": _NOTHING, SAME: OPEN, APART: _APART}

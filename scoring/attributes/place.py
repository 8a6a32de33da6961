"""Where an address is: city, region, postal code and country, each in one spelling, and whether two are one
place.
"""

import re
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from scoring.text import normalise
from scoring.vocabulary import word_map, word_set

_CITY_FORMS = word_map("city_forms")
_CITY_PARTS = word_map("city_parts")
_COUNTRIES = word_map("countries")
_REGIONS = word_map("regions")
_OFFICIAL = re.compile(
    r"^(?:the )?(?:city|town|village|borough|municipality|comune|commune|ciudad|greater|metropolitan"
    r"|(?:royal|london) borough) (?:of |de |di )?(?=\w)|,? (?:city of|cedex(?: \d+)?|town|township|borough)$"
)
# 'Newcastle upon Tyne' is Newcastle, but 'York Harbor' is not York.
_JOINTS = word_set("city_joints")
_COUNTRY_MARK = re.compile(r"^[A-Za-z]{1,3}[-\u2013 ](?=\d{4,5}$|\d\d-\d\d\d$)")
_ZIP_DIGITS = {"us": 5, "de": 5, "fr": 5, "it": 5, "es": 5, "pr": 5, "my": 5, "mx": 5, "fi": 5}
_UK_CODE = re.compile(r"[a-z]{1,2}\d[a-z\d]?(?:\d[a-z]{2})?$")
_UK_INWARD = re.compile(r"\d[a-z]{2}$")
_CANADIAN = re.compile(r"[a-z]\d[a-z]\d[a-z]\d$")
_MIN_SLIP = 4
_MIN_CITY_SLIP = 4
_LONG_CITY = 8
_MIN_TWO_SLIPS = 6
_CITY_LIKENESS = 0.92

SAME, NEAR, APART = "same", "near", "apart"


def normalise_city(text: str) -> str:
    """A city without accents, 'St. Louis' as 'saint louis', 'Munich' as 'munchen', 'Austin, TX' as
    'austin'.
    """
    head, comma, tail = text.partition(",")
    if (
        comma
        and head.strip()
        and (known := normalise(tail))
        and (known in _REGION_WORDS or known in _COUNTRIES)
    ):
        text = head
    name = normalise(text)
    if name in _CITY_FORMS:
        return _CITY_FORMS[name]
    if " " not in name:
        return name
    name = _OFFICIAL.sub("", name) or name
    words = [word for word in name.split() if not word[0].isdigit()] or name.split()
    if len(words) > 1 and len(words[0]) <= 6:
        words[0] = _CITY_FORMS.get(words[0], words[0])
    name = " ".join(words)
    return _CITY_FORMS.get(name, name)


def normalise_region(text: str) -> str:
    """A state or province by its short form where it is known: 'Ohio' is 'oh'."""
    name = normalise(text[:128])
    return _REGIONS.get(name, name)


def normalise_postal_code(text: str, country: str = "") -> str:
    """Letters and digits alone, 'D-' and the like left out; an American ZIP+4 is its first five digits.

    Zeros that a spreadsheet took off the front come back where the country says how many digits there are.
    """
    text = text[:40].strip().removesuffix(".0")
    code = normalise(_COUNTRY_MARK.sub("", text)).replace(" ", "")
    if not code.isdigit():
        return code
    if len(code) == 9 or (len(code) == 8 and text[4:5] == "-" and country in ("", "us")):
        code = code.zfill(9)[:5]
    return code.zfill(_ZIP_DIGITS.get(country, 0))


def normalise_country(text: str) -> str:
    """The two-letter code of a country in lower case; an unknown name is kept as it is."""
    name = normalise(text[:64])
    return name if len(name) == 2 and name != "uk" else _COUNTRIES.get(name, name)


def is_region(text: str) -> bool:
    """Whether a normalised text is a known state or province, written out or short."""
    return text in _REGION_WORDS


@lru_cache(maxsize=65536)
def outward(code: str) -> str:
    """The district of a British or Canadian postal code ('al1' of 'al12ab'); empty for others."""
    if _CANADIAN.match(code):
        return code[:3]
    if _UK_CODE.match(code):
        return code[:-3] if len(code) > 4 and _UK_INWARD.search(code) else code
    return ""


def compare_codes(first: str, second: str) -> str:
    """SAME, NEAR (one slip, or one district) or APART; empty where one is missing."""
    if not first or not second:
        return ""
    if first == second:
        return SAME
    return _compare_unequal_codes(first, second)


def compare_cities(first: str, second: str) -> str:
    """SAME (also but for a slip, or a part of the other) or APART; empty where they are not comparable."""
    if not first or not second:
        return ""
    if first == second:
        return SAME
    if first.isascii() != second.isascii():
        return ""
    if first[0] != second[0] and first[1:2] not in second[:3] and second[1:2] not in first[:3]:
        # No slip of one another; only a part of a city may have another name.
        return SAME if _CITY_PARTS.get(first) == second or _CITY_PARTS.get(second) == first else APART
    return SAME if _is_one_city(*sorted((first, second))) else APART


def _compare_unequal_codes(first: str, second: str) -> str:
    if first.lstrip("0") == second.lstrip("0"):
        return SAME
    if first[0] == second[0] and not first.isdigit() and outward(first) == outward(second) != "":
        return NEAR
    shorter = min(len(first), len(second))
    is_slip = shorter >= _MIN_SLIP and DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1
    return NEAR if is_slip else APART


@lru_cache(maxsize=65536)
def _is_one_city(first: str, second: str) -> bool:
    """One slip, two in a long name, one name at the front of the other, or a part of the other city."""
    if first.replace(" ", "") == second.replace(" ", ""):
        return True
    shorter, longer = (first, second) if len(first) <= len(second) else (second, first)
    if _CITY_PARTS.get(shorter) == longer or _CITY_PARTS.get(longer) == shorter:
        return True
    if longer.startswith(shorter + " ") and longer[len(shorter) + 1 :].partition(" ")[0] in _JOINTS:
        return True
    if len(longer) < _MIN_CITY_SLIP or _is_other_name(first, second):
        return False
    edits = DamerauLevenshtein.distance(first, second, score_cutoff=2)
    if edits == 2 and len(shorter) < _LONG_CITY:
        return len(shorter) >= _MIN_TWO_SLIPS and JaroWinkler.similarity(first, second) >= _CITY_LIKENESS
    return edits <= 2


def _is_other_name(first: str, second: str) -> bool:
    """Short names that begin otherwise, and directions, are no slips: York and Cork, East and West Ham."""
    if min(len(first), len(second)) < _LONG_CITY and first[0] != second[0] and first[1:2] != second[:1]:
        return True
    heads = first.partition(" ")[0], second.partition(" ")[0]
    return heads[0] != heads[1] and heads[0] in _DIRECTIONS and heads[1] in _DIRECTIONS


_DIRECTIONS = frozenset(("north", "south", "east", "west", "upper", "lower", "new", "old"))
_SHORT_REGIONS = frozenset(_REGIONS.values())
_REGION_WORDS = _SHORT_REGIONS.union(_REGIONS)

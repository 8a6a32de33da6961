"""One street line word by word: house number, street, unit, and what of a street is often left out."""

import re
from functools import lru_cache
from typing import NamedTuple

from scoring.vocabulary import word_map, word_set

_STREET_FORMS = word_map("street_forms")
_STREET_TYPES = word_map("street_types")
_UNIT_WORDS = word_set("unit_words")
_ARTICLES = word_set("street_articles")
_FLOORS = frozenset(("floor", "level", "og", "etage", "stock", "piso", "planta", "andar"))
_DIRECTIONS = frozenset(
    ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
)
_STREET_SUFFIXES = (("strasse", 7), ("straat", 6), ("str", 3))
_ORDINALS = ("st", "nd", "rd", "th")
_SPLIT_ORDINAL = re.compile(r"\b(\d+) (th|nd|rd)\b")
_NUMBERED_ROADS = frozenset(("highway", "route", "interstate", "freeway"))
_NUMBER_MARKS = frozenset(("n", "no", "nr", "d", "dom"))
_NUMBER_LETTERS = {letter: letter for letter in "abdfgh"} | {"bis": "b", "ter": "t"}
_NUMBER_WORDS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7"}
_MIN_COMPOUND = 10

BOX = re.compile(
    r"\b(?:p ?o ?box|post box|postal box|postfach|apartado(?: de correos| postal)?|apdo|boite postale|bp"
    r"|casella postale|caixa postal|skrytka pocztowa|postbus|postboks|pmb)\b"
)
AFTER_STREET = _DIRECTIONS | _UNIT_WORDS
"""What may follow the type of a street on the same line."""
MAX_UNIT = 4


class StreetName(NamedTuple):
    """A street without what is often left out: its name alone, its type ('street', 'avenue'), its
    direction.
    """

    name: str
    type: str
    direction: str


@lru_cache(maxsize=65536)
def street_name(street: str) -> StreetName:
    """The name, type and direction of a parsed street: 'west 15th street' is 15, street, west."""
    words = [_cardinal(word) for word in street.split() if word not in _ARTICLES] or street.split()
    direction = kind = ""
    if len(words) > 1 and words[-1] in _DIRECTIONS:
        direction = words.pop()
    if len(words) > 1 and words[-1] in _STREET_TYPES:
        kind = _STREET_TYPES[words.pop()]
    if len(words) > 1 and words[0] in _DIRECTIONS:
        direction = words.pop(0)
    if not kind and len(words) > 1 and words[0] in _STREET_TYPES:
        kind = _STREET_TYPES[words.pop(0)]
    if not kind and len(words) == 1 and len(words[0]) >= _MIN_COMPOUND and words[0].endswith("strasse"):
        return StreetName(words[0].removesuffix("strasse"), "street", direction)
    return StreetName(" ".join(words), kind, direction)


def parse_line(line: str) -> tuple[str, str, str]:
    """House number, street and unit of one normalised line without commas."""
    reader = _Reader(_SPLIT_ORDINAL.sub(r"\1\2", BOX.sub("pobox", line)).split())
    while reader.at < len(reader.words):
        reader.read()
    return reader.number, " ".join(reader.street), reader.unit


def is_unit(word: str) -> bool:
    """Whether a word may be the number of a flat or suite: '12', '4b', 'c', 'b12'."""
    return word[:1].isdigit() or len(word) == 1 or (len(word) <= MAX_UNIT and word[-1:].isdigit())


class _Reader:
    """The parts found so far in the words of a line, and where reading has come to."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.at = 0
        self.number = ""
        self.unit = ""
        self.street: list[str] = []

    def read(self) -> None:
        """One word more, and what belongs to it."""
        word = _spelled(self.words, self.at, is_first=not self.street)
        self.at += 1
        if word in _UNIT_WORDS or (word == "m" and self.number and self._following()[:1].isdigit()):
            self._read_unit(word)
        elif word[:1].isdigit() and not self._is_name(word):
            self._read_number(word)
        elif word:
            self.street.append(_opened(word))

    def _following(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def _read_unit(self, word: str) -> None:
        following = self._following()
        if word in _FLOORS and self.street and _is_ordinal(self.street[-1]):
            self.unit = self.unit or _cardinal(self.street.pop())
        elif following and is_unit(following):
            self.at += 1
            letter = self._following() if len(self._following()) == 1 and following.isdigit() else ""
            self.at += bool(letter)
            self.unit = self.unit or following.lstrip("0") + letter
        elif word == "building" and following:
            # What came before is the name of the building, not the street.
            self.street = []

    def _read_number(self, word: str) -> None:
        following = self._following()
        after = self.words[self.at + 1 : self.at + 2]
        is_name = (
            len(following) == 1
            and not self.street
            and (not after or _STREET_FORMS.get(after[0], after[0]) in _STREET_TYPES)
        )
        if following in _NUMBER_LETTERS and not is_name:
            word += _NUMBER_LETTERS[following]
            self.at += 1
        if self.number:
            self.unit = self.unit or word
            return
        self.number = word.lstrip("0") or word
        if self._is_after_building():
            self.street = []

    def _is_name(self, word: str) -> bool:
        """Whether a number names a street: '5th avenue', 'highway 61', '12 street 128', '99 west 43 st'."""
        following, street = self._following(), self.street
        if _is_ordinal(word):
            return not street or following != "" or street[-1] not in _STREET_TYPES
        if street and street[-1] in _NUMBERED_ROADS:
            return True
        if not self.number:
            return False
        is_after_type = len(street) == 1 and street[0] in _STREET_TYPES
        return is_after_type or (
            _DIRECTIONS.issuperset(street) and _STREET_FORMS.get(following) in _STREET_TYPES
        )

    def _is_after_building(self) -> bool:
        """Whether the words before the house number name a building, since a street follows."""
        if not self.street or self.street[0] in _STREET_TYPES or self.street[-1] in _STREET_TYPES:
            return False
        return any(_STREET_FORMS.get(word, word) in _STREET_TYPES for word in self.words[self.at :])


def _spelled(words: list[str], at: int, *, is_first: bool) -> str:
    """A word of a street line written out, as far as the words around it tell what it stands for."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else ""
    is_before_number = following[:1].isdigit() and not _is_ordinal(following)
    is_end = (
        not following or following[0].isdigit() or _STREET_FORMS.get(following, following) in AFTER_STREET
    )
    if word in _NUMBER_MARKS and is_before_number:
        word = ""
    elif word == "st":
        word = "street" if is_end and at else "saint"
    elif word in "nesw" and not is_first and not is_end:
        # A letter inside a name is a slip and no direction: 'lamington s treet'.
        return word
    elif not at and following:
        word = {"dr": "doctor", "c": "calle"}.get(word) or _NUMBER_WORDS.get(word, word)
    elif word == "dr":
        word = "drive"
    elif word == "bld" and is_before_number:
        word = "building"
    return _STREET_FORMS.get(word, word)


def _is_ordinal(word: str) -> bool:
    return word[0].isdigit() and word.endswith(_ORDINALS)


def _cardinal(word: str) -> str:
    return word[:-2] if _is_ordinal(word) else word


def _opened(word: str) -> str:
    """'hauptstr', 'hauptstrasse' and 'hoofdstraat' with one ending."""
    for ending, size in _STREET_SUFFIXES:
        if len(word) > size + 2 and word.endswith(ending):
            return word[:-size] + "strasse"
    return word

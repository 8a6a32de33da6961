"""Postal codes by their beginnings: what "80", "80-83" and "SW1" hold.

Most codes are read character by character. British ones are not: people who write S mean Sheffield and not
SW as well, and SW1 is not SW10. Their parts are padded to one width first, so that beginnings compare right.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from scoring.attributes.place import normalise_postal_code

FILLER = "_"
# In the order in which Python compares them.
ALPHABET = f"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ{FILLER}"
PREFIX = re.compile(r"[0-9A-Z]{1,12}")

_BRITISH = frozenset(("GB", "GG", "JE", "IM"))
_WHOLE = re.compile(r"([A-Z]{1,2})([0-9]{1,2})([A-Z]?)([0-9][A-Z]{2})")
_BEGINNING = re.compile(r"([A-Z]{1,2})(?:([0-9]{1,2})([A-Z]?)([0-9]?[A-Z]{0,2}))?")


@dataclass(frozen=True, slots=True)
class PostalRange:
    """The codes that begin with `first`, or with anything up to `last`; both of one length.

    Both are in capitals and digits without spaces; two different ones are digits only.
    """

    first: str
    last: str

    @property
    def written(self) -> str:
        """As a policy says it: "80" or "80-83"."""
        return self.first if self.first == self.last else f"{self.first}-{self.last}"

    def ordered(self, country: str) -> tuple[str, str]:
        """Both ends as codes of this country compare."""
        if not british(country):
            return self.first, self.last
        return comparable_code(self.first, country), comparable_code(self.last, country)

    def holds(self, code: str, country: str) -> bool:
        """Whether it holds a code that `comparable_code` gave for this country."""
        first, last = self.ordered(country)
        return first <= code[: len(first)] <= last


def code_of(text: str, country: str) -> str:
    """A postal code as it is written, in capitals and without spaces; `country` is a code or empty."""
    return normalise_postal_code(text, country.lower()).upper()


def british(country: str) -> bool:
    """Whether codes of this country have the parts of British ones."""
    return country in _BRITISH


@lru_cache(maxsize=65536)
def comparable_code(code: str, country: str) -> str:
    """A code, or the beginning of one, so that one holds the other just when it is its beginning."""
    if not british(country):
        return code
    parts = _WHOLE.fullmatch(code) or _BEGINNING.fullmatch(code)
    if not parts:
        return code
    area, district, letter, rest = (part or "" for part in parts.groups())
    if not district:
        return area.ljust(2, FILLER)
    sector = letter + rest if letter else f"{FILLER}{rest}" if rest else ""
    return area.ljust(2, FILLER) + district.ljust(2, FILLER) + sector

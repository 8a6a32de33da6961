"""The word lists of each country, read from countries/*.json.

A word is written ``native|roman|other roman``; after ``=`` come its short forms, separated by commas.
Surnames beyond the common ones are a stem and an ending, so that 100,000 records do not run out of names.
"""

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

_UNFOLDED = str.maketrans(
    {
        "ß": "ss",
        "ł": "l",
        "Ł": "L",
        "ø": "o",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
    }
    | {"Ö": "Oe", "Ü": "Ue"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in its own script and in one or more Latin spellings (the first is the usual one)."""

    native: str
    romans: tuple[str, ...]

    def text(self, script: int) -> str:
        """The native form for script 0, else a Latin spelling, counted from 1 and wrapping around."""
        return self.native if script == 0 else self.romans[(script - 1) % len(self.romans)]

    def romanised(self) -> "Word":
        """The same word as a country of Latin script writes it."""
        return Word(self.romans[0], self.romans)

    def __add__(self, other: "Word") -> "Word":
        return Word(self.native + other.native, (self.romans[0] + other.romans[0],))


@dataclass(frozen=True, slots=True)
class GivenName:
    """A given name with its nicknames."""

    word: Word
    nicknames: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class City:
    """A city with its region, a template for postal codes and its telephone area codes."""

    name: Word
    region: Word
    postal_template: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dialling:
    """How a country dials: calling code, trunk prefixes, and templates of valid numbers."""

    calling_code: str
    trunk: str
    mobile_trunk: str
    subscriber: str
    subscriber_of: dict[str, str]
    mobile: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """Everything the generator knows of one country."""

    code: str
    weight: int
    currency: str
    given_female: tuple[GivenName, ...]
    given_male: tuple[GivenName, ...]
    given_parts: tuple[tuple[Word, ...], tuple[Word, ...]]
    family: tuple[Word, ...]
    family_parts: tuple[tuple[Word, ...], tuple[Word, ...]]
    feminine: tuple[tuple[Word, Word], ...]
    double_family: bool
    family_first: bool
    cities: tuple[City, ...]
    dialling: Dialling
    streets: tuple[Word, ...]
    street_types: tuple[tuple[Word, Word], ...]
    street_type_first: bool
    street_order: str
    company_words: tuple[Word, ...]
    trades: tuple[Word, ...]
    legal_forms: tuple[tuple[Word, ...], ...]
    company_order: Word
    branch: Word
    subsidiary: Word
    tax_id: str
    registration: str
    mail: tuple[str, ...]

    @property
    def native_script(self) -> bool:
        """Whether the country writes in another script than Latin."""
        return self.family[0].native != self.family[0].romans[0]

    @property
    def gap(self) -> Word:
        """What stands between two names: nothing in Chinese and Japanese script."""
        return Word("" if self.family_first else " ", (" ",))


@cache
def countries() -> tuple[Country, ...]:
    """All countries, in order of their codes."""
    folder = resources.files("dedup_service.sample") / "countries"
    texts = sorted((entry.name, entry.read_text("utf-8")) for entry in folder.iterdir())
    return tuple(_country(json.loads(text)) for name, text in texts if name.endswith(".json"))


@cache
def folded(text: str) -> str:
    """The text in ASCII letters, as a mail system or an old mainframe keeps it."""
    plain = unicodedata.normalize("NFKD", text.translate(_UNFOLDED))
    return plain.encode("ascii", "ignore").decode("ascii")


def feminine(word: Word, pairs: tuple[tuple[Word, Word], ...]) -> Word:
    """The form that a woman bears of a surname, where the language has one."""
    for masculine, form in pairs:
        if word.native.endswith(masculine.native):
            stem = word.native[: len(word.native) - len(masculine.native)]
            ending, replacement = masculine.romans[0], form.romans[0]
            romans = tuple(
                roman[: len(roman) - len(ending)] + replacement if roman.endswith(ending) else roman
                for roman in word.romans
            )
            return Word(stem + form.native, romans)
    return word


def _word(text: str) -> Word:
    native, *romans = text.split("|")
    return Word(native, tuple(romans) or (native,))


def _words(texts: list[str]) -> tuple[Word, ...]:
    return tuple(_word(text) for text in texts)


def _given(text: str) -> GivenName:
    name, _, nicknames = text.partition("=")
    return GivenName(_word(name), _words(nicknames.split(",")) if nicknames else ())


def _street_type(text: str) -> tuple[Word, Word]:
    full, _, short = text.partition("=")
    return _word(full), _word(short) if short else _word(full)


def _city(row: list[str]) -> City:
    name, region, postal_template, areas = row
    return City(_word(name), _word(region), postal_template, tuple(areas.split(",")))


def _dialling(data: dict[str, Any]) -> Dialling:
    trunk = data["trunk"]
    return Dialling(
        data["calling_code"],
        trunk,
        data.get("mobile_trunk", trunk),
        data["subscriber"],
        data.get("subscriber_of", {}),
        tuple(data["mobile"]),
    )


def _country(data: dict[str, Any]) -> Country:
    return Country(
        code=data["code"],
        weight=data["weight"],
        currency=data["currency"],
        given_female=tuple(_given(text) for text in data["given_female"]),
        given_male=tuple(_given(text) for text in data["given_male"]),
        given_parts=(
            _words(data.get("given_stems", [])),
            _words(data.get("given_endings", [])),
        ),
        family=_words(data["family"]),
        family_parts=(
            _words(data.get("family_stems", [])),
            _words(data.get("family_endings", [])),
        ),
        feminine=tuple((_word(old), _word(new)) for old, new in data.get("feminine", [])),
        double_family=data.get("double_family", False),
        family_first=data.get("family_first", False),
        cities=tuple(_city(row) for row in data["cities"]),
        dialling=_dialling(data["phone"]),
        streets=_words(data["streets"]),
        street_types=tuple(_street_type(text) for text in data["street_types"]),
        street_type_first=data.get("street_type_first", False),
        street_order=data["street_order"],
        company_words=_words(data["company_words"]),
        trades=_words(data["trades"]),
        legal_forms=tuple(_words(forms) for forms in data["legal"]),
        company_order=_word(data["company_order"]),
        branch=_word(data["branch"]),
        subsidiary=_word(data["subsidiary"]),
        tax_id=data["tax_id"],
        registration=data["registration"],
        mail=tuple(data["mail"]),
    )

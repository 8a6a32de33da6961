"""The lists that the generator draws from, with their weights: names, places, streets, words of companies."""

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

Item = TypeVar("Item")

DATA = Path(__file__).parent / "data"
# The share of the customers in each country: a firm of the English-speaking world that also sells abroad.
COUNTRY_WEIGHTS = {"US": 44, "GB": 18, "DE": 10, "FR": 6, "ES": 5, "IT": 4, "NL": 4, "SE": 3, "IN": 6}


class Weighted(Generic[Item]):
    """Items with weights, drawn in logarithmic time."""

    def __init__(self, items: Iterable[tuple[Item, float]]) -> None:
        pairs = list(items)
        self.items = [item for item, _ in pairs]
        self._cumulative = list(accumulate(weight for _, weight in pairs))

    def draw(self, random: Random) -> Item:
        """One item, as likely as its weight."""
        return self.items[bisect(self._cumulative, random.random() * self._cumulative[-1])]


@dataclass(frozen=True, slots=True)
class Place:
    """A city, or a part of a large one."""

    country: str
    city: str
    region: str
    postal_pattern: str
    area_code: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a company's name or of a job title, with the other forms in which people write it."""

    text: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that can be drawn, by country where it differs."""

    countries: Weighted[str]
    family_names: dict[str, Weighted[str]]
    given_names: dict[tuple[str, str], Weighted[str]]
    short_forms: dict[str, tuple[str, ...]]
    places: dict[str, Weighted[Place]]
    streets: dict[str, Weighted[str]]
    words: dict[str, Weighted[Word]]
    legal_forms: dict[str, Weighted[Word]]


def _rows(name: str) -> Iterator[list[str]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _word(text: str, others: str) -> Word:
    return Word(text, tuple(form for form in others.split(",") if form))


@cache
def vocabulary() -> Vocabulary:
    """The lists under data/, read once."""
    names: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for country, kind, name, weight in _rows("names.tsv"):
        names.setdefault((country, kind), []).append((name, float(weight)))
    places: dict[str, list[tuple[Place, float]]] = {}
    for country, city, region, pattern, area_code, weight in _rows("places.tsv"):
        places.setdefault(country, []).append(
            (Place(country, city, region, pattern, area_code), float(weight))
        )
    streets: dict[str, list[tuple[str, float]]] = {}
    for country, street, weight in _rows("streets.tsv"):
        streets.setdefault(country, []).append((street, float(weight)))
    words: dict[str, list[tuple[Word, float]]] = {}
    forms: dict[str, list[tuple[Word, float]]] = {}
    for row in _rows("companies.tsv"):
        kind, country, text, weight, others = (*row, "")[:5]
        group = forms.setdefault(country, []) if kind == "form" else words.setdefault(kind, [])
        group.append((_word(text, others), float(weight)))
    return Vocabulary(
        countries=Weighted(COUNTRY_WEIGHTS.items()),
        family_names={key[0]: Weighted(rows) for key, rows in names.items() if key[1] == "W"},
        given_names={key: Weighted(rows) for key, rows in names.items() if key[1] != "W"},
        short_forms={formal: tuple(short.split(",")) for formal, short in _rows("nicknames.tsv")},
        places={country: Weighted(rows) for country, rows in places.items()},
        streets={country: Weighted(rows) for country, rows in streets.items()},
        words={kind: Weighted(rows) for kind, rows in words.items()},
        legal_forms={country: Weighted(rows) for country, rows in forms.items()},
    )

"""What company names are made of: legal forms and how often words occur, read once from the files beside."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from scoring.text import joined, normalise

_FRONT, _END_ONLY = "<", "~"


class LegalForm(NamedTuple):
    """One spelling of a legal form: its normalised words, its code, and where in a name it may stand."""

    words: tuple[str, ...]
    code: str
    opens: bool
    only_ends: bool


@cache
def legal_forms() -> tuple[LegalForm, ...]:
    """Every spelling in Latin letters, those of most words first."""
    found: dict[tuple[str, ...], LegalForm] = {}
    for form, spelling in _spellings(0):
        code = form
        text = spelling.lstrip(_FRONT + _END_ONLY)
        marks = spelling[: len(spelling) - len(text)]
        words = tuple(joined(normalise(text)).split())
        opens = _FRONT in marks or (_END_ONLY not in marks and len(words) > 1)
        only_ends = _END_ONLY in marks
        if known := found.get(words):
            code, opens, only_ends = known.code, opens or known.opens, only_ends or known.only_ends
        found[words] = LegalForm(words, code, opens, only_ends)
    return tuple(sorted(found.values(), key=lambda form: (-len(form.words), form.words)))


@cache
def native_legal_forms() -> dict[str, str]:
    """Spellings in scripts with spaces other than Latin, case-folded -> code; the longest first."""
    found = {spelling.casefold(): code for code, spelling in _spellings(1)}
    return dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))


@cache
def unspaced_legal_forms() -> dict[str, str]:
    """Spellings in scripts that put no space between words -> code; the longest first."""
    lines = (unicodedata.normalize("NFKC", line) for line in _section(2))
    found = dict(line.rsplit(" ", 1) for line in lines)
    return dict(sorted(found.items(), key=lambda item: (-len(item[0]), item[0])))


@cache
def legal_kinds() -> dict[str, str]:
    """Code of a legal form -> limited, stock, partners, sole or mutual."""
    kinds = {}
    for line in _section(0):
        code, kind, _ = line.split(" ", 2)
        if kind != "-":
            kinds[code] = kind
    return kinds


@cache
def word_frequencies() -> dict[str, float]:
    """How many of a hundred thousand companies have a word in their name, as parsing writes it."""
    lines = (line for line in _lines("company_words.txt") if line and not line.startswith("#"))
    return {word: float(count) for word, _, count in (line.partition(" ") for line in lines)}


def _spellings(section: int) -> Iterator[tuple[str, str]]:
    for line in _section(section):
        code, rest = line.split(" ", 1)
        text = rest.split(" ", 1)[1] if section == 0 else rest
        for spelling in text.split(";"):
            yield code, spelling.strip()


@cache
def _section(number: int) -> tuple[str, ...]:
    text = "\n".join(_lines("legal_forms.txt"))
    lines = text.split("\n---\n")[number].splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def _lines(name: str) -> list[str]:
    return files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()

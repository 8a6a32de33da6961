"""Word lists that normalising and comparing rely on, read once from the data files beside this module."""

import json
from functools import cache
from importlib.resources import files

from scoring.text import normalise


@cache
def word_map(name: str) -> dict[str, str]:
    """One of the maps of words.json: what is written -> what it stands for, both normalised."""
    table = _words()[name]
    if not isinstance(table, dict):
        raise TypeError(name)
    return {
        key if key.isascii() and " " not in key else normalise(key): value for key, value in table.items()
    }


@cache
def word_set(name: str) -> frozenset[str]:
    """One of the lists of words.json."""
    return frozenset(_words()[name])


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Short form -> the full names it may stand for, sorted."""
    meanings: dict[str, set[str]] = {}
    text = files(__package__).joinpath("nicknames.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        full, _, forms = line.partition(":")
        for form in forms.split():
            meanings.setdefault(form, set()).add(full)
    return {form: tuple(sorted(full_names)) for form, full_names in sorted(meanings.items())}


@cache
def known_given_names() -> frozenset[str]:
    """Every full name and short form of the table."""
    meanings = nicknames()
    return frozenset(meanings).union(*meanings.values())


@cache
def _words() -> dict[str, dict[str, str] | list[str]]:
    text = files(__package__).joinpath("words.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, str] | list[str]] = json.loads(text)
    return words

"""Word lists that normalising and comparing rely on, read once from the data files beside this module."""

import json
from collections.abc import Iterator
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
def name_spellings() -> dict[str, str]:
    """Spelling of a given name -> the one spelling that stands for all of them."""
    return {other: words[0] for words in _lines("name_spellings.txt") for other in words[1:]}


@cache
def equivalent_names() -> dict[str, frozenset[int]]:
    """Given name -> the numbers of the lines that say what it is called in other languages."""
    spellings = name_spellings()
    lines: dict[str, set[int]] = {}
    for number, words in enumerate(_lines("name_equivalents.txt")):
        meant = {spellings.get(word, word) for word in words}
        for word in (*words, *meant, *(other for other, one in spellings.items() if one in meant)):
            lines.setdefault(word, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in lines.items()}


@cache
def nicknames() -> dict[str, tuple[str, ...]]:
    """Short form -> the full names it may stand for, in one spelling each: the form itself first where it is
    a name of its own too, then the likeliest, which are those with the most forms.
    """
    spellings = name_spellings()
    meanings: dict[str, set[str]] = {}
    form_counts: dict[str, int] = {}
    for file in ("nicknames.txt", "nicknames_english.txt"):
        for written, *forms in _lines(file):
            full = spellings.get(written, written)
            form_counts[full] = form_counts.get(full, 0) + len(forms)
            for form in forms:
                meanings.setdefault(form, set()).add(full)
    own_names = set(form_counts).union(spellings, spellings.values())
    for form in own_names.intersection(meanings):
        meanings[form].add(spellings.get(form, form))
    return {
        form: tuple(
            sorted(
                meant, key=lambda full: (full != spellings.get(form, form), -form_counts.get(full, 0), full)
            )
        )
        for form, meant in sorted(meanings.items())
    }


@cache
def names_with_short_forms() -> frozenset[str]:
    """Every full name that has short forms, and those."""
    meanings = nicknames()
    return frozenset(meanings).union(*meanings.values())


@cache
def known_given_names() -> frozenset[str]:
    """Every full name and short form of the tables, and the given names that are common somewhere."""
    spellings = name_spellings()
    return names_with_short_forms().union(given_name_genders(), spellings, spellings.values())


@cache
def given_name_genders() -> dict[str, str]:
    """Common given name -> 'm' or 'f' where nearly all who bear it are of one gender, else empty."""
    return {
        name: "" if gender == "u" else gender
        for gender, *names in _lines("given_names.txt")
        for name in names
    }


def _lines(file: str) -> Iterator[list[str]]:
    """The words of each line of a table; a colon after the first of them is for the reader's eyes."""
    text = files(__package__).joinpath(file).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.replace(":", " ").split()


@cache
def _words() -> dict[str, dict[str, str] | list[str]]:
    text = files(__package__).joinpath("words.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, str] | list[str]] = json.loads(text)
    return words

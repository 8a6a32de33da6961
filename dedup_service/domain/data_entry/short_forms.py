"""SHORT_FORM: a word that the company's glossary writes in full (St., Inc.)."""

import re
from collections.abc import Iterator

from dedup_service.domain.data_entry.capitals import is_shouting
from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.policy import Position, ShortForms

_WORD = re.compile(r"[^\s,;()/]+")
_NEW_PART = re.compile(r"[,;()/\n]")
# One expansion may uncover another (`Foo Co Ltd`), but a glossary that goes round in circles must end.
_MAX_ROUNDS = 8
_END_OF_WORD = "*"
_MIN_END, _MAX_END = 2, 12


def short_form(entry: Entry) -> Problem | None:
    """The problem with what is written short; the suggestion is the whole value written out."""
    tables = list(_tables(entry))
    if not tables:
        return None
    text = entry.text
    for _ in range(_MAX_ROUNDS):
        longer = _expanded(text, tables, entry)
        if longer == text:
            break
        text = longer
    else:
        return None
    if text == entry.text:
        return None
    return Problem(DataEntryRule.SHORT_FORM, "is written short: write it in full", text)


def is_short_form(entry: Entry, word: str) -> bool:
    """Whether a table of this field knows the word, wherever it stands."""
    folded = _folded(word)
    return any(folded in table.forms for table in _tables(entry))


def _tables(entry: Entry) -> Iterator[ShortForms]:
    for name in entry.rules.short_forms:
        table = entry.policy.short_forms.get(name)
        if table is not None and (
            not table.countries or not entry.country or entry.country in table.countries
        ):
            yield table


def _expanded(text: str, tables: list[ShortForms], entry: Entry) -> str:
    shouts = is_shouting(text, entry.policy.capitals.least_letter_count)
    words = list(_WORD.finditer(text))
    for at in range(len(words) - 1, -1, -1):
        word = words[at].group()
        following = words[at + 1] if at + 1 < len(words) else None
        between = text[words[at].end() : following.start()] if following else ""
        for table in tables:
            if table.position is Position.END and not _ends_part(table, at, between, following):
                continue
            if full := _full(word, table, shouts):
                text = text[: words[at].start()] + full + text[words[at].end() :]
                break
    return text


def _ends_part(table: ShortForms, at: int, between: str, following: re.Match[str] | None) -> bool:
    """Whether a part of the value ends with this word; a part that begins with it, it does not end."""
    if at == 0:
        return False
    if following is None or _NEW_PART.search(between):
        return True
    word = following.group()
    return word[0].isdigit() or word[0] == "#" or _folded(word) in table.ends_before


def _full(word: str, table: ShortForms, shouts: bool) -> str:
    """What a word stands for, in its own case; empty for a word that is no short form."""
    folded = _folded(word)
    stem = word.rstrip(".")
    full, front = table.forms.get(folded, ""), ""
    # Folding changes the length of a few letters; such a word has no end that could be told.
    if not full and len(stem) == len(folded):
        for length in range(min(len(folded) - 1, _MAX_END), _MIN_END - 1, -1):
            if full := table.forms.get(_END_OF_WORD + folded[-length:], ""):
                front = stem[:-length]
                break
    if not full:
        return ""
    if shouts:
        return front + full.upper()
    return front + (full.lower() if word.islower() else full)


def _folded(word: str) -> str:
    return word.rstrip(".").casefold()

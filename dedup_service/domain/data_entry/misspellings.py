"""MISSPELLING: a value, or a word of it, that is probably a slip of one that many records hold."""

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.policy import Format, Spelling
from dedup_service.domain.data_entry.short_forms import is_short_form
from dedup_service.domain.data_entry.vocabulary import fold, is_looked_up, words_in
from scoring.vocabulary import word_map, word_set

# A value of more words than these is prose, and is not corrected.
_MAX_WORDS = 32


def misspelling(entry: Entry) -> Problem | None:
    """The problem with words that are probably misspelt; the suggestion has all of them put right."""
    if entry.rules.format is Format.EMAIL:
        return _mail_provider(entry)
    if entry.rules.misspellings is Spelling.VALUES:
        right = _probable(entry, entry.text)
        return _problem([right], right) if right else None
    if entry.rules.misspellings is Spelling.WORDS:
        return _in_words(entry)
    return None


def _in_words(entry: Entry) -> Problem | None:
    words = words_in(entry.text)
    if len(words) > _MAX_WORDS:
        return None
    rights = []
    text = entry.text
    for at, word in reversed(words):
        if not is_short_form(entry, word) and (right := _probable(entry, word)):
            rights.append(right)
            text = text[:at] + right + text[at + len(word) :]
    return _problem(rights[::-1], text) if rights else None


def _probable(entry: Entry, word: str) -> str:
    folded = fold(word)
    if not is_looked_up(folded):
        return ""
    limits = entry.policy.misspellings
    right = entry.vocabulary.probable(entry.name, folded, limits.least_count, limits.times_as_many)
    if word.isupper():
        return right.upper()
    return right.lower() if word.islower() else right


def _problem(rights: list[str], suggested_value: str) -> Problem:
    listed = ", ".join(dict.fromkeys(rights))
    return Problem(
        DataEntryRule.MISSPELLING, f"is probably misspelt: many records write {listed}", suggested_value
    )


def _mail_provider(entry: Entry) -> Problem | None:
    """A slip in the name of a well-known mail provider, as the matching knows them."""
    local, at, domain = entry.text.rpartition("@")
    folded = domain.casefold()
    right = word_map("mail_domains").get(folded, "")
    if not at or not right or folded in word_set("free_mail"):
        return None
    return Problem(
        DataEntryRule.MISSPELLING,
        f"is probably misspelt after the @: the provider is {right}",
        f"{local}@{right}",
    )

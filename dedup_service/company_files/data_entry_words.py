"""The words that the section `data_entry` of every policy begins with, and what a policy makes of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from dedup_service.company_files.places import Place
from dedup_service.domain.countries import COUNTRIES
from dedup_service.domain.data_entry import Capitals
from scoring.text import normalise
from scoring.vocabulary import word_set

SHIPPED_WORDS = "data_entry_words.yaml"
MAX_WORDS = 5_000
_ANYWHERE = "*"
_WORD = re.compile(r"\*?[^*\n]{1,100}\*?")
_WORD_RULE = "must be a text of 1 to 100 characters, with * before and after it where it may stand anywhere"
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_DOMAIN_RULE = "must be a domain in lower-case letters such as example.com"
_PHONE = re.compile(r"\+?[0-9?]{5,15}")
_PHONE_RULE = "must be 5 to 15 digits, in which ? is any one, with or without + before"
_ONE_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_ONE_WORD_RULE = "must be one word without spaces or punctuation"
_FORM = re.compile(r"[9A](?:[9A -]{0,14}[9A])?")
_FORM_RULE = "must be a form such as 99999 or A9 9AA: 9 is a digit, A a letter"


@dataclass(frozen=True, slots=True)
class Words:
    """What the rules of data entry look words up in; see `DataEntryPolicy` and `CapitalsPolicy`."""

    placeholders: frozenset[str]
    test_values: frozenset[str]
    test_domains: frozenset[str]
    test_phones: frozenset[str]
    written_so: Mapping[Capitals, Mapping[str, str]]
    small_words: Mapping[Capitals, frozenset[str]]
    short_words: frozenset[str]
    postal_codes: Mapping[str, tuple[str, ...]]


@cache
def shipped_words() -> Words:
    """The words of `defaults/data_entry_words.yaml`, with the placeholders that matching knows."""
    text = (resources.files("dedup_service.defaults") / SHIPPED_WORDS).read_text("utf-8")
    listed = yaml.safe_load(text)
    return Words(
        placeholders=frozenset(map(_entry, listed["placeholders"])) | word_set("placeholders"),
        test_values=frozenset(map(_entry, listed["test_values"])),
        test_domains=frozenset(listed["test_domains"]),
        test_phones=frozenset(listed["test_phones"]),
        written_so={way: {word.casefold(): word for word in listed["written_so"][way]} for way in Capitals},
        small_words={way: frozenset(map(str.casefold, listed["small_words"][way])) for way in Capitals},
        short_words=frozenset(map(str.casefold, listed["short_words"])),
        postal_codes={country: tuple(forms) for country, forms in listed["postal_codes"].items()},
    )


def read_words(place: Place) -> Words:
    """The shipped words with what a policy adds and leaves out."""
    shipped = shipped_words()
    section = place.section(
        *("placeholders", "test_values", "test_domains", "test_phones", "written_so", "small_words"),
        *("short_words", "postal_codes"),
    )
    written_so = section.get("written_so").section(*Capitals)
    small_words = section.get("small_words").section(*Capitals)
    return Words(
        placeholders=_changed(section.get("placeholders"), shipped.placeholders, _WORD, _WORD_RULE, _entry),
        test_values=_changed(section.get("test_values"), shipped.test_values, _WORD, _WORD_RULE, _entry),
        test_domains=_changed(
            section.get("test_domains"), shipped.test_domains, _DOMAIN, _DOMAIN_RULE, str.casefold
        ),
        test_phones=_changed(section.get("test_phones"), shipped.test_phones, _PHONE, _PHONE_RULE, str),
        written_so={way: _written_so(written_so.get(way), shipped.written_so[way]) for way in Capitals},
        small_words={
            way: _changed(
                small_words.get(way), shipped.small_words[way], _ONE_WORD, _ONE_WORD_RULE, str.casefold
            )
            for way in Capitals
        },
        short_words=_changed(
            section.get("short_words"), shipped.short_words, _ONE_WORD, _ONE_WORD_RULE, str.casefold
        ),
        postal_codes=_postal_codes(section.get("postal_codes"), shipped.postal_codes),
    )


def _entry(text: str) -> str:
    """A placeholder or test value as it is looked up: normalised, its marks kept."""
    plain = normalise(text)
    return f"*{plain}*" if plain and text.startswith(_ANYWHERE) and text.endswith(_ANYWHERE) else plain


def _changed(
    place: Place,
    shipped: frozenset[str],
    pattern: re.Pattern[str],
    rule: str,
    key: Callable[[str], str],
) -> frozenset[str]:
    change = place.section("add", "leave_out")
    added = {key(text) for text in _texts(change.get("add"), pattern, rule)}
    left_out = {key(text) for text in _known(change.get("leave_out"), shipped, pattern, rule, key)}
    return (shipped - left_out) | (added - {""})


def _known(
    place: Place,
    shipped: frozenset[str],
    pattern: re.Pattern[str],
    rule: str,
    key: Callable[[str], str],
) -> list[str]:
    """The words to leave out, which must be there: a slip in one would leave nothing out."""
    found = []
    for item in place.items()[:MAX_WORDS]:
        text = item.text(pattern, rule)
        if text and key(text) not in shipped:
            item.wrong("is none of the shipped words, so it cannot be left out")
        elif text:
            found.append(text)
    return found


def _texts(place: Place, pattern: re.Pattern[str], rule: str) -> list[str]:
    items = place.items()
    if len(items) > MAX_WORDS:
        place.wrong(f"must have at most {MAX_WORDS} words, not {len(items)}")
    return [text for item in items[:MAX_WORDS] if (text := item.text(pattern, rule))]


def _written_so(place: Place, shipped: Mapping[str, str]) -> dict[str, str]:
    change = place.section("add", "leave_out")
    left_out = {
        text.casefold()
        for text in _known(
            change.get("leave_out"), frozenset(shipped), _ONE_WORD, _ONE_WORD_RULE, str.casefold
        )
    }
    kept = {folded: word for folded, word in shipped.items() if folded not in left_out}
    added = _texts(change.get("add"), _ONE_WORD, _ONE_WORD_RULE)
    return kept | {word.casefold(): word for word in added}


def _postal_codes(place: Place, shipped: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    change = place.section("add", "leave_out")
    countries = {code: code for code in sorted(COUNTRIES)}
    left_out = change.get("leave_out").choices(countries, "country")
    added = {
        code: tuple(_texts(forms, _FORM, _FORM_RULE))
        for code, forms in change.get("add").keyed(countries, "country").items()
    }
    return {code: forms for code, forms in shipped.items() if code not in left_out} | added

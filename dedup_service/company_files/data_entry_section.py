"""The section `data_entry` of a policy: what is asked of values as they are typed in (domain 10)."""

import re
from collections.abc import Iterable, Mapping

from dedup_service.company_files.data_entry_words import Words, read_words
from dedup_service.company_files.places import Place, words
from dedup_service.domain.countries import COUNTRIES
from dedup_service.domain.data_entry import (
    Capitals,
    CapitalsPolicy,
    DataEntryPolicy,
    DataEntryRule,
    FieldRules,
    Format,
    MisspellingPolicy,
    Position,
    RequiredFields,
    Severity,
    ShortForms,
    Spelling,
    has_vocabulary,
    pattern_error,
)
from dedup_service.domain.fields import CUSTOM_FIELD, FIELDS, max_code_points
from dedup_service.domain.records import SOURCE_PATTERN, RecordKind
from scoring.text import normalise

MAX_PATTERN_CODE_POINTS = 500
MAX_ALLOWED_VALUES = 1000
MAX_SHORT_FORMS = 2000
MAX_LEAST_COUNT = 1_000_000
MIN_LEAST_COUNT = 2
MAX_LETTERS = 100
_LINE = re.compile(r"[^\t\n\r]{1,200}")
_LINE_RULE = "must be a text of 1 to 200 characters in one line"
_PATTERN = re.compile(rf".{{1,{MAX_PATTERN_CODE_POINTS}}}")
_PATTERN_RULE = f"must be a regular expression of 1 to {MAX_PATTERN_CODE_POINTS} characters in one line"
_NAME_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
_SHORT = re.compile(r"\*?[^\s,;()/*]{1,40}")
_SHORT_RULE = "must be one word, or * and the end of longer ones"
_FIELD_KEYS = (
    *("format", "pattern", "pattern_means", "min_length", "max_length", "allowed_values", "short_forms"),
    *("misspellings", "capitals", "placeholders", "test_values", "accepted_values", "severities"),
)


def read_data_entry(place: Place, sources: Iterable[str]) -> DataEntryPolicy:
    """The rules of data entry; without the section, none."""
    if place.absent:
        return DataEntryPolicy()
    section = place.section(
        *(
            "errors_stop",
            "severities",
            "required",
            "fields",
            "short_forms",
            "misspellings",
            "capitals",
            "words",
        )
    )
    tables = _tables(section.get("short_forms"))
    read = read_words(section.get("words"))
    severities = _severities(section.get("severities"))
    return DataEntryPolicy(
        fields={
            name: _field(each, name, tables)
            for name, each in section.get("fields")
            .keyed(_known_fields(section.get("fields")), "field")
            .items()
        },
        required=_required(section.get("required"), severities.get(DataEntryRule.REQUIRED, Severity.WARNING)),
        severities=severities,
        short_forms=tables,
        placeholders=read.placeholders,
        test_values=read.test_values,
        test_domains=read.test_domains,
        test_phones=read.test_phones,
        postal_codes=read.postal_codes,
        capitals=_capitals(section.get("capitals"), read),
        misspellings=_misspellings(section.get("misspellings")),
        errors_stop=frozenset(section.get("errors_stop").choices({name: name for name in sources}, "source")),
    )


def _known_fields(place: Place) -> dict[str, str]:
    custom = {name: name for name in place.names() if CUSTOM_FIELD.fullmatch(name)}
    return {name: name for name in FIELDS} | custom


def _field(place: Place, name: str, tables: Mapping[str, ShortForms]) -> FieldRules:
    rules = place.section(*_FIELD_KEYS)
    most = max_code_points(name)
    least_length = rules.get("min_length").whole(0, most, default=0)
    most_length = rules.get("max_length").whole(1, most, default=0)
    if most_length and least_length > most_length:
        rules.get("max_length").wrong(f"must be at least min_length ({least_length})")
    misspellings = rules.get("misspellings")
    spelling = misspellings.one_of(words(Spelling), "kind of spelling", None)
    if spelling and not has_vocabulary(name):
        misspellings.wrong("must be left out: nobody is shown words of other people's names or numbers")
    return FieldRules(
        format=rules.get("format").one_of(words(Format), "format", None),
        pattern=_pattern(rules.get("pattern")),
        pattern_means=rules.get("pattern_means").text(_LINE, _LINE_RULE),
        min_code_points=least_length,
        max_code_points=most_length,
        allowed_values=tuple(dict.fromkeys(_lines(rules.get("allowed_values")))),
        short_forms=rules.get("short_forms").choices(
            {table: table for table in tables}, "table of short forms"
        ),
        misspellings=spelling,
        capitals=rules.get("capitals").one_of(words(Capitals), "way of capitals", None),
        placeholders=rules.get("placeholders").flag(default=True),
        test_values=rules.get("test_values").flag(default=True),
        accepted_values=frozenset(map(normalise, _lines(rules.get("accepted_values")))),
        severities=_severities(rules.get("severities")),
    )


def _pattern(place: Place) -> str:
    pattern = place.text(_PATTERN, _PATTERN_RULE)
    if pattern and (error := pattern_error(pattern)):
        place.wrong(f"must be a regular expression as RE2 takes it: {error}")
    return pattern


def _lines(place: Place) -> list[str]:
    items = place.items()
    if len(items) > MAX_ALLOWED_VALUES:
        place.wrong(f"must have at most {MAX_ALLOWED_VALUES} values, not {len(items)}")
    return [text for item in items[:MAX_ALLOWED_VALUES] if (text := item.text(_LINE, _LINE_RULE))]


def _severities(place: Place) -> dict[DataEntryRule, Severity]:
    by_rule = place.keyed(words(DataEntryRule), "rule of data entry")
    return {
        rule: each.one_of(words(Severity), "severity", Severity.WARNING) for rule, each in by_rule.items()
    }


def _required(place: Place, usual: Severity) -> tuple[RequiredFields, ...]:
    found = []
    for item in place.items():
        entry = item.section("one_of", "kinds", "severity")
        one_of = entry["one_of"]
        custom = {
            each.written: each.written for each in one_of.items() if CUSTOM_FIELD.fullmatch(each.written)
        }
        names = one_of.choices({name: name for name in FIELDS} | custom, "field", least=1)
        kinds = entry.get("kinds").choices(words(RecordKind), "record kind", least=1)
        severity = entry.get("severity").one_of(words(Severity), "severity", usual)
        if names:
            found.append(RequiredFields(names, frozenset(kinds), severity))
    return tuple(found)


def _tables(place: Place) -> dict[str, ShortForms]:
    return {name: _table(each) for name, each in place.named(SOURCE_PATTERN, _NAME_RULE).items()}


def _table(place: Place) -> ShortForms:
    table = place.section("position", "ends_before", "countries", "forms")
    by_short = table["forms"].named(_SHORT, _SHORT_RULE)
    if len(by_short) > MAX_SHORT_FORMS:
        table["forms"].wrong(f"must have at most {MAX_SHORT_FORMS} words, not {len(by_short)}")
    forms = {_folded(short): full.text(_LINE, _LINE_RULE) for short, full in by_short.items()}
    for full in by_short.values():
        if any(_folded(word) in forms for word in full.written.split()):
            full.wrong("is written with a short form of this table: write all of it in full")
    countries = {code: code for code in sorted(COUNTRIES)}
    return ShortForms(
        forms={short: full for short, full in forms.items() if full},
        position=table.get("position").one_of(words(Position), "position", Position.ANYWHERE),
        ends_before=frozenset(map(_folded, _lines(table.get("ends_before")))),
        countries=frozenset(table.get("countries").choices(countries, "country")),
    )


def _folded(word: str) -> str:
    return word.rstrip(".").casefold()


def _capitals(place: Place, read: Words) -> CapitalsPolicy:
    least = place.section("least_letters").get("least_letters")
    return CapitalsPolicy(
        least_letter_count=least.whole(2, MAX_LETTERS, default=CapitalsPolicy().least_letter_count),
        written_so=read.written_so,
        small_words=read.small_words,
        short_words=read.short_words,
    )


def _misspellings(place: Place) -> MisspellingPolicy:
    limits = place.section("least_count", "times_as_many")
    usual = MisspellingPolicy()
    return MisspellingPolicy(
        least_count=limits.get("least_count").whole(
            MIN_LEAST_COUNT, MAX_LEAST_COUNT, default=usual.least_count
        ),
        times_as_many=limits.get("times_as_many").whole(2, 1000, default=usual.times_as_many),
    )

"""The section `data_entry` of a policy as the keys of its file, each with its value in words."""

from collections.abc import Collection, Iterator, Mapping

from dedup_service.domain.data_entry import (
    CapitalsPolicy,
    DataEntryPolicy,
    DataEntryRule,
    FieldRules,
    Severity,
    ShortForms,
)

Keys = Iterator[tuple[str, str]]


def data_entry_keys(policy: DataEntryPolicy) -> Keys:
    """Every key, also those of the words that a policy begins with; no key where nothing is said."""
    if policy == DataEntryPolicy():
        return
    yield "data_entry.errors_stop", ", ".join(sorted(policy.errors_stop))
    yield from _severities("data_entry.severities", policy.severities)
    for required in policy.required:
        kinds = ", ".join(sorted(required.kinds)) or "every kind"
        yield f"data_entry.required.{'|'.join(required.one_of)}.{kinds}", required.severity
    for name, rules in policy.fields.items():
        yield from _field(f"data_entry.fields.{name}", rules)
    for name, table in policy.short_forms.items():
        yield from _table(f"data_entry.short_forms.{name}", table)
    yield "data_entry.misspellings.least_count", str(policy.misspellings.least_count)
    yield "data_entry.misspellings.times_as_many", str(policy.misspellings.times_as_many)
    yield from _words(policy)


def _severities(at: str, severities: Mapping[DataEntryRule, Severity]) -> Keys:
    for rule, severity in severities.items():
        yield f"{at}.{rule}", severity


def _field(at: str, rules: FieldRules) -> Keys:
    yield f"{at}.format", rules.format or ""
    yield f"{at}.pattern", rules.pattern
    yield f"{at}.pattern_means", rules.pattern_means
    yield f"{at}.min_length", str(rules.min_code_points or "")
    yield f"{at}.max_length", str(rules.max_code_points or "")
    yield f"{at}.allowed_values", ", ".join(rules.allowed_values)
    yield f"{at}.short_forms", ", ".join(rules.short_forms)
    yield f"{at}.misspellings", rules.misspellings or ""
    yield f"{at}.capitals", rules.capitals or ""
    yield f"{at}.placeholders", "" if rules.placeholders else "not looked for"
    yield f"{at}.test_values", "" if rules.test_values else "not looked for"
    yield f"{at}.accepted_values", ", ".join(sorted(rules.accepted_values))
    yield from _severities(f"{at}.severities", rules.severities)


def _table(at: str, table: ShortForms) -> Keys:
    yield f"{at}.position", table.position
    yield f"{at}.ends_before", ", ".join(sorted(table.ends_before))
    yield f"{at}.countries", ", ".join(sorted(table.countries))
    for short, full in table.forms.items():
        yield f"{at}.forms.{short}", full


def _words(policy: DataEntryPolicy) -> Keys:
    """Word by word, since a list of hundreds would hide the one that changed."""
    at = "data_entry.words"
    yield from _each(f"{at}.placeholders", policy.placeholders)
    yield from _each(f"{at}.test_values", policy.test_values)
    yield from _each(f"{at}.test_domains", policy.test_domains)
    yield from _each(f"{at}.test_phones", policy.test_phones)
    for country, forms in policy.postal_codes.items():
        yield f"{at}.postal_codes.{country}", " or ".join(forms)
    yield from _capitals(at, policy.capitals)


def _capitals(at: str, capitals: CapitalsPolicy) -> Keys:
    yield "data_entry.capitals.least_letters", str(capitals.least_letter_count)
    for way, written in capitals.written_so.items():
        for folded, word in written.items():
            yield f"{at}.written_so.{way}.{folded}", word
    for way, small_words in capitals.small_words.items():
        yield from _each(f"{at}.small_words.{way}", small_words)
    yield from _each(f"{at}.short_words", capitals.short_words)


def _each(at: str, words: Collection[str]) -> Keys:
    for word in sorted(words):
        yield f"{at}.{word}", "listed"

"""The rules of data entry as a company writes them, field by field (domain 10).

A field is one of `fields.FIELDS` or ``custom.NAME``: a company adds a field and its rules without code.
Words are compared as `scoring.text.normalise` writes them, unless said otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dedup_service.domain.data_entry.findings import DataEntryRule, Severity
from dedup_service.domain.records import RecordKind


class Format(StrEnum):
    """What a value must look like; PHONE and POSTAL_CODE go by the country that stands beside them."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    URL = "URL"
    DATE = "DATE"
    COUNTRY = "COUNTRY"
    POSTAL_CODE = "POSTAL_CODE"


class Capitals(StrEnum):
    """How a value that shouts is written instead.

    A FAMILY_NAME may begin with a small word (van der Berg), which is a capital elsewhere; short words of a
    COMPANY and of a TEXT are taken for acronyms.
    """

    PERSON = "PERSON"
    FAMILY_NAME = "FAMILY_NAME"
    COMPANY = "COMPANY"
    PLACE = "PLACE"
    TEXT = "TEXT"


class Spelling(StrEnum):
    """What of a field is looked up in the vocabulary: each of its words, or its whole value."""

    WORDS = "WORDS"
    VALUES = "VALUES"


class Position(StrEnum):
    """Where in a value a short form is one: anywhere, or only where a part of the value ends."""

    ANYWHERE = "ANYWHERE"
    END = "END"


@dataclass(frozen=True, slots=True)
class ShortForms:
    """One table of the glossary: what is written short -> what it stands for.

    The keys are case-folded and without a dot at the end; ``*str`` is the end of a longer word. Position END
    is the last word of a value, or of a part before a comma, a number or one of `ends_before`. With
    `countries` (two capital letters) the table holds for records of those, and without a country.
    """

    forms: Mapping[str, str]
    position: Position = Position.ANYWHERE
    ends_before: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What holds for one field; everything left out is not asked for.

    `pattern` is a regular expression (RE2) that the whole value must match, and `pattern_means` says it in
    words. `accepted_values` (normalised) are right whatever any other rule thinks of them, such as the family
    name Null. `short_forms` names tables of the policy.
    """

    format: Format | None = None
    pattern: str = ""
    pattern_means: str = ""
    min_code_points: int = 0
    max_code_points: int = 0
    allowed_values: tuple[str, ...] = ()
    short_forms: tuple[str, ...] = ()
    misspellings: Spelling | None = None
    capitals: Capitals | None = None
    placeholders: bool = True
    test_values: bool = True
    accepted_values: frozenset[str] = frozenset()
    severities: Mapping[DataEntryRule, Severity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequiredFields:
    """At least one of these fields must say something, in records of these kinds (none: of every kind)."""

    one_of: tuple[str, ...]
    kinds: frozenset[RecordKind] = frozenset()
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class CapitalsPolicy:
    """What stays as it is when a value that shouts is written properly; the keys and words are case-folded.

    A value of fewer than `least_letter_count` letters never shouts. `written_so` are words with the capitals
    that they have, such as IBM and GmbH; `small_words` are those in lower case within a value (van, of);
    `short_words` are ordinary words of up to three letters, which are no acronyms.
    """

    least_letter_count: int = 5
    written_so: Mapping[Capitals, Mapping[str, str]] = field(default_factory=dict)
    small_words: Mapping[Capitals, frozenset[str]] = field(default_factory=dict)
    short_words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MisspellingPolicy:
    """When a word is probably a slip of another one: that one is held by at least `least_count` records, and
    by at least `times_as_many` times as many as the word itself.
    """

    least_count: int = 5
    times_as_many: int = 20


@dataclass(frozen=True, slots=True)
class DataEntryPolicy:
    """All rules of data entry; the default asks for nothing.

    An entry of `placeholders` or `test_values` with ``*`` before and after it stands anywhere in a value.
    `test_domains` are domains of mail and of websites, with everything below them. `test_phones` are digits,
    in which ? is any one, of a number with its country calling code where + stands before. `postal_codes`
    are the forms by country (two capital letters): 9 is a digit, A a letter. An ERROR stops the writes of
    the sources of `errors_stop`.
    """

    fields: Mapping[str, FieldRules] = field(default_factory=dict)
    required: tuple[RequiredFields, ...] = ()
    severities: Mapping[DataEntryRule, Severity] = field(default_factory=dict)
    short_forms: Mapping[str, ShortForms] = field(default_factory=dict)
    placeholders: frozenset[str] = frozenset()
    test_values: frozenset[str] = frozenset()
    test_domains: frozenset[str] = frozenset()
    test_phones: frozenset[str] = frozenset()
    postal_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    capitals: CapitalsPolicy = CapitalsPolicy()
    misspellings: MisspellingPolicy = MisspellingPolicy()
    errors_stop: frozenset[str] = frozenset()

    def severity(self, rule: DataEntryRule, name: str) -> Severity:
        """How much a finding of this rule weighs in this field."""
        rules = self.fields.get(name)
        if rules is not None and rule in rules.severities:
            return rules.severities[rule]
        return self.severities.get(rule, Severity.WARNING)

    @property
    def spellings(self) -> dict[str, Spelling]:
        """The fields whose words or values make the vocabulary."""
        return {name: rules.misspellings for name, rules in self.fields.items() if rules.misspellings}

"""The section `data_entry`: what a company writes, what it gets, and what is wrong by line."""

from dataclasses import replace

import pytest

from dedup_service.company_files import load_policy, parse_policy
from dedup_service.company_files.data_entry_words import shipped_words
from dedup_service.domain.data_entry import (
    Capitals,
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
    find_in,
)
from dedup_service.domain.data_entry.vocabulary import NO_VOCABULARY
from dedup_service.domain.records import RecordKind
from scoring.vocabulary import word_set
from tests.company_files.changed_texts import SHIPPED, changed, line_of, problems

POLICY = load_policy(None).data_entry
BEFORE, _ = SHIPPED.split("\ndata_entry:\n")


def with_section(section: str) -> str:
    """The shipped policy with another section on data entry."""
    return f"{BEFORE}\ndata_entry:\n{section}"


def read(section: str) -> DataEntryPolicy:
    return parse_policy(with_section(section)).data_entry


def test_the_shipped_rules_stop_nothing_and_weigh_by_how_sure_they_are() -> None:
    """What is certainly wrong is an ERROR, what may be right is not."""
    assert POLICY.errors_stop == frozenset()
    errors = {rule for rule in DataEntryRule if POLICY.severity(rule, "city") is Severity.ERROR}
    assert errors == {
        DataEntryRule.REQUIRED,
        DataEntryRule.FORMAT,
        DataEntryRule.PATTERN,
        DataEntryRule.LENGTH,
        DataEntryRule.ALLOWED_VALUES,
    }
    assert set(POLICY.severities) == set(DataEntryRule)


def test_the_shipped_fields_have_their_formats() -> None:
    """Each kind of value that has a form is held to it."""
    formats = {name: rules.format for name, rules in POLICY.fields.items() if rules.format}
    assert formats == {
        "birth_date": Format.DATE,
        "email": Format.EMAIL,
        "secondary_email": Format.EMAIL,
        "phone": Format.PHONE,
        "mobile_phone": Format.PHONE,
        "website": Format.URL,
        "postal_code": Format.POSTAL_CODE,
        "country": Format.COUNTRY,
    }


def test_the_shipped_words_are_words() -> None:
    """No line of the file means something else in YAML, and matching's placeholders are among them."""
    words = shipped_words()
    assert words.placeholders > word_set("placeholders")
    assert {"tbd", "*do not use*"} <= words.placeholders
    assert set(words.written_so) == set(words.small_words) == set(Capitals)
    assert "" not in words.placeholders | words.test_values
    assert all(len(word) <= 3 for word in words.short_words)
    assert {"y", "on"} <= words.small_words[Capitals.COMPANY] | words.small_words[Capitals.TEXT]
    assert len(words.postal_codes) > 50


def test_a_policy_without_the_section_asks_nothing() -> None:
    """Policies that were written before there was one stay valid."""
    assert parse_policy(BEFORE + "\n").data_entry == DataEntryPolicy()


def test_everything_that_can_be_said_is_read() -> None:
    """A company's own section, key by key."""
    policy = read(
        """
  errors_stop: [shop, crm]
  severities: {FORMAT: WARNING}
  required:
    - {one_of: [custom.tier, email]}
    - {one_of: [city], kinds: [ACCOUNT], severity: SUGGESTION}
  fields:
    custom.tier:
      format: URL
      pattern: "[A-Z]+"
      pattern_means: capitals
      min_length: 2
      max_length: 9
      allowed_values: [Gold, Silver]
      short_forms: [tiers]
      misspellings: VALUES
      capitals: TEXT
      placeholders: false
      test_values: false
      accepted_values: [N/A]
      severities: {PATTERN: SUGGESTION}
  short_forms:
    tiers: {position: END, ends_before: [Ltd.], countries: [GB], forms: {Gd.: Gold, "*er": erste}}
  misspellings: {least_count: 7, times_as_many: 9}
  capitals: {least_letters: 8}
"""
    )
    assert policy.errors_stop == {"shop", "crm"}
    assert policy.severities == {DataEntryRule.FORMAT: Severity.WARNING}
    assert policy.required == (
        RequiredFields(("custom.tier", "email"), frozenset(), Severity.WARNING),
        RequiredFields(("city",), frozenset({RecordKind.ACCOUNT}), Severity.SUGGESTION),
    )
    assert policy.fields == {
        "custom.tier": FieldRules(
            format=Format.URL,
            pattern="[A-Z]+",
            pattern_means="capitals",
            min_code_points=2,
            max_code_points=9,
            allowed_values=("Gold", "Silver"),
            short_forms=("tiers",),
            misspellings=Spelling.VALUES,
            capitals=Capitals.TEXT,
            placeholders=False,
            test_values=False,
            accepted_values=frozenset({"n a"}),
            severities={DataEntryRule.PATTERN: Severity.SUGGESTION},
        )
    }
    forms = {"gd": "Gold", "*er": "erste"}
    assert policy.short_forms == {
        "tiers": ShortForms(forms, Position.END, frozenset({"ltd"}), frozenset({"GB"}))
    }
    assert policy.misspellings == MisspellingPolicy(7, 9)
    assert policy.capitals.least_letter_count == 8


def test_words_are_added_and_left_out() -> None:
    """The shipped words stay but for those that a policy leaves out."""
    policy = read(
        """
  words:
    placeholders: {add: ["*Gesperrt*", K.A.A.], leave_out: [tbd]}
    test_values: {add: [Probe], leave_out: [demo]}
    test_domains: {add: [probe.example], leave_out: [test.com]}
    test_phones: {add: ["+4930231250??"]}
    written_so: {COMPANY: {add: [DATEV], leave_out: [IBM]}}
    small_words: {PERSON: {add: [zu], leave_out: [von]}}
    short_words: {add: [gin], leave_out: [tea]}
    postal_codes: {add: {DE: [99-999]}, leave_out: [GB]}
"""
    )
    shipped = shipped_words()
    assert policy.placeholders == (shipped.placeholders - {"tbd"}) | {"*gesperrt*", "k a a"}
    assert policy.test_values == (shipped.test_values - {"demo"}) | {"probe"}
    assert policy.test_domains == (shipped.test_domains - {"test.com"}) | {"probe.example"}
    assert policy.test_phones == shipped.test_phones | {"+4930231250??"}
    written_so = policy.capitals.written_so
    assert (written_so[Capitals.COMPANY]["datev"], written_so[Capitals.COMPANY].get("ibm")) == ("DATEV", None)
    assert written_so[Capitals.TEXT] == shipped.written_so[Capitals.TEXT]
    assert {"zu", "von"} & policy.capitals.small_words[Capitals.PERSON] == {"zu"}
    assert {"gin", "tea"} & policy.capitals.short_words == {"gin"}
    assert (policy.postal_codes["DE"], policy.postal_codes.get("GB")) == (("99-999",), None)


BAD = [
    ("errors_stop: []", "errors_stop: [webshop]", "data_entry.errors_stop[0]", "unknown source"),
    ("FORMAT: ERROR", "FORMAT: FATAL", "data_entry.severities.FORMAT", "unknown severity"),
    ("CAPITALS: SUGGESTION", "CAPITAL: SUGGESTION", "data_entry.severities.CAPITAL", "unknown rule"),
    ("{kinds: [CONTACT], one_of", "{kinds: [PERSON], one_of", "data_entry.required[1].kinds[0]", "unknown"),
    ("    email: {format", "    mail: {format", "data_entry.fields.mail", "unknown field"),
    (
        "website: {format: URL}",
        "website: {format: WEB}",
        "data_entry.fields.website.format",
        "unknown format",
    ),
    (
        "website: {format: URL}",
        'website: {pattern: "(a"}',
        "data_entry.fields.website.pattern",
        "must be a regular expression as RE2 takes it: missing )",
    ),
    (
        "website: {format: URL}",
        "website: {min_length: 9, max_length: 3}",
        "data_entry.fields.website.max_length",
        "must be at least min_length (9)",
    ),
    (
        "given_name: {capitals: PERSON, accepted_values: [Na]}",
        "given_name: {misspellings: WORDS}",
        "data_entry.fields.given_name.misspellings",
        "nobody is shown words of other people's names",
    ),
    ("[job_titles], miss", "[titles], miss", "data_entry.fields.job_title.short_forms[0]", "unknown table"),
    (
        "Co: Company}",
        "Co: Acme Ltd.}",
        "data_entry.short_forms.legal_forms.forms.Co",
        "is written with a short form of this table",
    ),
    (
        "countries: [DE, AT]",
        "countries: [XX]",
        "data_entry.short_forms.german_streets.countries[0]",
        "unknown",
    ),
    ("{least_count: 5,", "{least_count: 1,", "data_entry.misspellings.least_count", "from 2 to"),
    (
        "words: {}",
        "words: {placeholders: {leave_out: [nix]}}",
        "data_entry.words.placeholders.leave_out[0]",
        "none",
    ),
    ("words: {}", "words: {test_phones: {add: [call]}}", "data_entry.words.test_phones.add[0]", "digits"),
    (
        "words: {}",
        "words: {postal_codes: {add: {DE: [12345]}}}",
        "data_entry.words.postal_codes.add.DE[0]",
        "form",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "says"), BAD)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, path: str, says: str) -> None:
    """One problem each, at the line where it stands."""
    text = changed((old, new))
    (problem,) = problems(text)
    assert (problem.path, problem.line) == (path, line_of(new, text))
    assert says in problem.message


def test_an_unquoted_null_is_told_to_be_nothing() -> None:
    """YAML reads the family name Null as nothing; a company that writes it so is told."""
    (problem,) = problems(changed(('["Null", Na', "[Null, Na")))
    assert problem.path == "data_entry.fields.family_name.accepted_values[0]"


def test_a_company_adds_a_field_and_its_rules_without_code() -> None:
    """From the text of a policy to a finding, with nothing in between."""
    policy = read(
        '  fields: {custom.region_code: {pattern: "[A-Z]{2}", pattern_means: two capital letters}}\n'
    )
    (finding,) = find_in({"custom.region_code": "bavaria"}, None, policy, NO_VOCABULARY)
    assert finding.field == "values.custom.region_code"
    assert finding.message == "is not what this field takes: write two capital letters"


def test_the_words_that_matching_skips_can_be_told_apart() -> None:
    """Leaving a placeholder out makes it a value like any other."""
    policy = replace(POLICY, placeholders=POLICY.placeholders - {"customer"}, required=())
    assert find_in({"city": "Customer"}, None, policy, NO_VOCABULARY) == ()
    assert [each.rule for each in find_in({"city": "Customer"}, None, POLICY, NO_VOCABULARY)] == [
        "PLACEHOLDER"
    ]

"""Hold the values of one record against the rules of data entry (domain 10)."""

from collections.abc import Callable, Iterator, Mapping

from dedup_service.domain.countries import country_of
from dedup_service.domain.data_entry.allowed_values import allowed_value_problem, length_problem
from dedup_service.domain.data_entry.capitals import capitals
from dedup_service.domain.data_entry.dates import date_problem
from dedup_service.domain.data_entry.email_addresses import email_problem
from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule, Finding
from dedup_service.domain.data_entry.misspellings import misspelling
from dedup_service.domain.data_entry.patterns import pattern_problem
from dedup_service.domain.data_entry.placeholders import placeholder, stands_for_none
from dedup_service.domain.data_entry.places import country_problem, postal_code_problem
from dedup_service.domain.data_entry.policy import DataEntryPolicy, FieldRules, Format, RequiredFields
from dedup_service.domain.data_entry.short_forms import short_form
from dedup_service.domain.data_entry.telephone_numbers import phone_problem
from dedup_service.domain.data_entry.test_values import test_value
from dedup_service.domain.data_entry.vocabulary import Vocabulary
from dedup_service.domain.data_entry.web_addresses import url_problem
from dedup_service.domain.fields import MAX_FIELDS, is_known_field, max_code_points
from dedup_service.domain.records import RecordKind
from scoring.text import normalise

_RuleOf = Callable[[Entry], Problem | None]

_FORMATS: dict[Format, _RuleOf] = {
    Format.EMAIL: email_problem,
    Format.PHONE: phone_problem,
    Format.URL: url_problem,
    Format.DATE: date_problem,
    Format.COUNTRY: country_problem,
    Format.POSTAL_CODE: postal_code_problem,
}
_OF_THE_TRUE_VALUE: tuple[_RuleOf, ...] = (pattern_problem, length_problem, allowed_value_problem)
_OF_THE_WRITING: tuple[_RuleOf, ...] = (misspelling, short_form, capitals)
_NO_RULES = FieldRules()


def find_in(
    values: Mapping[str, str], kind: RecordKind | None, policy: DataEntryPolicy, vocabulary: Vocabulary
) -> tuple[Finding, ...]:
    """Everything to correct in the values of one record, the weightiest first, then by field and rule.

    `kind` is None while it is not known: then only what holds for every kind is asked. Values that no record
    may carry (`validation`) are passed over, since that refuses them with a reason of its own.
    """
    country = country_of(values.get("country", "").strip())
    entries = [
        Entry(name, text, normalise(text), country, policy.fields.get(name, _NO_RULES), policy, vocabulary)
        for name, value in sorted(values.items())[:MAX_FIELDS]
        if is_known_field(name) and len(value) <= max_code_points(name) and (text := value.strip())
    ]
    found = [
        Finding(
            policy.severity(problem.rule, entry.name),
            path_of(entry.name),
            problem.rule,
            problem.message,
            _storable(problem.suggested_value, entry.name),
        )
        for entry in entries
        for problem in _problems(entry)
    ]
    found += _missing({entry.name for entry in entries if not stands_for_none(entry)}, kind, policy)
    return tuple(sorted(found, key=lambda each: (each.severity.rank, each.field, each.rule)))


def path_of(name: str) -> str:
    """The path of a field below its record."""
    return f"values.{name}"


def _problems(entry: Entry) -> Iterator[Problem]:
    if entry.plain in entry.rules.accepted_values:
        return
    says_nothing = [problem for rule in (placeholder, test_value) if (problem := rule(entry))]
    yield from says_nothing
    if entry.rules.format and (problem := _FORMATS[entry.rules.format](entry)):
        yield problem
    for rule in _OF_THE_TRUE_VALUE:
        if problem := rule(entry):
            yield problem
    # How a value is written that stands for none matters to nobody.
    for rule in () if says_nothing else _OF_THE_WRITING:
        if problem := rule(entry):
            yield problem


def _missing(given: set[str], kind: RecordKind | None, policy: DataEntryPolicy) -> Iterator[Finding]:
    for required in policy.required:
        holds = not required.kinds or kind in required.kinds
        if holds and given.isdisjoint(required.one_of):
            yield Finding(
                required.severity,
                path_of(required.one_of[0]),
                DataEntryRule.REQUIRED,
                _asked_for(required, kind),
            )


def _asked_for(required: RequiredFields, kind: RecordKind | None) -> str:
    whom = f"in a record of kind {kind}" if required.kinds else "in every record"
    if len(required.one_of) == 1:
        return f"is required {whom}: fill it in"
    return f"one of {', '.join(required.one_of)} is required {whom}: fill in at least one"


def _storable(suggested_value: str, name: str) -> str:
    """The suggestion, unless the field could not hold it."""
    return suggested_value if len(suggested_value) <= max_code_points(name) else ""

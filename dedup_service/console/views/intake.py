"""The form of a person or company who is taken in, and what intake says of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dedup_service.client import ServiceError, Violation
from dedup_service.console.options import Person
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views.company_rules import CompanyRules
from dedup_service.v1.core_pb2 import Fact
from dedup_service.v1.intake_service_pb2 import (
    DataEntryFinding,
    IntakeAction,
    IntakeStep,
    RouteRequest,
)
from dedup_service.v1.record_service_pb2 import Record

PERSON, COMPANY = "person", "company"
_PERSON_FIELDS = ("given_name", "family_name", "company_name", "job_title")
_COMPANY_FIELDS = ("company_name", "industry")
_WAYS_TO_REACH = ("email", "phone")
_ADDRESS = ("street", "postal_code", "city", "country")
_MORE_OF_A_PERSON = ("mobile_phone", "secondary_email", "birth_date", "website", "lead_source")
_MORE_OF_A_COMPANY = ("tax_id", "registration_number", "customer_number", "lead_source")
_PATHS = ("record.values[", "record.values.", "values[", "values.")

ACTIONS = {
    IntakeAction.INTAKE_ACTION_INSERT: _("A new record: nobody like this is known."),
    IntakeAction.INTAKE_ACTION_INSERT_WITH_PROPOSAL: _(
        "A new record that may be a duplicate: a merge proposal will wait for a decision."
    ),
    IntakeAction.INTAKE_ACTION_UPDATE: _("No new record: this one is known, and gets what it lacks."),
}
STEPS = {
    IntakeStep.INTAKE_STEP_NAMED_ACCOUNT: _("Named account"),
    IntakeStep.INTAKE_STEP_CURRENT_ACCOUNT: _("Current account"),
    IntakeStep.INTAKE_STEP_MUST_TRANSACT: _("Business at once"),
    IntakeStep.INTAKE_STEP_GIVEN_KIND: _("Kept so by the source"),
    IntakeStep.INTAKE_STEP_LEAD: _("Lead"),
}
RUNGS = {
    "OWNER": _("it has an owner"),
    "ACCOUNT_REPRESENTATIVE": _("the account's representative"),
    "NAMES": _("the queue of names"),
    "EXCEPTION": _("an exception in the territories"),
    "GOVERNMENT_OR_INDUSTRY": _("government or industry"),
    "LOCAL_GEOGRAPHY": _("local geography"),
    "COUNTRY": _("the country"),
    "GENERAL_QUEUE": _("the general queue"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one field: `severity` 1 wrong, 2 most likely wrong, 3 could be better."""

    severity: int
    message: str
    suggestion: str = ""
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the form, for a `person`, a `company` or `both`; it suggests `choices`."""

    field: str
    of: str
    group: str
    value: str = ""
    choices: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """A source, the function that it belongs to, and whether the visitor may write it."""

    name: str
    function: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What the form holds."""

    kind: str
    source: str
    values: Mapping[str, str]
    must_transact: bool
    has_asked: bool
    asked_time: str

    @property
    def is_blank(self) -> bool:
        return not self.values


def fields_of(kind: str, rules: CompanyRules) -> tuple[str, ...]:
    """The fields of a person or company, in their order."""
    own, more = (
        (_COMPANY_FIELDS, _MORE_OF_A_COMPANY) if kind == COMPANY else (_PERSON_FIELDS, _MORE_OF_A_PERSON)
    )
    shared = ("website",) if kind == COMPANY else ()
    return (*own, *_WAYS_TO_REACH, *_ADDRESS, *more, *shared, *rules.custom_fields)


def entry_of(
    form: Mapping[str, str], rules: CompanyRules, sources: Iterable[SourceChoice], now: datetime
) -> Entry:
    """Read the form; what is not for its kind is left out.

    A full name, as the search hands it over, is taken apart before its last word, for the visitor to correct.
    """
    kind = COMPANY if form.get("kind") == COMPANY else PERSON
    values = {field: text for field in fields_of(kind, rules) if (text := form.get(field, "").strip())}
    full_name = form.get("full_name", "").strip()
    if kind == PERSON and full_name and "family_name" not in values:
        given, _space, family = full_name.rpartition(" ")
        values |= {"given_name": given, "family_name": family} if given else {"family_name": family}
    names = [source.name for source in sources]
    source = form.get("source", "")
    return Entry(
        kind,
        source if source in names else next(iter(names), ""),
        values,
        form.get("must_transact") == "yes",
        form.get("has_asked") == "yes",
        _moment(form.get("asked_time", ""), now),
    )


def _moment(text: str, now: datetime) -> str:
    """A time of the form, the same however often it is sent; now where there is none yet."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        return now.isoformat()
    return (told if told.tzinfo and told <= now else now).isoformat()


def sources_for(person: Person | None, rules: CompanyRules) -> list[SourceChoice]:
    """The sources, those first that the visitor may write: of the functions that they hold."""
    functions = person.functions if person is not None else ()
    choices = [SourceChoice(name, of, of in functions) for name, of in rules.sources.items()]
    return sorted(choices, key=lambda choice: not choice.is_own)


def request_of(entry: Entry, *, validate_only: bool, request_id: str = "") -> RouteRequest:
    """The question to intake, for a record without an id of its source."""
    record = Record(name=f"sources/{entry.source}/records/-", values=entry.values)
    if entry.has_asked:
        fact = Fact(name="requested")
        fact.time.FromDatetime(datetime.fromisoformat(entry.asked_time).astimezone(UTC))
        record.facts.append(fact)
    return RouteRequest(
        record=record,
        must_transact=entry.must_transact,
        validate_only=validate_only,
        request_id=request_id,
    )


def inputs_of(
    entry: Entry, rules: CompanyRules, findings: Mapping[str, tuple[Finding, ...]]
) -> tuple[Input, ...]:
    """Every field that a person or a company may have, each once, in the order in which they are shown."""
    people, companies = fields_of(PERSON, rules), fields_of(COMPANY, rules)
    order = ("given_name", "family_name", "company_name", "job_title", "industry")
    more = (*_MORE_OF_A_PERSON, *_MORE_OF_A_COMPANY)
    inputs = []
    for field in dict.fromkeys((*order, *_WAYS_TO_REACH, *_ADDRESS, *more, *people, *companies)):
        of = "both" if field in people and field in companies else PERSON if field in people else COMPANY
        group = (
            "address"
            if field in _ADDRESS
            else "more"
            if field in more
            else "custom"
            if "." in field
            else "who"
        )
        inputs.append(
            Input(
                field,
                of,
                group,
                entry.values.get(field, ""),
                rules.custom_fields.get(field, ()),
                findings.get(field, ()),
            )
        )
    return tuple(inputs)


def findings_of(found: Iterable[DataEntryFinding], kind: str) -> dict[str, tuple[Finding, ...]]:
    """The findings by field. One about a full name stands beside the family name, where the form has it."""
    by_field: dict[str, list[Finding]] = {}
    for each in found:
        field = _field_of(each.field, kind)
        by_field.setdefault(field, []).append(Finding(each.severity, each.message, each.suggested_value))
    return {field: tuple(several) for field, several in by_field.items()}


def refusals_of(violations: Iterable[Violation], kind: str) -> dict[str, tuple[Finding, ...]]:
    """What the service refuses, by field; under an empty name what is about no field of the form."""
    by_field: dict[str, list[Finding]] = {}
    for each in violations:
        field = _field_of(each.subject, kind)
        by_field.setdefault(field, []).append(Finding(1, each.description, is_refusal=True))
    return {field: tuple(several) for field, several in by_field.items()}


def _field_of(path: str, kind: str) -> str:
    for prefix in _PATHS:
        if path.startswith(prefix):
            path = path.removeprefix(prefix).removesuffix("]")
            break
    else:
        return ""
    if path == "full_name":
        return "company_name" if kind == COMPANY else "family_name"
    return path


def refusal_of(error: ServiceError, fields: Iterable[str]) -> str:
    """What to say at the top of the form; nothing where all that is refused stands beside its field."""
    return "" if error.violations and "" not in set(fields) else error.message

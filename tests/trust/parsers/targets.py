"""What is fuzzed, and what must hold of each for any input: no error but the documented, normal forms that
stay, bounded output.

Of an e-mail address, a telephone number, an identifier or a domain the form is made once of what was written
and is no input of the same function again: of junk it need not stay.

The fuzzer reports whatever these functions raise, an input that takes seconds, and memory that grows.
"""

import csv
import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import typer

import scoring
from dedup_service.cli.columns import ColumnPlan, plan_columns
from dedup_service.cli.csv_rows import RecordReader, rows_of
from dedup_service.company_files import CompanyFileError, load_policy, parse_policy, parse_principals
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import FIELDS
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind
from dedup_service.domain.validation import draft_violations
from dedup_service.rpc import resource_names
from dedup_service.rpc.page_tokens import PageTokens
from dedup_service.rpc.revision_tokens import ForeignTokenError, RevisionTokens
from dedup_service.rpc.update_masks import update_mask
from dedup_service.v1.core_pb2 import RecordKind as Kind
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, UpdateRecordRequest
from dedup_service.workflows.filters import parse_filter
from scoring.attributes.company_parts import other_company_names, parse_company_name
from scoring.attributes.date import normalise_date
from scoring.attributes.description import normalise_birth_place, normalise_job_title
from scoring.attributes.email import normalise_email, read_addresses
from scoring.attributes.identifier import normalise_identifier
from scoring.attributes.person_parts import parse_other_name, parse_person_name
from scoring.attributes.phone import normalise_phone, read_phones
from scoring.attributes.place import (
    normalise_city,
    normalise_country,
    normalise_postal_code,
    normalise_region,
)
from scoring.attributes.street import parse_any_street, parse_street
from scoring.attributes.street_line import parse_line
from scoring.attributes.website import normalise_domain
from scoring.text import normalise

# Of normal forms: an expanded ligature takes more than what it was written with.
MOST_CODE_POINTS = 4096
COUNTRIES = ("", "GB", "DE", "JP", "US", "??")
# The digits of E.164, a dialling code that was missing, and the +.
_LONGEST_NUMBER = 20
MILLION = 1_000_000
_POLICY = load_policy(None)
_FILTER_FIELDS = {"state": frozenset({"PENDING", "ACTIVE"}), "record": None, "functions": None}
_PAGES = PageTokens("fuzzed")
_REVISIONS = RevisionTokens("fuzzed")


@dataclass(frozen=True, slots=True)
class Target:
    """A function of the text of an input; `runs` of the whole proof, fewer where one costs much."""

    check: Callable[[str], None]
    seeds: tuple[str, ...]
    runs: int = MILLION
    longest: int = 200
    why_fewer: str = ""


def _as_sent(text: str) -> str:
    """A text as a call can carry it: protobuf takes no surrogates."""
    return text.encode("utf-8", "replace").decode()


def _stays(form: Callable[[str], str], text: str) -> None:
    once = form(text)
    assert form(once) == once, (once, form(once))
    assert len(once) <= MOST_CODE_POINTS


def texts(text: str) -> None:
    _stays(normalise, text)


def people(text: str) -> None:
    given, _, family = normalise(text).partition(" ")
    for name in (
        parse_person_name(given, "", family),
        parse_person_name("", "", "", full=normalise(text)),
        parse_other_name(normalise(text)),
    ):
        assert sum(map(len, (name.given, name.middle, name.family, name.suffix))) <= MOST_CODE_POINTS


def companies(text: str) -> None:
    name = parse_company_name(text)
    assert len(name.core) <= MOST_CODE_POINTS
    assert len(other_company_names(text)) <= MOST_CODE_POINTS


def phones(text: str) -> None:
    country = COUNTRIES[len(text) % len(COUNTRIES)]
    assert len(normalise_phone(text, country)) <= _LONGEST_NUMBER
    assert len(read_phones(text, country)) <= 8


def emails(text: str) -> None:
    assert len(normalise_email(text)) <= MOST_CODE_POINTS
    assert len(read_addresses(text)) <= 64


def addresses(text: str) -> None:
    for street in (parse_street(text), parse_any_street(text)):
        assert len(str(street)) <= MOST_CODE_POINTS
    assert sum(map(len, parse_line(text))) <= MOST_CODE_POINTS
    country = COUNTRIES[len(text) % len(COUNTRIES)]
    for form in (normalise_city, normalise_region, normalise_country):
        _stays(form, text)
    _stays(lambda code: normalise_postal_code(code, country), text)


def other_values(text: str) -> None:
    _stays(normalise_date, text)
    for form in (normalise_identifier, normalise_domain, normalise_job_title, normalise_birth_place):
        assert len(form(text)) <= MOST_CODE_POINTS


def filters(text: str) -> None:
    with suppress(InvalidInput):
        conditions = parse_filter(text, _FILTER_FIELDS)
        again = " AND ".join(f'{each.field} {each.operator} "{each.value}"' for each in conditions)
        assert parse_filter(again, _FILTER_FIELDS) == conditions


def tokens(text: str) -> None:
    text = _as_sent(text)
    request = ListRecordsRequest(parent="sources/crm", page_token=text)
    with suppress(InvalidInput):
        cursor = _PAGES.cursor(request)
        # Nobody makes one without the key.
        assert cursor is None, text
    with suppress(InvalidInput, ForeignTokenError):
        position = _REVISIONS.position(RevisionToken(token=text), "revision")
        assert position is None or _REVISIONS.at(position).token == text


def names(text: str) -> None:
    text = _as_sent(text)
    for read in (
        resource_names.record_key,
        resource_names.golden_or_record,
        resource_names.source_or_any,
        resource_names.change_place,
        resource_names.cleanup_run_ids,
        resource_names.proposal_id,
    ):
        with suppress(InvalidInput):
            read(text, "name")
    mask = UpdateRecordRequest()
    mask.update_mask.paths.extend(text.split(",")[:300])
    with suppress(InvalidInput):
        update_mask(mask, "update_mask")


def rows(text: str) -> None:
    """A row of each sort of column, and no error but those of its cells."""
    header = ("Id", "Email", *(f"fact.{name}" for name in FACTS), "owner", "source_update_time")
    reader = RecordReader("crm", Kind.RECORD_KIND_CONTACT, _columns(header))
    body = f"1,{text}\n{','.join([text.replace(',', ' ')] * len(header))}\n"
    for row in rows_of(csv.reader(io.StringIO(body))):
        record, problems = reader.record(row)
        assert record.ByteSize() <= 10 * len(body) + 1000
        assert all(problems)


def _columns(header: tuple[str, ...]) -> ColumnPlan:
    if header not in _PLANS:
        _PLANS[header] = plan_columns(header, "CONTACT", [])
    return _PLANS[header]


_PLANS: dict[tuple[str, ...], ColumnPlan] = {}


def columns(text: str) -> None:
    header, _, mapping = text.partition("\n")
    with suppress(typer.BadParameter):
        plan = plan_columns(header.split(","), "ACCOUNT", mapping.split())
        plan.cells(["x"] * len(plan.header))


def records(text: str) -> None:
    parts = (text.split("\x1f") * len(FIELDS))[: len(FIELDS)]
    values = dict(zip(FIELDS, parts, strict=True))
    draft = RecordDraft(RecordKey("crm", text[:20] or "1"), RecordKind.CONTACT, values)
    if draft_violations(draft, frozenset({"sales"})):
        return
    comparable = scoring.prepare(values, scoring.Entity.PERSON)
    assert scoring.unpack(scoring.pack(comparable)) == comparable


def policies(text: str) -> None:
    with suppress(CompanyFileError):
        parse_policy(text)


def principals(text: str) -> None:
    with suppress(CompanyFileError):
        parse_principals(text, _POLICY)


_YAML = "each input goes through a YAML reader that keeps places, which is written in Python"
TARGETS: Mapping[str, Target] = {
    "text": Target(texts, ("Straße İ ﬃ", "Ωμέγα カタカナ", "a\u0301" * 20, "\ufdfa")),
    "people": Target(people, ("dr anna maria von der berg jr", "ng wei ling", "o neill mac donald")),
    "companies": Target(companies, ("Müller & Söhne GmbH & Co. KG", "IBM (UK) Ltd.", "株式会社", "a/s b")),
    "phones": Target(phones, ("+44 (0)20 7946 0958 ext. 12", "0171/1234567; 030 22", "1.23E+11")),
    "emails": Target(emails, ("Ann <a.b+c@x.example>; d@e.f", "mailto:x@y", "@@", "a at b dot c")),
    "addresses": Target(addresses, ("12b High St., Flat 3", "Hauptstr. 5-7, 10115 Berlin", "東京都1-2-3")),
    "other values": Target(other_values, ("31.12.1999", "昭和60年1月2日", "https://x.co.uk/a?b", "***-12")),
    "filters": Target(filters, ('state = PENDING AND record:"x"', "functions != a", "a AND b", 'record = "')),
    "tokens": Target(tokens, (_REVISIONS.message(7).token, "AAAA", "ASMONCz1eQAAAAAA", "=" * 8)),
    "names": Target(names, ("sources/crm/records/1", "changes/12-3", "cleanupJobs/a/runs/b", "values.email")),
    "rows": Target(rows, ("a@b.c,1,2,1200.50 EUR", '"x"",', "2026-01-31T12:00:00+00:00", "1e99999 EUR")),
    "columns": Target(
        columns,
        ("Id,Email,Name\nEmail=email", "First Name,Surname,Phone 1,Phone 2,ID", "id,Firma,PLZ,Ort"),
        200_000,
        why_fewer="each input weighs every column against every field",
    ),
    "records": Target(
        records,
        ("Ann\x1fAbel\x1fann@x.example\x1f+44 20 7946 0958", "x", "1\x1f2"),
        200_000,
        why_fewer="each input is a whole record",
    ),
    "policies": Target(
        policies,
        ("version: x\nfunctions: {a: b}", "a: &a [*a]", "- [", "? {x: y}"),
        100_000,
        why_fewer=_YAML,
    ),
    "principals": Target(
        principals,
        ("users:\n  ann: {functions: [sales]}", "services: {x: {sources: ['*']}}", "!!python/x y"),
        100_000,
        why_fewer=_YAML,
    ),
}

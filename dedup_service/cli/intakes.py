"""`route`, `convert` and `intakes`: who is who, and what was decided before."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from google.protobuf.json_format import ParseDict, ParseError

from dedup_service.cli.assignments import facts_of, values_of
from dedup_service.cli.comparing import kind_of
from dedup_service.cli.intake_view import list_intakes, show_answer, show_conversion
from dedup_service.cli.paging import paged
from dedup_service.cli.problems import CommandError
from dedup_service.cli.session import Session
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import (
    ConvertLeadRequest,
    ListIntakesRequest,
    RouteRequest,
)
from dedup_service.v1.record_service_pb2 import Record

# In the place of an id: the service gives one.
ID_TO_BE_GIVEN = "-"
STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Said:
    """What the words of the command line say of a record; empty ones say nothing."""

    source: str
    record_id: str
    kind: str
    account: str
    person_account: bool
    values: Sequence[str]
    facts: Sequence[str]


def record_of(said: Said) -> Record:
    """The record that the words describe.

    Raises:
        typer.BadParameter: no source or no value is said, or a word has another form.
    """
    if not said.source:
        raise typer.BadParameter("say whose record it is, such as --source crm", param_hint="--source")
    if not said.values:
        raise typer.BadParameter(
            "say something of them, such as email=ann@example.org", param_hint="FIELD=VALUE"
        )
    return Record(
        name=f"sources/{said.source.removeprefix('sources/')}/records/{said.record_id or ID_TO_BE_GIVEN}",
        kind=kind_of(said.kind) if said.kind else RecordKind.RECORD_KIND_UNSPECIFIED,
        values=values_of(said.values, "FIELD=VALUE"),
        facts=facts_of(said.facts, "--fact"),
        account=said.account,
        person_account=said.person_account,
    )


def record_of_file(place: str, said: Said) -> Record:
    """The record of a JSON object, such as `dedup show --json` prints it, in a file or on standard input.

    Words of the command line beside it would leave open which of the two counts.

    Raises:
        typer.BadParameter: there are such words.
        CommandError: the file cannot be read, or holds no record.
    """
    if said.values or said.facts or said.kind or said.account or said.person_account:
        raise typer.BadParameter(
            "the record is in the file: leave the other words out", param_hint="--json-file"
        )
    try:
        text = sys.stdin.read() if place == STANDARD_INPUT else Path(place).read_text("utf-8")
        record = ParseDict(json.loads(text), Record())
    except UnicodeDecodeError:
        raise CommandError(f"{place} is not UTF-8") from None
    except (json.JSONDecodeError, ParseError, AttributeError, RecursionError) as error:
        raise CommandError(f"{place} holds no record as JSON: {error}") from None
    if said.source or said.record_id or not record.name:
        source = said.source.removeprefix("sources/")
        if not source:
            raise typer.BadParameter("the record has no name: say its source", param_hint="--source")
        record.name = f"sources/{source}/records/{said.record_id or ID_TO_BE_GIVEN}"
    return record


def route(session: Session, record: Record, must_transact: bool, dry_run: bool) -> None:
    """Route one record, and say what was done and why."""
    request = RouteRequest(record=record, must_transact=must_transact, validate_only=dry_run)
    answer = session.client.intake.Route(request)
    if session.output.as_json:
        session.output.json(answer)
        return
    show_answer(session.output, answer, preview=dry_run)


def convert(session: Session, request: ConvertLeadRequest) -> None:
    """Convert a lead, and say what it became and why."""
    answer = session.client.intake.ConvertLead(request)
    if session.output.as_json:
        session.output.json(answer)
        return
    show_conversion(session.output, answer, preview=request.validate_only, named=bool(request.target))


def listed(session: Session, filter_text: str, limit: int) -> None:
    """List past intakes, the newest first."""
    request = ListIntakesRequest(filter=filter_text)
    out = session.output
    found, more = paged(out, request, session.client.intake.ListIntakes, lambda answer: answer.intakes, limit)
    if not out.as_json:
        list_intakes(out, found, more=more)

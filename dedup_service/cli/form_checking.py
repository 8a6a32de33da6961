"""`validate`: the values of one form against the rules of data entry."""

from collections.abc import Iterable

import typer

from dedup_service.cli.assignments import values_of
from dedup_service.cli.comparing import kind_of
from dedup_service.cli.intake_view import show_findings
from dedup_service.cli.session import Session
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import DataEntryFinding, FindingSeverity, ValidateRequest


def form_of(words: Iterable[str], kind: str) -> ValidateRequest:
    """The request that the words of the command line make.

    Raises:
        typer.BadParameter: a word of another form, or of no field or kind.
    """
    return ValidateRequest(
        values=values_of(words, "FIELD=VALUE"),
        kind=kind_of(kind) if kind else RecordKind.RECORD_KIND_UNSPECIFIED,
    )


def check(session: Session, form: ValidateRequest) -> None:
    """Show the findings; exit code 1 when one is an ERROR."""
    answer = session.client.intake.Validate(form)
    out = session.output
    if out.as_json:
        out.json(answer)
    elif answer.findings:
        show_findings(out, answer.findings)
    else:
        out.line("nothing is wrong", "green")
    if any(map(is_error, answer.findings)):
        raise typer.Exit(1)


def is_error(finding: DataEntryFinding) -> bool:
    return finding.severity == FindingSeverity.FINDING_SEVERITY_ERROR

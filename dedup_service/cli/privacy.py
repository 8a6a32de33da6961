"""What the privacy commands do."""

from collections.abc import Iterable, Iterator

import typer

from dedup_service.cli.output import Output
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest
from dedup_service.v1.privacy_service_pb2 import (
    ErasureCertificate,
    ExportRecordRequest,
    GetErasureCertificateRequest,
)
from dedup_service.v1.record_service_pb2 import EraseRecordRequest

_GOLDEN = "goldenRecords/"


def export(session: Session, names: Iterable[str]) -> None:
    """Print everything, a line each."""
    for name in _records(session, names):
        for message in session.client.privacy.ExportRecord(ExportRecordRequest(name=name)):
            session.output.json(message)


def erase(session: Session, names: Iterable[str], reason: str, *, asked: bool) -> None:
    """Erase the records one after the other; what was erased stays so when a later one fails."""
    found = list(_records(session, names))
    if asked:
        typer.confirm(f"Erase {', '.join(found)} for good? Nothing brings the values back", abort=True)
    for name in found:
        session.client.records.EraseRecord(EraseRecordRequest(name=name, reason=reason))
    certificates(session, found)


def certificates(session: Session, names: Iterable[str]) -> None:
    """Show the certificate of each record."""
    for name in names:
        request = GetErasureCertificateRequest(name=f"{name}/erasureCertificate")
        found = session.client.privacy.GetErasureCertificate(request)
        if session.output.as_json:
            session.output.json(found)
        else:
            _say(session.output, found)


def _say(out: Output, found: ErasureCertificate) -> None:
    record = found.name.removesuffix("/erasureCertificate")
    out.line(
        f"{record} was erased by {found.principal} on {moment(found.create_time)}: {found.reason}", "bold"
    )
    for place in found.places:
        if place.count:
            out.line(f"  {place.count:>6}  {place.place}")
    for left in found.left:
        out.line(f"  left: {left}", "yellow")
    out.line(f"  certificate {found.digest}", "dim")
    out.line(f"  audit head  {found.audit_head.hash}@{found.audit_head.revision}", "dim")


def _records(session: Session, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name.startswith(_GOLDEN):
            yield from session.client.golden_records.GetGoldenRecord(
                GetGoldenRecordRequest(name=name)
            ).members
        else:
            yield name

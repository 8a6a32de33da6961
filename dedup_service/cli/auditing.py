"""What the audit commands do."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import typer

from dedup_service.cli.problems import CommandError
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural
from dedup_service.v1.audit_service_pb2 import (
    KnownAuditHead,
    ListAuditEntriesRequest,
    VerifyAuditRequest,
    VerifyAuditResponse,
)

AUDIT_SECONDS = 600.0
_PAGE = 1000
_HEAD = re.compile(r"\b([0-9a-f]{64})@([0-9]{1,18})\b", re.ASCII)
_PUBLISHED = 'action = "PublishAuditHead"'


def read_heads(given: Iterable[str], file: Path | None) -> list[KnownAuditHead]:
    """The heads of the command line and of a file, each once."""
    found: dict[tuple[int, str], None] = {}
    for text in given:
        match = _HEAD.fullmatch(text)
        if match is None:
            raise typer.BadParameter(f"{text!r} is no HASH@REVISION", param_hint="--head")
        found[int(match[2]), match[1]] = None
    if file is not None:
        read = {(int(m[2]), m[1]): None for m in _HEAD.finditer(file.read_text("utf-8", errors="replace"))}
        if not read:
            raise typer.BadParameter("holds no HASH@REVISION", param_hint="--heads")
        found |= read
    return [KnownAuditHead(revision=revision, hash=digest) for revision, digest in sorted(found)]


def verify(session: Session, known: list[KnownAuditHead]) -> None:
    """Check the chain, and that it contains the known heads."""
    answer = session.client.audit.VerifyAudit(VerifyAuditRequest(known_heads=known), timeout=AUDIT_SECONDS)
    out = session.output
    if out.as_json:
        out.json(answer)
    elif answer.holds:
        against = f", and contains {plural(len(known), 'known head')}" if known else ""
        out.line(f"the audit chain holds: {answer.entry_count:,} entries{against}")
        out.line(f"head {answer.known_head.hash}@{answer.known_head.revision}")
    if not answer.holds:
        raise CommandError(_broken(answer))


def _broken(answer: VerifyAuditResponse) -> str:
    when = f", of {moment(answer.first_broken_time)}" if answer.HasField("first_broken_time") else ""
    revision = answer.entry_count + 1
    said = f"the audit chain is broken at revision {revision}{when}: {answer.broken_reason}"
    if answer.HasField("confirmed_head"):
        said += f"; it is as it was up to revision {answer.confirmed_head.revision}"
    return f"{said}; keep the database as it is and compare it with a backup"


def list_heads(session: Session) -> None:
    """Every published head, a line each."""
    for revision, digest in _published(session):
        if session.output.as_json:
            session.output.json({"revision": revision, "hash": digest})
        else:
            session.output.line(f"{digest}@{revision}")


def _published(session: Session) -> Iterator[tuple[int, str]]:
    request = ListAuditEntriesRequest(page_size=_PAGE, filter=_PUBLISHED)
    while True:
        answer = session.client.audit.ListAuditEntries(request)
        for entry in answer.audit_entries:
            if (match := _HEAD.search(entry.detail)) is not None:
                yield int(match[2]), match[1]
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token

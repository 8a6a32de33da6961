"""`proposals`, `show`, `changes` and `verify-audit`: looking without touching."""

import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from dedup_service.cli.comparing import kind_of
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.cli.proposal_lists import listed_proposals
from dedup_service.cli.proposal_view import list_proposals, show_proposal
from dedup_service.cli.record_view import show_golden_record, show_merge, show_record
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural, shown, word
from dedup_service.v1.audit_service_pb2 import AuditHead, VerifyAuditRequest
from dedup_service.v1.change_service_pb2 import Change, ChangeType, ListChangesRequest
from dedup_service.v1.core_pb2 import RevisionToken
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest
from dedup_service.v1.merge_proposal_service_pb2 import (
    GetMergeProposalRequest,
    ListMergeProposalsRequest,
)
from dedup_service.v1.merge_service_pb2 import GetMergeRequest
from dedup_service.v1.record_service_pb2 import GetRecordRequest

PAGE_SIZE = 200
AUDIT_SECONDS = 600.0


def proposals(session: Session, filter_text: str, limit: int, newest_first: bool) -> None:
    """List merge proposals."""
    request = ListMergeProposalsRequest(
        filter=filter_text, order_by="create_time desc" if newest_first else ""
    )
    found, more = listed_proposals(session, request, limit)
    if session.output.as_json:
        return
    list_proposals(session.output, found, datetime.now(UTC))
    session.output.line(
        f"{plural(len(found), 'proposal')}{'; there are more: raise --limit' if more else ''}", "dim"
    )


def show(session: Session, name: str) -> None:
    """Show whatever the name is of."""
    collection = name.split("/", 1)[0]
    client, out = session.client, session.output
    if collection == "sources":
        record = client.records.GetRecord(GetRecordRequest(name=name))
        out.json(record) if out.as_json else show_record(out, record)
    elif collection == "goldenRecords":
        golden = client.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=name))
        out.json(golden) if out.as_json else show_golden_record(out, golden)
    elif collection == "mergeProposals":
        proposal = client.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))
        out.json(proposal) if out.as_json else show_proposal(out, proposal)
    elif collection == "merges":
        merge = client.merges.GetMerge(GetMergeRequest(name=name))
        out.json(merge) if out.as_json else show_merge(out, merge)
    else:
        raise typer.BadParameter(
            f"{name} is no name of a record (sources/SOURCE/records/ID), golden record (goldenRecords/ID), "
            "merge proposal (mergeProposals/ID) or merge (merges/ID)",
            param_hint="NAME",
        )


@dataclass(frozen=True, slots=True)
class ChangeQuery:
    """Which changes to show: after this token, of these types, kinds and sources, at most so many."""

    after: str
    types: tuple[str, ...]
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    limit: int


def changes(session: Session, query: ChangeQuery, follow: bool) -> None:
    """Show the changes, and with `follow` wait for the next until Ctrl-C."""
    request = ListChangesRequest(
        after_revision=RevisionToken(token=query.after) if query.after else None,
        types=[_type_of(name) for name in query.types],
        kinds=[kind_of(name) for name in query.kinds],
        sources=[name if "/" in name else f"sources/{name}" for name in query.sources],
    )
    token = _list_changes(session, request, None if follow else query.limit)
    if not follow:
        if not session.output.as_json:
            session.output.line(f"go on with --after {token}", "dim")
        return
    # A KeyboardInterrupt that lands in one of grpc's callbacks is swallowed, and nothing is left to tidy up.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    messages = session.client.follow_changes(
        token, types=request.types, kinds=request.kinds, sources=request.sources
    )
    for message in messages:
        _say_changes(session.output, message.changes)
        sys.stdout.flush()


def _list_changes(session: Session, request: ListChangesRequest, limit: int | None) -> str:
    """Show the changes there are; gives the token up to which all were shown."""
    left = limit
    while True:
        request.page_size = PAGE_SIZE if left is None else min(left, PAGE_SIZE)
        answer = session.client.changes.ListChanges(request)
        _say_changes(session.output, answer.changes)
        left = None if left is None else left - len(answer.changes)
        if not answer.next_page_token or left == 0:
            return answer.revision.token
        request.page_token = answer.next_page_token


def _say_changes(out: Output, found: Iterable[Change]) -> None:
    for change in found:
        if out.as_json:
            out.json(change)
            continue
        about = change.record or change.merge or change.proposal or change.distinction
        if change.HasField("audit_head"):
            about = f"{change.audit_head.hash}@{change.audit_head.revision}"
        before = ", ".join(image.name for image in change.before)
        after = ", ".join(image.name for image in change.after)
        moved = f"  {before} -> {after}" if before and before != after else ""
        what = f"{word(change, 'type'):<20} {shown(about)}{moved}"
        out.line(f"{change.name:<16} {moment(change.create_time)}  {what}")


def _type_of(name: str) -> ChangeType.ValueType:
    full = f"CHANGE_TYPE_{name.upper()}"
    known = [each.removeprefix("CHANGE_TYPE_") for each in ChangeType.keys()[1:]]
    if name.upper() not in known:
        raise typer.BadParameter(f"{name} is none of {', '.join(known)}", param_hint="--type")
    return ChangeType.Value(full)


def verify_audit(session: Session, published: str) -> None:
    """Check the chain of hashes; exit code 1 when it does not hold."""
    request = VerifyAuditRequest()
    if published:
        token, colon, digest = published.rpartition(":")
        if not colon:
            raise typer.BadParameter("write TOKEN:HASH, as this command printed it", param_hint="--head")
        request.published_head.CopyFrom(AuditHead(revision=RevisionToken(token=token), hash=digest))
    answer = session.client.audit.VerifyAudit(request, timeout=AUDIT_SECONDS)
    out = session.output
    if out.as_json:
        out.json(answer)
    elif answer.holds:
        out.line(f"the audit chain holds: {plural(answer.entry_count, 'entry').replace('entrys', 'entries')}")
        out.line(f"head {answer.head.revision.token}:{answer.head.hash}")
        out.line(
            "keep the head somewhere else; `dedup verify-audit --head` then shows a chain cut short", "dim"
        )
    if not answer.holds:
        raise CommandError(
            f"the audit chain is broken at {answer.first_broken_revision.token}: {answer.broken_reason}; "
            "keep the database as it is and compare it with a backup"
        )

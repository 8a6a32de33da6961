"""Undoing a merge: first what would come back, then the undo."""

import re
import uuid
from dataclasses import dataclass

import grpc
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.merges import merge_line, returning
from dedup_service.console.visit import Visit
from dedup_service.v1.golden_record_service_pb2 import (
    GetGoldenRecordRequest,
    GoldenRecord,
    ListMembersRequest,
)
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, Merge, MergeState, UndoMergeRequest

# What the page says itself, and not as a problem of its own.
_EXPLAINED = {grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.PERMISSION_DENIED}
_MOST_MEMBERS = 1000
# Nothing keeps the reason of a preview, but the service asks for one.
_PREVIEW_REASON = "preview"
_MERGE_NAME = re.compile(r"merges/[0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody has filled into the form; `problem` says what is missing in it."""

    request_id: str
    reason: str = ""
    keep_apart: bool = False
    problem: str = ""


def preview(visit: Visit) -> Response:
    """What an undo would bring back, what it could not, and the form that does it."""
    merge = _merge(visit)
    if _is_undone(merge):
        return visit.render("undone.html.jinja", line=merge_line(merge), merge=merge)
    return _form(visit, merge, Filled(request_id=str(uuid.uuid4())))


def undo(visit: Visit) -> Response:
    """Undo it, once: whoever comes later is told that it is done."""
    filled = Filled(
        visit.text("request_id", 64),
        visit.text("reason", 4000).replace("\r\n", "\n")[:2000],
        visit.text("keep_apart") == "yes",
    )
    if not filled.reason:
        merge = _merge(visit)
        if _is_undone(merge):
            return _to_merge(visit, merge, filled)
        why = visit.language(_("Say why the merge was wrong. Whoever looks at these records next reads it."))
        return _form(
            visit, merge, Filled(filled.request_id, keep_apart=filled.keep_apart, problem=why), status=400
        )
    try:
        merge = visit.desk.merges.UndoMerge(_undo_request(visit, filled))
    except ServiceError as error:
        merge = _merge(visit)
        if _is_undone(merge):
            return _to_merge(visit, merge, filled)
        if error.code in _EXPLAINED:
            return _form(visit, merge, filled, status=409)
        raise
    return _to_merge(visit, merge, filled)


def _undo_request(visit: Visit, filled: Filled) -> UndoMergeRequest:
    return UndoMergeRequest(
        name=_name(visit),
        etag=visit.text("etag", 200),
        reason=filled.reason,
        create_distinction=filled.keep_apart,
        request_id=filled.request_id,
    )


def _form(visit: Visit, merge: Merge, filled: Filled, status: int = 200) -> Response:
    asked_survivor = visit.desk.golden_records.GetGoldenRecord.future(
        GetGoldenRecordRequest(name=merge.survivor)
    )
    asked_members = visit.desk.golden_records.ListMembers.future(
        ListMembersRequest(parent=merge.survivor, page_size=_MOST_MEMBERS)
    )
    refusal, undone = None, merge
    try:
        undone = visit.desk.merges.UndoMerge(
            UndoMergeRequest(name=merge.name, etag=merge.etag, reason=_PREVIEW_REASON, validate_only=True)
        )
    except ServiceError as error:
        if error.code not in _EXPLAINED:
            raise
        refusal = error
    functions = (
        _functions(asked_survivor.result()) if refusal is not None and not _first_to_undo(refusal) else []
    )
    return visit.render(
        "undo.html.jinja",
        status=status,
        line=merge_line(merge),
        merge=merge,
        filled=filled,
        refusal=refusal,
        first=_first_to_undo(refusal),
        may_undo_functions=functions,
        may_undo=[one for one in visit.parts.people if not set(functions).isdisjoint(one.functions)],
        conflicts=undone.conflicts,
        returning=[]
        if refusal is not None
        else returning(merge, asked_survivor.result(), asked_members.result().records),
    )


def _functions(golden: GoldenRecord) -> list[str]:
    return sorted({stake.function for stake in golden.stakes})


def _first_to_undo(refusal: ServiceError | None) -> list[str]:
    """The later merges that a refusal names."""
    if refusal is None or refusal.code != grpc.StatusCode.FAILED_PRECONDITION:
        return []
    named = _MERGE_NAME.findall(refusal.message.partition("undo ")[2])
    return list(dict.fromkeys(named))


def _to_merge(visit: Visit, merge: Merge, filled: Filled) -> Response:
    assert visit.person is not None, "only who is signed in undoes"
    is_ours = merge.undo_principal == visit.person.name and merge.undo_reason == filled.reason
    if is_ours:
        text = visit.language(
            _("Undone. The golden records are back as they were before, with every edit since.")
        )
    else:
        text = visit.language(_("It had been undone already, by {person}. Nothing more was done.")).format(
            person=visit.names.person(merge.undo_principal)
        )
    return visit.redirect(addresses.of(merge.name), Said(text, is_good=is_ours))


def _is_undone(merge: Merge) -> bool:
    return merge.state == MergeState.MERGE_STATE_UNDONE


def _name(visit: Visit) -> str:
    return f"merges/{visit.path['merge']}"


def _merge(visit: Visit) -> Merge:
    return visit.desk.merges.GetMerge(GetMergeRequest(name=_name(visit)))

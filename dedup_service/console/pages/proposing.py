"""Proposing a merge: what it would be, and then the proposal itself."""

import uuid

import grpc
from starlette.responses import RedirectResponse, Response

from dedup_service.client import ServiceError
from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.subjects import subject_of
from dedup_service.console.visit import SEE_OTHER, Visit
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import CreateMergeProposalRequest

_MOST = 50
_EXPLAINED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.NOT_FOUND,
}


def preview(visit: Visit) -> Response:
    """What proposing to merge the golden records of the address would come to; nothing is stored."""
    names, survivor = visit.query.getlist("golden_record"), visit.query.get("survivor", "")
    if not names:
        return RedirectResponse("/why", SEE_OTHER)
    return _page(visit, _draft(names, survivor, ""), str(uuid.uuid4()))


def propose(visit: Visit) -> Response:
    """Propose it, once, and go on to the proposal."""
    draft = _draft(
        visit.texts("golden_record"),
        visit.text("survivor", 200),
        visit.text("comment", 4000).replace("\r\n", "\n")[:2000],
    )
    request_id = visit.text("request_id", 64)
    try:
        made = visit.desk.merge_proposals.CreateMergeProposal(
            CreateMergeProposalRequest(merge_proposal=draft, request_id=request_id)
        )
    except ServiceError as error:
        if error.code not in _EXPLAINED:
            raise
        return _page(visit, draft, request_id, error)
    said = visit.language(_("Proposed. The people who have a say are asked now."))
    return visit.redirect(addresses.of(made.name), Said(said))


def _draft(names: list[str], survivor: str, comment: str) -> MergeProposal:
    meant = [subject_of(name).name or name for name in names[:_MOST]]
    return MergeProposal(golden_records=list(dict.fromkeys(meant)), survivor=survivor, comment=comment)


def _page(
    visit: Visit, draft: MergeProposal, request_id: str, refusal: ServiceError | None = None
) -> Response:
    planned = None
    if refusal is None:
        try:
            planned = visit.desk.merge_proposals.CreateMergeProposal(
                CreateMergeProposalRequest(merge_proposal=draft, validate_only=True)
            )
        except ServiceError as error:
            if error.code not in _EXPLAINED:
                raise
            refusal = error
    return visit.render(
        "propose.html.jinja",
        status=409 if refusal is not None else 200,
        draft=draft,
        planned=planned,
        refusal=refusal,
        request_id=request_id,
    )

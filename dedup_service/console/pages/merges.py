"""What was merged: the list, and one merge with what it did and why."""

from starlette.responses import Response

from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.merges import compared_fields, images_of, merge_line
from dedup_service.console.visit import Visit
from dedup_service.v1.core_pb2 import GoldenRecordState
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest, ListGoldenRecordVersionsRequest
from dedup_service.v1.merge_proposal_service_pb2 import GetMergeProposalRequest
from dedup_service.v1.merge_service_pb2 import GetMergeRequest, ListMergesRequest

PAGE_SIZE = 25
_STATES = {
    "": ("", _("All")),
    "standing": ("state = EXECUTED", _("Standing")),
    "undone": ("state = UNDONE", _("Undone")),
}


def list_all(visit: Visit) -> Response:
    """Merges, the newest first, a page at a time."""
    asked = visit.query.get("state", "")
    state = asked if asked in _STATES else ""
    found = visit.desk.merges.ListMerges(
        ListMergesRequest(
            page_size=PAGE_SIZE, page_token=visit.query.get("page", ""), filter=_STATES[state][0]
        )
    )
    return visit.render(
        "merges.html.jinja",
        lines=[merge_line(merge) for merge in found.merges],
        states=[(name, visit.language(label)) for name, (_, label) in _STATES.items()],
        state=state,
        is_first_page=not visit.query.get("page"),
        older=_page(state, found.next_page_token) if found.next_page_token else "",
        newest=_page(state, ""),
    )


def show(visit: Visit) -> Response:
    """One merge: what each golden record was, what became of them, why, and whether it stands."""
    merge = visit.desk.merges.GetMerge(GetMergeRequest(name=f"merges/{visit.path['merge']}"))
    asked_proposal = visit.desk.merge_proposals.GetMergeProposal.future(
        GetMergeProposalRequest(name=merge.proposal)
    )
    asked_result = visit.desk.golden_records.ListGoldenRecordVersions.future(
        ListGoldenRecordVersionsRequest(parent=merge.survivor, as_of_time=merge.execute_time)
    )
    survivor = visit.desk.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=merge.survivor))
    results = asked_result.result().golden_record_versions
    result = results[0] if results else None
    images = images_of(merge)
    after = dict(result.image.values) if result is not None else {}
    return visit.render(
        "merge.html.jinja",
        line=merge_line(merge),
        merge=merge,
        images=images,
        result=result,
        fields=compared_fields(images, after),
        proposal=asked_proposal.result(),
        survivor=survivor,
        is_erased=any(_is_erased(image.state) for image in images) or (result is not None and result.erased),
    )


def _is_erased(state: "GoldenRecordState.ValueType") -> bool:
    return state == GoldenRecordState.GOLDEN_RECORD_STATE_ERASED


def _page(state: str, token: str) -> str:
    return addresses.with_query("/merges", {"state": state, "page": token})

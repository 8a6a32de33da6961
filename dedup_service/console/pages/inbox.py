"""The inbox: what waits for the visitor and why, or all that is open, narrowed and in order."""

from datetime import UTC, datetime

from starlette.responses import Response

from dedup_service.console.pages import problems
from dedup_service.console.said import Said
from dedup_service.console.saved_lists import (
    MAX_NAME,
    SavedList,
    keep_lists,
    read_lists,
    with_list,
    without_list,
)
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.inbox import facets_of, rows_of
from dedup_service.console.views.queue import (
    EVERYBODYS,
    FACETS,
    MINE,
    OPEN,
    ORDERS,
    Queue,
    queue_of,
    read_queue,
)
from dedup_service.console.visit import Visit
from dedup_service.v1.merge_proposal_pb2 import MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import (
    CountMergeProposalsRequest,
    ListMergeProposalsRequest,
    MergeProposalView,
)

PAGE_SIZE = 50
_ORDER_LABELS = {
    "impact": _("Impact, then due"),
    "due": _("Due first"),
    "age": _("Oldest first"),
    "newest": _("Newest first"),
}


def show(visit: Visit) -> Response:
    """A page of the list that the address asks for."""
    queue, dropped = read_queue(visit.query.multi_items())
    desk = visit.desk.merge_proposals
    listing = desk.ListMergeProposals.future(
        ListMergeProposalsRequest(
            page_size=PAGE_SIZE,
            filter=queue.filter,
            order_by=queue.order_by,
            waiting_for=queue.waiting_for,
            view=MergeProposalView.MERGE_PROPOSAL_VIEW_BASIC,
            after=queue.after,
        )
    )
    counting = desk.CountMergeProposals.future(
        CountMergeProposalsRequest(
            filter=queue.filter, waiting_for=queue.waiting_for, facets=list(FACETS.values())
        )
    )
    whole = {whose: Queue(whose=whose) for whose in (MINE, EVERYBODYS)}
    # The list itself is counted anyway.
    asked = {
        whose: desk.CountMergeProposals.future(
            CountMergeProposalsRequest(filter=each.filter, waiting_for=each.waiting_for)
        )
        for whose, each in whole.items()
        if (each.filter, each.waiting_for) != (queue.filter, queue.waiting_for)
    }
    listed, counted = listing.result(), counting.result()
    totals = {
        whose: asked[whose].result().total_count if whose in asked else counted.total_count for whose in whole
    }
    last = listed.merge_proposals[-1].name if listed.merge_proposals else ""
    return visit.render(
        "inbox.html.jinja",
        queue=queue,
        dropped=dropped,
        rows=rows_of(listed.merge_proposals, queue, datetime.now(UTC)),
        facets=facets_of(counted, queue, visit.names),
        total_count=counted.total_count,
        totals=totals,
        page_count=-(-counted.total_count // PAGE_SIZE),
        next_url=f"/inbox?{queue.following(addresses.id_of(last)).written}" if listed.next_page_token else "",
        previous_url=f"/inbox?{queue.previous.written}" if queue.page > 1 else "",
        state_label=_state_label(visit, queue),
        orders=[(name, visit.language(_ORDER_LABELS[name])) for name in ORDERS],
        saved=read_lists(visit.request, visit.parts.cookies),
    )


def _state_label(visit: Visit, queue: Queue) -> str:
    """What the state is called that the list is narrowed to; empty for all that is open."""
    if queue.state == OPEN:
        return ""
    return visit.names.state(MergeProposalState.Value(f"MERGE_PROPOSAL_STATE_{queue.state}"))


def save(visit: Visit) -> Response:
    """Keep a list under a name."""
    queue = queue_of(visit.text("queue", 4000)).first
    name = " ".join(visit.text("name", MAX_NAME).split())
    if not (name and name.isprintable()):
        return problems.refused(visit, _("Give the list a name that can be read."))
    kept = with_list(read_lists(visit.request, visit.parts.cookies), SavedList(name, queue.written))
    if kept is None:
        return problems.refused(visit, _("There is no room for another list: forget one of them first."))
    said = Said(visit.language("Saved as {name}.").format(name=name))
    answer = visit.redirect(f"/inbox?{queue.written}", said)
    keep_lists(answer, kept, visit.parts.cookies)
    return answer


def forget(visit: Visit) -> Response:
    """Keep a list no longer."""
    name = visit.text("name", MAX_NAME)
    said = Said(visit.language("{name} is forgotten.").format(name=name))
    answer = visit.redirect(f"/inbox?{queue_of(visit.text('queue', 4000)).first.written}", said)
    kept = without_list(read_lists(visit.request, visit.parts.cookies), name)
    keep_lists(answer, kept, visit.parts.cookies)
    return answer

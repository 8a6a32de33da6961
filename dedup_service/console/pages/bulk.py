"""Bulk: a whole list before one's eyes with what it touches, and one decision about what stays ticked.

What is ticked is decided as it was seen: the form carries the etag of each plan. A form that is sent twice
makes the same calls with the same request ids: each happens once, and the answer is the same.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import uuid4

from google.rpc.status_pb2 import Status
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.pages import problems
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.bulk import (
    Chosen,
    LeftOut,
    Outcome,
    bulk_of,
    by_fate,
    is_approved,
    left_out_of,
    matches_among,
    read_chosen,
    refusal_of,
    skipped,
    voted,
)
from dedup_service.console.views.deciding import effect_id
from dedup_service.console.views.inbox import facets_of
from dedup_service.console.views.queue import FACETS, Queue, queue_of, read_queue
from dedup_service.console.visit import Visit
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    BatchDecideMergeProposalsRequest,
    ChosenProposal,
    CountMergeProposalsRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    ListMergeProposalsRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.voting_pb2 import VoteDecision

# As many as the service decides at once.
MAX_ROWS = 500
_LISTED_AT_ONCE = 100
# A vote takes some milliseconds: so many are well within the deadline of a call.
_VOTES_AT_ONCE = 50
_CALLS_AT_ONCE = 8
_DECISIONS = {
    "approve": VoteDecision.VOTE_DECISION_APPROVE,
    "reject": VoteDecision.VOTE_DECISION_REJECT,
}

T = TypeVar("T")
A_co = TypeVar("A_co", covariant=True)
A = TypeVar("A")


class _UnderWay(Protocol[A_co]):
    def result(self) -> A_co: ...


def show(visit: Visit) -> Response:
    """The list that the address asks for, with the matches ticked; with all where a verdict was chosen."""
    queue, dropped = read_queue(visit.query.multi_items())
    return _list(visit, queue.first, dropped=dropped, ticks_matches=not queue.verdict)


def tick(visit: Visit) -> Response:
    """The list once more, with all, none or just these ticked, and the totals of those."""
    queue = queue_of(visit.text("queue", 4000)).first
    chosen = frozenset(addresses.id_of(each.name) for each in read_chosen(visit.texts("chosen")))
    how = visit.text("tick", 10)
    ticked = None if how == "all" else frozenset[str]() if how == "none" else chosen
    return _list(visit, queue, ticked=ticked, comment=visit.text("comment"))


def decide(visit: Visit) -> Response:
    """Vote on what is ticked, and merge what then lacks nothing; what became of each."""
    queue = queue_of(visit.text("queue", 4000)).first
    word = visit.text("decision", 10)
    chosen = read_chosen(visit.texts("chosen"))
    if word not in _DECISIONS or len(chosen) > MAX_ROWS:
        return problems.refused(visit, _("This form did not come from a page of the console as it is."))
    comment = visit.text("comment")
    if not chosen:
        return _list(visit, queue, ticked=frozenset(), comment=comment, nothing_ticked=True)
    outcomes = _decided(visit, chosen, word, comment)
    return visit.render(
        "bulk_done.html.jinja",
        queue=queue,
        decision=word,
        fates=by_fate(outcomes),
        outcomes=outcomes,
    )


def _list(
    visit: Visit,
    queue: Queue,
    *,
    ticked: frozenset[str] | None = None,
    ticks_matches: bool = False,
    dropped: Sequence[str] = (),
    comment: str = "",
    nothing_ticked: bool = False,
) -> Response:
    counting = visit.desk.merge_proposals.CountMergeProposals.future(
        CountMergeProposalsRequest(
            filter=queue.filter, waiting_for=queue.waiting_for, facets=list(FACETS.values())
        )
    )
    proposals = _proposals(visit, queue)
    if ticks_matches:
        ticked = matches_among(proposals)
    counted = counting.result()
    return visit.render(
        "bulk.html.jinja",
        status=422 if nothing_ticked else 200,
        queue=queue,
        dropped=dropped,
        bulk=bulk_of(proposals, queue, datetime.now(UTC), ticked),
        facets=facets_of(counted, queue, visit.names, "/bulk"),
        total_count=counted.total_count,
        listed_count=len(proposals),
        request_id=str(uuid4()),
        comment=comment,
        nothing_ticked=nothing_ticked,
    )


def _proposals(visit: Visit, queue: Queue) -> list[MergeProposal]:
    """The first proposals of the list with all that deciding needs; not more than are decided at once."""
    found: list[MergeProposal] = []
    request = ListMergeProposalsRequest(
        page_size=_LISTED_AT_ONCE,
        filter=queue.filter,
        order_by=queue.order_by,
        waiting_for=queue.waiting_for,
    )
    while len(found) < MAX_ROWS:
        answer = visit.desk.merge_proposals.ListMergeProposals(request)
        found += answer.merge_proposals
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    return found


def _decided(visit: Visit, chosen: Sequence[Chosen], word: str, comment: str) -> list[Outcome]:
    desk, request_id = visit.desk.merge_proposals, visit.text("request_id", 100)
    seen = _asked(
        [each.name for each in chosen],
        lambda name: desk.GetMergeProposal.future(GetMergeProposalRequest(name=name)),
    )
    outcomes: dict[str, Outcome] = {}
    told: dict[str, MergeProposal] = {}
    to_decide: list[Chosen] = []
    for each, proposal in zip(chosen, seen, strict=True):
        if isinstance(proposal, ServiceError):
            if not proposal.reason:
                # Nothing was decided yet, so the page of the problem tells all there is to tell.
                raise proposal
            outcomes[each.name] = skipped(each, None, refusal_of(proposal))
            continue
        told[each.name] = proposal
        if left_out_of(proposal) is LeftOut.ASKS_NAMES:
            outcomes[each.name] = skipped(each, proposal, None)
        else:
            to_decide.append(each)
    voted_on: dict[str, MergeProposal] = {}
    for start in range(0, len(to_decide), _VOTES_AT_ONCE):
        piece = to_decide[start : start + _VOTES_AT_ONCE]
        for each, result in zip(piece, _votes(visit, piece, word, comment), strict=True):
            if isinstance(result, MergeProposal):
                voted_on[each.name] = result
            else:
                outcomes[each.name] = skipped(each, told[each.name], refusal_of(result))
    to_merge = [proposal for proposal in voted_on.values() if word == "approve" and is_approved(proposal)]
    merges = _asked(
        to_merge,
        lambda proposal: desk.ExecuteMergeProposal.future(
            ExecuteMergeProposalRequest(
                name=proposal.name,
                etag=proposal.etag,
                request_id=effect_id(request_id, "merge", proposal.name, proposal.etag),
            )
        ),
    )
    merged: dict[str, Merge | ServiceError] = {
        proposal.name: merge for proposal, merge in zip(to_merge, merges, strict=True)
    }
    for name, proposal in voted_on.items():
        outcomes[name] = voted(proposal, merged.get(name))
    return [outcomes[each.name] for each in chosen]


def _votes(
    visit: Visit, piece: Sequence[Chosen], word: str, comment: str
) -> list[MergeProposal | Status | ServiceError]:
    """What each vote came to. A call that fails answers for all of its votes; repeated, none counts twice."""
    request = BatchDecideMergeProposalsRequest(
        decision=_DECISIONS[word],
        comment=comment,
        proposals=[ChosenProposal(name=each.name, etag=each.etag) for each in piece],
        request_id=effect_id(
            visit.text("request_id", 100), word, comment, *(f"{each.name} {each.etag}" for each in piece)
        ),
    )
    try:
        answer = visit.desk.merge_proposals.BatchDecideMergeProposals(request)
    except ServiceError as error:
        return [error] * len(piece)
    return [each.merge_proposal if each.decided else each.refusal for each in answer.decisions]


def _asked(items: Sequence[T], start: Callable[[T], _UnderWay[A]]) -> list[A | ServiceError]:
    """The answer to a call for each item, or why there is none; a few calls are under way at once."""
    answers: list[A | ServiceError] = []
    for first in range(0, len(items), _CALLS_AT_ONCE):
        calls = [start(item) for item in items[first : first + _CALLS_AT_ONCE]]
        for call in calls:
            try:
                answers.append(call.result())
            except ServiceError as error:
                answers.append(error)
    return answers

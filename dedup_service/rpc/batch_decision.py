"""BatchDecideMergeProposals: look at a list of proposals, then vote on those that were chosen from it."""

from collections.abc import Sequence
from dataclasses import replace

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import Violation
from dedup_service.domain.voting import VoteDecision
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.errors import status_of
from dedup_service.rpc.field_checks import check_etag, check_text, refuse
from dedup_service.rpc.impact_preview_conversion import batch_totals
from dedup_service.rpc.merge_proposal_conversion import Outlook, View, displays_of, proposal_message
from dedup_service.rpc.merge_proposal_messages import ProposalMessages
from dedup_service.rpc.waiting_proposals import FILTER_FIELDS, awaited_principal, waiting_page
from dedup_service.v1 import merge_proposal_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.workflows.batch_deciding import MAX_CHOSEN, BatchItem, BatchOutcome

_OF_A_LIST = ("filter", "waiting_for", "page_size", "page_token")


class BatchDecision:
    """Answers the two forms of the one method."""

    def __init__(self, edge: Edge, messages: ProposalMessages) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._messages = messages

    async def looked_at(
        self, request: pb.BatchDecideMergeProposalsRequest, caller: Caller
    ) -> pb.BatchDecideMergeProposalsResponse:
        """What the filter selects, with whether the caller may vote on it; nothing is decided."""
        if request.proposals:
            raise InvalidInput.at(
                "proposals", "is not taken with validate_only: a filter selects what to show"
            )
        page = self._edge.page(request, FILTER_FIELDS)
        # What is seen on one page can be decided in one call.
        page = replace(page, size=min(page.size, MAX_CHOSEN))
        awaited = awaited_principal(request, caller, self._desk.rules.principals)
        if awaited:
            assessment, now = self._desk.assessment, self._desk.now()
            page = await self._desk.store.read(lambda tx: waiting_page(tx, page, awaited, assessment, now))
        listed = await self._desk.batch_deciding.preview(page, caller.principal)
        return _response(
            [self._item(item, caller) for item in listed.items], self._edge.next_page(request, listed.next)
        )

    def _item(self, item: BatchItem, caller: Caller) -> pb.BatchDecision:
        sight = self._edge.sights.of(caller.principal)
        outlook = Outlook(item.touched, None) if item.proposal.state.open else None
        return pb.BatchDecision(
            name=item.proposal.name,
            decided=item.standing.may_vote,
            merge_proposal=proposal_message(
                item.proposal,
                outlook,
                item.standing,
                self._edge.tokens,
                displays_of(item.goldens, self._desk.rules.policy, sight),
            ),
        )

    async def decided(
        self, request: pb.BatchDecideMergeProposalsRequest, caller: Caller
    ) -> pb.BatchDecideMergeProposalsResponse:
        """A vote on each proposal that was chosen, or why there is none."""
        identity = caller.request(request, request.request_id)
        decision, chosen = _read_choice(request)
        outcomes = await self._desk.batch_deciding.decide(
            identity, chosen, decision, check_text(request.comment, "comment"), caller.principal
        )
        proposals = [each.proposal for each in outcomes if each.proposal is not None]
        messages = await self._messages.read_all(proposals, caller.principal.name, View.WITHOUT_VALUES)
        by_name = {message.name: message for message in messages}
        response = _response([self._outcome(each, by_name, caller) for each in outcomes], "")
        if proposals:
            response.revision.CopyFrom(self._edge.tokens.message(max(p.revision for p in proposals)))
        return response

    def _outcome(
        self, outcome: BatchOutcome, messages: dict[str, merge_proposal_pb2.MergeProposal], caller: Caller
    ) -> pb.BatchDecision:
        name = f"mergeProposals/{outcome.proposal_id}"
        if outcome.refusal is not None:
            refusal = status_of(outcome.refusal, caller.method, self._edge.tokens)
            return pb.BatchDecision(name=name, refusal=refusal)
        return pb.BatchDecision(name=name, decided=True, merge_proposal=messages[name])


def _response(
    decisions: Sequence[pb.BatchDecision], next_page_token: str
) -> pb.BatchDecideMergeProposalsResponse:
    return pb.BatchDecideMergeProposalsResponse(
        decisions=decisions, next_page_token=next_page_token, totals=batch_totals(decisions)
    )


def _read_choice(
    request: pb.BatchDecideMergeProposalsRequest,
) -> tuple[VoteDecision, list[tuple[str, str]]]:
    """What to say, and the (id, etag) of what was chosen; refused with everything that is wrong."""
    violations = [
        Violation(name, "is taken only with validate_only: name the proposals that were seen")
        for name in _OF_A_LIST
        if getattr(request, name)
    ]
    decision = enum_numbers.VOTE_DECISION_OF.get(request.decision)
    if decision is None:
        violations.append(Violation("decision", "must be APPROVE or REJECT"))
    count = len(request.proposals)
    if not 1 <= count <= MAX_CHOSEN:
        violations.append(Violation("proposals", f"takes 1 to {MAX_CHOSEN} proposals, not {count:,}"))
    chosen = []
    for number, each in enumerate(request.proposals[:MAX_CHOSEN]):
        at = f"proposals[{number}]"
        try:
            proposal_id = resource_names.proposal_id(each.name, f"{at}.name")
            chosen.append((proposal_id, check_etag(each.etag, f"{at}.etag", required=True)))
        except InvalidInput as refused:
            violations += refused.violations
    refuse(violations)
    assert decision is not None
    return decision, chosen

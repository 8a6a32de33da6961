"""MergeProposalService: propose merges, vote on them, carry them out."""

from collections.abc import Iterable, Mapping

from dedup_service.domain.errors import InvalidInput, NotFound
from dedup_service.domain.plan import MAX_MEMBERS, FieldChoice
from dedup_service.domain.records import RecordKey
from dedup_service.domain.voting import VoteDecision
from dedup_service.rpc import resource_names
from dedup_service.rpc.batch_decision import BatchDecision
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.field_checks import check_etag, check_text, fields_below
from dedup_service.rpc.merge_conversion import MergeMessages
from dedup_service.rpc.merge_proposal_conversion import View, counts_message
from dedup_service.rpc.merge_proposal_messages import ProposalMessages
from dedup_service.rpc.waiting_proposals import (
    FILTER_FIELDS,
    awaited_principal,
    page_after,
    read_facets,
    read_order,
    waiting_page,
)
from dedup_service.v1 import merge_proposal_pb2, merge_service_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.proposing import ProposalDraft

_UPDATABLE = ("survivor", "field_choices")
_VIEWS = {
    pb.MERGE_PROPOSAL_VIEW_UNSPECIFIED: View.FULL,
    pb.MERGE_PROPOSAL_VIEW_BASIC: View.BASIC,
    pb.MERGE_PROPOSAL_VIEW_FULL: View.FULL,
}
_MAX_CHOICES = 200
_MAX_FUNCTION_CODE_POINTS = 200


class MergeProposalService:
    """Answers the methods of `dedup_service.v1.MergeProposalService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._messages = ProposalMessages(edge)
        self._batches = BatchDecision(edge, self._messages)
        self._merges = MergeMessages(edge)

    async def create_merge_proposal(
        self, request: pb.CreateMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        draft = _read_draft(request.merge_proposal)
        identity = caller.request(request, request.request_id)
        with fields_below("merge_proposal"):
            proposal = await self._desk.proposing.create(
                identity, draft, caller.principal, request.validate_only
            )
        message = await self._messages.read_one(proposal, caller.principal.name)
        if request.validate_only:
            message.ClearField("name")
            message.ClearField("revision")
        return message

    async def get_merge_proposal(
        self, request: pb.GetMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        proposal_id = resource_names.proposal_id(request.name, "name")
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> merge_proposal_pb2.MergeProposal:
            proposal = await tx.proposal(proposal_id)
            if proposal is None:
                raise NotFound("MergeProposal", request.name)
            return await self._messages.as_it_stands(tx, proposal, caller.principal.name)

        return await self._desk.store.read(work)

    async def list_merge_proposals(
        self, request: pb.ListMergeProposalsRequest, caller: Caller
    ) -> pb.ListMergeProposalsResponse:
        asked = self._edge.page(request, FILTER_FIELDS, read_order(request.order_by))
        awaited = awaited_principal(request, caller, self._desk.rules.principals)
        view = read_view(request.view)
        if request.after:
            resource_names.proposal_id(request.after, "after")
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> pb.ListMergeProposalsResponse:
            page = await page_after(tx, asked, request.after)
            page = await waiting_page(tx, page, awaited, self._desk.assessment, self._desk.now())
            listed = await tx.list_proposals(page)
            return pb.ListMergeProposalsResponse(
                merge_proposals=await self._messages.all(tx, listed.items, caller.principal.name, view),
                next_page_token=self._edge.next_page(request, listed.next),
            )

        return await self._desk.store.read(work)

    async def count_merge_proposals(
        self, request: pb.CountMergeProposalsRequest, caller: Caller
    ) -> pb.CountMergeProposalsResponse:
        asked = Page(self._edge.conditions(request, FILTER_FIELDS))
        awaited = awaited_principal(request, caller, self._desk.rules.principals)
        facets = read_facets(request.facets)
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> pb.CountMergeProposalsResponse:
            page = await waiting_page(tx, asked, awaited, self._desk.assessment, self._desk.now())
            return counts_message(await tx.count_proposals(page, facets))

        return await self._desk.store.read(work)

    async def update_merge_proposal(
        self, request: pb.UpdateMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        given = request.merge_proposal
        proposal_id = resource_names.proposal_id(given.name, "merge_proposal.name")
        etag = check_etag(given.etag, "merge_proposal.etag", required=True)
        paths = list(request.update_mask.paths) or [name for name in _UPDATABLE if getattr(given, name)]
        if not paths or not set(paths) <= set(_UPDATABLE):
            raise InvalidInput.at("update_mask", f"takes {' and '.join(_UPDATABLE)} and no other fields")
        survivor = choices = None
        if "survivor" in paths:
            survivor = resource_names.golden_id(given.survivor, "merge_proposal.survivor")
        if "field_choices" in paths:
            choices = _read_choices(given.field_choices)
        identity = caller.request(request, request.request_id)
        with fields_below("merge_proposal"):
            proposal = await self._desk.proposing.update(identity, proposal_id, etag, survivor, choices)
        return await self._messages.read_one(proposal, caller.principal.name)

    async def approve_merge_proposal(
        self, request: pb.ApproveMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        return await self._vote(request, caller, VoteDecision.APPROVE)

    async def reject_merge_proposal(
        self, request: pb.RejectMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        return await self._vote(request, caller, VoteDecision.REJECT)

    async def _vote(
        self,
        request: pb.ApproveMergeProposalRequest | pb.RejectMergeProposalRequest,
        caller: Caller,
        decision: VoteDecision,
    ) -> merge_proposal_pb2.MergeProposal:
        proposal = await self._desk.deciding.vote(
            caller.request(request, request.request_id),
            resource_names.proposal_id(request.name, "name"),
            check_etag(request.etag, "etag", required=True),
            caller.principal,
            decision,
            check_text(request.comment, "comment"),
            check_text(request.function, "function", limit=_MAX_FUNCTION_CODE_POINTS),
        )
        return await self._messages.read_one(proposal, caller.principal.name)

    async def batch_decide_merge_proposals(
        self, request: pb.BatchDecideMergeProposalsRequest, caller: Caller
    ) -> pb.BatchDecideMergeProposalsResponse:
        if request.validate_only:
            return await self._batches.looked_at(request, caller)
        return await self._batches.decided(request, caller)

    async def withdraw_merge_proposal(
        self, request: pb.WithdrawMergeProposalRequest, caller: Caller
    ) -> merge_proposal_pb2.MergeProposal:
        proposal = await self._desk.proposing.withdraw(
            caller.request(request, request.request_id),
            resource_names.proposal_id(request.name, "name"),
            check_etag(request.etag, "etag", required=True),
            caller.principal,
            check_text(request.comment, "comment"),
        )
        return await self._messages.read_one(proposal, caller.principal.name)

    async def execute_merge_proposal(
        self, request: pb.ExecuteMergeProposalRequest, caller: Caller
    ) -> merge_service_pb2.Merge:
        merge = await self._desk.deciding.execute(
            caller.request(request, request.request_id),
            resource_names.proposal_id(request.name, "name"),
            check_etag(request.etag, "etag", required=True),
            caller.principal,
        )
        return await self._merges.read_one(merge)


def read_view(view: pb.MergeProposalView.ValueType) -> View:
    """How much of each proposal a list asks for; all of it when that is not said."""
    found = _VIEWS.get(view)
    if found is None:
        raise InvalidInput.at("view", "must be BASIC or FULL")
    return found


def _read_draft(given: merge_proposal_pb2.MergeProposal) -> ProposalDraft:
    between(len(given.golden_records), 1, 2 * MAX_MEMBERS, "merge_proposal.golden_records", "names")
    golden_ids, records = _read_members(given.golden_records)
    survivor_id = ""
    if given.survivor:
        survivor_id = resource_names.golden_id(given.survivor, "merge_proposal.survivor")
    return ProposalDraft(
        golden_ids=golden_ids,
        records=records,
        survivor_id=survivor_id,
        field_choices=_read_choices(given.field_choices),
        comment=check_text(given.comment, "merge_proposal.comment"),
    )


def _read_members(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[RecordKey, ...]]:
    golden_ids: list[str] = []
    records: list[RecordKey] = []
    for number, name in enumerate(names):
        found = resource_names.golden_or_record(name, f"merge_proposal.golden_records[{number}]")
        if isinstance(found, RecordKey):
            records.append(found)
        else:
            golden_ids.append(found)
    return tuple(golden_ids), tuple(records)


def _read_choices(choices: Mapping[str, str]) -> tuple[FieldChoice, ...]:
    at = "merge_proposal.field_choices"
    between(len(choices), 0, _MAX_CHOICES, at, "choices")
    return tuple(
        FieldChoice(
            check_text(field, at, limit=_MAX_CHOICES),
            resource_names.record_key(record, f"{at}[{field[:64]}]"),
        )
        for field, record in sorted(choices.items())
    )

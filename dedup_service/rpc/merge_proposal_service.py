"""MergeProposalService: propose merges, vote on them, carry them out."""

from collections.abc import Iterable, Mapping

from dedup_service.domain.decision import VoteDecision
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.impact import Impact
from dedup_service.domain.plan import MAX_MEMBERS, FieldChoice, ProposalType
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import RecordKey, RecordKind
from dedup_service.rpc import resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.field_checks import check_etag, check_text, fields_below
from dedup_service.rpc.merge_conversion import MergeMessages
from dedup_service.rpc.merge_proposal_conversion import proposal_message
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.v1 import merge_service_pb2
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.proposing import ProposalDraft
from dedup_service.workflows.reading import Preview, preview_of

_FILTER_FIELDS = {
    "state": tuple(ProposalState),
    "type": tuple(ProposalType),
    "kind": tuple(RecordKind),
    "impact": tuple(Impact),
    "proposer": None,
    "missing_functions": None,
    "golden_record": None,
}
_ORDERS = ("", "create_time", "create_time desc")
_UPDATABLE = ("survivor", "field_choices")
_MAX_CHOICES = 200


class MergeProposalService:
    """Answers the methods of `dedup_service.v1.MergeProposalService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._desk = edge.desk
        self._assessment = Assessment(edge.desk.policy, edge.desk.directory)
        self._merges = MergeMessages(edge)

    async def create_merge_proposal(
        self, request: pb.CreateMergeProposalRequest, caller: Caller
    ) -> pb.MergeProposal:
        draft = _read_draft(request.merge_proposal)
        identity = caller.request(request, request.request_id)
        with fields_below("merge_proposal"):
            proposal = await self._desk.proposing.create(
                identity, draft, caller.principal, request.validate_only
            )
        message = await self._message(proposal)
        if request.validate_only:
            message.ClearField("name")
            message.ClearField("revision")
        return message

    async def get_merge_proposal(self, request: pb.GetMergeProposalRequest) -> pb.MergeProposal:
        proposal_id = resource_names.proposal_id(request.name, "name")
        await self._edge.fresh(request)
        proposal, preview = await self._desk.readings.proposal(proposal_id)
        if proposal.state.open:
            proposal = await self._desk.store.read(lambda tx: self._as_it_stands(tx, proposal))
        return proposal_message(proposal, preview, self._edge.tokens)

    async def _as_it_stands(self, tx: ReadTransaction, proposal: Proposal) -> Proposal:
        """The decision now: since the last write a voter may have lost a role, or a lead gone cold."""
        found = await tx.goldens(proposal.plan.golden_ids)
        if not _still_so(proposal, found):
            return proposal
        goldens = [found[golden_id] for golden_id in proposal.plan.golden_ids]
        return await self._assessment.reassess(tx, proposal, goldens, self._desk.now())

    async def list_merge_proposals(
        self, request: pb.ListMergeProposalsRequest
    ) -> pb.ListMergeProposalsResponse:
        order_by = " ".join(request.order_by.split())
        if order_by not in _ORDERS:
            raise InvalidInput.at("order_by", "must be create_time or create_time desc")
        page = self._edge.page(request, _FILTER_FIELDS, order_by)
        await self._edge.fresh(request)

        async def work(tx: ReadTransaction) -> pb.ListMergeProposalsResponse:
            listed = await tx.list_proposals(page)
            ids = {golden_id for p in listed.items if p.state.open for golden_id in p.plan.golden_ids}
            goldens = await tx.goldens(ids) if ids else {}
            return pb.ListMergeProposalsResponse(
                merge_proposals=[
                    proposal_message(p, self._preview(p, goldens), self._edge.tokens) for p in listed.items
                ],
                next_page_token=self._edge.next_page(request, listed.next),
            )

        return await self._desk.store.read(work)

    async def update_merge_proposal(
        self, request: pb.UpdateMergeProposalRequest, caller: Caller
    ) -> pb.MergeProposal:
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
        return await self._message(proposal)

    async def approve_merge_proposal(
        self, request: pb.ApproveMergeProposalRequest, caller: Caller
    ) -> pb.MergeProposal:
        return await self._vote(request, caller, VoteDecision.APPROVE)

    async def reject_merge_proposal(
        self, request: pb.RejectMergeProposalRequest, caller: Caller
    ) -> pb.MergeProposal:
        return await self._vote(request, caller, VoteDecision.REJECT)

    async def _vote(
        self,
        request: pb.ApproveMergeProposalRequest | pb.RejectMergeProposalRequest,
        caller: Caller,
        decision: VoteDecision,
    ) -> pb.MergeProposal:
        proposal = await self._desk.deciding.vote(
            caller.request(request, request.request_id),
            resource_names.proposal_id(request.name, "name"),
            check_etag(request.etag, "etag", required=True),
            caller.principal,
            decision,
            check_text(request.comment, "comment"),
        )
        return await self._message(proposal)

    async def withdraw_merge_proposal(
        self, request: pb.WithdrawMergeProposalRequest, caller: Caller
    ) -> pb.MergeProposal:
        proposal = await self._desk.proposing.withdraw(
            caller.request(request, request.request_id),
            resource_names.proposal_id(request.name, "name"),
            check_etag(request.etag, "etag", required=True),
            caller.principal,
            check_text(request.comment, "comment"),
        )
        return await self._message(proposal)

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

    async def _message(self, proposal: Proposal) -> pb.MergeProposal:
        """The answer to a write, with the preview as far as its plan is still that of the store."""
        preview = None
        if proposal.state.open:
            goldens = await self._desk.store.read(lambda tx: tx.goldens(proposal.plan.golden_ids))
            preview = self._preview(proposal, goldens)
        return proposal_message(proposal, preview, self._edge.tokens)

    def _preview(self, proposal: Proposal, goldens: Mapping[str, GoldenRecord]) -> Preview | None:
        if not proposal.state.open or not _still_so(proposal, goldens):
            return None
        members = [goldens[golden_id] for golden_id in proposal.plan.golden_ids]
        return preview_of(proposal, members, self._desk.policy)


def _still_so(proposal: Proposal, goldens: Mapping[str, GoldenRecord]) -> bool:
    """Whether the golden records are at the versions that the plan was made of."""
    return all(
        member.golden_id in goldens and goldens[member.golden_id].row.version == member.version
        for member in proposal.plan.members
    )


def _read_draft(given: pb.MergeProposal) -> ProposalDraft:
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

"""Create and change merge proposals; every door to a merge begins here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dedup_service.domain.decision import electorate_of
from dedup_service.domain.errors import (
    EtagMismatch,
    InvalidInput,
    NotFound,
    PermissionRefused,
    Reason,
    StateNotAllowed,
)
from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.plan import MAX_MEMBERS, FieldChoice, default_survivor, make_plan
from dedup_service.domain.policy import Impact, Policy
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import RecordKey, Violation
from dedup_service.domain.standing import check_involved
from dedup_service.domain.validation import text_problem
from dedup_service.workflows.assessment import Assessment, proposal_change, proposal_subjects
from dedup_service.workflows.links import golden_links, weakest_link
from dedup_service.workflows.ports import Ids, Request, Store, WriteTransaction, Written

MAX_COMMENT_CODE_POINTS = 2000


@dataclass(frozen=True, slots=True)
class ProposalDraft:
    """What somebody proposes to merge: golden record ids or records, and what they already chose."""

    golden_ids: tuple[str, ...]
    records: tuple[RecordKey, ...] = ()
    survivor_id: str = ""
    field_choices: tuple[FieldChoice, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class _Created:
    """What `create_all` made, and why it did not make the rest."""

    created: tuple[Proposal, ...]
    refused: tuple[str, ...]


class Proposing:
    """The use cases that create, change and withdraw proposals."""

    def __init__(self, store: Store, assessment: Assessment, new_id: Ids) -> None:
        self._store = store
        self._assessment = assessment
        self._new_id = new_id

    async def create(
        self, request: Request, draft: ProposalDraft, proposer: Principal, validate_only: bool = False
    ) -> Proposal:
        """Propose a merge; with `validate_only` only show what the proposal would be.

        Raises:
            InvalidInput: fewer than 2 or more than 50 golden records, kinds that do not go together,
                golden records merged away (naming where they live on), bad choices.
            StateNotAllowed: an open proposal already holds exactly these golden records; it is named.
        """
        check_comment(draft.comment)

        async def work(tx: WriteTransaction) -> Written[Proposal]:
            return await self.create_within(tx, draft, proposer)

        if validate_only:
            return await self._store.preview(work)
        return await self._store.write(request, work, Proposal)

    async def create_all(
        self, request: Request, drafts: Sequence[ProposalDraft], proposer: Principal
    ) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
        """Propose several disjoint merges in one write; those refused are told by their reasons."""

        async def work(tx: WriteTransaction) -> Written[_Created]:
            await tx.lock_goldens({golden_id for draft in drafts for golden_id in draft.golden_ids})
            created: list[Proposal] = []
            refused: list[str] = []
            for draft in drafts:
                try:
                    created.append((await self.create_within(tx, draft, proposer)).result)
                except InvalidInput:
                    refused.append("kinds that do not go together")
                except StateNotAllowed:
                    refused.append("already proposed")
            return Written(
                _Created(tuple(created), tuple(refused)),
                changes=tuple(proposal_change(p) for p in created),
                targets=tuple(p.name for p in created),
                detail=f"{len(created)} proposed",
            )

        if not drafts:
            return (), ()
        answer = await self._store.write(request, work, _Created)
        return answer.created, answer.refused

    async def create_within(
        self,
        tx: WriteTransaction,
        draft: ProposalDraft,
        proposer: Principal,
        new: Sequence[GoldenRecord] = (),
    ) -> Written[Proposal]:
        """Propose within a write that does more; its result, changes and targets are the caller's to tell.

        `new` are the golden records of the draft as the caller has them under its locks, where one of them is
        so new that nothing can have been proposed with it.

        Raises:
            InvalidInput, StateNotAllowed: as `create`.
        """
        goldens = sorted(new, key=lambda g: g.golden_id) if new else await self._lock_members(tx, draft)
        for other in await tx.open_proposals_of([g.golden_id for g in goldens]) if not new else ():
            if set(other.plan.golden_ids) == {g.golden_id for g in goldens}:
                raise StateNotAllowed(
                    other.name, other.state, f"{other.name} already proposes to merge these golden records"
                )
        policy = self._assessment.policy
        # Scored before the ledger head is taken, so that others may commit meanwhile.
        links = golden_links(goldens, self._assessment.model) if len(goldens) <= MAX_MEMBERS else ()
        revision = await tx.revision()
        survivor_id = draft.survivor_id
        live = [g for g in goldens if g.row.state is GoldenState.LIVE]
        if not survivor_id and live:
            survivor_id = default_survivor(live, policy, revision.time).golden_id
        proposed = Proposal(
            proposal_id=self._new_id(),
            state=ProposalState.PENDING,
            plan=make_plan(goldens, survivor_id, draft.field_choices, policy),
            proposer=proposer.name,
            comment=draft.comment,
            links=links,
            weakest_link=weakest_link(links),
            impact=Impact.HIGH,
            missing_functions=(),
            create_time=revision.time,
            update_time=revision.time,
            revision=revision.number,
        )
        proposal = await self._assessment.reassess(tx, proposed, goldens, revision.time)
        await tx.save_proposal(proposal)
        return self._written(proposal, "proposed")

    async def _lock_members(self, tx: WriteTransaction, draft: ProposalDraft) -> list[GoldenRecord]:
        ids = set(draft.golden_ids)
        if len(ids) + len(draft.records) > 2 * MAX_MEMBERS:
            raise InvalidInput.at("golden_records", f"a merge joins at most {MAX_MEMBERS} golden records")
        if draft.records:
            found = await tx.records(draft.records)
            for key in draft.records:
                if key not in found:
                    raise NotFound("Record", key.name)
                ids.add(found[key].golden_id)
        goldens = await tx.lock_goldens(ids)
        for golden_id in sorted(ids):
            if golden_id not in goldens:
                raise NotFound("GoldenRecord", f"goldenRecords/{golden_id}")
        return [goldens[golden_id] for golden_id in sorted(goldens)]

    async def update(
        self,
        request: Request,
        proposal_id: str,
        etag: str,
        survivor_id: str | None,
        field_choices: Sequence[FieldChoice] | None,
    ) -> Proposal:
        """Choose another survivor or other values (None keeps them); votes on the old plan are void.

        Raises:
            PermissionRefused: for others than the proposer and people who may vote on it.
        """

        async def work(tx: WriteTransaction) -> Written[Proposal]:
            proposal, goldens = await lock_open_proposal(tx, proposal_id, etag, self._assessment.policy)
            plan = make_plan(
                goldens,
                proposal.plan.survivor_id if survivor_id is None else survivor_id,
                proposal.plan.field_choices if field_choices is None else field_choices,
                self._assessment.policy,
            )
            revision = await tx.revision()
            case, decision = await self._assessment.decide(tx, proposal, goldens, revision.time)
            check_involved(request.actor, electorate_of(case, decision))
            if plan.hash == proposal.plan.hash:
                return Written(proposal, subjects=proposal_subjects(proposal))
            changed = proposal.with_plan(plan, revision.number, revision.time)
            changed = await self._assessment.reassess(tx, changed, goldens, revision.time)
            await tx.save_proposal(changed)
            return self._written(changed, "plan changed")

        return await self._store.write(request, work, Proposal)

    async def withdraw(
        self, request: Request, proposal_id: str, etag: str, principal: Principal, comment: str
    ) -> Proposal:
        """Take a proposal back; only its proposer may, others reject it."""
        check_comment(comment)

        async def work(tx: WriteTransaction) -> Written[Proposal]:
            proposal, _ = await lock_open_proposal(tx, proposal_id, etag, self._assessment.policy)
            if principal.name != proposal.proposer:
                raise PermissionRefused(
                    Reason.NOT_AN_APPROVER,
                    f"only its proposer {proposal.proposer} may withdraw {proposal.name}; reject it instead",
                )
            revision = await tx.revision()
            closed = replace(
                proposal,
                state=ProposalState.WITHDRAWN,
                closing_comment=comment,
                update_time=revision.time,
                revision=revision.number,
            )
            await tx.save_proposal(closed)
            return self._written(closed, "withdrawn")

        return await self._store.write(request, work, Proposal)

    def _written(self, proposal: Proposal, detail: str) -> Written[Proposal]:
        return Written(
            proposal,
            changes=(proposal_change(proposal),),
            targets=(proposal.name,),
            detail=detail,
            subjects=proposal_subjects(proposal),
        )


def check_comment(comment: str) -> None:
    """Refuse a comment that cannot be stored."""
    if problem := text_problem(comment, MAX_COMMENT_CODE_POINTS):
        raise InvalidInput([Violation("comment", problem)])


async def lock_open_proposal(
    tx: WriteTransaction, proposal_id: str, etag: str, policy: Policy
) -> tuple[Proposal, list[GoldenRecord]]:
    """Lock an open proposal and its members; the etag must be the plan hash that the caller saw.

    Raises:
        NotFound: no such proposal.
        StateNotAllowed: it is closed.
        EtagMismatch: its plan is not the one seen; says what changed since.
    """
    seen = await tx.proposal(proposal_id)
    if seen is None:
        raise NotFound("MergeProposal", f"mergeProposals/{proposal_id}")
    goldens = await tx.lock_goldens(seen.plan.golden_ids)
    proposal = await tx.lock_proposal(proposal_id)
    assert proposal is not None, "proposals are never deleted"
    if not etag:
        raise InvalidInput.at("etag", "is required: send the etag of the proposal as you saw it")
    if proposal.plan.golden_ids != seen.plan.golden_ids:
        raise EtagMismatch(proposal.name, proposal.etag, _changes_since(proposal, etag))
    if not proposal.state.open:
        raise StateNotAllowed(proposal.name, proposal.state, f"{proposal.name} is {proposal.state}")
    if etag != proposal.etag:
        raise EtagMismatch(proposal.name, proposal.etag, _changes_since(proposal, etag))
    # The stored plan follows every write; that it is the plan of what is locked here is checked all the same.
    plan = make_plan(list(goldens.values()), proposal.plan.survivor_id, proposal.plan.field_choices, policy)
    if plan.hash != proposal.etag:
        raise EtagMismatch(proposal.name, plan.hash, proposal.plan.differences(plan))
    return proposal, [goldens[golden_id] for golden_id in proposal.plan.golden_ids]


def _changes_since(proposal: Proposal, etag: str) -> list[str]:
    """What changed in the plan since the hash that the caller holds, as far as votes or changes tell."""
    said = [difference for change in proposal.plan_changes for difference in change.differences]
    return said or [f"its plan hash is {proposal.etag[:12]}, not {etag[:12]}"]

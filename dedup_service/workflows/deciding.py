"""Vote on a proposal, and carry it out once nothing is missing (domain 7).

Votes and execution lock the members, then the proposal, and ask the one decision function again inside the
transaction that commits: a vote counts only for the plan it saw (C-1).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from dedup_service.domain.changes import ChangeDraft, ChangeType
from dedup_service.domain.decision import Decision, electorate_of
from dedup_service.domain.delegations import Roles
from dedup_service.domain.errors import (
    ApprovalsMissing,
    EtagMismatch,
    PermissionRefused,
    Reason,
    StateNotAllowed,
    Vetoed,
)
from dedup_service.domain.golden import Choice, GoldenRecord, GoldenState, image_of
from dedup_service.domain.merges import BeforeGolden, Merge
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Record
from dedup_service.domain.standing import check_involved, mandate_for_vote
from dedup_service.domain.voting import Outcome, Vote, VoteDecision
from dedup_service.workflows.assessment import Assessment, proposal_change, proposal_subjects
from dedup_service.workflows.ports import Ids, Request, Revision, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import check_comment, lock_open_proposal
from dedup_service.workflows.replan import Replanning


class Deciding:
    """The use cases that decide proposals: approve, reject, execute."""

    def __init__(self, store: Store, assessment: Assessment, replanning: Replanning, new_id: Ids) -> None:
        self._store = store
        self._assessment = assessment
        self._replanning = replanning
        self._new_id = new_id

    async def vote(
        self,
        request: Request,
        proposal_id: str,
        etag: str,
        principal: Principal,
        decision: VoteDecision,
        comment: str,
        function: str = "",
    ) -> Proposal:
        """Cast a vote on the plan that the etag names, for a function or for the first that has not spoken.

        Raises:
            EtagMismatch: the plan has changed since the caller saw it; says what changed.
            PermissionRefused: the vote would not count, and why.
        """
        check_comment(comment)

        async def work(tx: WriteTransaction) -> Written[Proposal]:
            proposal, goldens = await lock_open_proposal(tx, proposal_id, etag, self._assessment.policy)
            revision = await tx.revision()
            case, before = await self._assessment.decide(tx, proposal, goldens, revision.time)
            late = proposal.escalate_time is not None and revision.time >= before.expire_time
            if late and before.outcome is Outcome.PENDING:
                raise StateNotAllowed(proposal.name, "EXPIRED", f"{proposal.name} has run out of time")
            electorate = electorate_of(case, before)
            mandate = mandate_for_vote(principal.name, electorate, before.voices, function)
            vote = Vote(
                principal=principal.name,
                function=mandate.function,
                decision=decision,
                plan_hash=etag,
                comment=comment,
                time=revision.time,
                on_behalf_of=mandate.on_behalf_of,
                impact=before.impact,
            )
            await tx.add_vote(proposal_id, vote)
            voted = replace(
                proposal,
                votes=(*proposal.votes, vote),
                update_time=revision.time,
                revision=revision.number,
            )
            assessed = await self._assessment.reassess(tx, voted, goldens, revision.time)
            await tx.save_proposal(assessed)
            return Written(
                assessed,
                changes=(proposal_change(assessed),),
                targets=(proposal.name,),
                detail=_vote_detail(vote),
                subjects=proposal_subjects(assessed),
            )

        try:
            return await self._store.write(request, work, Proposal)
        except EtagMismatch:
            # Its plan may be of an older policy still: who reads it again finds the plan to decide on.
            await self._replanning.adopt_one(self._store, proposal_id)
            raise

    async def execute(self, request: Request, proposal_id: str, etag: str, principal: Principal) -> Merge:
        """Carry an approved proposal out, all of it or nothing.

        Raises:
            Vetoed: a veto rule stops it whatever the votes.
            ApprovalsMissing: naming each missing approval.
            PermissionRefused: for others than its proposer, people who may vote on it, and service accounts.
        """

        async def work(tx: WriteTransaction) -> Written[Merge]:
            return await self.execute_within(tx, proposal_id, etag, principal)

        try:
            return await self._store.write(request, work, Merge)
        except (ApprovalsMissing, Vetoed):
            await self._ask_again(proposal_id)
            raise
        except EtagMismatch:
            await self._replanning.adopt_one(self._store, proposal_id)
            raise

    async def execute_within(
        self,
        tx: WriteTransaction,
        proposal_id: str,
        etag: str,
        principal: Principal,
        refuse: Callable[[Decision], None] = lambda _: None,
    ) -> Written[Merge]:
        """Carry an approved proposal out within a write that does more, whose locks on golden records and
        proposals hold those of this one.

        `refuse` raises what else stands against it, of the decision that it is carried out by.

        Raises:
            Vetoed, ApprovalsMissing, PermissionRefused, EtagMismatch: as `execute`.
        """
        proposal, goldens = await lock_open_proposal(tx, proposal_id, etag, self._assessment.policy)
        others = await self._replanning.lock(tx, proposal.plan.golden_ids, besides=proposal_id)
        revision = await tx.revision()
        case, decision = await self._assessment.decide(tx, proposal, goldens, revision.time)
        check_involved(principal.name, electorate_of(case, decision), services=True)
        refuse_unless_approved(proposal, decision)
        refuse(decision)
        merge = self._merge_of(proposal, goldens, principal, revision)
        change = await self._carry_out(tx, merge, proposal, goldens, revision)
        executed = replace(
            proposal,
            state=ProposalState.EXECUTED,
            decision=decision,
            impact=decision.impact,
            missing_functions=decision.missing_functions,
            merge_id=merge.merge_id,
            update_time=revision.time,
            revision=revision.number,
        )
        await tx.save_proposal(executed)
        await tx.save_merge(merge)
        changes = [change, proposal_change(executed)]
        changes += await self._replanning.replan(tx, others, revision)
        return Written(
            merge,
            changes=tuple(changes),
            targets=(merge.name, proposal.name),
            detail=f"merged {len(goldens)} golden records on plan {etag}",
        )

    async def _ask_again(self, proposal_id: str) -> None:
        """Bring a proposal that is stored as APPROVED, and is so no more, back before those it waits for."""

        async def work(tx: WriteTransaction) -> Written[bool]:
            seen = await tx.proposal(proposal_id)
            if seen is None or seen.state is not ProposalState.APPROVED:
                return Written(False)
            goldens = await tx.lock_goldens(seen.plan.golden_ids)
            proposal = await tx.lock_proposal(proposal_id)
            if proposal is None or proposal.state is not ProposalState.APPROVED or proposal.etag != seen.etag:
                return Written(False)
            revision = await tx.revision()
            members = [goldens[golden_id] for golden_id in proposal.plan.golden_ids]
            assessed = await self._assessment.reassess(tx, proposal, members, revision.time)
            if assessed.state is ProposalState.APPROVED:
                return Written(False)
            asked = replace(assessed, update_time=revision.time, revision=revision.number)
            await tx.save_proposal(asked)
            return Written(
                True,
                changes=(proposal_change(asked),),
                targets=(asked.name,),
                detail="no longer approved",
                subjects=proposal_subjects(asked),
            )

        await self._store.write(Request("services/escalation", "ReassessMergeProposal"), work, bool)

    def _merge_of(
        self, proposal: Proposal, goldens: Sequence[GoldenRecord], principal: Principal, revision: Revision
    ) -> Merge:
        return Merge(
            merge_id=self._new_id(),
            proposal_id=proposal.proposal_id,
            survivor_id=proposal.plan.survivor_id,
            before=tuple(
                BeforeGolden(
                    golden_id=golden.golden_id,
                    kind=golden.kind,
                    version=golden.row.version,
                    records=tuple(sorted(r.key for r in golden.members)),
                    choices=golden.row.choices,
                )
                for golden in goldens
            ),
            executor=principal.name,
            execute_time=revision.time,
            revision=revision.number,
        )

    async def _carry_out(
        self,
        tx: WriteTransaction,
        merge: Merge,
        proposal: Proposal,
        goldens: Sequence[GoldenRecord],
        revision: Revision,
    ) -> ChangeDraft:
        """Move the members to the survivor and leave redirects behind; records themselves are not touched."""
        after = _merged(merge, proposal, goldens, revision)
        moved = [r for g in goldens if g.golden_id != merge.survivor_id for r in g.members]
        await tx.move_members([r.record_no for r in moved], merge.survivor_id)
        await tx.update_goldens([golden.row for golden in after])
        policy = self._assessment.policy
        members = [record for golden in goldens for record in golden.members]
        return ChangeDraft(
            ChangeType.MERGED,
            merge=merge.name,
            proposal=proposal.name,
            before=tuple(image_of(golden, policy) for golden in goldens),
            after=tuple(image_of(golden, policy) for golden in after),
            subjects=tuple(sorted(r.name for r in members)),
        )


def _merged(
    merge: Merge, proposal: Proposal, goldens: Sequence[GoldenRecord], revision: Revision
) -> list[GoldenRecord]:
    """The golden records as the merge leaves them: the survivor with all members, the others redirected."""
    members: tuple[Record, ...] = tuple(record for golden in goldens for record in golden.members)
    chosen = tuple(Choice(c.field, c.record, merge.merge_id) for c in proposal.plan.field_choices)
    after = []
    for golden in goldens:
        row = replace(golden.row, version=golden.row.version + 1, revision=revision.number)
        if golden.golden_id == merge.survivor_id:
            row = replace(row, choices=(*row.choices, *chosen))
            after.append(GoldenRecord(row, members))
        else:
            row = replace(
                row, state=GoldenState.MERGED, successor_id=merge.survivor_id, merge_id=merge.merge_id
            )
            after.append(GoldenRecord(row, ()))
    return after


def refuse_unless_approved(proposal: Proposal, decision: Decision) -> None:
    """Raise what stands in the way of executing this proposal, if anything does."""
    if decision.vetoes:
        raise Vetoed(proposal.name, [(veto.rule, veto.reason) for veto in decision.vetoes])
    if decision.rejected:
        raise StateNotAllowed(proposal.name, "REJECTED", f"{proposal.name} was rejected")
    if not decision.approved:
        raise ApprovalsMissing(proposal.name, [(each.function, each.sentence) for each in decision.missing])


def _vote_detail(vote: Vote) -> str:
    whose = f" on behalf of {vote.on_behalf_of}" if vote.on_behalf_of else ""
    return f"{vote.decision} for {vote.function}{whose} on plan {vote.plan_hash}"


def check_may_undo(principal: Principal, functions: Sequence[str], roles: Roles) -> None:
    """Only a person of a function with a stake in the records may undo their merge or part them."""
    if not principal.human:
        raise PermissionRefused(
            Reason.NOT_AN_APPROVER,
            f"{principal.name} is a service account: people with a stake decide this",
            functions,
        )
    if not roles.functions(principal.name) & set(functions):
        raise PermissionRefused(
            Reason.MISSING_ROLE,
            f"{principal.name} holds no function with a stake: {', '.join(functions) or 'none has one'}",
            functions,
        )

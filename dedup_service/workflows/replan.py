"""Keep open proposals true: what changes a member changes the plan and voids its votes (domain 7.3)."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial

from dedup_service.domain.changes import ChangeDraft
from dedup_service.domain.errors import DedupError, InvalidInput, Unavailable
from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.plan import MIN_MEMBERS, Plan, default_survivor, make_plan
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import RecordKind
from dedup_service.workflows.assessment import Assessment, proposal_change
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.links import golden_links, weakest_link
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ReadTransaction, Request, Revision, Store, WriteTransaction, Written

LOG = logging.getLogger(__name__)

_PAGE = 200


async def _listed(page: Page, tx: ReadTransaction) -> Listed[Proposal]:
    return await tx.list_proposals(page)


class Replanning:
    """Re-plans the open proposals that a write has touched, inside that write's transaction."""

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment

    async def lock(
        self, tx: WriteTransaction, golden_ids: Collection[str], besides: str = ""
    ) -> list[Proposal]:
        """Lock the open proposals with one of these members, in id order, except the one named."""
        locked = []
        for found in await tx.open_proposals_of(golden_ids):
            if found.proposal_id == besides:
                continue
            proposal = await tx.lock_proposal(found.proposal_id)
            if proposal is not None and proposal.state.open:
                locked.append(proposal)
        return locked

    async def replan(
        self, tx: WriteTransaction, proposals: Sequence[Proposal], revision: Revision
    ) -> list[ChangeDraft]:
        """Store these locked proposals as the written state makes them; the changes that tell of it."""
        changes = []
        for proposal in proposals:
            replanned = await self._replanned(tx, proposal, revision)
            if replanned is not proposal:
                await tx.save_proposal(replanned)
                changes.append(proposal_change(replanned))
        return changes

    async def adopt_policy(self, store: Store) -> int:
        """Re-plan every open proposal made under another policy version; the number that changed.

        It runs in the background; what it has not reached yet cannot be decided, and is planned when touched.
        """
        changed = 0
        after = None
        while True:
            version = self._assessment.policy.version
            others = (
                Condition("open", Operator.EQUALS, "true"),
                Condition("policy_version", Operator.NOT_EQUALS, version),
            )
            listed = await store.read(partial(_listed, Page(size=_PAGE, after=after, conditions=others)))
            for proposal in listed.items:
                try:
                    changed += await self._adopt(store, proposal)
                except Unavailable:
                    raise
                except (DedupError, ValueError) as error:
                    # One that cannot be re-planned must not keep the others from being decided.
                    LOG.error("%s keeps its policy: %s", proposal.name, type(error).__name__)  # noqa: TRY400  F-3
            if listed.next is None:
                return changed
            after = listed.next

    async def adopt_one(self, store: Store, proposal_id: str) -> None:
        """Plan one open proposal under the policy in force now, before `adopt_policy` comes to it."""
        proposal = await store.read(lambda tx: tx.proposal(proposal_id))
        if proposal is None or not proposal.state.open:
            return
        if proposal.plan.policy_version != self._assessment.policy.version:
            await self._adopt(store, proposal)

    async def _adopt(self, store: Store, proposal: Proposal) -> int:
        async def work(tx: WriteTransaction) -> Written[int]:
            await tx.lock_goldens(proposal.plan.golden_ids)
            locked = await tx.lock_proposal(proposal.proposal_id)
            if locked is None or not locked.state.open:
                return Written(0)
            changes = await self.replan(tx, [locked], await tx.revision())
            return Written(len(changes), tuple(changes), (locked.name,), "policy adopted")

        return await store.write(Request("services/policy", "AdoptPolicy"), work, int)

    async def _replanned(self, tx: WriteTransaction, proposal: Proposal, revision: Revision) -> Proposal:
        goldens = await self._resolved(tx, proposal.plan)
        try:
            plan = await self._new_plan(tx, proposal, goldens, revision)
        except InvalidInput as problem:
            return replace(
                proposal,
                state=ProposalState.SUPERSEDED,
                closing_comment=f"can no longer be carried out: {problem}",
                update_time=revision.time,
                revision=revision.number,
            )
        changed = proposal
        if plan.hash != proposal.plan.hash:
            links = golden_links(goldens, self._assessment.model)
            changed = replace(
                proposal.with_plan(plan, revision.number, revision.time, links),
                weakest_link=weakest_link(links),
            )
        assessed = await self._assessment.reassess(tx, changed, goldens, revision.time)
        return proposal if assessed == proposal else replace(assessed, revision=revision.number)

    async def _resolved(self, tx: WriteTransaction, plan: Plan) -> list[GoldenRecord]:
        """The golden records in which the plan's members live on."""
        ids = set()
        for golden_id in plan.golden_ids:
            chain = await tx.redirect_chain(golden_id)
            ids.add(chain[-1].golden_id)
        found = await tx.goldens(ids)
        return [found[golden_id] for golden_id in sorted(found)]

    async def _new_plan(
        self, tx: WriteTransaction, proposal: Proposal, goldens: Sequence[GoldenRecord], revision: Revision
    ) -> Plan:
        live = [g for g in goldens if g.row.state is GoldenState.LIVE]
        if len(live) < MIN_MEMBERS:
            raise InvalidInput.at("golden_records", "fewer than two of its golden records are left apart")
        ids = {g.golden_id for g in live}
        if await tx.open_proposal_for(sorted(ids)) not in ("", proposal.proposal_id):
            raise InvalidInput.at("golden_records", "another open proposal holds the same golden records")
        survivor_id = proposal.plan.survivor_id
        survivor = next((g for g in live if g.golden_id == survivor_id), None)
        converted = any(g.kind is not RecordKind.LEAD for g in live)
        # A lead among the others may have become a contact meanwhile, over which no lead survives.
        if survivor is None or (survivor.kind is RecordKind.LEAD and converted):
            survivor_id = default_survivor(live, self._assessment.policy, revision.time).golden_id
        active = {record.key for golden in live for record in golden.active_members}
        choices = [choice for choice in proposal.plan.field_choices if choice.record in active]
        return make_plan(live, survivor_id, choices, self._assessment.policy)

"""Merge what the policy lets go without a person: by the one decision, as it is in the write that merges.

A job merges less than it may: not beyond its limits, nothing that was written since it was read, and nothing
that people were asked for, approved or not. What it leaves stays an open proposal.
"""

from collections.abc import Iterable
from dataclasses import replace

from dedup_service.domain.cleanup.items import ItemStage, MergesToday, Settled, WorkItem
from dedup_service.domain.cleanup.rules import (
    day_start,
    is_changed_since,
    limit_reached,
    needs_nobody,
    owners_and_sources,
)
from dedup_service.domain.cleanup.runs import CleanupRun, SkipReason
from dedup_service.domain.decision import Decision
from dedup_service.domain.errors import (
    ApprovalsMissing,
    EtagMismatch,
    PermissionRefused,
    StateNotAllowed,
    Unavailable,
    Vetoed,
)
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.workflows.cleaning.keeping import Asked, LeaseLost
from dedup_service.workflows.cleaning.working import AtWork, Batch
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.ports import Request, Store, WriteTransaction, Written
from dedup_service.workflows.races import RacedError

METHOD = "ExecuteMergeProposal"
_REFUSALS = (ApprovalsMissing, EtagMismatch, PermissionRefused, StateNotAllowed)


class MergingItems:
    """Carries out the proposals of work items that need nobody, batch by batch."""

    def __init__(self, store: Store, deciding: Deciding, batch_size: int) -> None:
        self._store = store
        self._deciding = deciding
        self._batch_size = batch_size

    async def batch(self, work: AtWork, *, canary: bool) -> int:
        """Settle the next items that need nobody, with `canary` of the canary alone; how many it were.

        Raises:
            LeaseLost, Asked.
        """
        try:
            return await self._write(work, self._batch_size, canary=canary)
        except (Unavailable, RacedError, LeaseLost, Asked):
            raise
        except Exception:  # noqa: BLE001  one item that cannot be merged must not end the run
            return await self._write_one(work, canary=canary)

    async def _write_one(self, work: AtWork, *, canary: bool) -> int:
        """The next item in a write of its own, settled as failed where it cannot be merged."""
        try:
            return await self._write(work, 1, canary=canary)
        except (Unavailable, RacedError, LeaseLost, Asked):
            raise
        except Exception as error:  # noqa: BLE001  told as a partial failure
            return await self._write(work, 1, canary=canary, error=error)

    async def _write(self, work: AtWork, size: int, *, canary: bool, error: Exception | None = None) -> int:
        async def settle(tx: WriteTransaction) -> Written[int]:
            batch = Batch()
            items = await tx.cleanup_items(work.run.run_id, ItemStage.AUTOMATIC, size, canary=canary)
            # All golden records first, then all proposals, each in id order: as every other write does.
            locked = await tx.lock_goldens({each for item in items for each in item.golden_ids})
            for found in await tx.open_proposals_of(list(locked)):
                await tx.lock_proposal(found.proposal_id)
            run = await work.keeping.locked(tx)
            revision = await tx.revision()
            today = await tx.cleanup_merges_since(run.job_id, day_start(revision.time))
            for item in items:
                if error is not None:
                    batch.fail(item, ItemStage.KEPT, error)
                else:
                    today = await self._item(tx, work, run, item, today, batch)
            if batch.settled:
                await batch.store(tx, run, revision)
            merged = sum(one.stage is ItemStage.MERGED for one in batch.settled)
            return batch.written(f"{merged} merged by {run.name}")

        return await self._store.write(Request(work.principal.name, METHOD), settle, int)

    async def _item(
        self,
        tx: WriteTransaction,
        work: AtWork,
        run: CleanupRun,
        item: WorkItem,
        today: MergesToday,
        batch: Batch,
    ) -> MergesToday:
        """Merge one item, or leave its proposal open; the merges of today after it."""
        # Read again for each item: a merge before it in this write may have planned it anew.
        proposal = await tx.proposal(item.proposal_id)
        assert proposal is not None, "proposals are never deleted"
        if not proposal.state.open:
            # People have decided it, or it can no longer be carried out.
            reason = None if _decided(proposal) else SkipReason.CHANGED_SINCE
            stage = ItemStage.PROPOSED if reason is None else ItemStage.KEPT
            batch.add(Settled(item.item_no, stage, reason, item.proposal_id))
            return today
        goldens = await tx.goldens(item.golden_ids)
        owners, sources = owners_and_sources(goldens.values())
        why = _changed(run, proposal, item, goldens.values())
        why = why or limit_reached(run.definition.limits, today, owners, sources)
        if why is not None:
            batch.add(Settled(item.item_no, ItemStage.KEPT, why, item.proposal_id))
            return today
        try:
            written = await self._deciding.execute_within(
                tx, proposal.proposal_id, proposal.etag, work.principal, _refuse_what_needs_people
            )
        except Vetoed:
            batch.add(Settled(item.item_no, ItemStage.KEPT, SkipReason.VETO, item.proposal_id))
            return today
        except (*_REFUSALS, _NeedsPeople):
            batch.add(Settled(item.item_no, ItemStage.KEPT, SkipReason.NEEDS_PEOPLE, item.proposal_id))
            return today
        settled = Settled(item.item_no, ItemStage.MERGED, proposal_id=item.proposal_id)
        merge_id = written.result.merge_id
        batch.add(replace(settled, merge_id=merge_id, owners=owners, sources=sources), written)
        return today.with_merge(owners, sources)


class _NeedsPeople(Exception):
    """The policy does not let it go without a person; that somebody approved it makes it theirs."""


def _refuse_what_needs_people(decision: Decision) -> None:
    if not needs_nobody(decision):
        raise _NeedsPeople


def _changed(
    run: CleanupRun, proposal: Proposal, item: WorkItem, goldens: Iterable[GoldenRecord]
) -> SkipReason | None:
    """Whether this proposal is still of what the run has read."""
    if proposal.plan.golden_ids != item.golden_ids:
        return SkipReason.CHANGED_SINCE
    changed = any(is_changed_since(golden, run.snapshot_revision) for golden in goldens)
    return SkipReason.CHANGED_SINCE if changed else None


def _decided(proposal: Proposal) -> bool:
    return proposal.state in (ProposalState.EXECUTED, ProposalState.REJECTED, ProposalState.WITHDRAWN)

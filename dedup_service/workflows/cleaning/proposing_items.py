"""Propose what a run found: each group once, as it was read, in one write with the word that it was done."""

from collections.abc import Sequence

from dedup_service.domain.cleanup.items import ItemStage, Settled, WorkItem
from dedup_service.domain.cleanup.rules import is_changed_since, needs_nobody
from dedup_service.domain.cleanup.runs import SkipReason
from dedup_service.domain.decision import Decision
from dedup_service.domain.errors import InvalidInput, StateNotAllowed, Unavailable
from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.proposals import Proposal
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.cleaning.keeping import Asked, LeaseLost
from dedup_service.workflows.cleaning.working import AtWork, Batch
from dedup_service.workflows.leaving_alone import reason_to_leave
from dedup_service.workflows.ports import Request, Store, WriteTransaction, Written
from dedup_service.workflows.proposing import ProposalDraft, Proposing
from dedup_service.workflows.races import RacedError

METHOD = "CreateMergeProposal"


class ProposingItems:
    """Makes proposals of work items, batch by batch."""

    def __init__(self, store: Store, assessment: Assessment, proposing: Proposing, batch_size: int) -> None:
        self._store = store
        self._assessment = assessment
        self._proposing = proposing
        self._batch_size = batch_size

    async def batch(self, work: AtWork) -> int:
        """Settle the next items as far as the limit on open proposals leaves room; how many it were.

        Raises:
            LeaseLost, Asked.
        """
        try:
            return await self._write(work, self._batch_size)
        except (Unavailable, RacedError, LeaseLost, Asked):
            raise
        except Exception:  # noqa: BLE001  one item that cannot be proposed must not end the run
            return await self._write_one(work)

    async def _write_one(self, work: AtWork) -> int:
        """The next item in a write of its own, settled as failed where it cannot be proposed."""
        try:
            return await self._write(work, 1)
        except (Unavailable, RacedError, LeaseLost, Asked):
            raise
        except Exception as error:  # noqa: BLE001  told as a partial failure
            return await self._write(work, 1, error)

    async def _write(self, work: AtWork, size: int, error: Exception | None = None) -> int:
        async def settle(tx: WriteTransaction) -> Written[int]:
            batch = Batch()
            items = await tx.cleanup_items(work.run.run_id, ItemStage.FOUND, size)
            goldens = await tx.lock_goldens({each for item in items for each in item.golden_ids})
            run = await work.keeping.locked(tx)
            limit = run.definition.limits.max_open_proposals
            room = limit - await tx.open_proposals_of_cleanup_job(run.job_id)
            revision = await tx.revision()
            for item in items:
                if room <= 0:
                    break
                if error is not None:
                    batch.fail(item, ItemStage.SKIPPED, error)
                    continue
                members = [goldens[each] for each in item.golden_ids if each in goldens]
                room -= await self._item(tx, work, item, members, batch)
            if batch.settled:
                await batch.store(tx, run, revision)
            return batch.written(f"{len(batch.targets)} proposed by {run.name}")

        return await self._store.write(Request(work.principal.name, METHOD), settle, int)

    async def _item(
        self,
        tx: WriteTransaction,
        work: AtWork,
        item: WorkItem,
        goldens: Sequence[GoldenRecord],
        batch: Batch,
    ) -> int:
        """Propose one item, or skip it; 1 where a proposal was made."""
        if why := await self._why_not(tx, work, item, goldens):
            batch.add(Settled(item.item_no, ItemStage.SKIPPED, why))
            return 0
        open_id = await tx.open_proposal_for(item.golden_ids)
        if open_id:
            await self._take_up(tx, work, item, goldens, open_id, batch)
            return 0
        draft = ProposalDraft(golden_ids=item.golden_ids, comment=f"found by {work.run.name}")
        try:
            written = await self._proposing.create_within(tx, draft, work.principal)
        except InvalidInput:
            batch.add(Settled(item.item_no, ItemStage.SKIPPED, SkipReason.KINDS_APART))
            return 0
        except StateNotAllowed:
            batch.add(Settled(item.item_no, ItemStage.SKIPPED, SkipReason.ALREADY_PROPOSED))
            return 0
        proposal = written.result
        batch.add(_settled(item, proposal, proposal.decision), written)
        return 1

    async def _why_not(
        self, tx: WriteTransaction, work: AtWork, item: WorkItem, goldens: Sequence[GoldenRecord]
    ) -> SkipReason | None:
        """Why this item is not proposed as things are now, under its locks."""
        live = [golden for golden in goldens if golden.row.state is GoldenState.LIVE]
        revision = work.run.snapshot_revision
        if len(live) < len(item.golden_ids) or any(is_changed_since(each, revision) for each in live):
            return SkipReason.CHANGED_SINCE
        now = (await tx.revision()).time
        return await reason_to_leave(tx, live, self._assessment.policy, now)

    async def _take_up(
        self,
        tx: WriteTransaction,
        work: AtWork,
        item: WorkItem,
        goldens: Sequence[GoldenRecord],
        proposal_id: str,
        batch: Batch,
    ) -> None:
        """Go on with a proposal that an earlier run of the job left for a limit; skip one of others."""
        proposal = await tx.proposal(proposal_id)
        ours = await tx.is_proposal_of_cleanup_job(proposal_id, work.run.job_id)
        if proposal is None or not ours or proposal.proposer != work.principal.name:
            batch.add(Settled(item.item_no, ItemStage.SKIPPED, SkipReason.ALREADY_PROPOSED))
            return
        now = (await tx.revision()).time
        _, decision = await self._assessment.decide(tx, proposal, goldens, now)
        if needs_nobody(decision):
            batch.add(_settled(item, proposal, decision, taken_up=True))
        else:
            batch.add(Settled(item.item_no, ItemStage.SKIPPED, SkipReason.ALREADY_PROPOSED))


def _settled(
    item: WorkItem, proposal: Proposal, decision: Decision | None, *, taken_up: bool = False
) -> Settled:
    automatic = decision is not None and needs_nobody(decision)
    stage = ItemStage.AUTOMATIC if automatic else ItemStage.PROPOSED
    return Settled(
        item.item_no, stage, proposal_id=proposal.proposal_id, is_new=not taken_up, taken_up=taken_up
    )

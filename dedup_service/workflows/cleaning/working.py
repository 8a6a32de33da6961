"""What the batches of a run have in common: whose run it is, and how what was done is counted and written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dedup_service.domain.changes import ChangeDraft
from dedup_service.domain.cleanup.items import ItemStage, Settled, WorkItem
from dedup_service.domain.cleanup.runs import MAX_FAILURES, CleanupRun, PartialFailure, SkipReason
from dedup_service.domain.golden import golden_name
from dedup_service.domain.merges import Merge
from dedup_service.domain.principals import Principal
from dedup_service.domain.proposals import Proposal
from dedup_service.workflows.cleaning.keeping import Keeping
from dedup_service.workflows.ports import Revision, WriteTransaction, Written


@dataclass(frozen=True, slots=True)
class AtWork:
    """A run that a worker has; what it proposes and merges it does as `principal`, the creator of its job."""

    run: CleanupRun
    principal: Principal
    keeping: Keeping


@dataclass(slots=True)
class Batch:
    """What one write did: each item settled, with the changes and names that tell of it."""

    settled: list[Settled] = field(default_factory=list)
    changes: list[ChangeDraft] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    failures: list[PartialFailure] = field(default_factory=list)

    def add(self, settled: Settled, written: Written[Proposal] | Written[Merge] | None = None) -> None:
        """Settle an item, by what was written for it if anything was."""
        self.settled.append(settled)
        if written is not None:
            self.changes += written.changes
            self.targets += written.targets

    def fail(self, item: WorkItem, stage: ItemStage, error: Exception) -> None:
        """Settle an item that cannot be carried out; told by the error's class alone (F-3)."""
        self.settled.append(Settled(item.item_no, stage, SkipReason.FAILED, item.proposal_id))
        names = tuple(golden_name(golden_id) for golden_id in item.golden_ids)
        self.failures.append(PartialFailure(names, type(error).__name__))

    async def store(self, tx: WriteTransaction, run: CleanupRun, revision: Revision) -> CleanupRun:
        """Store what became of the items, counted in the run, which is locked; the run as it is then."""
        await tx.settle_cleanup_items(run.run_id, self.settled, revision.time)
        counted = counted_run(run, self.settled, self.failures)
        await tx.save_cleanup_run(counted)
        return counted

    def written(self, detail: str) -> Written[int]:
        """The write: how many items it settled."""
        return Written(len(self.settled), tuple(self.changes), tuple(self.targets), detail)


def counted_run(
    run: CleanupRun, settled: Sequence[Settled], failures: Sequence[PartialFailure] = ()
) -> CleanupRun:
    """The run with these items counted: each is proposed, merged or left at most once."""
    skipped = Counter(run.counts.skipped)
    skipped.update(one.reason for one in settled if one.reason is not None)
    counts = replace(
        run.counts,
        proposed=run.counts.proposed + sum(one.is_new for one in settled),
        merged=run.counts.merged + sum(one.stage is ItemStage.MERGED for one in settled),
        failed=run.counts.failed + len(failures),
        skipped=dict(skipped),
    )
    kept = (*run.failures, *failures)[:MAX_FAILURES]
    return replace(run, counts=counts, failures=kept)
